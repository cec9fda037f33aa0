// Commands that answer at once: help, metrics, devices, compare, significance.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { writeNpy } from "../../src/data/formats/npy/npy";
import { liMa } from "../../src/metrics";
import type { ComparedPair, SweepPoint } from "../../src/metrics";
import { NdArray } from "../../src/ndarray";
import { constella, folder, own, refusal, root, run, write, useProgram } from "./program";

useProgram();

describe("constella", () => {
  test("help and version", async () => {
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    const told = await constella("--version");
    expect({ code: told.code, lines: own(told.stderr) }).toEqual({ code: 0, lines: [] });
    expect(told.stdout.split("; ")[0]).toBe(`constella ${version} (Node ${process.version}`);
    expect(told.stdout).toMatch(/; \S.*\)\n$/); // what there is to compute on
    for (const args of [[], ["--help"], ["metrics", "--help"]]) {
      const { code, stdout, stderr } = await constella(...args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(/^Usage: constella/);
    }
  });

  test("unknown commands and options", async () => {
    expect(await refusal("metric")).toBe("constella: unknown command 'metric' (Did you mean metrics?)");
    expect(await refusal("metrics", "--jsn", "a", "b")).toBe("constella: unknown option --jsn, did you mean --json?");
    expect(await refusal("metrics", "a")).toBe("constella: missing required argument 'pred'");
  });
});

describe("constella completion", () => {
  /** What bash offers behind these words. */
  async function offered(...words: string[]): Promise<string[]> {
    const { stdout } = await constella("completion", "bash");
    const line = words.map((word) => `'${word}'`).join(" ");
    const script = `${stdout}\nCOMP_WORDS=(constella ${line}); COMP_CWORD=${words.length}; _constella; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return promisify(execFile)("bash", ["-c", script], { cwd: folder }).then((told) =>
      told.stdout.trimEnd().split("\n"),
    );
  }

  test("commands, options, values and files in bash", async () => {
    expect(await offered("clu")).toEqual(["cluster"]);
    expect(await offered("cluster", "--method", "k")).toEqual(["kmeans"]);
    expect(await offered("cluster", "x.npy", "--min-s")).toEqual([
      "--min-samples",
      "--min-strength",
      "--min-size-factor",
    ]);
    expect(await offered("cluster", "--scale", "s")).toEqual(["standard"]);
    expect(await offered("help", "hdb")).toEqual(["hdbscan"]);
    expect(await offered("simulate", "st")).toEqual(["stars-galaxies"]);
    await write("mine.npy", writeNpy(Int32Array.of(1)));
    expect(await offered("cluster", "mine")).toEqual(["mine.npy"]);
  });

  test("scripts for the other shells, and a shell that has none", async () => {
    expect((await constella("completion", "zsh")).stdout).toMatch(/bashcompinit/);
    expect((await constella("completion", "fish")).stdout).toMatch(
      /^complete -c constella -n '__fish_seen_subcommand_from cluster' -l method -x -a 'kmeans .*' -d /m,
    );
    expect(await refusal("completion", "tcsh")).toMatch(/Allowed choices are bash, zsh, fish/);
  });
});

describe("constella metrics", () => {
  test("measures a clustering whatever the names of the clusters", async () => {
    await write("truth.csv", "class\nstar\nstar\ngalaxy\ngalaxy\nquasar\nquasar\n");
    await write("pred.npy", writeNpy(Int32Array.from([7, 7, 2, 2, 5, 2])));
    const { code, stdout, stderr } = await constella("metrics", "truth.csv", "pred.npy", "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const measures = JSON.parse(stdout) as Record<string, number>;
    expect(measures).toMatchObject({ n: 6, classes: 3, clusters: 3, acc: 5 / 6, ri: 12 / 15 });
    // contingency sizes 2, 2, 2 against 2, 3, 1 with cells 2, 2, 1, 1
    const truth = Math.log(3);
    const pred = Math.log(6) - (2 * Math.log(2) + 3 * Math.log(3)) / 6;
    const mutual = (2 * Math.log(3) + 2 * Math.log(2) + Math.log(3) + Math.log(1)) / 6;
    expect(measures["mi"]).toBeCloseTo(mutual, 12);
    expect(measures["nmi"]).toBeCloseTo((2 * mutual) / (truth + pred), 12);
    expect(measures["homogeneity"]).toBeCloseTo(mutual / truth, 12);
    const lines = (await constella("metrics", "truth.csv", "pred.npy")).stdout;
    expect(lines).toMatch(/^acc +0\.833333$/m);
  });

  test("refuses what it cannot read or compare", async () => {
    await write("three.npy", writeNpy(Int32Array.from([0, 1, 2])));
    await write("two.npy", writeNpy(Int32Array.from([0, 1])));
    await write("none.npy", writeNpy(new Int32Array(0)));
    await write("half.npy", writeNpy(Float64Array.from([0, 0.5, 1])));
    await write("cut.npy", writeNpy(Int32Array.from([0, 1, 2])).subarray(0, 130));
    expect(await refusal("metrics", "three.npy", "missing.npy")).toBe(
      "constella: cannot read missing.npy: no such file",
    );
    expect(await refusal("metrics", "three.npy", "two.npy")).toBe("constella: two.npy has 2 labels, three.npy has 3");
    expect(await refusal("metrics", "none.npy", "none.npy")).toBe("constella: none.npy has no labels");
    expect(await refusal("metrics", "three.npy", "half.npy")).toMatch(
      /must be integers of 32 bits, got 0\.5 at 1 .*half\.npy/,
    );
    expect(await refusal("metrics", "three.npy", "cut.npy")).toMatch(/^constella: npy: .*cut\.npy/);
    expect(await refusal("metrics", "three.npy", ".")).toMatch(/cannot read \.: it is a folder/);
  });
});

describe("constella devices", () => {
  test("says what there is and what is the default", async () => {
    const { code, stdout } = await constella("devices", "--json");
    const { default: best, devices } = JSON.parse(stdout) as {
      default: string;
      devices: { type: string; available: boolean; facts: Record<string, unknown> }[];
    };
    expect(code).toBe(0);
    expect(devices.map(({ type, available }) => ({ type, available }))).toEqual([
      { type: "webgpu", available: true }, // the tests' environment has an adapter, at least a software one
      { type: "wasm", available: true },
    ]);
    expect(["webgpu", "wasm"]).toContain(best);
    expect(devices[0]!.facts).toHaveProperty("maxBufferSize");
    expect(devices[1]!.facts).toMatchObject({ simd: true });
  });

  test("says why there is none", async () => {
    const { code, stdout } = await run({ ...process.env, VK_ICD_FILENAMES: join(folder, "none.json") }, "devices");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^webgpu: none, .*no adapter/m);
    expect(stdout).toMatch(/^wasm \(default\): WebAssembly, /m);
  });
});

describe("constella compare", () => {
  test("measures every pair, and each against known classes", async () => {
    const clusterings = { "a.npy": [0, 0, 0, 0, 1, 1, 1, 1], "b.npy": [5, 5, 2, 2, 7, 7, 7, 7] };
    for (const [name, labels] of Object.entries(clusterings)) await write(name, writeNpy(Int32Array.from(labels)));
    await write("known.npy", writeNpy(Int32Array.from([0, 0, 0, 1, 1, 1, 1, 0])));
    const { code, stdout } = await constella("compare", "a.npy", "b.npy", "--labels", "known.npy", "--json");
    expect(code).toBe(0);
    const {
      n,
      pairs,
      clusterings: sizes,
    } = JSON.parse(stdout) as { n: number; pairs: ComparedPair[]; clusterings: object[] };
    expect(n).toBe(8);
    expect(sizes).toEqual([{ file: "known.npy", clusters: 2 }, { file: "a.npy", clusters: 2 }, { file: "b.npy", clusters: 3 }]); // prettier-ignore
    expect(pairs.map(({ a, b }) => `${a} ${b}`)).toEqual(["known.npy a.npy", "known.npy b.npy", "a.npy b.npy"]);
    expect(pairs[0]).toMatchObject({
      ri: expect.closeTo(0.571429, 6) as number,
      ari: expect.closeTo(0.125, 9) as number,
    });
    expect(pairs[0]!.ami).toBeCloseTo(0.083463, 6);
    const lines = (await constella("compare", "a.npy", "b.npy")).stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^ +RI +ARI +AMI +V +NMI$/);
    expect(lines[1]).toMatch(/^a\.npy {2}b\.npy +0\.857143/);
    expect(lines).toHaveLength(2);
  });

  test("refuses a single clustering and labels of other items", async () => {
    await write("short.npy", writeNpy(Int32Array.of(1, 2)));
    expect(await refusal("compare", "a.npy")).toBe(
      "constella: compare: two clusterings are needed, or one and --labels",
    );
    expect(await refusal("compare", "a.npy", "a.npy")).toBe("constella: compare: each file can be given once");
    expect(await refusal("compare", "a.npy", "short.npy")).toBe("constella: short.npy has 2 labels, a.npy has 8");
  });
});

describe("constella significance", () => {
  test("sweeps the thresholds of scores against the regions of events.csv", async () => {
    await write("scores.npy", writeNpy(new NdArray(Float32Array.of(0.1, 0.9, 0.4, 0.6, 0.02, 0.98, 0.3, 0.7), [4, 2])));
    await write("events.csv", "event,label,region\n0,1,0\n1,1,0\n2,0,3\n3,0,-1\n");
    const { code, stdout } = await constella(
      "significance",
      "--scores",
      "scores.npy",
      "--regions",
      "events.csv",
      "--json",
    );
    expect(code).toBe(0);
    const { alpha, best, points } = JSON.parse(stdout) as { alpha: number; best: SweepPoint; points: SweepPoint[] };
    expect(alpha).toBe(0.2);
    expect(points).toHaveLength(13);
    expect(points[0]).toMatchObject({ threshold: 0.4, nOn: 2, nOff: 1, s: liMa(2, 1, 0.2).s });
    expect(points.at(-1)).toMatchObject({ threshold: 0.99, nOn: 0, nOff: 0, s: 0 });
    expect(best).toMatchObject({ threshold: 0.4 });
    await write("regions.npy", writeNpy(Int32Array.of(0, 0, 3, -1)));
    const table = await constella("significance", "--scores", "scores.npy", "--regions", "regions.npy", "--alpha", "1");
    expect(table.stdout).toMatch(/^ +0\.40 +2 +1 +1\.0 +0\.5829 {2}best$/m);
  });

  test("refuses what does not fit", async () => {
    await write("few.npy", writeNpy(Int32Array.of(0, 0)));
    await write("nan.npy", writeNpy(Float32Array.of(0.5, NaN)));
    expect(await refusal("significance", "--scores", "scores.npy", "--regions", "few.npy")).toBe(
      "constella: few.npy has 2 regions, scores.npy has 4 scores",
    );
    expect(await refusal("significance", "--scores", "nan.npy", "--regions", "few.npy")).toBe(
      "constella: significance: scores must be finite, got NaN at row 1 (nan.npy)",
    );
    expect(await refusal("significance", "--scores", "nan.npy")).toMatch(/required option '--regions/);
  });
});

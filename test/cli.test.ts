// The command line as users run it: bundled as `npm run build` does, one process a test.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeNpy } from "../src/data/npy";

const root = fileURLToPath(new URL("..", import.meta.url));
const bundles = join(root, "build/cli-test");
const program = join(bundles, "cli.js");
let folder = "";

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the program itself says on stderr: without the lines of WebGPU's native library. */
const own = (stderr: string): string[] => stderr.split("\n").filter((line) => line.startsWith("constella: "));

function constella(...args: string[]): Promise<Result> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

/** The one line of a refused command. */
async function refusal(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await constella(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(own(stderr)).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at /m);
  return own(stderr)[0]!;
}

const write = (name: string, content: Uint8Array | string): Promise<void> => writeFile(join(folder, name), content);

beforeAll(async () => {
  await promisify(execFile)(process.execPath, [join(root, "scripts/build.mjs"), "bundles", bundles]);
  folder = await mkdtemp(join(tmpdir(), "constella-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("constella", () => {
  test("help and version", async () => {
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    expect(await constella("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
    for (const args of [[], ["--help"], ["metrics", "--help"]]) {
      const { code, stdout, stderr } = await constella(...args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(/^Usage: constella/);
    }
  });

  test("unknown commands and options", async () => {
    expect(await refusal("metric")).toBe("constella: unknown command 'metric' (Did you mean metrics?)");
    expect(await refusal("metrics", "--jsn", "a", "b")).toBe(
      "constella: unknown option '--jsn' (Did you mean --json?)",
    );
    expect(await refusal("metrics", "a")).toBe("constella: missing required argument 'pred'");
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
      /must be integers of 32 bits, 0\.5 at 1 .*half\.npy/,
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
    const text = (await constella("devices")).stdout;
    expect(text).toMatch(/^webgpu.*: /m);
    expect(text).toMatch(/^wasm.*: WebAssembly, /m);
  });
});

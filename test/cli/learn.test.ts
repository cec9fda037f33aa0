// constella learn, and constella cluster --model.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { POINT_SETS } from "../../examples/web/playground/worker/samples";
import { readNpy, writeNpy } from "../../src/data/formats/npy/npy";
import { readNpz } from "../../src/data/formats/npy/npz";
import { readSafetensors } from "../../src/data/formats/safetensors";
import { NdArray } from "../../src/ndarray";
import { blobs, constella, folder, list, metricsOf, own, program, read, refusal, useProgram, write } from "./program";

useProgram();

const WASM = ["--device", "wasm", "--threads", "1"];
const SMALL = [
  ...["--layers", "2", "--units", "8", "--count-units", "4", "--optimizer", "adam", "--learning-rate", "0.01"],
  ...["--batch-size", "8", "--validation-sets", "8", "--validate-every", "4", "--test-sets", "8", "--seed", "5"],
];
const learning = (out: string, ...args: string[]): string[] => [
  ...["learn", "items.npy", "--labels", "classes.npy", "--k-max", "2", "--length", "6"],
  ...[...WASM, ...SMALL, "--out", out, ...args],
];

beforeAll(async () => {
  const { x, y } = blobs(240, 12, 24);
  await write("items.npy", writeNpy(x));
  await write("classes.npy", writeNpy(y));
});

describe("constella learn", () => {
  test("trains on classes, and clusters a file with the model", async () => {
    const { code, stdout, stderr } = await constella(
      ...learning("model", "--iterations", "12", "--half", "--principal-axes", "1"),
    );
    expect({ code, lines: own(stderr) }).toEqual({ code: 0, lines: [] });
    expect(stdout).toMatch(
      /^12 iterations in .* on 8 test sets NMI \d\.\d+, BBN \d\.\d+, MR \d\.\d+, number of clusters found/,
    );
    expect(await list("model")).toEqual(["checkpoint.safetensors", "metrics.json", "model.safetensors", "report.html"]);
    const { types } = readSafetensors(await read("model/model.safetensors"));
    expect(new Set(types.values())).toEqual(new Set(["F16"]));
    expect(await metricsOf("model")).toMatchObject({
      scores: { sets: 8 },
      options: { kMax: 2, iterations: 12, principalAxes: 1 },
    });
    const report = (await read("model/report.html")).toString();
    for (const part of ["Set 6", "True clusters", "Validation sets", "24 classes"])
      expect(report.includes(part), part).toBe(part !== "True clusters"); // items of 12 values have no picture

    await write(
      "set.npy",
      writeNpy(
        new NdArray(
          Float32Array.from({ length: 84 }, (_, i) => i % 5),
          [7, 12],
        ),
      ),
    );
    const found = await constella(
      ...[
        "cluster",
        "set.npy",
        "--model",
        "model/model.safetensors",
        "--dropout-runs",
        "20",
        "--out",
        "found",
        ...WASM,
      ],
    );
    expect({ code: found.code, lines: own(found.stderr) }).toEqual({ code: 0, lines: [] });
    expect(found.stdout).toMatch(/^7 items in [12] clusters?: P\(1\) \d\.\d+, P\(2\) \d\.\d+/);
    expect(await list("found")).toEqual([
      "labels.csv",
      "labels.npy",
      "metrics.json",
      "probabilities.npz",
      "report.html",
    ]);
    expect(readNpy(await read("found/labels.npy")).shape).toEqual([7]);
    const arrays = readNpz(await read("found/probabilities.npz"));
    expect(arrays.get("counts")?.shape ?? arrays).toEqual([2]);
    expect((await read("found/report.html")).toString()).toContain("Forward dropout");
  });

  test("a set unlike those that a calibrated model has learned is said to be so", async () => {
    const spirals = POINT_SETS["spirals"]!().x;
    const points = new NdArray(spirals.data.slice(0, 400), [200, 2]);
    await write("spirals.npy", writeNpy(points));
    await write("points.safetensors", await readFile("examples/points/model/points.safetensors"));
    const { code, stdout } = await constella(
      "cluster",
      "spirals.npy",
      "--model",
      "points.safetensors",
      ...WASM,
      "--out",
      "unlike",
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /\nthis set is unlike those that points\.safetensors has learned, do not rely on its clusters: passes over it agree by 0\.\d{3}, on sets that were learned by 0\.\d{3} or more\n/,
    );
    const metrics = await metricsOf("unlike");
    expect(metrics["unlike"]).toBe(true);
    expect(metrics["agreement"]).toBeLessThan(metrics["leastAgreement"] as number);
    expect((await read("unlike/report.html")).toString()).toContain("this set is unlike those");
  });

  test("stopped by Ctrl-C and resumed, it ends as one that was not", async () => {
    const whole = await constella(...learning("whole", "--iterations", "120"));
    expect(whole.code).toBe(0);
    const child = spawn(process.execPath, [program, ...learning("stopped", "--iterations", "120")], { cwd: folder });
    let text = "";
    child.stderr.on("data", (chunk) => {
      text += String(chunk);
      if (!child.killed && text.includes("validation loss")) child.kill("SIGINT");
    });
    const code = await new Promise<number>((resolve) => child.on("exit", (status) => resolve(status ?? -1)));
    expect(code, text).toBe(130);
    expect(text).toContain("go on with: constella learn items.npy");
    const resumed = await constella(...learning("stopped", "--iterations", "120", "--resume"));
    expect(own(resumed.stderr)).toEqual([]);
    const [a, b] = await Promise.all(["whole", "stopped"].map((out) => read(`${out}/model.safetensors`)));
    const tensors = (content: Uint8Array) =>
      [...readSafetensors(content).tensors].map(([name, { data }]) => [name, data]);
    expect(tensors(b!)).toEqual(tensors(a!));
    const { seconds: _a, ...first } = await metricsOf("whole");
    const { seconds: _b, ...second } = await metricsOf("stopped");
    expect(second["scores"]).toEqual(first["scores"]);
  });

  test.each([
    [
      ["learn", "items.npy", "--out", "x", ...WASM],
      "constella: items.npy has no classes to learn from: give --labels FILE",
    ],
    [learning("x", "--rotate", "5"), "constella: --rotate and --crop are for images"],
    [learning("x", "--k-max", "1"), 'constella: --k-max must be a whole number from 2, got "1"'],
    [learning("x", "--blocks", "3"), "constella: --blocks is for --embedding cnn and cnn-lstm"],
    [learning("x", "--length", "3"), "constella: ClassSets: sets of 2 clusters of 2 or more need 4 items, got 3"],
    [["cluster", "items.npy", "--model", "items.npy", "--out", "x"], "constella: safetensors: "],
    [
      ["cluster", "items.npy", "--model", "m", "--method", "dec", "--out", "x"],
      "constella: --method and --model are two ways",
    ],
    [
      ["cluster", "items.npy", "--model", "m", "--layers", "3,4", "--out", "x"],
      "constella: --layers is for methods, not for --model",
    ],
    [
      ["cluster", "items.npy", "--method", "dbscan", "--dropout-runs", "3", "--out", "x"],
      "constella: --dropout-runs is for --model",
    ],
  ])("%j is refused", async (args, message) => {
    expect(await refusal(...args)).toContain(message);
  });
});

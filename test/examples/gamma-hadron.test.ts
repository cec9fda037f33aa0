// The study of telescope images, on so few that it takes seconds.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { searchGrid } from "../../examples/gamma-hadron/grid";
import { loadImages } from "../../examples/gamma-hadron/images";
import { writeOutcome } from "../../examples/gamma-hadron/outcome";
import { cellFolder, runCell, type CellContext, type StudyCell } from "../../examples/gamma-hadron/run-cell";
import { BASELINES, METHODS, settingOf, TRIVIAL, type Setting } from "../../examples/gamma-hadron/settings";
import { accuracies, balancedAccuracy } from "../../examples/gamma-hadron/tables";
import { TRIVIAL_FEATURES } from "../../examples/gamma-hadron/trivial";
import { spread } from "../../examples/spread";
import { ProgressDisplay } from "../../src/cli/progress";
import { readNpy } from "../../src/data";
import { NdArray, requestDevice, type Device, type GridResult } from "../../src/index";

const setting: Setting = {
  ...settingOf("showers", "small"),
  ...{ train: 40, probe: 30, test: 30, observation: 60, gammaShare: 0.4, epochs: 2, probeEpochs: 3, batchSize: 16 },
  ...{ clusters: [2, 4], best: { "deep-cluster": 4, "online-deep-cluster": 4, "self-labeling": 4 } },
};

let out = "";
let device: Device;
const quiet = { write: () => true, isTTY: false } as unknown as NodeJS.WriteStream;

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), "constella-study-"));
  device = await requestDevice("wasm", { threads: 0 });
});

afterAll(async () => {
  device.destroy();
  await rm(out, { recursive: true });
});

async function contextOf(cell: StudyCell, signal = new AbortController().signal, to = out): Promise<CellContext> {
  const images = await loadImages("showers", setting, 0, "");
  const probed = cell.method === "random" || cell.clusters === setting.best["deep-cluster"];
  const folder = cellFolder(to, cell);
  return { device, setting, images, progress: new ProgressDisplay(quiet), signal, folder, probed };
}

test("every cell leaves its files, and the tables, curves and pictures are made of them", async () => {
  const single: readonly string[] = ["random", "supervised", ...TRIVIAL];
  const cells = (["random", ...TRIVIAL, "supervised", ...BASELINES, ...METHODS] as const).flatMap((method) =>
    (single.includes(method) ? [2] : [2, 4]).map((clusters) => ({ seed: 0, method, clusters })),
  );
  const results: GridResult[] = [];
  for (const cell of cells) results.push({ cell, measures: await runCell(cell, await contextOf(cell)), seconds: 1 });
  const images = await loadImages("showers", setting, 0, "");
  const made = { setting, seeds: [0], images, out, device: "a device", command: "a command" };
  const rows = await writeOutcome(results, made);
  expect(rows.map(({ method }) => method)).toEqual(["supervised", ...METHODS, "random", ...TRIVIAL]);
  for (const { probe, wobble, wobbleAUC } of rows)
    for (const { mean } of [probe, wobble!, wobbleAUC!]) expect(mean).toBeGreaterThan(0);
  const text = (name: string): Promise<string> => readFile(join(out, name), "utf8");
  // two numbers of clusters, each with the classes, five clusterings and a shuffled one: 21 pairs
  expect((await text("comparisons.csv")).trim().split("\n")).toHaveLength(1 + 2 * 21);
  expect((await text("significance.csv")).trim().split("\n")).toHaveLength(1 + 10 * 13);
  const page = await text("report.html");
  for (const words of ["Clusterings compared", "Significance", "SeLa, 99 %", "DeepCluster, 50 %", "not by a telescope"])
    expect(page).toContain(words);
  const balanced = readNpy(
    await readFile(join(cellFolder(out, { seed: 0, method: "self-labeling", clusters: 4 }), "labels.npy")),
  );
  expect(new Set(balanced.data as Int32Array).size).toBe(4);
});

test.each([...METHODS, "supervised" as const])(
  "%s, killed after a pass, ends with the same numbers",
  async (method) => {
    const cell: StudyCell = { seed: 0, method, clusters: 4 };
    const whole = await runCell(cell, await contextOf(cell, undefined, join(out, "whole")));
    const killed = new AbortController();
    const first = await contextOf(cell, killed.signal, join(out, "killed"));
    const progress = Object.assign(new ProgressDisplay(quiet), {
      update: ({ done }: { done: number }) => done >= 3 && killed.abort(new Error("killed")),
    });
    await expect(runCell(cell, { ...first, progress })).rejects.toThrow("killed");
    expect(await runCell(cell, await contextOf(cell, undefined, join(out, "killed")))).toEqual(whole);
    const gamma = (of: string): Promise<Buffer> => readFile(join(cellFolder(join(out, of), cell), "gamma.npy"));
    expect(await gamma("killed")).toEqual(await gamma("whole"));
  },
);

test.each(["deep-cluster", "supervised"] as const)("%s, stopped before it began, keeps nothing", async (method) => {
  const cell: StudyCell = { seed: 0, method, clusters: 4 };
  const context = await contextOf(cell, AbortSignal.abort(new Error("stopped")), join(out, "stopped"));
  await expect(runCell(cell, context)).rejects.toThrow("stopped");
  expect(await readdir(context.folder)).toEqual([]);
});

test("the search over hyper-parameters runs each cell once and prints a table for each method", async () => {
  const images = await loadImages("showers", setting, 0, "");
  const small = { ...setting, train: 16, epochs: 1, probeEpochs: 1, clusters: [2] };
  const notes: string[] = [];
  const progress = Object.assign(new ProgressDisplay(quiet), { note: (line: string) => notes.push(line) });
  const { signal } = new AbortController();
  const context = { device, setting: small, images, progress, signal, out: join(out, "search") };
  const text = await searchGrid(context);
  expect(notes).toHaveLength(4 * 2 * 3);
  expect(text.match(/accuracy in %/g)).toHaveLength(4);
  expect(text).toMatch(/\| 0\.01 \| .*\d\d\.\d\d/);
  const trained = await readdir(join(out, "search", "grid"));
  expect(await searchGrid(context)).toBe(text);
  expect(await readdir(join(out, "search", "grid"))).toEqual(trained);
});

test("always the same answer has a balanced accuracy of a half, whatever the shares of the classes", () => {
  const labels = Int32Array.from({ length: 50 }, (_, i) => Number(i < 5));
  expect(balancedAccuracy(labels, new Int32Array(50))).toBeCloseTo(0.5, 12);
  expect(balancedAccuracy(labels, labels)).toBe(1);
  expect(
    balancedAccuracy(
      labels,
      Int32Array.from(labels, (label, i) => (i < 2 ? 0 : label)),
    ),
  ).toBeCloseTo(0.8, 12);
});

test("trivial features: brightness, sorted pixels, and moments of a bar that is told", () => {
  const side = 9;
  const image = new Float32Array(2 * side * side);
  for (let i = 2; i < 7; i++) image[4 * side + i] = 2; // five pixels of 4 photons along a row; the second image is dark
  const x = new NdArray(image, [2, side * side]);
  expect([...TRIVIAL_FEATURES.brightness(x, side).data]).toEqual([10, 0]);
  const sorted = TRIVIAL_FEATURES.brightest(x, side);
  expect(sorted.shape).toEqual([2, side * side]);
  expect([...sorted.data.subarray(0, 7)]).toEqual([2, 2, 2, 2, 2, 0, 0]);
  const [size, length, width, skewness, dist, share] = TRIVIAL_FEATURES.moments(x, side).data;
  expect(size).toBeCloseTo(Math.log(21), 5);
  expect(length).toBeCloseTo(Math.SQRT2, 5); // of -2 … 2
  expect([width, skewness, dist].every((value) => Math.abs(value!) < 1e-5)).toBe(true);
  expect(share).toBeCloseTo(0.2, 5);
  expect([...TRIVIAL_FEATURES.moments(x, side).data.subarray(6)]).toEqual([0, 0, 0, 0, 0, 0]);
});

test("means and deviations over seeds, and gains seed by seed", () => {
  expect(spread([1, 2, 3])).toEqual({ mean: 2, deviation: 1, n: 3 });
  const result = (method: string, seed: number, probe: number): GridResult => ({
    cell: { method, seed, clusters: 4 },
    measures: { probe },
    seconds: 1,
  });
  const rows = accuracies(
    [
      result("random", 0, 0.5),
      result("random", 1, 0.6),
      result("deep-cluster", 0, 0.7),
      result("deep-cluster", 1, 0.7),
    ],
    setting,
  );
  expect(rows[0]!.gain!.mean).toBeCloseTo(0.15, 12);
  expect(rows[1]!.gain).toBeUndefined();
});

// Every method of the command line that takes rows or cubes, on the pixels of a FITS cube with its mask: what is new is tried without a line of its own.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FitsFile, simulateGalaxy, Wcs, writeFits } from "../../src/astronomy";
import type { CardLike, SimulatedGalaxy } from "../../src/astronomy";
import { clusterCommand, embedCommand, takesCubes } from "../../src/cli/commands/cluster";
import { predictCommand } from "../../src/cli/commands/predict";
import type { AnyMethod } from "../../src/methods";
import { trialOptions } from "../methods/trial";
import { commandOf, flagsFor, killable } from "./killed";

const SIZE = 34;
const BANDS = 9;
let folder = "";
const at = (name: string): string => join(folder, name);

const fileOf = ({ cube, filters, cards }: SimulatedGalaxy): Uint8Array =>
  writeFits(cube, {
    cards: [...cards, ...filters.map(({ name }, i): CardLike => [`BAND${i + 1}`, name])],
  });
const galaxy = simulateGalaxy({ size: SIZE, seed: 2, border: 6 });
/** Of another sky, and of another size. */
const other = simulateGalaxy({ size: SIZE - 2, seed: 5, border: 1 });
/** Whether each pixel has data in every band. */
const completeOf = ({ cube }: SimulatedGalaxy): boolean[] => {
  const pixels = cube.data.length / BANDS;
  return Array.from({ length: pixels }, (_, pixel) =>
    Array.from({ length: BANDS }, (_, band) => cube.data[band * pixels + pixel]!).every(Number.isFinite),
  );
};

/** What a command prints; it runs in this process, as `constella NAME …` does in its own. */
async function ran(name: "cluster" | "embed" | "predict", ...args: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const commands = { cluster: clusterCommand, embed: embedCommand, predict: predictCommand };
  const command = await commands[name]((line) => lines.push(line));
  await command.parseAsync([...args, "--device", "wasm", "--threads", "1", "--json", "--quiet"], { from: "user" });
  return lines.join("\n");
}

async function planesOf(path: string): Promise<{ shape: readonly number[]; data: ArrayLike<number>; wcs: Wcs }> {
  const image = (await FitsFile.open(await readFile(at(path)))).image();
  return { shape: image.shape, data: (await image.read()).data, wcs: new Wcs(image.header) };
}

/** Labels, or the first plane of an embedding: none where a band lacks data, and the sky of the cube. */
async function checked(folderOf: string, method: AnyMethod, of: SimulatedGalaxy): Promise<ArrayLike<number>> {
  const size = of.cube.shape[1]!;
  const isLabels = commandOf(method) === "cluster";
  const { shape, data, wcs } = await planesOf(`${folderOf}/${isLabels ? "labels" : "embedding"}.fits`);
  expect(shape.slice(-2)).toEqual([size, size]);
  const complete = completeOf(of);
  // a label is -1 where there are no data; where there are some, it may be noise
  const has = complete.map((_, pixel) => (isLabels ? data[pixel]! >= 0 : Number.isFinite(data[pixel])));
  expect(complete.flatMap((known, pixel) => (!known && has[pixel] ? [pixel] : []))).toEqual([]);
  if (!isLabels || method.clusters === "given") expect(has).toEqual(complete);
  else expect(has).toContain(true);
  const places = [0, 0, size - 1, size / 2];
  const sky = (await FitsFile.open(fileOf(of))).image().header;
  expect([...wcs.pixelToWorld(places)]).toEqual([...new Wcs(sky).pixelToWorld(places)]);
  return data;
}

describe("a cube by every method that takes its pixels", async () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "constella-cubes-"));
    await writeFile(at("galaxy.fits"), fileOf(galaxy));
    await writeFile(at("other.fits"), fileOf(other));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  // what takes a field in tiles labels its pixels by them: test/cli/stamps.test.ts
  const methods = (await killable()).filter((method) => ["rows", "whole"].includes(takesCubes(method) ?? ""));
  test.each(methods.map((method) => [method.name, method] as const))("%s", async (name, method) => {
    const command = commandOf(method);
    const options = { ...trialOptions(method, BANDS), ...(name === "dbscan" && { eps: 1, minSamples: 4 }) };
    const run = ["--method", name, ...flagsFor(options), "--out", at(name)];
    const metrics = JSON.parse(await ran(command, at("galaxy.fits"), ...run)) as Record<string, unknown>;
    const n = completeOf(galaxy).filter(Boolean).length;
    expect(metrics["n"]).toBe(takesCubes(method) === "whole" ? SIZE * SIZE : n);
    const found = await checked(name, method, galaxy);
    const files = await readdir(at(name));
    if (command === "cluster") {
      expect(files).toEqual(expect.arrayContaining(["clusters.csv", "labels.npy", "report.html"]));
      const report = await readFile(at(`${name}/report.html`), "utf8");
      for (const section of ["image", "spectra", "clusters"]) expect(report).toContain(`<section id="${section}">`);
    }
    await ran(command, at("galaxy.fits"), "--resume", "--out", at(name));
    expect(await checked(name, method, galaxy)).toEqual(found);

    const predicting = ran("predict", at(name), at("other.fits"), "--out", at(`${name}-other`));
    const refused = await predicting.then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (refused === undefined) await checked(`${name}-other`, method, other);
    else expect(refused).toMatch(/says nothing of items that it was not given/);
  });
});

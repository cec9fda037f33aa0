// Isomap and classical scaling that were stopped amid the shortest paths, or amid the rounds of their eigenvectors, go on from there to the same bytes.
import { NdArray, requestDevice } from "constella";
import type { TypedArray } from "constella";
import { describe, expect, test } from "vitest";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/lifecycle/checkpoint-file";
import { ClassicalMDS, Isomap } from "../../src/manifold";
import type { IsomapOptions } from "../../src/manifold";
import { pauseAfterEachPiece } from "../clock";
import { DEVICES } from "../device-types";
import { deviceOf } from "../devices";
import { edited } from "../lifecycle/models";
import { stepsOf, stoppedAt } from "../lifecycle/stopped";
import { uniforms } from "../uniforms";

const D = 4;

/** Points of a cloud, or of so many clouds without a link between them. */
function clouds(n: number, parts = 1): NdArray<Float64Array> {
  const random = uniforms(7);
  return new NdArray(
    Float64Array.from({ length: n * D }, (_, at) => 9 * (Math.floor(at / D) % parts) + random()),
    [n, D],
  );
}

/** Distances that no points have, with eigenvalues near each other. */
function distances(n: number): NdArray<Float64Array> {
  const random = uniforms(7);
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) data[i * n + j] = data[j * n + i] = 1 + random();
  return new NdArray(data, [n, n]);
}

pauseAfterEachPiece();

/** Points, landmarks, parts, and whether the eigenvectors take rounds. */
const CASES = [
  ["all points, all eigenvectors at once", 90, {}, 1, false],
  ["all points, eigenvectors by rounds", 205, { nComponents: 3 }, 1, true],
  ["landmarks, all eigenvectors at once", 200, { nLandmarks: 80, seed: 2 }, 1, false],
  ["landmarks, eigenvectors by rounds", 240, { nLandmarks: 202 }, 1, true],
  ["parts that bridges join", 90, { nComponents: 3 }, 3, false],
  ["parts far apart, eigenvectors by rounds", 210, { nComponents: 3 }, 3, true],
] as const satisfies readonly (readonly [string, number, IsomapOptions, number, boolean])[];

describe.each(DEVICES)("Isomap on %s", (type) => {
  describe.each(CASES)("%s", (_, n, options, parts, isByRounds) => {
    const x = clouds(n, parts);
    const make = async (): Promise<Isomap> => new Isomap({ ...options, device: await deviceOf(type) });

    test("stopped anywhere it ends as one that was not, without the work before", async () => {
      const device = await deviceOf(type);
      const whole = await make();
      const reported = await stepsOf(whole, x);
      const want = await whole.save();
      const count = whole.geodesicDistances.shape[0]!;
      expect(whole.nConnected).toBe(parts);
      expect(whole.embedding.data.some((value) => Math.abs(value) > 0.1)).toBe(true);
      const rounds = reported.length - 1 - reported.indexOf(count + 1);
      const paths = reported.length - 1 - rounds;
      expect(paths).toBeGreaterThan(10);
      expect(rounds > 1).toBe(isByRounds);
      expect(reported.at(-1)).toBe(count + 2);
      // at the graph, amid the paths, after them, and amid the rounds
      for (const at of isByRounds ? [paths >> 1, paths + (rounds >> 1)] : [0, paths >> 1, paths]) {
        const bytes = await stoppedAt(await make(), x, at);
        const model = await Isomap.load(bytes, { device });
        expect(await model.save()).toEqual(bytes);
        expect(() => model.embedding).toThrow("Isomap.embedding: call fit first");
        await expect(model.transform(x)).rejects.toThrow("Isomap.transform: call fit first");
        // nothing is done again
        const left = await stepsOf(model, x);
        expect(left[0]).toBe(reported[at]);
        if (at > paths) expect(left).toHaveLength(1 + reported.length - at);
        expect(await model.save()).toEqual(want);
      }
      const [model, others] = [await Isomap.load(want, { device }), clouds(n + 1, parts)];
      expect(await model.save()).toEqual(want);
      expect([model.embedding, model.eigenvalues, model.nConnected]).toEqual([
        whole.embedding,
        whole.eigenvalues,
        parts,
      ]);
      expect([model.geodesicDistances, model.reconstructionError]).toEqual([whole.geodesicDistances, whole.reconstructionError]); // prettier-ignore
      expect(await model.transform(others)).toEqual(await whole.transform(others));
    });
  });
});

describe("Isomap", () => {
  const [n, nLandmarks] = [220, 202];
  const x = clouds(n);
  const moved = new NdArray(
    x.data.map((value) => value + 1),
    [n, D],
  );
  const make = (): Isomap => new Isomap({ nLandmarks });
  const [PATHS, ROUNDS] = [50, nLandmarks + 2];

  test("one that goes on seeks no neighbours, and none of other points", async () => {
    const gone = await requestDevice("wasm", { threads: 0 });
    gone.destroy();
    await expect(new Isomap({ nLandmarks, device: gone }).fit(x)).rejects.toThrow();
    const whole = await make().fit(x);
    for (const at of [PATHS, ROUNDS]) {
      const model = await Isomap.load(await stoppedAt(make(), x, at), { device: gone });
      await expect(model.fit(clouds(n - 1))).rejects.toThrow("Isomap.fit: a fit goes on with the same points, [220, 4] before, [219, 4] now"); // prettier-ignore
      await expect(model.fit(moved)).rejects.toThrow(/a fit goes on with the same points, got others of the same size/);
      await expect(model.fit([[1, NaN]])).rejects.toThrow("Isomap.fit: x must be finite");
      await model.fit(x); // one that was refused has lost nothing
      expect(await model.save()).toEqual(await whole.save());
    }
  });

  test("what was found before is kept while another fit stands, in a file too", async () => {
    const model = await make().fit(x);
    const { embedding } = model;
    const bytes = await stoppedAt(model, moved, PATHS);
    expect(model.embedding).toEqual(embedding);
    const again = await Isomap.load(bytes);
    expect(again.embedding).toEqual(embedding);
    await again.fit(moved);
    expect(again.embedding).toEqual((await make().fit(moved)).embedding);
  });

  test("a file that is none is refused by one line", async () => {
    const [paths, rounds] = [await stoppedAt(make(), x, PATHS), await stoppedAt(make(), x, ROUNDS)];
    const load = (bytes: Uint8Array, entries: object): Promise<Isomap> =>
      Isomap.load(edited(bytes, (state) => ({ ...state, ...entries })));
    const settings = (given: object): object => ({ settings: { ...make().settings, ...given } });
    await expect(load(paths, { done: 203 })).rejects.toThrow("done must be a whole number from 0 to 202, got 203");
    await expect(load(paths, { done: 51 })).rejects.toThrow("geodesics must be a vector of 11220, got 11000");
    await expect(load(paths, { nConnected: 0 })).rejects.toThrow("nConnected must be a whole number from 1 to 220, got 0"); // prettier-ignore
    await expect(load(paths, { hash: -1 })).rejects.toThrow("hash must be a whole number from 0, got -1");
    await expect(load(paths, { d: 0 })).rejects.toThrow("d must be a whole number from 1, got 0");
    await expect(load(rounds, settings({ nLandmarks: 100 }))).rejects.toThrow("done must be a whole number from 0 to 100, got 202"); // prettier-ignore
    await expect(load(rounds, settings({ nComponents: 3 }))).rejects.toThrow("subspace must have the shape [202, 9], got [202, 8]"); // prettier-ignore
    await expect(load(rounds, { round: 300 })).rejects.toThrow("round must be a whole number from 0 to 299, got 300");
    await expect(load(rounds, { wanted: "low" })).rejects.toThrow("wanted must be a finite number");
    const whole = await (await make().fit(x)).save();
    await expect(load(whole, settings({ nComponents: 3 }))).rejects.toThrow("must be a vector of");
    await expect(Isomap.load(whole.subarray(0, whole.length - 9))).rejects.toThrow("file is truncated");
    const torn = whole.slice();
    torn[torn.length - 9]! ^= 1;
    await expect(Isomap.load(torn)).rejects.toThrow("the file is damaged, its checksum differs");
  });

  test("a graph in parts, which none is that was saved, is refused where its paths are sought", async () => {
    const { arrays, state } = decodeCheckpoint("Isomap", await stoppedAt(make(), x, 0), NdArray);
    const kept = Object.fromEntries(
      Object.entries(arrays).map(([name, { data, shape }]) => [name, new NdArray(data as TypedArray, [...shape])]),
    );
    const none = { starts: new Int32Array(n + 1), columns: new Int32Array(0), weights: new Float64Array(0) };
    for (const [name, data] of Object.entries(none)) kept[`standing.${name}`] = new NdArray<TypedArray>(data);
    const bytes = await encodeCheckpoint("Isomap", kept, state);
    await expect((await Isomap.load(bytes)).fit(x)).rejects.toThrow(/Isomap.fit: the largest of geodesicDistances must be between .* got Infinity/); // prettier-ignore
  });
});

describe("ClassicalMDS", () => {
  const [n, nComponents] = [210, 3];
  const x = distances(n);
  const make = (): ClassicalMDS => new ClassicalMDS({ nComponents });

  test("stopped before any round it ends as one that was not", async () => {
    const whole = make();
    const reported = await stepsOf(whole, x);
    expect(reported.length).toBeGreaterThan(3);
    expect(reported).toEqual([...reported.slice(0, -1).map((_, round) => round), 300]);
    const want = await whole.save();
    for (const round of [0, reported.length >> 1, reported.length - 2]) {
      const bytes = await stoppedAt(make(), x, round);
      const model = await ClassicalMDS.load(bytes);
      expect(await model.save()).toEqual(bytes);
      expect(() => model.embedding).toThrow("ClassicalMDS.embedding: call fit first");
      await expect(model.fit(distances(n - 1))).rejects.toThrow("ClassicalMDS.fit: a fit goes on with the same points, [210, 210] before, [209, 209] now"); // prettier-ignore
      expect(await stepsOf(model, x)).toEqual(reported.slice(round)); // none of them again
      expect(await model.save()).toEqual(want);
    }
    const again = await ClassicalMDS.load(want);
    expect([again.embedding, again.eigenvalues, again.reconstructionError]).toEqual([whole.embedding, whole.eigenvalues, whole.reconstructionError]); // prettier-ignore
    expect(await again.save()).toEqual(want);
  });

  test("few points have no rounds to stand in, and are saved at the end", async () => {
    const few = distances(40);
    const model = make();
    await expect(model.fit(few, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
    await expect(model.save()).rejects.toThrow("ClassicalMDS.save: call fit first");
    expect(await stepsOf(model, few)).toEqual([300]);
    expect((await ClassicalMDS.load(await model.save())).embedding).toEqual(model.embedding);
  });

  test("a file that is none is refused by one line", async () => {
    const bytes = await stoppedAt(make(), x, 2);
    const load = (entries: object, of = bytes): Promise<ClassicalMDS> =>
      ClassicalMDS.load(edited(of, (state) => ({ ...state, ...entries })));
    await expect(load({ round: -1 })).rejects.toThrow("round must be a whole number from 0 to 299, got -1");
    await expect(load({ d: 209 })).rejects.toThrow("subspace must have the shape [209, 9], got [210, 9]");
    await expect(load({ settings: { nComponents: 2 } })).rejects.toThrow(
      "subspace must have the shape [210, 8], got [210, 9]",
    );
    const whole = await (await make().fit(x)).save();
    await expect(load({ settings: { nComponents: 2 } }, whole)).rejects.toThrow(
      "scaled must be a vector of 420, got 630",
    );
    await expect(ClassicalMDS.load(bytes.subarray(0, bytes.length - 9))).rejects.toThrow("file is truncated");
  });
});

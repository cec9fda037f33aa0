// Spectral methods that were stopped after their graph, amid the rounds of their eigenvectors, or after these, go on from there to the same bytes.
import { NdArray, requestDevice } from "constella";
import type { Device, TypedArray } from "constella";
import { describe, expect, test } from "vitest";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/lifecycle/checkpoint-file";
import { runMethod } from "../../src/methods";
import type { RunInterrupted } from "../../src/methods";
import { spectralClustering } from "../../src/methods/points/spectral-clustering";
import { LDMGI, SEC, SparseMatrix, SpectralClustering, SpectralEmbedding, knnAffinity } from "../../src/spectral";
import type { AffinityKind } from "../../src/spectral";
import { pauseAfterEachPiece } from "../clock";
import { DEVICES } from "../device-types";
import { deviceOf } from "../devices";
import { edited } from "../lifecycle/models";
import { stepsOf, stoppedAt } from "../lifecycle/stopped";
import type { Resumable } from "../lifecycle/stopped";
import { trialOf } from "../methods/trial";
import { uniforms } from "../uniforms";

type X = NdArray<TypedArray> | SparseMatrix;

/** Rounds at most. */
const ROUNDS = 300;
const D = 3;

/** Points of a cloud. */
function cloud(n: number): NdArray<Float64Array> {
  const random = uniforms(7);
  return new NdArray(
    Float64Array.from({ length: n * D }, () => random() + random()),
    [n, D],
  );
}

/** The same with a column of zeros, and without them. */
const sparse = ({ data, shape: [n = 0] }: NdArray<TypedArray>): SparseMatrix =>
  SparseMatrix.fromEntries([n, D + 1], {
    rows: Uint32Array.from({ length: n * D }, (_, at) => Math.floor(at / D)),
    columns: Uint32Array.from({ length: n * D }, (_, at) => at % D),
    values: data as Float64Array,
  });

const neighbours = (x: NdArray<TypedArray>): Promise<SparseMatrix> => knnAffinity(x, 8);
const laidOut = async (x: NdArray<TypedArray>): Promise<NdArray<TypedArray>> => {
  const affinity = await neighbours(x);
  return new NdArray(affinity.toDense(), affinity.shape);
};

/** A method: how it is made and loaded, what it has found, and whether it clusters the rows of the eigenvectors. */
interface Method {
  make(device: Device): Model;
  load(bytes: Uint8Array, device: Device): Promise<Model>;
  readonly clusters: boolean;
}
type Model = Resumable<X> & { readonly embedding: NdArray<Float64Array>; readonly eigenvalues: Float64Array };

const clustering = (affinity: AffinityKind): Method => ({
  make: (device) => new SpectralClustering({ nClusters: 3, affinity, nInit: 2, device }),
  load: (bytes, device) => SpectralClustering.load(bytes, { device }),
  clusters: true,
});
const embedding = (affinity: AffinityKind): Method => ({
  make: (device) => new SpectralEmbedding({ affinity, device }),
  load: (bytes, device) => SpectralEmbedding.load(bytes, { device }),
  clusters: false,
});
const sec: Method = {
  make: (device) => new SEC({ nClusters: 3, nInit: 2, device }),
  load: (bytes, device) => SEC.load(bytes, { device }),
  clusters: true,
};
const ldmgi: Method = {
  make: (device) => new LDMGI({ nClusters: 3, nInit: 2, device }),
  load: (bytes, device) => LDMGI.load(bytes, { device }),
  clusters: true,
};

pauseAfterEachPiece();

/** Methods, what they are given of so many points, and whether they keep a graph. */
const CASES: readonly (readonly [
  string,
  Method,
  n: number,
  of: (x: NdArray<TypedArray>) => X | Promise<X>,
  keeps: boolean,
])[] = [
  ["SpectralClustering by neighbours", clustering("knn"), 220, (x) => x, true],
  ["SpectralClustering by all pairs", clustering("rbf"), 210, (x) => x, false],
  ["SpectralClustering of a matrix", clustering("precomputed"), 205, laidOut, false],
  ["SpectralClustering of a sparse graph", clustering("precomputed"), 205, neighbours, false],
  ["SpectralClustering of few points", clustering("knn"), 90, (x) => x, true],
  ["SEC", sec, 220, (x) => x, true],
  ["SEC of sparse rows", sec, 205, sparse, true],
  ["LDMGI", ldmgi, 220, (x) => x, true],
  ["LDMGI of sparse rows", ldmgi, 205, sparse, true],
  ["SpectralEmbedding by neighbours", embedding("knn"), 220, (x) => x, true],
  ["SpectralEmbedding by all pairs", embedding("rbf"), 210, (x) => x, false],
  ["SpectralEmbedding of a sparse graph", embedding("precomputed"), 205, neighbours, false],
  ["SpectralEmbedding of few points", embedding("knn"), 90, (x) => x, true],
];

describe.each(DEVICES)("on %s", (type) => {
  test.each(CASES)(
    "%s stopped anywhere ends as one that was not, without the work before",
    async (_, method, n, of, keeps) => {
      const device = await deviceOf(type);
      const [x, fewer] = [await of(cloud(n)), await of(cloud(n - 1))];
      const whole = method.make(device);
      const reported = await stepsOf(whole, x);
      const want = await whole.save();
      expect(whole.embedding.data.some((value) => Math.abs(value) > 1e-3)).toBe(true);
      // the graph, then a round each, then all of them, and the clustering of rows
      const further = method.clusters ? 2 : 1;
      const rounds = reported.length - 1 - further;
      expect(rounds > 2).toBe(n > 200);
      expect(reported).toEqual([1, ...Array.from({ length: rounds }, (_, round) => 1 + round), ...[1 + ROUNDS, 2 + ROUNDS].slice(0, further)]); // prettier-ignore
      const places = new Set([...(keeps ? [0] : []), ...(rounds > 0 ? [1, 1 + (rounds >> 1), rounds] : []), ...(method.clusters ? [1 + rounds] : [])]); // prettier-ignore
      if (!keeps) {
        const refused = stoppedAt(method.make(device), x, 0);
        await expect(refused).rejects.toThrow("save: call fit first"); // nothing is found yet
      }
      for (const at of places) {
        const bytes = await stoppedAt(method.make(device), x, at);
        const model = await method.load(bytes, device);
        expect(await model.save()).toEqual(bytes);
        expect(() => model.embedding).toThrow("embedding: call fit first");
        await expect(model.fit(fewer, {})).rejects.toThrow(/a fit goes on with the same points/);
        const left = await stepsOf(model, x);
        // nothing is done again: where a search goes on, its place is told once more
        expect(left).toEqual(at > 0 && at <= rounds ? [reported[at], ...reported.slice(at)] : reported.slice(at));
        expect(await model.save()).toEqual(want);
      }
      const again = await method.load(want, device);
      expect([again.embedding, again.eigenvalues]).toEqual([whole.embedding, whole.eigenvalues]);
      expect(await again.save()).toEqual(want);
    },
  );
});

test("a run of the method that is stopped amid rounds goes on there from its checkpoint", async () => {
  const [{ x, data, options }, device] = [trialOf(spectralClustering, 220), await deviceOf("wasm")];
  const task = { x, data, options: { ...options, affinity: "knn" }, device };
  const told: number[] = [];
  const whole = await runMethod(spectralClustering, { ...task, onStep: ({ step }) => told.push(step) });
  whole.estimator.dispose();
  const stop = new AbortController();
  let seen = 0;
  const onStep = (): void => void (++seen === 4 && stop.abort(new Error("enough")));
  const stopped = runMethod(spectralClustering, { ...task, signal: stop.signal, onStep });
  const { checkpoint } = (await stopped.catch((error: unknown) => error)) as RunInterrupted;
  const left: number[] = [];
  const again = await runMethod(spectralClustering, { ...task, checkpoint, onStep: ({ step }) => left.push(step) });
  again.estimator.dispose();
  expect(left).toEqual([told[3], ...told.slice(3)]);
  expect(again.labels).toEqual(whole.labels);
  expect(again.checkpoint.model).toEqual(whole.checkpoint.model);
});

describe("a fit that goes on", () => {
  const n = 220;
  const x = cloud(n);
  const moved = new NdArray(
    x.data.map((value) => value + 1),
    [n, D],
  );
  const [GRAPH, AMID] = [0, 3];
  const make = (options = {}): SpectralEmbedding => new SpectralEmbedding({ affinity: "knn", ...options });

  test("seeks no neighbours, and refuses other points", async () => {
    const gone = await requestDevice("wasm", { threads: 0 });
    gone.destroy();
    await expect(make({ device: gone }).fit(x)).rejects.toThrow();
    const want = await (await make().fit(x)).save();
    for (const at of [GRAPH, AMID]) {
      const model = await SpectralEmbedding.load(await stoppedAt(make(), x, at), { device: gone });
      await expect(model.fit(moved)).rejects.toThrow(/SpectralEmbedding.fit: a fit goes on with the same points, got others of the same size/); // prettier-ignore
      await expect(model.fit([[1, NaN]])).rejects.toThrow(/a fit goes on with the same points|must be finite/);
      await model.fit(x); // one that was refused has lost nothing
      expect(await model.save()).toEqual(want);
    }
  });

  test("keeps what was found before while another fit stands, in a file too", async () => {
    const model = await make().fit(x);
    const { embedding } = model;
    const bytes = await stoppedAt(model, moved, AMID);
    expect(model.embedding).toEqual(embedding);
    const again = await SpectralEmbedding.load(bytes);
    expect(again.embedding).toEqual(embedding);
    await again.fit(moved);
    expect(again.embedding).toEqual((await make().fit(moved)).embedding);
  });

  test("one that is refused, or stopped before it stands, leaves where another stood", async () => {
    for (const at of [GRAPH, AMID]) {
      const model = make();
      const bytes = await stoppedAt(model, x, at);
      await expect(model.fit([[1, NaN]])).rejects.toThrow("must be finite");
      await expect(model.fit([[1], [2]])).rejects.toThrow("nNeighbors");
      expect(await model.save()).toEqual(bytes);
    }
  });

  test("one that is stopped amid a round ends there, and goes on from before it", async () => {
    const want = await (await make().fit(x)).save();
    const model = make();
    const stop = new AbortController();
    let applied = 0;
    const { multiply } = SparseMatrix.prototype;
    let seen = 0;
    SparseMatrix.prototype.multiply = function (...args): void {
      if (seen > AMID && ++applied === 5) stop.abort(new Error("enough"));
      multiply.apply(this, args);
    };
    try {
      await expect(model.fit(x, { signal: stop.signal, onStep: () => seen++ })).rejects.toThrow("enough");
    } finally {
      SparseMatrix.prototype.multiply = multiply;
    }
    expect(applied).toBe(5); // of the twenty of a round
    const again = await SpectralEmbedding.load(await model.save());
    expect((await stepsOf(again, x))[0]).toBe(AMID);
    expect(await again.save()).toEqual(want);
  });

  test("a file that is none is refused by one line", async () => {
    const [graph, rounds] = [await stoppedAt(make(), x, GRAPH), await stoppedAt(make(), x, AMID)];
    const load = (bytes: Uint8Array, entries: object): Promise<SpectralEmbedding> =>
      SpectralEmbedding.load(edited(bytes, (state) => ({ ...state, ...entries })));
    const settings = (given: object): object => ({ settings: { ...make().settings, ...given } });
    await expect(load(rounds, { round: 300 })).rejects.toThrow("round must be a whole number from 0 to 299, got 300");
    await expect(load(rounds, { round: -1 })).rejects.toThrow("round must be a whole number from 0 to 299, got -1");
    await expect(load(rounds, { wanted: "low" })).rejects.toThrow("wanted must be a finite number");
    await expect(load(rounds, settings({ nComponents: 3 }))).rejects.toThrow("subspace must have the shape [220, 10], got [220, 9]"); // prettier-ignore
    await expect(load(graph, settings({ affinity: "rbf" }))).rejects.toThrow("with these settings no graph is kept, got one"); // prettier-ignore
    const whole = await (await make().fit(x)).save();
    await expect(load(whole, settings({ nComponents: 3 }))).rejects.toThrow("embedding must have the shape [any, 3], got [220, 2]"); // prettier-ignore
    await expect(SpectralEmbedding.load(rounds.subarray(0, rounds.length - 9))).rejects.toThrow("file is truncated");
    const torn = rounds.slice();
    torn[torn.length - 9]! ^= 1;
    await expect(SpectralEmbedding.load(torn)).rejects.toThrow("the file is damaged, its checksum differs");
  });

  test("arrays that are none of such a fit are refused by one line", async () => {
    const bytes = await stoppedAt(make(), x, AMID);
    const { arrays, state } = decodeCheckpoint("SpectralEmbedding", bytes, NdArray);
    const kept = Object.fromEntries(
      Object.entries(arrays).map(([name, { data, shape }]) => [name, new NdArray(data as TypedArray, [...shape])]),
    );
    const load = async (
      changed: Readonly<Record<string, NdArray<TypedArray> | undefined>>,
      of = state,
    ): Promise<unknown> => {
      const all = Object.entries({ ...kept, ...changed }).filter(([, array]) => array !== undefined);
      return SpectralEmbedding.load(
        await encodeCheckpoint("SpectralEmbedding", Object.fromEntries(all) as typeof kept, of),
      );
    };
    await expect(load({})).resolves.toBeInstanceOf(SpectralEmbedding);
    const subspace = kept["standing.subspace"]!;
    const [height, width] = subspace.shape as [number, number];
    await expect(load({ "standing.subspace": new NdArray(subspace.data, [width, height]) })).rejects.toThrow("subspace must have the shape [220, 9], got [9, 220]"); // prettier-ignore
    await expect(load({ "standing.starts": undefined })).rejects.toThrow("starts must be of a point or more, got 0");
    await expect(load({ "standing.columns": undefined })).rejects.toThrow("checkpoint: starts must be");
    const weights = (kept["standing.weights"]!.data as Float64Array).slice();
    weights[1] = 0.25;
    await expect(load({ "standing.weights": new NdArray<TypedArray>(weights) })).rejects.toThrow("weights must be symmetric, got 0.25 and"); // prettier-ignore
    const negative = await load({ "standing.weights": new NdArray<TypedArray>(weights.fill(-1)) });
    await expect((negative as SpectralEmbedding).fit(x)).rejects.toThrow("affinities must be finite and not negative, got -1"); // prettier-ignore
    // of all pairs there are only rounds
    const pairs = { ...state, settings: { ...make().settings, affinity: "rbf" } };
    const [starts, columns] = [{ "standing.starts": undefined }, { "standing.columns": undefined }];
    const none = { "standing.subspace": undefined };
    await expect(load({ ...starts, ...none }, pairs)).rejects.toThrow("subspace must be there, got nothing");
    await expect(load({ ...starts, ...columns, "standing.weights": undefined }, pairs)).resolves.toBeInstanceOf(SpectralEmbedding); // prettier-ignore
  });
});

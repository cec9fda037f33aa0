// A run of any method that takes next to no time: data of a kind that it takes, and options by their names.
import type { Device } from "constella";
import { optionsOf } from "../../src/methods";
import type { AnyMethod, DataKind, DataSummary, RunTask } from "../../src/methods";
import { NdArray } from "../../src/ndarray";
import { blobs } from "../cluster/blobs";

/** Items of a trial, their sizes and clusters. */
export const N = 40;
export const D = 4;
export const K = 3;
/** Of images. */
const SIDE = 8;

/** Small values of options, whatever the method; a new method that has others is tried with its defaults. */
const TINY: Readonly<Record<string, unknown>> = {
  ...{ epochs: 3, layerEpochs: 1, pretrainEpochs: 3, updateInterval: 4, batchSize: 24, pretrainBatchSize: 24 },
  ...{ nInit: 2, maxIter: 10, components: 2, kmeansIterations: 3, minCluster: 2, sinkhornIterations: 20, updates: 3 },
  ...{
    nComponents: 2,
    blocks: 1,
    channels: 2,
    hidden: 8,
    eps: 3,
    minSamples: 3,
    learningRate: 0.02,
    statisticsBatches: 2,
    layoutEpochs: 20,
    nSegments: 6,
    clusterEpochs: 2,
    code: 3,
    heads: 2,
    projection: 8,
    initialClusters: 6,
  },
};

/** The same of options that are lists: layers of networks. */
const TINY_LISTS: Readonly<Record<string, unknown>> = { channels: [2], hidden: [8] };

/** What a trial is made of. */
export interface Trial {
  readonly x: NdArray<Float32Array>;
  /** Other items of the same sizes. */
  readonly others: NdArray<Float32Array>;
  /** Whose items they are. */
  readonly truth: Int32Array;
  readonly data: DataSummary;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Items of a kind: K groups, well apart, about zero. Those of a cube are its pixels. */
function itemsOf(kind: DataKind, n: number, seed: number): NdArray<Float32Array> {
  const itemShape = kind === "images" ? [SIDE, SIDE] : [D];
  if (kind === "cube") {
    const { data } = itemsOf("rows", n, seed);
    const height = Math.floor(Math.sqrt(n / 2)) || 1;
    const planes = data.map((_, i) => data[(i % n) * D + Math.floor(i / n)]!);
    return new NdArray(planes, [D, height, n / height]);
  }
  const width = itemShape.reduce((product, size) => product * size, 1);
  const values = blobs(n, width, K, seed).map((value) => (value - 10) / 5);
  return new NdArray(values, [n, ...itemShape]);
}

/** The kind of data that a method is tried on: rows, where it takes them. @throws for kinds that no trial makes */
function kindOf({ name, takes }: AnyMethod): DataKind {
  const kind = takes.includes("rows") ? "rows" : takes[0]!;
  if (kind !== "rows" && kind !== "images" && kind !== "cube")
    throw new Error(`${name} takes ${takes.join(", ")}: make such data in test/methods/trial.ts`);
  return kind;
}

/** Options of a trial: small ones, and the number of clusters where it is asked for. */
export function trialOptions(method: AnyMethod, width: number): Record<string, unknown> {
  const options: Record<string, unknown> = { seed: 1 };
  for (const [name, { rule }] of optionsOf(method))
    for (const { [name]: tiny } of [TINY, TINY_LISTS]) if (tiny !== undefined && rule.holds(tiny)) options[name] = tiny;
  if (method.clusters === "given") options["nClusters"] = K;
  if (optionsOf(method).some(([name]) => name === "layers")) options["layers"] = [width, 8, 2];
  return options;
}

/** The trial of a method; `n` items. */
export function trialOf(method: AnyMethod, n = N): Trial {
  const kind = kindOf(method);
  const x = itemsOf(kind, n, 4);
  const itemShape = kind === "cube" ? [D] : x.shape.slice(1);
  const width = itemShape.reduce((product, size) => product * size, 1);
  return {
    ...{ x, others: itemsOf(kind, 10, 4), truth: Int32Array.from({ length: n }, (_, i) => i % K) },
    data: { n, itemShape, bytes: false },
    options: trialOptions(method, width),
  };
}

/** The same with every item through `change`. */
export function changed(trial: Trial, change: (value: number, at: number) => number): Trial {
  return { ...trial, x: new NdArray(trial.x.data.map(change), trial.x.shape) };
}

/** What `runMethod` takes of a trial. */
export const taskOf = ({ x, data, options }: Trial, device: Device, more: Partial<RunTask> = {}): RunTask => ({
  ...{ x, data, options, device },
  ...more,
});

// What every method of the playground offers the worker: run, look, save.
import { NdArray } from "constella";
import type { Device, EpochRecord, RowSource } from "constella";
import type { SegmentedImage } from "constella/generative";
import type { Estimator, FoundNumber } from "constella/methods";
import type { Values } from "../methods";

/** Whether items are read when they are needed. */
export const isSource = (x: NdArray<Float32Array> | RowSource): x is RowSource => "range" in x;

/** What a method is given. */
export interface Task {
  /** [n, …], scaled; a source of rows that are read when they are needed. */
  readonly x: NdArray<Float32Array> | RowSource;
  /** The items that are shown, [s, …]. */
  readonly sample: NdArray<Float32Array>;
  /** Their row numbers. */
  readonly rows: Uint32Array;
  readonly values: Values;
  readonly device: Device;
  /** Whether where the items lie, and their probabilities, are asked for: not of the pixels of an image. */
  readonly places: boolean;
  /** [bands, height, width], of which the items are tiles: it is cut into objects at the end. */
  readonly field?: NdArray<Float32Array> | undefined;
  /** Another device for one that has failed; the page is told. */
  readonly replaceDevice: (error: Error) => Promise<Device>;
}

/** How a clustering stands, before it is put into the plane. */
export interface Snapshot {
  /** Embedding of the sample, [s, d]; without it items stay where the data have them. */
  readonly z?: Float32Array;
  /** Cluster of every item. */
  readonly labels?: Int32Array;
  /** What a field was cut into. */
  readonly field?: SegmentedImage;
  /** Clusters of the sample that the method has not made: what k-means finds in its codes so far. */
  readonly provisional?: Int32Array;
  readonly k: number;
  /** Soft assignment of the sample, [s, k]. */
  readonly q?: Float32Array;
  /** Centres in the space of z, or of the items where there is no z: [k, d]. */
  readonly centers?: Float32Array;
  /** Whether clusters have a middle that is worth a mark. */
  readonly round?: boolean;
}

/** What a step tells. */
export interface Step {
  readonly stage: string;
  /** Share of the whole run that is done, as far as that can be told. */
  readonly share: number;
  readonly loss?: number;
  readonly text: string;
}

/** What a session calls while it runs. */
export interface Watch {
  readonly signal: AbortSignal;
  step(step: Step): void;
  /** Shows how things stand, unless that was done a moment ago; `wait` is for runs that would be over before anything is seen. */
  look(options?: { readonly force?: boolean; readonly wait?: number }): Promise<void>;
}

/** The result of a finished run. */
export interface Result {
  /** Of every item, of a field of every pixel. */
  readonly labels: Int32Array;
  readonly k: number;
  /** [n, d] */
  readonly embedding?: NdArray<Float32Array>;
  /** [n, k] */
  readonly q?: NdArray<Float32Array>;
  readonly inertia?: number;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** One run of a method on a data set. */
export interface Session {
  /** Begins, or goes on from where it was stopped. @throws the signal's reason when stopped */
  run(watch: Watch): Promise<void>;
  snapshot(): Promise<Snapshot>;
  result(): Promise<Result>;
  /** What the method has to say of its result. */
  note?(): string;
  /** What was found of the number of clusters, where that was searched for and is. */
  numberOfClusters?(): FoundNumber | undefined;
  /** Whether it goes on from where it was stopped, or else begins anew (default: it goes on). */
  resumes?(): boolean;
  /** One record an epoch, of methods that train. */
  history(): readonly EpochRecord[];
  /** The model as a safetensors file; undefined where there is nothing to keep. */
  save(): Promise<Uint8Array | undefined>;
  /** Clusters of new items, scaled as those of the run; undefined where the method has none for others than its own. */
  predict?(x: NdArray<Float32Array>): Promise<Int32Array>;
  /** What is at work, or was found; undefined before, and of what is no method of the library. */
  estimator?(): Estimator | undefined;
  /** Whether there is ever a model to keep. */
  readonly savable: boolean;
  /** Frees what it has on its device. It is of no use then. */
  dispose(): void | Promise<void>;
}

/** A number among the values. */
export const numberOf = (values: Values, name: string): number => Number(values[name]);

/** Some rows of an array [n, …]. */
export function takeRows(x: NdArray<Float32Array>, rows: ArrayLike<number>): NdArray<Float32Array> {
  const width = x.size / x.shape[0]!;
  const data = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) data.set(x.data.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
  return new NdArray(data, [rows.length, ...x.shape.slice(1)]);
}

/** An array as rows of its flattened items. */
export const flat = (x: NdArray<Float32Array>): NdArray<Float32Array> =>
  new NdArray(x.data, [x.shape[0]!, x.size / x.shape[0]!]);

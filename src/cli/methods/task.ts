import type { Device } from "../../device";
import type { NdArray } from "../../ndarray";
import type { EpochRecord } from "../../training/loop";
import type { Measures } from "../../metrics/measures";
import type { OptionSpec } from "../option";
import type { ProgressDisplay } from "../progress";

/** What a method is asked to do. */
export interface Task {
  /** [n, d] */
  readonly x: NdArray<Float32Array>;
  /** Sizes of one item as in the file: [45, 45]. */
  readonly itemShape: readonly number[];
  /** K; undefined for methods that find it. */
  readonly nClusters: number | undefined;
  /** The method's options as given, by the library's names. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly device: Device;
  /** Known classes, for measures while it trains. */
  readonly truth?: ArrayLike<number> | undefined;
  readonly signal: AbortSignal;
  readonly progress: ProgressDisplay;
  /** Goes on from here. */
  readonly checkpoint?: Checkpoint | undefined;
  /** After an epoch: writes a checkpoint, now and then, so that a run that is killed can be resumed. */
  readonly keep?: (save: () => Promise<Checkpoint>) => Promise<void>;
  /** Clusterings that were made before, for the table of stages. */
  readonly stages?: readonly StageResult[];
}

/** Measures of the labels after that many steps of clustering. */
export interface TracePoint extends Measures {
  readonly step: number;
}

/** A clustering on the way: what the table of stages has of it. */
export interface StageResult {
  readonly name: string;
  readonly measures: Measures;
  readonly seconds: number;
}

/** What a run keeps in its checkpoint beside the model: enough that a resumed run ends as an uninterrupted one. */
export interface RunRecord {
  /** Worked so far. */
  readonly seconds: number;
  /** Options of `fit`, which the model itself does not keep. */
  readonly fit: Readonly<Record<string, unknown>>;
  readonly trace: readonly TracePoint[];
  readonly stages: readonly StageResult[];
}

/** A model's checkpoint with the run's own record. */
export interface Checkpoint {
  readonly model: Uint8Array;
  readonly record: RunRecord;
}

/** What a method found. */
export interface Outcome {
  readonly labels: Int32Array;
  readonly nClusters: number;
  /** [n, e], of methods that learn one. */
  readonly embedding?: NdArray<Float32Array>;
  /** [n, K] */
  readonly q?: NdArray<Float32Array>;
  readonly inertia?: number;
  /** Every option that was in force, by the library's names. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly history: readonly EpochRecord[];
  readonly checkpoint: Checkpoint;
}

/** Ctrl-C ended training; it can go on from the checkpoint. */
export class TrainingInterrupted extends Error {
  readonly checkpoint: Checkpoint;

  constructor(checkpoint: Checkpoint) {
    super("interrupted");
    this.checkpoint = checkpoint;
  }
}

/** A method of the command line. */
export interface Method {
  readonly title: string;
  /** For the list of methods. */
  readonly summary: string;
  /** Whether `--clusters` is needed. */
  readonly takesClusters: boolean;
  /** Whether it trains a network: then training can be resumed and bytes are scaled. */
  readonly deep: boolean;
  readonly options: readonly OptionSpec[];
  /** Values of the options that are not given, for help and metrics.json. */
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly run: (task: Task) => Promise<Outcome>;
}

import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import type { Matrix } from "../cluster";
import type { NdArray } from "../ndarray";
import type { Shape } from "../tensor";
import type { EpochRecord, StepReport } from "../lifecycle/progress";
import type { SegmentedImage } from "../generative/segmentation/catalogue";
import type { Schema } from "./schema";

/** Options that methods have in common, whatever their schema says; the device is given by whoever runs the method. */
export interface CommonOptions {
  /** Where `clusters` of the method is "given" or "either". */
  readonly nClusters?: number;
  /** Of everything random. */
  readonly seed?: number;
  readonly device?: Device;
}

/** What `fit` of a method is given; of a `field`, a whole image [channels, H, W], its tiles. */
export type DataKind = "rows" | "images" | "field" | "sequences" | "sets" | "cube" | "sparse" | "distances" | "texts";

/** What is known of data before they are clustered. */
export interface DataSummary {
  /** Items. */
  readonly n: number;
  /** Sizes of one item: [28, 28]. */
  readonly itemShape: Shape;
  /** Whether the values are bytes as they were read: pictures, mostly. */
  readonly bytes: boolean;
  /** Whether they are tiles of a field. */
  readonly field?: boolean;
}

/** A method: what it is, what it takes and how it is made. Everything that lists or runs methods goes by this alone. */
export interface Method<O extends CommonOptions = CommonOptions> {
  /** As the command line spells it, and the index: mini-batch-kmeans. */
  readonly name: string;
  /** As a heading has it: mini-batch k-means. */
  readonly title: string;
  /** One sentence, without a full stop: how it clusters. */
  readonly summary: string;
  /** The source: authors, title, place and year. */
  readonly paper: string;
  /** The kinds of data, the default first. */
  readonly takes: readonly DataKind[];
  /** Whether `fit` is given labels. */
  readonly target: "none" | "optional" | "needed";
  /** Whether the number of clusters is told (`nClusters`), found, either, or no matter of the method. */
  readonly clusters: "given" | "found" | "either" | "none";
  /** Every option but those of `CommonOptions`. */
  readonly options: Schema<O>;
  /** Whether it trains a neural network: then bytes are taken as shares of 255 and the columns of a table alike. Default false. */
  readonly network?: boolean;
  /** Whether `fit`, `predict` and `transform` take a `RowSource`, so that items need not fit into memory; in words: when `fit` reads its rows. Default false. */
  readonly streams?: boolean | string;
  /** Options that suit data, for those that are not given; `given` are the others. */
  suit?(data: DataSummary, given: Partial<O>): Partial<O>;
  /** What is to be told of data that it takes otherwise than may be meant. */
  remark?(data: DataSummary): string | undefined;
  /** @throws for values out of range, and for options that are unknown or missing */
  make(options: O): Estimator;
  /** Reads what `save` wrote; `options` are those that a resumed training changes. */
  load?(bytes: Bytes, options: { readonly device?: Device } & Partial<O>): Promise<Estimator>;
}

/** Options of `fit`, beside those that the schema says are of `fit`; a method without one of these, `epochs` or `passes` has no epochs, and is not given `onEpoch`. */
export interface EstimatorFitOptions {
  /** Labels, of methods with a target. */
  readonly y?: ArrayLike<number>;
  readonly signal?: AbortSignal;
  /** Several times a second. */
  readonly onStep?: (report: StepReport) => void;
  /** After each epoch, of methods that have them. */
  readonly onEpoch?: (record: EpochRecord) => void | Promise<void>;
  /** Passes over the data, in the last stage at most. */
  readonly epochs?: number;
}

/** Labels of what was fitted: −1 is noise or masked; [H, W] of a cube; one array a set. */
export type FittedLabels = Int32Array | NdArray<Int32Array> | readonly Int32Array[];

/** How hard centres pull at items, against how much the items are theirs. */
export interface GradientSizes {
  readonly q: NdArray<Float32Array>;
  readonly size: NdArray<Float32Array>;
}

/**
 * What a method makes. All can be fitted, saved and disposed of; the rest is there where the method has it, and seen by its presence
 * (`"labels" in estimator`): getters throw before `fit`.
 */
export interface Estimator {
  /** Every option in force. */
  readonly settings: object;
  /** One record per epoch, of the methods that have epochs. */
  readonly history: readonly EpochRecord[];
  /**
   * Learns from x, of a kind that the method takes. Goes on where an aborted or loaded training stood. Called again after its end, a network goes on to more
   * epochs of the same items, and refuses others; all else learns anew.
   * @throws the signal's reason when aborted
   */
  fit(x: unknown, options?: EstimatorFitOptions): Promise<unknown>;
  /** What `fit` found for options that leave it to the data. */
  readonly chosen?: Readonly<Record<string, unknown>>;
  /** All of it as a file. */
  save(): Promise<Uint8Array>;
  /** Frees everything it holds. */
  dispose(): void | Promise<void>;

  readonly labels?: FittedLabels;
  /** What is to be told of the items that were fitted, in words. */
  readonly remarks?: readonly string[];
  /** Clusters that became one, with the p-value of what told it, in their order. */
  readonly merges?: readonly { readonly pValue: number }[];
  /** Labels of items that need not have been fitted. */
  predict?(x: unknown): Promise<FittedLabels>;
  /** Items that need not have been fitted as the method sees them, [n, e]. */
  transform?(x: unknown): Promise<NdArray<Float32Array>>;
  /** Where the method places the items that were fitted, [n, e], of methods that place no others. */
  readonly embedding?: NdArray<Float32Array | Float64Array>;
  /** Clusters, mask and objects of a whole image [channels, H, W], of methods that take a `field`. */
  segmentImage?(image: NdArray<Float32Array>, options?: { readonly minimum?: number }): Promise<SegmentedImage>;
  /** Probabilities of the clusters, [n, K]. */
  softAssignments?(x: unknown): Promise<NdArray<Float32Array>>;
  /** Centres [K, …]: among the items where there is an `inertia` or no `transform`, else among what `transform` gives. */
  readonly clusterCenters?: Matrix | (() => Promise<Matrix>);
  /** Σ ‖x − c‖², of methods whose centres are among the items. */
  readonly inertia?: number;
  /** How likely each item is. */
  scoreSamples?(x: unknown): Promise<ArrayLike<number>>;
  /** A tree: two nodes that were merged, [n − 1, 2], at these distances. */
  readonly children?: Int32Array;
  readonly distances?: ArrayLike<number>;
  /** The tree cut into k clusters. */
  cut?(k: number): Int32Array;
  /** New items, [n, …], and what else the method says of them. */
  sample?(n: number, seed?: number): unknown;
  /** Items of points of the embedding. */
  decode?(z: unknown): Promise<NdArray<Float32Array>>;
  /** Items as the network gives them back, [n, values]. */
  reconstruct?(x: unknown): Promise<NdArray<Float32Array>>;
  /** Soft assignments, and how hard each centre pulls at each item, [n, K] both, of methods whose centres do. */
  gradientSizes?(x: unknown): Promise<GradientSizes>;
  /** Neighbours as the method sees them: rows, columns and weights. */
  readonly graph?: unknown;
}

// What the page and its worker tell each other.
import type { ClusteringReport, Curve } from "constella/report";
import type { Values } from "./methods";

/** What kind of items a data set has: points of the plane, rows of a table, or pictures. */
export type DataKind = "points" | "table" | "images";

/** A data set in words. */
export interface DataSummary {
  readonly name: string;
  readonly kind: DataKind;
  /** Items. */
  readonly n: number;
  /** Sizes of one item. */
  readonly itemShape: readonly number[];
  /** Names of the known classes, where there are any; they are shown and measured, never learned from. */
  readonly classes?: readonly string[];
  /** What the reader decided by itself. */
  readonly notes: readonly string[];
}

/** Small pictures, as many as there are `rows`. */
export interface Thumbnails {
  /** [rows.length, height, width, channels] */
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** The sampled items in the plane. */
export interface Plane {
  /** Row numbers of the items that are shown. */
  readonly rows: Uint32Array<ArrayBuffer>;
  /** Names of these items, where they have any. */
  readonly ids?: readonly string[];
  /** [rows.length, 2] */
  readonly xy: Float32Array<ArrayBuffer>;
  readonly truth?: Int32Array<ArrayBuffer>;
  readonly thumbnails?: Thumbnails;
}

/** How the clustering stands. */
export interface Frame {
  /** Positions of the sampled items in the embedding; without them they stay where the data have them. */
  readonly xy?: Float32Array<ArrayBuffer>;
  /** Cluster of each sampled item, −1 for noise; undefined while there is none. */
  readonly labels?: Int32Array<ArrayBuffer>;
  /** Whether these are no clusters of the method yet, but what k-means finds in its codes so far. */
  readonly provisional?: boolean;
  /** How sure each sampled item belongs to its cluster, 0 to 1. */
  readonly confidence?: Float32Array<ArrayBuffer>;
  /** What that is: soft assignments of the method, or the margin between two centres. */
  readonly confidenceOf?: "q" | "margin";
  /** Centres in the plane of `xy`, [k, 2]. */
  readonly centers?: Float32Array<ArrayBuffer>;
  /** Members of each cluster among all items. */
  readonly sizes: readonly number[];
  readonly noise: number;
  /** Measures against the known classes. */
  readonly measures: Readonly<Record<string, number>>;
  readonly curves: readonly Curve[];
}

/** What the page asks for. */
export type Request =
  | { readonly type: "device"; readonly device: DeviceName }
  | { readonly type: "files"; readonly files: readonly { readonly name: string; readonly bytes: ArrayBuffer }[] }
  | { readonly type: "points"; readonly xy: Float32Array<ArrayBuffer> }
  | { readonly type: "sample"; readonly name: string }
  | { readonly type: "start"; readonly method: string; readonly values: Values; readonly scale: Scale }
  | { readonly type: "stop" }
  | { readonly type: "resume" }
  | { readonly type: "save"; readonly what: Download }
  | { readonly type: "predict"; readonly files: readonly { readonly name: string; readonly bytes: ArrayBuffer }[] };

/** What a message is about: the place beside which it stands. */
export type About = "data" | "run" | "save" | "predict";

/** Where to compute. */
export type DeviceName = "auto" | "webgpu" | "wasm";

/** What is done to the values before a method sees them. */
export type Scale = "none" | "unit" | "standard";

/** What can be downloaded. */
export type Download = "labels.npy" | "labels.csv" | "embedding.npy" | "model" | "report";

/** Where a run stands. */
export type RunState = "running" | "stopped" | "done";

/** What the worker answers. */
export type Answer =
  | { readonly type: "device"; readonly description: string }
  | { readonly type: "data"; readonly summary: DataSummary; readonly plane: Plane; readonly scale: Scale }
  | { readonly type: "frame"; readonly frame: Frame }
  | {
      readonly type: "progress";
      readonly stage: string;
      readonly share: number;
      readonly loss?: number;
      /** What is being done, in words. */
      readonly text: string;
    }
  | { readonly type: "state"; readonly state: RunState; readonly text: string; readonly savable: boolean }
  | { readonly type: "file"; readonly name: string; readonly mime: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: "report"; readonly run: ClusteringReport }
  /** Clusters of new items: how many went where, and the table. */
  | {
      readonly type: "predicted";
      readonly name: string;
      readonly sizes: readonly number[];
      readonly noise: number;
      readonly csv: string;
    }
  /** It goes on, but not as it was. */
  | { readonly type: "warning"; readonly message: string }
  | { readonly type: "error"; readonly message: string; readonly about: About };

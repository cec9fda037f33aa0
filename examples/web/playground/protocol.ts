// What the page and its worker tell each other.
import type {
  ClusteringReport,
  ClusterSpectrum,
  Curve,
  DrawnPart,
  Thumbnails,
  TriedNumbers,
  UnitGrid,
} from "constella/report";
import type { LayoutName } from "./layouts";
import type { Values } from "./methods";
import type { Names } from "./names";

/** What kind of items a data set has: points of the plane, rows of a table, pictures, or pixels of the sky. */
export type DataKind = "points" | "table" | "images" | "cube";

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
  /** What an array [n, height, width] was taken for, where it may as well be the other: n pictures, or one image of n bands. */
  readonly taken?: Taken;
  /** The method that they were made for. */
  readonly method?: string;
}

/** n pictures, or one image of n bands. */
export type Taken = "pictures" | "bands";

/** What a trained network gives back of some items, and the values that its first unit has for most. */
export interface NetworkView {
  readonly given: Thumbnails;
  readonly back: Thumbnails;
  readonly unit?: { readonly low: number; readonly high: number };
}

/** Items in the plane: a sample while a run goes on, else all. */
export interface Plane {
  /** Row numbers of the items that are shown, ascending. */
  readonly rows: Uint32Array<ArrayBuffer>;
  /** Names of these items, where they have any. */
  readonly names?: Names;
  /** [rows.length, 2] */
  readonly xy: Float32Array<ArrayBuffer>;
  readonly truth?: Int32Array<ArrayBuffer>;
  readonly thumbnails?: Thumbnails;
}

/** A part of an image in pixels from 0, row 0 at the bottom. */
export interface SkyBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A picture of it. */
export interface SkyPicture extends SkyBox {
  readonly bitmap: ImageBitmap;
}

/** A part of an image, and its clusters. */
export interface SkyTile {
  readonly composite: SkyPicture;
  readonly labels?: SkyPicture;
}

/** What is seen of a cube while it is clustered. */
export interface SkyFrame {
  readonly picture: SkyPicture;
  /** What its colours are: clusters, or units of a map in training by their places. */
  readonly shows: "clusters" | "clusters so far" | "units";
  /** Of methods that have one, with the colours of its units where the picture has them. */
  readonly map?: UnitGrid & { readonly colours?: readonly string[] };
}

/** What lies at a pixel of a cube. */
export interface Region {
  readonly x: number;
  readonly y: number;
  /** Longitude and latitude, in words. */
  readonly sky?: readonly [string, string];
  /** The cluster, −1 where some band has no data; undefined before there are clusters. */
  readonly label?: number;
  /** Of a field that was cut into objects, the number of the one that lies there, and how many there are. */
  readonly object?: { readonly number: number; readonly of: number };
  /** The image around the object. */
  readonly stamp?: SkyPicture;
  /** Pixels of the connected piece or the object, and of all its cluster. */
  readonly piece?: number;
  readonly pixels?: number;
  readonly border?: SkyPicture;
  readonly names: readonly string[];
  readonly wavelengths?: readonly number[];
  readonly unit: string;
  /** Pixels with data in every band. */
  readonly total: number;
  readonly spectra: readonly ClusterSpectrum[];
}

/** The objects that a field was cut into. */
export interface FieldObjects {
  /** All around them. */
  readonly outlines: SkyPicture;
  /** How many there are. */
  readonly total: number;
  /** Names of what is known of each, as `objects.csv` has them. */
  readonly columns: readonly string[];
  /** The first of them, [n, columns]. */
  readonly values: Float64Array<ArrayBuffer>;
  /** A pixel of each of these, (x, y) one after the other. */
  readonly pixels: Int32Array<ArrayBuffer>;
}

/** What of a cube is clustered: its pixels, its superpixels, or all of it as a field in tiles. */
export interface CubeAs {
  readonly as: "pixels" | "superpixels" | "tiles";
  readonly tileSize?: number;
  readonly superpixels?: number;
  readonly superpixelCompactness?: number;
}

/** How the clustering stands. */
export interface Frame {
  /** Positions of the items that are shown in the embedding; without them they stay where the data have them. */
  readonly xy?: Float32Array<ArrayBuffer>;
  /** Cluster of each of these items, −1 for noise; undefined while there is none. */
  readonly labels?: Int32Array<ArrayBuffer>;
  /** Whether these are no clusters of the method yet, but what k-means finds in its codes so far. */
  readonly provisional?: boolean;
  /** How sure each of them belongs to its cluster, 0 to 1. */
  readonly confidence?: Float32Array<ArrayBuffer>;
  /** What that is: soft assignments of the method, or the margin between two centres. */
  readonly confidenceOf?: "q" | "margin";
  /** Centres in the plane of `xy`, [k, 2]. */
  readonly centers?: Float32Array<ArrayBuffer>;
  /** Members of each cluster among all items. */
  readonly sizes: readonly number[];
  readonly noise: number;
  /** How many objects a field was cut into. */
  readonly objects?: number;
  /** Measures against the known classes. */
  readonly measures: Readonly<Record<string, number>>;
  readonly curves: readonly Curve[];
  /** Why there are so many clusters, where that was searched for. */
  readonly numberOfClusters?: TriedNumbers;
  readonly sky?: SkyFrame;
}

/** The items that are shown, laid out. */
export interface Layout {
  /** [n, 2] */
  readonly xy: Float32Array<ArrayBuffer>;
  /** [k, 2], where clusters have a middle that is worth a mark. */
  readonly centers?: Float32Array<ArrayBuffer>;
}

/** What the page asks for. */
export type Request =
  | { readonly type: "device"; readonly device: DeviceName }
  | { readonly type: "files"; readonly files: readonly File[]; readonly taken?: Taken }
  | { readonly type: "points"; readonly xy: Float32Array<ArrayBuffer> }
  | { readonly type: "sample"; readonly name: string }
  | {
      readonly type: "start";
      readonly method: string;
      readonly values: Values;
      readonly scale: Scale;
      readonly cube?: CubeAs;
    }
  | { readonly type: "stop" }
  | { readonly type: "resume" }
  | { readonly type: "save"; readonly what: Download }
  /** All items of a run that is done, laid out. */
  | { readonly type: "layout"; readonly name: LayoutName }
  /** The charts that were asked for, as markup. */
  | { readonly type: "charts"; readonly texts: readonly string[] }
  | { readonly type: "predict"; readonly files: readonly File[] }
  /** The item at a value of the first unit. */
  | { readonly type: "traverse"; readonly value: number }
  | { readonly type: "region"; readonly x: number; readonly y: number }
  /** Stamps of the objects of a field, as data. */
  | { readonly type: "stamps" }
  /** A part of the image with at most so many pixels a side. */
  | { readonly type: "tile"; readonly box: SkyBox; readonly most: number };

/** What a message is about: the place beside which it stands. */
export type About = "data" | "device" | "run" | "view" | "save" | "predict";

/** Where to compute. */
export type DeviceName = "auto" | "webgpu" | "wasm";

/** What is done to the values before a method sees them. */
export type Scale = "none" | "unit" | "standard";

/** What can be downloaded. */
export type Download =
  | ("labels.npy" | "labels.csv" | "labels.fits" | "clusters.csv" | "mask.fits" | "objects.csv")
  | ("embedding.npy" | "model" | "report");

/** Where a run stands. */
export type RunState = "running" | "stopped" | "done";

/** What the worker answers. */
export type Answer =
  /** What is computed on: by the runs to come, where the one that is there stays on its own. */
  | { readonly type: "device"; readonly description: string; readonly later: boolean }
  | {
      readonly type: "data";
      readonly summary: DataSummary;
      readonly plane: Plane;
      readonly scale: Scale;
      /** Of a cube, and which bands are which colours. */
      readonly sky?: { readonly picture: SkyPicture; readonly words: string; readonly box: SkyBox };
    }
  /** Other items of the same data are shown, and how their clustering stands. */
  | { readonly type: "plane"; readonly plane: Plane; readonly frame?: Frame }
  | { readonly type: "reading"; readonly share: number }
  /** A layout, or how much of it is done. */
  | { readonly type: "layout"; readonly name: LayoutName; readonly share: number; readonly layout?: Layout }
  | { readonly type: "region"; readonly region: Region }
  | { readonly type: "tile"; readonly tile: SkyTile }
  | { readonly type: "frame"; readonly frame: Frame }
  | { readonly type: "objects"; readonly objects: FieldObjects }
  | { readonly type: "network"; readonly network?: NetworkView }
  | { readonly type: "traversed"; readonly picture?: Thumbnails }
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
  /** Charts of a report that the worker makes, which has no document to draw them in. */
  | { readonly type: "charts"; readonly parts: readonly DrawnPart[] }
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

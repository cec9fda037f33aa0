// What a report shows of a cube beside the run.
import type { ShownMap } from "../maps/shown";
import type { Planes } from "./composite";
import type { SkyCoordinates } from "./grid";

/** A region of the image: a cluster, or a superpixel. */
export interface ShownRegion {
  readonly cluster: number;
  /** Pixels. */
  readonly size: number;
  /** Mean place (x, y) in pixels from 0. */
  readonly center: readonly [x: number, y: number];
  /** In each band. */
  readonly mean: ArrayLike<number>;
  /** Standard deviations. */
  readonly spread: ArrayLike<number>;
}

/** Principal components of the bands. */
export interface ShownComponents {
  /** [components, height, width] */
  readonly images: Planes;
  /** Of all bands' variance, one a component. */
  readonly shares: ArrayLike<number>;
}

/** What a report shows of a cube beside the run. */
export interface ClusteredCube {
  /** [bands, height, width], row 0 at the bottom. */
  readonly bands: Planes;
  readonly names: readonly string[];
  /** Of the bands, where they are known; in `wavelengthUnit`, default nm. */
  readonly wavelengths?: readonly number[] | undefined;
  readonly wavelengthUnit?: string;
  /** Of the values, "" where it is not known. */
  readonly unit: string;
  /** Numbers of the bands that are red, green and blue, from 0. Default: the longest wavelength to the shortest. */
  readonly rgb?: readonly number[] | undefined;
  /** Without them no grid is drawn. */
  readonly sky?: SkyCoordinates | undefined;
  /** The cluster of each pixel [height, width], −1 none. */
  readonly labels: Planes;
  /** [height, width], −1 none. */
  readonly superpixels?: Planes | undefined;
  readonly regions: readonly ShownRegion[];
  readonly map?: ShownMap | undefined;
  readonly components?: ShownComponents | undefined;
}

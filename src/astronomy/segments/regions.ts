import { toContiguous, toLabels } from "../../matrix";
import type { NdArrayLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import { inAllBands } from "../bands/source";
import { planesOf } from "../planes";

/** What the pixels of each region of an image have in common; NaN of a region without pixels. */
export interface RegionStatistics {
  /** Pixels, [regions]. */
  readonly sizes: Float64Array;
  /** Mean place (x, y) in pixels from 0, [regions, 2]. */
  readonly centers: NdArray<Float64Array<ArrayBuffer>>;
  /** Mean in each band, [regions, bands]. */
  readonly means: NdArray<Float64Array<ArrayBuffer>>;
  /** Standard deviation in each band, of the sample (divided by n − 1; 0 of one pixel), [regions, bands]. */
  readonly deviations: NdArray<Float64Array<ArrayBuffer>>;
}

/**
 * Sizes, places, means and standard deviations of the regions of an image, in float64. Pixels of −1, and those without data in some band, count for none.
 * image [height, width] or [bands, height, width], labels [height, width] from 0.
 * @throws for labels of another size, or that are no whole numbers from −1
 */
export function regionStatistics(image: NdArrayLike, labels: NdArrayLike): RegionStatistics {
  const op = "regionStatistics";
  const { data, shape } = planesOf(image, op);
  const [bands, height, width] = shape;
  const pixels = height * width;
  if (labels.shape.length !== 2 || labels.shape[0] !== height || labels.shape[1] !== width)
    throw new Error(`${op}: labels must be [${height}, ${width}], got [${labels.shape.join(", ")}]`);
  const of = toLabels(toContiguous(labels, op, "labels").data as ArrayLike<number>, op, "labels").slice();
  const lowest = of.findIndex((label) => label < -1);
  if (lowest >= 0) throw new Error(`${op}: labels must be whole numbers from -1, got ${of[lowest]} at ${lowest}`);
  inAllBands(data, bands).forEach((has, at) => {
    if (!has) of[at] = -1;
  });
  const regions = of.reduce((most, label) => Math.max(most, label + 1), 0);
  const sizes = new Float64Array(regions);
  const centers = new Float64Array(2 * regions);
  const [means, deviations] = [new Float64Array(regions * bands), new Float64Array(regions * bands)];
  for (let at = 0; at < pixels; at++) {
    const region = of[at]!;
    if (region < 0) continue;
    sizes[region]!++;
    centers[2 * region]! += at % width;
    centers[2 * region + 1]! += Math.floor(at / width);
  }
  for (let i = 0; i < centers.length; i++) centers[i]! /= sizes[i >> 1]!;
  for (let band = 0; band < bands; band++)
    for (let at = 0; at < pixels; at++) if (of[at]! >= 0) means[of[at]! * bands + band]! += data[band * pixels + at]!;
  for (let i = 0; i < means.length; i++) means[i]! /= sizes[Math.floor(i / bands)]!;
  for (let band = 0; band < bands; band++)
    for (let at = 0; at < pixels; at++) {
      if (of[at]! < 0) continue;
      const place = of[at]! * bands + band;
      const shift = data[band * pixels + at]! - means[place]!;
      deviations[place]! += shift * shift;
    }
  for (let i = 0; i < deviations.length; i++) {
    const size = sizes[Math.floor(i / bands)]!;
    deviations[i] = size > 0 ? Math.sqrt(deviations[i]! / Math.max(1, size - 1)) : NaN;
  }
  return {
    ...{ sizes, centers: new NdArray(centers, [regions, 2]) },
    ...{ means: new NdArray(means, [regions, bands]), deviations: new NdArray(deviations, [regions, bands]) },
  };
}

import { toContiguous, toLabels } from "../../matrix";
import type { NdArrayLike } from "../../matrix";
import type { NdArray } from "../../ndarray";
import { inAllBands } from "../bands/source";
import { planesOf } from "../planes";
import { RegionSums } from "./region-sums";

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
  const sums = new RegionSums(
    of.reduce((most, label) => Math.max(most, label + 1), 0),
    bands,
  );
  const values = new Float64Array(bands);
  for (let at = 0; at < pixels; at++) {
    if (of[at]! < 0) continue;
    for (let band = 0; band < bands; band++) values[band] = data[band * pixels + at]!;
    sums.add(of[at]!, at % width, Math.floor(at / width), values, 0);
  }
  return sums.statistics();
}

import { toContiguous } from "../../matrix";
import type { NdArrayLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import { inAllBands } from "../bands/source";
import { planesOf } from "../planes";
import { regionStatistics } from "./regions";
import { mapTo } from "../../typed-arrays";

/** Rows that stand for the pixels of a cube: what methods of rows cluster in its place. */
export interface CubeItems {
  /** [n, bands] */
  readonly x: NdArray<Float32Array<ArrayBuffer>>;
  /** The row that stands for each pixel, [height, width]; −1 where a band has no data. */
  readonly of: NdArray<Int32Array<ArrayBuffer>>;
}

/** Each pixel with data in every band as a row, row by row of the image. image [height, width] or [bands, height, width]. @throws where there is no such pixel */
export function pixelItems(image: NdArrayLike): CubeItems {
  const { data, shape } = planesOf(image, "pixelItems");
  const [bands, height, width] = shape;
  const pixels = height * width;
  let n = 0;
  const of = mapTo(Int32Array, inAllBands(data, bands), (has) => (has ? n++ : -1));
  if (n === 0) throw new Error("pixelItems: no pixel has data in every band");
  const x = new Float32Array(n * bands);
  for (let band = 0; band < bands; band++)
    for (let at = 0; at < pixels; at++) if (of[at]! >= 0) x[of[at]! * bands + band] = data[band * pixels + at]!;
  return { x: new NdArray(x, [n, bands]), of: new NdArray(of, [height, width]) };
}

/**
 * Each superpixel as a row, its mean in each band. image [height, width] or [bands, height, width], labels [height, width] from 0, −1 none.
 * @throws for labels of another size, and where no pixel has one
 */
export function superpixelItems(image: NdArrayLike, labels: NdArrayLike): CubeItems {
  const { sizes, means } = regionStatistics(image, labels);
  const numbers = new Int32Array(sizes.length).fill(-1);
  let n = 0;
  sizes.forEach((size, region) => {
    if (size > 0) numbers[region] = n++;
  });
  if (n === 0) throw new Error("superpixelItems: no pixel has data in every band and a label");
  const bands = means.shape[1]!;
  const x = new Float32Array(n * bands);
  numbers.forEach((row, region) => {
    if (row >= 0) x.set(means.data.subarray(region * bands, (region + 1) * bands), row * bands);
  });
  const of = mapTo(Int32Array, toContiguous(labels, "superpixelItems", "labels").data as ArrayLike<number>, (label) =>
    label < 0 ? -1 : numbers[label]!,
  );
  return { x: new NdArray(x, [n, bands]), of: new NdArray(of, [labels.shape[0]!, labels.shape[1]!]) };
}

/** Labels of rows as labels of the pixels that these stand for, [height, width]; −1 where no row does. */
export function painted(labels: ArrayLike<number>, { of }: Pick<CubeItems, "of">): NdArray<Int32Array<ArrayBuffer>> {
  return new NdArray(
    of.data.map((row) => (row < 0 ? -1 : labels[row]!)),
    of.shape,
  );
}

import { checkInteger } from "../../checks";
import type { NdArrayLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import { planesOf } from "../planes";

/** Stamps that were cut out of an image. */
export interface CutStamps {
  /** [n, bands, size, size] */
  readonly stamps: NdArray<Float32Array>;
  /** The place of each among those that were asked for. */
  readonly index: Int32Array;
}

/**
 * Squares of `size` pixels around places, pixels (x, y) one after the other from 0, in an image [height, width] or [bands, height, width]: the place lies
 * within half a pixel of the middle of its stamp. What reaches beyond the image, or over pixels that lack a number in some band, is left out.
 * @throws unless places are pairs of numbers
 */
export function cutStamps(image: NdArrayLike, places: ArrayLike<number>, size: number): CutStamps {
  const op = "cutStamps";
  const { data, shape } = planesOf(image, op);
  const [bands, height, width] = shape;
  checkInteger(op, { size }, 1);
  if (places.length % 2 !== 0) throw new Error(`${op}: places must be pairs of x and y, got ${places.length} numbers`);
  const found: Float32Array[] = [];
  const index: number[] = [];
  for (let i = 0; i < places.length / 2; i++) {
    const [left, top] = [places[2 * i]!, places[2 * i + 1]!].map((at) => Math.round(at - (size - 1) / 2)) as [number, number]; // prettier-ignore
    if (!(left >= 0 && top >= 0 && left + size <= width && top + size <= height)) continue;
    const stamp = new Float32Array(bands * size * size);
    for (let row = 0; row < bands * size; row++) {
      const from = (Math.floor(row / size) * height + top + (row % size)) * width + left;
      stamp.set(data.subarray(from, from + size), row * size);
    }
    if (!stamp.every(Number.isFinite)) continue;
    found.push(stamp);
    index.push(i);
  }
  const stamps = new Float32Array(found.length * bands * size * size);
  found.forEach((stamp, i) => stamps.set(stamp, i * stamp.length));
  return { stamps: new NdArray(stamps, [found.length, bands, size, size]), index: Int32Array.from(index) };
}

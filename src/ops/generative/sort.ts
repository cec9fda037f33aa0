import { record } from "../../graph";
import * as kernels from "../../kernels/generative";
import { empty, format, partsOf, run, sizeOf } from "../../tensor";
import type { Tensor } from "../../tensor";

/** Elements of a series: places are 32-bit words, and a power of two holds them. */
const LONGEST = 2 ** 28;

/**
 * x in ascending order along an axis (the last by default), NaN last; equal elements keep their order. The gradient goes back through the
 * permutation. Bitonic: n log² n exchanges, the same result on every device. @throws when x is no f32 or the axis does not exist
 */
export function sort(x: Tensor, axis = -1): Tensor {
  const at = axis < 0 ? axis + x.rank : axis;
  const n = x.shape[at];
  if (x.dtype !== "f32" || !Number.isInteger(axis) || n === undefined || n > LONGEST)
    throw new Error(`sort: x must be f32 with an axis ${axis} of at most ${LONGEST}, got ${x.dtype} of ${format(x)}`);
  const y = empty(x.device, x.shape, "f32", "sort");
  if (x.size === 0) return y;
  const inner = sizeOf(x.shape.slice(at + 1));
  const series = x.size / n;
  const padded = 2 ** Math.ceil(Math.log2(n));
  const block = padded / partsOf(kernels.sortBlocks, x, { padded });
  const keys = empty(x.device, [series, padded], "u32", "sort");
  const places = empty(x.device, [series, padded], "u32", "sort");
  run(kernels.sortBlocks, { x, keys, places, series, n, inner, padded, block });
  for (let k = 2 * block; k <= padded; k *= 2)
    for (let j = k / 2; j >= 1; j /= 2) run(kernels.sortExchange, { keys, places, series, padded, k, j });
  keys.dispose();
  const sizes = { series, n, inner, padded };
  run(kernels.permuteSeries, { x, places, y, ...sizes, inverse: 0 });
  const sorted = record("sort", y, [x], (dy) => [
    () => {
      const dx = empty(x.device, x.shape, "f32", "sort");
      run(kernels.permuteSeries, { x: dy, places, y: dx, ...sizes, inverse: 1 });
      return dx;
    },
  ]);
  if (!sorted.node) places.dispose();
  return sorted;
}

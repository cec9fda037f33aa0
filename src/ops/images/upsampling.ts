import { record } from "../../graph";
import { isWhole } from "../../checks";
import * as kernels from "../../kernels/images";
import { empty, format, run } from "../../tensor";
import type { Tensor } from "../../tensor";
import type { Pair } from "./pooling";

/** Pixels of a row that a thread can hold while it works on it. */
const WIDEST = 2 ** 20;

function upsample(op: string, x: Tensor, scale: Pair, bilinear: number): Tensor {
  const [n, c, h, w] = x.shape;
  const [rows, columns] = typeof scale === "number" ? [scale, scale] : scale;
  if (x.rank !== 4 || !n || !c || !h || !w || w > WIDEST)
    throw new Error(`${op}: x must be [n, c, h, w] with w at most ${WIDEST}, ${format(x.shape)}`);
  if (![rows, columns].every((factor) => isWhole(factor, 1)))
    throw new Error(`${op}: the scale must be a positive whole number an axis, ${rows} x ${columns}`);
  const sizes = { planes: n * c, h, w, rows, columns, bilinear };
  const y = empty(x.device, [n, c, h * rows, w * columns], "f32", op);
  run(kernels.upsample, { x, y, ...sizes });
  return record(op, y, [x], (dy) => [
    () => {
      const dx = empty(x.device, x.shape, "f32", op);
      run(kernels.upsampleBackward, { dy, dx, ...sizes });
      return dx;
    },
  ]);
}

/** Each pixel of [n, c, h, w] repeated `scale` times along both axes of the image. @throws when the scale is not whole */
export const upsampleNearest = (x: Tensor, scale: Pair = 2): Tensor => upsample("upsampleNearest", x, scale, 0);

/**
 * [n, c, h, w] enlarged by whole factors, linear between the centres of pixels: position i is at (i + ½) / scale − ½, clamped to
 * the image (PyTorch's `align_corners=False`). @throws when the scale is not whole
 */
export const upsampleBilinear = (x: Tensor, scale: Pair = 2): Tensor => upsample("upsampleBilinear", x, scale, 1);

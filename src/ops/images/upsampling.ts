import { isWhole } from "../../checks";
import { format } from "../../tensor";
import type { Tensor } from "../../tensor";
import { pairOf } from "./pair";
import type { Pair } from "./pair";
import { resized } from "./resize";

function upsample(op: string, x: Tensor, scale: Pair, mode: "nearest" | "bilinear"): Tensor {
  const [, , h, w] = x.shape;
  const [rows, columns] = pairOf(scale);
  if (x.rank !== 4 || !h || !w) throw new Error(`${op}: x must be [n, c, h, w], got ${format(x)}`);
  if (![rows, columns].every((factor) => isWhole(factor, 1)))
    throw new Error(`${op}: the scale must be a positive whole number an axis, got ${rows} x ${columns}`);
  return resized(op, x, [h * rows, w * columns], mode);
}

/** Each pixel of [n, c, h, w] repeated `scale` times along both axes of the image. @throws when the scale is not whole */
export const upsampleNearest = (x: Tensor, scale: Pair = 2): Tensor => upsample("upsampleNearest", x, scale, "nearest");

/**
 * [n, c, h, w] enlarged by whole factors, linear between the centres of pixels: position i is at (i + ½) / scale − ½, clamped to
 * the image (PyTorch's `align_corners=False`). @throws when the scale is not whole
 */
export const upsampleBilinear = (x: Tensor, scale: Pair = 2): Tensor =>
  upsample("upsampleBilinear", x, scale, "bilinear");

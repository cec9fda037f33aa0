import * as kernels from "../kernels/reduction";
import { empty, run } from "../tensor";
import type { Tensor } from "../tensor";
import { seriesOf } from "./softmax";

function argExtremum(op: string, x: Tensor, axis: number, sign: 1 | -1): Tensor {
  const sizes = seriesOf(op, x, axis);
  const place = axis < 0 ? axis + x.rank : axis;
  const y = empty(
    x.device,
    x.shape.filter((_, i) => i !== place),
    "u32",
    op,
  );
  run(kernels.argExtremum, { x, y, ...sizes, sign });
  return y;
}

/** Index (u32) of the largest x along an axis, the lowest where several are equal; of the first NaN, where there is one. @throws when the axis is outside the rank or empty */
export const argmax = (x: Tensor, axis = -1): Tensor => argExtremum("argmax", x, axis, 1);

/** Index (u32) of the smallest x along an axis, the lowest where several are equal; of the first NaN, where there is one. @throws when the axis is outside the rank or empty */
export const argmin = (x: Tensor, axis = -1): Tensor => argExtremum("argmin", x, axis, -1);

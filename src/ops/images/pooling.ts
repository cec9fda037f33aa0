import { record } from "../../graph";
import { isWhole } from "../../checks";
import * as kernels from "../../kernels/images";
import { empty, format, run } from "../../tensor";
import type { Tensor } from "../../tensor";
import { mean } from "../reduce";
import { pairOf } from "./pair";
import type { Pair } from "./pair";

/** Options of pooling. */
export interface PoolOptions {
  /** Default: the kernel's size. */
  readonly stride?: Pair | undefined;
  /** On each side; at most half of the kernel. Default 0. */
  readonly padding?: Pair | undefined;
}

/** Params of a pooling launch: windows (h + 2·padding − kernel) / stride + 1, rounded down. */
function windows(op: string, x: Tensor, kernel: Pair, options: PoolOptions) {
  const [, , h, w] = x.shape;
  if (x.rank !== 4 || !h || !w) throw new Error(`${op}: x must be [n, c, h, w], got ${format(x)}`);
  const [kh, kw] = pairOf(kernel);
  const [sh, sw] = pairOf(options.stride ?? kernel);
  const [ph, pw] = pairOf(options.padding ?? 0);
  if (![kh, kw, sh, sw].every((size) => isWhole(size, 1)))
    throw new Error(`${op}: kernel and stride must be positive whole numbers, got ${kh} x ${kw} and ${sh} x ${sw}`);
  if (![ph, pw].every((size) => isWhole(size, 0)) || 2 * ph > kh || 2 * pw > kw)
    throw new Error(`${op}: padding must be at most half of the kernel, got ${ph} x ${pw} for ${kh} x ${kw}`);
  const oh = Math.floor((h + 2 * ph - kh) / sh) + 1;
  const ow = Math.floor((w + 2 * pw - kw) / sw) + 1;
  if (oh < 1 || ow < 1) throw new Error(`${op}: the kernel ${kh} x ${kw} must fit the image, got ${format(x)}`);
  return { planes: x.shape[0]! * x.shape[1]!, h, w, oh, ow, kh, kw, sh, sw, ph, pw };
}

/**
 * The largest value of each window, planes [n, c, h, w] → [n, c, oh, ow] with oh = ⌊(h + 2·padding − kernel) / stride⌋ + 1. The
 * gradient goes to the place of the maximum, the first of equals in rows and columns; NaN is passed on. Padding never wins.
 * @throws when the sizes do not fit
 */
export function maxPool2d(x: Tensor, kernel: Pair, options: PoolOptions = {}): Tensor {
  const sizes = windows("maxPool2d", x, kernel, options);
  const shape = [x.shape[0]!, x.shape[1]!, sizes.oh, sizes.ow];
  const y = empty(x.device, shape, "f32", "maxPool2d");
  const index = empty(x.device, shape, "u32", "maxPool2d");
  run(kernels.maxPool, { x, y, index, ...sizes });
  return record("maxPool2d", y, [x], (dy) => [
    () => {
      const dx = empty(x.device, x.shape, "f32", "maxPool2d");
      run(kernels.maxPoolBackward, { index, dy, dx, ...sizes });
      return dx;
    },
  ]);
}

/** The mean of each window as `maxPool2d` cuts them; padding counts as zeros. @throws when the sizes do not fit */
export function avgPool2d(x: Tensor, kernel: Pair, options: PoolOptions = {}): Tensor {
  const sizes = windows("avgPool2d", x, kernel, options);
  const y = empty(x.device, [x.shape[0]!, x.shape[1]!, sizes.oh, sizes.ow], "f32", "avgPool2d");
  run(kernels.avgPool, { x, y, ...sizes });
  return record("avgPool2d", y, [x], (dy) => [
    () => {
      const dx = empty(x.device, x.shape, "f32", "avgPool2d");
      run(kernels.avgPoolBackward, { dy, dx, ...sizes });
      return dx;
    },
  ]);
}

/** The mean of each plane: [n, c, h, w] → [n, c]. @throws when x has no planes */
export function globalAvgPool2d(x: Tensor): Tensor {
  if (x.rank !== 4) throw new Error(`globalAvgPool2d: x must be [n, c, h, w], got ${format(x)}`);
  return mean(x, [2, 3]);
}

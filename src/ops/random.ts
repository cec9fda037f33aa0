import { codes } from "../../kernels/random/random.wgsl";
import { record } from "../graph";
import { checkFlag, checkShare } from "../checks";
import type { Device } from "../device";
import * as kernels from "../kernels/random";
import { uniformRange } from "../random";
import type { Random } from "../random";
import { empty, format, run, sizeOf, Tensor } from "../tensor";
import type { Shape } from "../tensor";
import { mul, scale } from "./elementwise";

/** Uniforms in [low, high), drawn on the device: the numbers of `random.fillUniform`, bit for bit where low is 0 or −high. */
export function randomUniform(device: Device, shape: Shape, random: Random, low = 0, high = 1): Tensor {
  const y = empty(device, shape, "f32", "randomUniform");
  const n = sizeOf(shape);
  run(kernels.random, { y, n, op: codes.UNIFORM, ...random.reserve(n), ...uniformRange(low, high) });
  return y;
}

/** Normals of the given mean and standard deviation, drawn on the device: the numbers of `random.fillNormal`, to rounding. */
export function randomNormal(device: Device, shape: Shape, random: Random, mean = 0, std = 1): Tensor {
  const y = empty(device, shape, "f32", "randomNormal");
  const n = sizeOf(shape);
  run(kernels.random, { y, n, op: codes.NORMAL, ...random.reserve(n), offset: mean, span: std, shift: 0 });
  return y;
}

/** Options of `dropout`. */
export interface DropoutOptions {
  /** Multiply what stays by 1 / (1 − p), so that the mean stays (inverted dropout); default true. False for masking noise. */
  readonly rescale?: boolean;
  /** False in evaluation: x as it is, and no number is drawn. Default true. */
  readonly training?: boolean;
}

/**
 * Each element of x becomes 0 with probability p, else x / (1 − p) (Srivastava et al. 2014); with `rescale: false` else x, the
 * masking corruption of denoising autoencoders (Vincent et al. 2010, section 3.3). The mask is a function of the stream's state:
 * it is drawn again for the gradient, never stored, and the same on every device. A tensor of zeros and ones in place of the
 * stream is the mask itself, broadcast to x: so one mask can serve every step of a sequence (Gal and Ghahramani 2016).
 * @throws when p is not in [0, 1)
 */
export function dropout(x: Tensor, p: number, random: Random | Tensor, options: DropoutOptions = {}): Tensor {
  const { rescale = true, training = true } = options;
  checkFlag("dropout", { rescale, training });
  checkShare("dropout", { p });
  if (!training) return x;
  if (random instanceof Tensor) return rescale ? scale(mul(x, random), 1 / (1 - p)) : mul(x, random);
  if (p === 0) return x;
  return drop("dropout", x, p, random, 1, rescale);
}

/**
 * Whole channels become 0 with probability p, the others x / (1 − p); x [n, c, h, w] (Tompson et al. 2015, SpatialDropout). Options
 * and stream are those of `dropout`; one word is drawn for each of the n·c planes.
 * @throws when p is not in [0, 1) or x has no planes
 */
export function dropout2d(x: Tensor, p: number, random: Random, options: DropoutOptions = {}): Tensor {
  const { rescale = true, training = true } = options;
  checkFlag("dropout2d", { rescale, training });
  checkShare("dropout2d", { p });
  if (x.rank !== 4) throw new Error(`dropout2d: x must be [n, c, h, w], got ${format(x)}`);
  return training && p > 0 && x.size > 0 ? drop("dropout2d", x, p, random, x.shape[2]! * x.shape[3]!, rescale) : x;
}

/** One draw for each run of `width` elements. */
function drop(op: string, x: Tensor, p: number, random: Random, width: number, rescale: boolean): Tensor {
  const counters = random.reserve(x.size / width);
  const threshold = Math.min(Math.round(p * 2 ** 32), 2 ** 32 - 1);
  const mask = (x: Tensor): Tensor => {
    const y = empty(x.device, x.shape, "f32", op);
    run(kernels.dropout, { x, y, n: x.size, width, ...counters, threshold, scale: rescale ? 1 / (1 - p) : 1 });
    return y;
  };
  return record(op, mask(x), [x], (dy) => [() => mask(dy)]);
}

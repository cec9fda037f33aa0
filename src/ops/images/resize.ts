import { codes } from "../../../kernels/images/resize.wgsl";
import { record } from "../../graph";
import { isWhole, checkChoice } from "../../checks";
import * as kernels from "../../kernels/images";
import { empty, format, run } from "../../tensor";
import type { Tensor } from "../../tensor";

const MODE = { nearest: codes.NEAREST, "nearest-exact": codes.NEAREST_EXACT, bilinear: codes.BILINEAR } as const;

/** Pixels of a row that a thread can hold while it works on it. */
const WIDEST = 2 ** 18;
/** Places are found in 32-bit whole numbers: twice the product of both sizes of an axis fits. */
const LARGEST = 2 ** 31;

/** x [n, c, h, w] at another size, by the named op. */
export function resized(op: string, x: Tensor, size: readonly [number, number], mode: keyof typeof MODE): Tensor {
  const [n, c, h, w] = x.shape;
  const [oh, ow] = size;
  if (x.rank !== 4 || !n || !c || !h || !w || w > WIDEST)
    throw new Error(`${op}: x must be [n, c, h, w] with w at most ${WIDEST}, got ${format(x)}`);
  if (size.length !== 2 || !isWhole(oh, 1) || !isWhole(ow, 1, WIDEST) || h * oh >= LARGEST || w * ow >= LARGEST)
    throw new Error(
      `${op}: the size must be two positive whole numbers, the second at most ${WIDEST}, got ${size.join(" x ")}`,
    );
  const sizes = { planes: n * c, h, w, oh, ow, mode: MODE[mode] };
  const y = empty(x.device, [n, c, oh, ow], "f32", op);
  run(kernels.resize, { x, y, ...sizes });
  return record(op, y, [x], (dy) => [
    () => {
      const dx = empty(x.device, x.shape, "f32", op);
      run(kernels.resizeBackward, { dy, dx, ...sizes });
      return dx;
    },
  ]);
}

/**
 * [n, c, h, w] at any size [height, width], linear between the centres of pixels: position i is at max((i + ½) h / height − ½, 0), clamped to
 * the image, without smoothing where it shrinks (PyTorch's `interpolate` with `align_corners=False`, `antialias=False`).
 * @throws when x is no batch of images or the size is not whole
 */
export const bilinearResize = (x: Tensor, size: readonly [number, number]): Tensor =>
  resized("bilinearResize", x, size, "bilinear");

/**
 * [n, c, h, w] at any size [height, width], each pixel that of one of x: row ⌊i h / height⌋ for `nearest` (PyTorch's and the default), the one
 * under the centre of pixel i, ⌊(i + ½) h / height⌋, for `nearest-exact`. @throws when x is no batch of images or the size is not whole
 */
export const nearestResize = (
  x: Tensor,
  size: readonly [number, number],
  { mode = "nearest" }: { readonly mode?: "nearest" | "nearest-exact" } = {},
): Tensor => {
  checkChoice("nearestResize", { mode }, ["nearest", "nearest-exact"]);
  return resized("nearestResize", x, size, mode);
};

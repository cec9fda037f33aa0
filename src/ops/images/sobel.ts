import { format, tensor } from "../../tensor";
import type { Tensor } from "../../tensor";
import { slice } from "../layout";
import { reshape } from "../shape";
import { conv2d } from "./convolution";

/** Weights across (the difference of columns) and down (of rows), as they slide over the image without being turned. */
const ACROSS = [-1, 0, 1, -2, 0, 2, -1, 0, 1];
const DOWN = [-1, -2, -1, 0, 0, 0, 1, 2, 1];

/** Differences of an image [n, c, h, w] across columns and down rows, each of its shape. */
export interface SobelGradients {
  readonly gx: Tensor;
  readonly gy: Tensor;
}

/**
 * Sobel's differences of every channel of x [n, c, h, w] by cross-correlation with [[−1, 0, 1], [−2, 0, 2], [−1, 0, 1]] and its transpose,
 * unnormalised, x counting as 0 outside. @throws when x is no batch of images
 */
export function sobel(x: Tensor): SobelGradients {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  if (x.rank !== 4 || x.size === 0) throw new Error(`sobel: x must be [n, c, h, w], got ${format(x)}`);
  const weight = tensor(x.device, [...ACROSS, ...DOWN], [2, 1, 3, 3]);
  const both = conv2d(reshape(x, [n * c, 1, h, w]), weight, undefined, { padding: 1 });
  const part = (i: number): Tensor => reshape(slice(both, [0, i], [n * c, i + 1]), [n, c, h, w]);
  return { gx: part(0), gy: part(1) };
}

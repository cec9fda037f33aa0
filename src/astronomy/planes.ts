import type { NdArrayLike } from "../matrix";
import { toContiguous } from "../matrix";

/** An image as planes [bands, height, width] of float32. @throws unless it has two or three axes, none of them empty */
export function planesOf(
  image: NdArrayLike,
  op: string,
): { data: Float32Array; shape: readonly [number, number, number] } {
  const { data, shape } = toContiguous(image, op, "image");
  if (shape.length !== 2 && shape.length !== 3)
    throw new Error(`${op}: image must be [height, width] or [bands, height, width], got [${shape.join(", ")}]`);
  if (data.length === 0) throw new Error(`${op}: image has no pixels, [${shape.join(", ")}]`);
  const [bands, height, width] = (shape.length === 2 ? [1, ...shape] : shape) as [number, number, number];
  return { data: Float32Array.from(data as ArrayLike<number>, Number), shape: [bands, height, width] };
}

import type { NdArrayLike } from "../matrix";
import { toContiguous } from "../matrix";
import { mapTo } from "../typed-arrays";

/** An image as planes [bands, height, width] of float32; shares memory with it where it is that already. @throws unless it has two or three axes, none of them empty */
export function planesOf(
  image: NdArrayLike,
  op: string,
): { data: Float32Array; shape: readonly [number, number, number] } {
  const { data, shape } = toContiguous(image, op, "image");
  if (shape.length !== 2 && shape.length !== 3)
    throw new Error(`${op}: image must be [height, width] or [bands, height, width], got [${shape.join(", ")}]`);
  if (data.length === 0) throw new Error(`${op}: image has no pixels, [${shape.join(", ")}]`);
  const [bands, height, width] = (shape.length === 2 ? [1, ...shape] : shape) as [number, number, number];
  const isBig = data instanceof BigInt64Array || data instanceof BigUint64Array;
  const planes =
    data instanceof Float32Array ? data : isBig ? mapTo(Float32Array, data, Number) : new Float32Array(data);
  return { data: planes, shape: [bands, height, width] };
}

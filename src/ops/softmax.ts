import { codes } from "../../kernels/softmax/softmax.wgsl";
import { record } from "../graph";
import * as kernels from "../kernels/softmax";
import { empty, format, run, sizeOf } from "../tensor";
import type { Tensor } from "../tensor";

const SOFTMAX = { softmax: codes.SOFTMAX, logSoftmax: codes.LOG_SOFTMAX } as const;

/** A tensor as series along one axis: [outer, n, inner], and the invocations that a WebGPU workgroup gives each series. */
export interface Series {
  readonly series: number;
  readonly n: number;
  readonly inner: number;
  readonly lanes: number;
}

/** The series of x along an axis; negative axes count from the end. @throws when the axis is outside the rank or empty */
export function seriesOf(op: string, x: Tensor, axis: number): Series {
  const at = axis < 0 ? axis + x.rank : axis;
  const n = x.shape[at];
  if (n === undefined) throw new Error(`${op}: the axis must be within the rank, got ${axis} for shape ${format(x)}`);
  if (n === 0) throw new Error(`${op}: the axis must not be empty, got ${axis} of shape ${format(x)}`);
  const inner = sizeOf(x.shape.slice(at + 1));
  const power = (size: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, size)));
  // four elements a lane while that leaves a row to few lanes, sixteen where it is long: fewest rounds of the sums over lanes
  const along = Math.max(Math.min(32, power(n / 4)), power(n / 16));
  const lanes = inner === 1 ? Math.min(256, along) : 256 / Math.min(64, power(inner));
  return { series: sizeOf(x.shape.slice(0, at)) * inner, n, inner, lanes };
}

function along(name: keyof typeof SOFTMAX, x: Tensor, axis: number): Tensor {
  const sizes = { ...seriesOf(name, x, axis), op: SOFTMAX[name] };
  const y = empty(x.device, x.shape, "f32", name);
  run(kernels.softmax, { x, y, ...sizes });
  return record(name, y, [x], (dy) => [
    () => {
      const dx = empty(x.device, x.shape, "f32", name);
      run(kernels.softmaxBackward, { y, dy, dx, ...sizes });
      return dx;
    },
  ]);
}

/** eˣ / Σ eˣ along an axis, relative to the largest x. @throws when the axis is outside the rank or empty */
export const softmax = (x: Tensor, axis = -1): Tensor => along("softmax", x, axis);

/** x − ln Σ eˣ along an axis, relative to the largest x. @throws when the axis is outside the rank or empty */
export const logSoftmax = (x: Tensor, axis = -1): Tensor => along("logSoftmax", x, axis);

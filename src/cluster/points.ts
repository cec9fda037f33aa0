import type { Device } from "../device";
import { takeFloat32Matrix } from "../matrix";
import type { MatrixLike } from "../matrix";
import type { NdArray } from "../ndarray";
import { gatherRows } from "../ops/indexing";
import { requestDevice } from "../request-device";
import { Tensor, format, takeTensor, untidied } from "../tensor";

/** What the estimators take as points: a matrix on the host, or a float32 tensor [n, d] where it lies. */
export type Points = MatrixLike | Tensor;

/** The device of an estimator: the given one, or one requested when it is first needed. */
export class DeviceHolder {
  #given: Device | undefined;
  #requested: Promise<Device> | undefined;

  constructor(given: Device | undefined) {
    this.#given = given;
  }

  async get(x: Points): Promise<Device> {
    if (x instanceof Tensor) return x.device;
    return this.#given ?? (this.#requested ??= requestDevice());
  }

  /** Ends the device that was requested here; a given one goes on. */
  async dispose(): Promise<void> {
    const requested = this.#requested;
    this.#requested = undefined;
    (await requested)?.destroy();
  }
}

/** Shape of points without moving them. @throws unless x is a float32 matrix with at least one row and column, free of NaN on the host */
export async function checkPoints(
  x: Points,
  op: string,
): Promise<{ n: number; d: number; host?: NdArray<Float32Array> }> {
  const host = x instanceof Tensor ? undefined : await takeFloat32Matrix(x, op, "x");
  const shape = x instanceof Tensor ? x.shape : host!.shape;
  const [n = 0, d = 0] = shape;
  if (shape.length !== 2 || (x instanceof Tensor && x.dtype !== "f32"))
    throw new Error(`${op}: x must be a float32 matrix [n, d], ${format(shape)}`);
  if (n === 0 || d === 0) throw new Error(`${op}: x has no elements, ${format(shape)}`);
  return host ? { n, d, host } : { n, d };
}

/** Runs `use` with points on the device, and frees them afterwards unless they were the caller's tensor. */
export async function withPoints<R>(
  x: Points,
  holder: DeviceHolder,
  op: string,
  use: (x: Tensor, n: number, d: number) => Promise<R>,
): Promise<R> {
  const { n, d, host } = await checkPoints(x, op);
  if (x instanceof Tensor) return use(x, n, d);
  const device = await holder.get(x);
  const points = await takeTensor(device, host!.data, [n, d]);
  try {
    return await use(points, n, d);
  } finally {
    points.dispose();
  }
}

/** Rows of a tensor [n, d] by number, on the host. */
export async function readRows(x: Tensor, rows: Uint32Array | readonly number[]): Promise<Float32Array<ArrayBuffer>> {
  const picked = untidied(() => gatherRows(x, rows));
  try {
    return (await picked.data()) as Float32Array<ArrayBuffer>;
  } finally {
    picked.dispose();
  }
}

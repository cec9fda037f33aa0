import type { Device } from "../device";
import { takeFloat32Matrix } from "../matrix";
import type { MatrixLike } from "../matrix";
import type { NdArray } from "../ndarray";
import { scale as scaled, sub } from "../ops/elementwise";
import { gatherRows } from "../ops/indexing";
import { max, min } from "../ops/reduce";
import { requestDevice } from "../request-device";
import { Tensor, format, takeTensor, tensor, tidy, untidied } from "../tensor";
import { noGrad } from "../graph";
import { inTurns } from "../turn";
import { Frame, framed, scaleFor } from "./frame";

/** What the estimators take as points: a matrix on the host, or a float32 tensor [n, d] where it lies. */
export type Points = MatrixLike | Tensor;

/** Where a method computes with points: a tensor's own device, or the method's. */
export type DeviceFor = (x: Points) => Promise<Device>;

/** The device of a function: the given one, or one requested when it is first needed. */
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
  if (x instanceof Tensor) return checkTensor(x, op);
  const host = await takeFloat32Matrix(x, op, "x");
  return { ...checkSizes(host.shape, op), host };
}

function checkSizes(shape: readonly number[], op: string): { n: number; d: number } {
  const [n = 0, d = 0] = shape;
  if (n === 0 || d === 0) throw new Error(`${op}: x has no elements, ${format(shape)}`);
  return { n, d };
}

function checkTensor(x: Tensor, op: string): { n: number; d: number } {
  if (x.rank !== 2 || x.dtype !== "f32")
    throw new Error(`${op}: x must be a float32 matrix [n, d], ${format(x.shape)}`);
  return checkSizes(x.shape, op);
}

/**
 * Runs `use` with points on the device, in the frame that they need (`Frame`) or shifted as given (`null`: not at all), and frees
 * them afterwards unless they were the caller's tensor.
 * @throws unless x is a matrix of finite numbers with at least one row and column
 */
export async function withPoints<R>(
  x: Points,
  deviceFor: DeviceFor,
  op: string,
  use: (x: Tensor, n: number, d: number, frame: Frame) => Promise<R>,
  shift?: Float64Array | null,
): Promise<R> {
  if (x instanceof Tensor) return withTensor(x, op, use, shift ?? undefined);
  const { frame, points: host } = await inTurns(framed(x, op, shift));
  const { n, d } = checkSizes(host.shape, op);
  const device = await deviceFor(x);
  const points = await takeTensor(device, host.data, [n, d]);
  try {
    return await use(points, n, d, frame);
  } finally {
    points.dispose();
  }
}

/** The same for a tensor, of which a copy is made only where it must be shifted or scaled. */
async function withTensor<R>(
  x: Tensor,
  op: string,
  use: (x: Tensor, n: number, d: number, frame: Frame) => Promise<R>,
  shift: Float64Array | undefined,
): Promise<R> {
  const { n, d } = checkTensor(x, op);
  const shifted = shift && tidy(() => noGrad(() => sub(x, tensor(x.device, shift))));
  let points = shifted ?? x;
  try {
    const ends = tidy(() => noGrad(() => [max(points), min(points)]));
    const [high, low] = await Promise.all(ends.map((end) => end.item()));
    for (const end of ends) end.dispose();
    const largest = Math.max(Math.abs(high!), Math.abs(low!));
    if (!Number.isFinite(largest)) throw new Error(`${op}: x must be finite, its numbers go from ${low} to ${high}`);
    const frame = new Frame(shift, scaleFor(largest, op));
    if (frame.scale !== 1) points = tidy(() => noGrad(() => scaled(points, 1 / frame.scale)));
    return await use(points, n, d, frame);
  } finally {
    if (points !== x) points.dispose();
    if (shifted && shifted !== points) shifted.dispose();
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

import type { RowSource } from "../data/datasets/row-source";
import { kmeansDistances } from "../kernels/clustering";
import type { Device } from "../device";
import { LARGE, SMALL, takeFloat32Matrix, takeLearnable } from "../matrix";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { gatherRows } from "../kernels/indexing";
import { requestDevice } from "../request-device";
import { empty, format, indices, run, takeTensor, tensor, Tensor, untidied } from "../tensor";
import { runCooperatively } from "../event-loop";
import { Frame, framed } from "./frame";
import { distancesToRows } from "./kmeans/kmeans-init";

/** What the estimators take as points: a matrix on the host, or a float32 tensor [n, d] where it lies. */
export type Points = MatrixLike | Tensor;

/** Points, or rows that are read when they are needed, as from a file larger than memory: in blocks of 8 MiB, or of a quarter of `memory` where that is less. */
export type PointSource = Points | RowSource;

/** Where a method computes with points: a tensor's own device, or the method's. */
export type DeviceFor = (x: PointSource) => Promise<Device>;

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

/** Shape of points without moving them. @throws unless x is a float32 matrix with at least one row and column, free of NaN on the host; `toLearn`: of numbers that float32 tells apart */
export async function checkPoints(
  x: Points,
  op: string,
  toLearn = false,
): Promise<{ n: number; d: number; host?: NdArray<Float32Array> }> {
  if (x instanceof Tensor) return checkTensor(x, op);
  const host = toLearn ? await takeLearnable(x, op, "x", true) : await takeFloat32Matrix(x, op, "x");
  return { ...checkSizes(host.shape, op), host };
}

function checkSizes(shape: readonly number[], op: string): { n: number; d: number } {
  const [n = 0, d = 0] = shape;
  if (n === 0 || d === 0) throw new Error(`${op}: x has no elements, ${format(shape)}`);
  return { n, d };
}

function checkTensor(x: Tensor, op: string): { n: number; d: number } {
  if (x.rank !== 2 || x.dtype !== "f32") throw new Error(`${op}: x must be a float32 matrix [n, d], got ${format(x)}`);
  return checkSizes(x.shape, op);
}

/**
 * Runs `use` with points on the device, in the frame that they need (`Frame`) or shifted as given (`null`: not at all), and frees
 * them afterwards unless they were the caller's tensor, which is copied only where it must be shifted or scaled.
 * @throws unless x is a matrix of finite numbers with at least one row and column
 */
export async function withPoints<R>(
  x: Points,
  deviceFor: DeviceFor,
  op: string,
  use: (x: Tensor, n: number, d: number, frame: Frame) => Promise<R>,
  shift?: Float64Array | null,
): Promise<R> {
  let matrix: MatrixLike;
  if (x instanceof Tensor) {
    const { n, d } = checkTensor(x, op);
    await (await deviceFor(x)).prepare([kmeansDistances]); // what tells whether it is ordinary
    if (!shift && (await isOrdinary(x))) return use(x, n, d, new Frame(undefined, 1));
    matrix = new NdArray<TypedArray>(await x.data(), x.shape);
    shift ??= null;
  } else matrix = x;
  const { frame, points: host } = await runCooperatively(framed(matrix, op, shift));
  const { n, d } = checkSizes(host.shape, op);
  const device = await deviceFor(x);
  const points = await takeTensor(device, host.data, [n, d]);
  try {
    return await use(points, n, d, frame);
  } finally {
    points.dispose();
  }
}

/** Whether squares of a tensor's numbers stay far from the ends of float32, by the squared lengths of its rows; where it is unsure, false. */
async function isOrdinary(x: Tensor): Promise<boolean> {
  const [n, d] = x.shape as [number, number];
  const make = (): readonly [Tensor, Tensor, Tensor] => [
    tensor(x.device, new Float32Array(d), [1, d]),
    indices(x.device, [0]),
    empty(x.device, [1, n], "f32", "KMeans"),
  ];
  const made = untidied(make);
  try {
    const [zero, row, lengths] = made;
    distancesToRows(x, zero, row, lengths);
    let largest = 0;
    for (const length of await lengths.data()) {
      if (!(length <= LARGE ** 2)) return false; // NaN too
      if (length > largest) largest = length;
    }
    return largest >= d * SMALL ** 2;
  } finally {
    for (const tensor of made) tensor.dispose();
  }
}

/** Rows of a tensor [n, d] by number, for the caller to dispose of. */
export function takeRows(x: Tensor, rows: Uint32Array | readonly number[]): Tensor {
  const [n, width] = x.shape as [number, number];
  const m = rows.length;
  const [index, y] = untidied(() => [indices(x.device, rows), empty(x.device, [m, width], "f32", "KMeans")] as const);
  try {
    run(gatherRows, { x, index, y, m, n, width, outside: 0 }); // none is: the numbers are the library's own
    return y;
  } finally {
    index.dispose();
  }
}

/** The same on the host. */
export async function readRows(x: Tensor, rows: Uint32Array | readonly number[]): Promise<Float32Array<ArrayBuffer>> {
  const y = takeRows(x, rows);
  try {
    return (await y.data()) as Float32Array<ArrayBuffer>;
  } finally {
    y.dispose();
  }
}

import { toFloat32Matrix } from "../matrix";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import { empty, format, indices, tensor, untidied } from "../tensor";
import type { Tensor } from "../tensor";
import { distancesToRows } from "./kmeans-init";
import { Lloyd } from "./lloyd";
import { readRows, withPoints } from "./points";
import type { DeviceHolder, Points } from "./points";

/** @throws when x has another number of columns than the centres */
export function checkColumns(op: string, d: number, centers: NdArray): void {
  if (d !== centers.shape[1]) throw new Error(`${op}: x must have ${centers.shape[1]} columns, it has ${d}`);
}

/** @throws when a text is no way to choose centres */
export function checkInit(op: string, init: string | MatrixLike): void {
  if (typeof init === "string" && init !== "k-means++" && init !== "random")
    throw new Error(`${op}: init must be "k-means++", "random" or a matrix of centres, ${JSON.stringify(init)}`);
}

/** Centres as the caller gave them. @throws unless they are [k, d] */
export function givenCenters(init: MatrixLike, k: number, d: number, op: string): Float32Array {
  const centers = toFloat32Matrix(init, op, "init");
  if (centers.shape[0] !== k || centers.shape[1] !== d)
    throw new Error(`${op}: init must be centres ${format([k, d])}, ${format(centers.shape)}`);
  return centers.data;
}

/** What `result` reads of the nearest of the centres [k, d] of each row of x [n, d]. @throws when x has another d */
export function withNearest<R>(
  x: Points,
  centers: NdArray,
  holder: DeviceHolder,
  op: string,
  result: (lloyd: Lloyd) => Promise<R>,
): Promise<R> {
  return withPoints(x, holder, op, async (points, _, d) => {
    checkColumns(op, d, centers);
    const lloyd = new Lloyd(points, centers.shape[0]!);
    try {
      lloyd.setCenters(centers.data);
      lloyd.assign();
      return await result(lloyd);
    } finally {
      lloyd.dispose();
    }
  });
}

/** ‖x_i − c_j‖ of rows of x [n, d] and centres [k, d]: [n, k]. @throws when x has another d */
export function distancesToCenters(x: Points, centers: NdArray, holder: DeviceHolder, op: string): Promise<NdArray> {
  const k = centers.shape[0]!;
  return withPoints(x, holder, op, async (points, n, d) => {
    checkColumns(op, d, centers);
    const made = untidied((): readonly [Tensor, Tensor, Tensor] => [
      tensor(points.device, centers.data, centers.shape),
      indices(
        points.device,
        Uint32Array.from({ length: k }, (_, j) => j),
      ),
      empty(points.device, [k, n], "f32", op),
    ]);
    try {
      const [y, rows, out] = made;
      distancesToRows(points, y, rows, out);
      const squared = await out.data();
      const distances = new Float32Array(n * k);
      for (let j = 0; j < k; j++) for (let i = 0; i < n; i++) distances[i * k + j] = Math.sqrt(squared[j * n + i]!);
      return new NdArray(distances, [n, k]);
    } finally {
      for (const tensor of made) tensor.dispose();
    }
  });
}

/** Sum in float64. */
export function total(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** The mean of the biased variances of the columns of x [n, d]: the inertia of one cluster over n·d. */
export async function meanVariance(x: Tensor): Promise<number> {
  const lloyd = new Lloyd(x, 1);
  try {
    lloyd.setCenters(await readRows(x, [0]));
    lloyd.assign();
    await lloyd.update(false);
    lloyd.setCenters(await lloyd.centers());
    lloyd.assign();
    return total(await lloyd.distances()) / (lloyd.n * lloyd.d);
  } finally {
    lloyd.dispose();
  }
}

import type { Device } from "../device";
import type { Fit } from "../lifecycle/fit";
import { NdArray } from "../ndarray";
import type { KdTree } from "./kd-tree";
import { kNeighbours, knnGraph } from "./knn";
import { kthOnTree } from "./kth-on-tree";
import { squaredDistanceOf } from "./rows";
import type { HostRows } from "./rows";
import { generate } from "../typed-arrays";

/**
 * The squared distance of every `step`-th row to its k-th nearest other, in float64: on a tree, or else where the device finds the neighbours.
 * @param device where there is no tree
 */
export async function kthNeighbours(
  rows: HostRows,
  k: number,
  tree: KdTree | undefined,
  device: () => Promise<Device>,
  fit: Fit,
  step = 1,
): Promise<Float64Array<ArrayBuffer>> {
  if (tree) return fit.pacing(kthOnTree(tree, rows, k, step));
  const { data, n, d } = rows;
  const options = { device: await device(), signal: fit.signal };
  const count = Math.ceil(n / step);
  const all = new NdArray(data, [n, d]);
  // of some rows the nearest is each itself, but for rows that coincide with it
  const near = step === 1 ? k : k + 1;
  const { indices } =
    step === 1 ? await knnGraph(all, k, options) : await kNeighbours(everyRow(rows, step), all, k + 1, options);
  const squared = squaredDistanceOf(rows);
  return generate(Float64Array, count, (i) => {
    const row = i * step;
    const others = indices.data.subarray(i * near, (i + 1) * near).filter((other) => other !== row);
    return others.subarray(0, k).reduce((most, other) => Math.max(most, squared(row, other)), 0);
  });
}

function everyRow({ data, n, d }: HostRows, step: number): NdArray<Float64Array> {
  const count = Math.ceil(n / step);
  const some = new Float64Array(count * d);
  for (let i = 0; i < count; i++) some.set(data.subarray(i * step * d, (i * step + 1) * d), i * d);
  return new NdArray(some, [count, d]);
}

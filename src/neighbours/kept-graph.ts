// A graph of weighted edges as a checkpoint has it.
import type { Checkpoint } from "../lifecycle/checkpoint";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { SparseMatrix } from "../sparse";

/** Arrays of a checkpoint, by their names. */
export type Arrays = Readonly<Record<string, NdArray<TypedArray>>>;

/** A square sparse matrix whose values may be of float32. */
export interface WeightedGraph {
  readonly indptr: Uint32Array<ArrayBuffer>;
  readonly indices: Uint32Array<ArrayBuffer>;
  readonly data: Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
}

/** Its arrays, which share their memory with it. */
export const keptGraph = ({ indptr, indices, data }: WeightedGraph): Arrays => ({
  starts: new NdArray<TypedArray>(new Int32Array(indptr.buffer, indptr.byteOffset, indptr.length)),
  columns: new NdArray<TypedArray>(new Int32Array(indices.buffer, indices.byteOffset, indices.length)),
  weights: new NdArray<TypedArray>(data),
});

/** Nodes of a graph that is there, `least` or more. @throws for fewer */
export function nodesOf(saved: Checkpoint, least: 1 | 2 = 1): number {
  const n = (saved.arrays["starts"]?.data.length ?? 0) - 1;
  if (n < least)
    throw new Error(
      `checkpoint: starts must be of ${least === 1 ? "a point" : "two points"} or more, got ${Math.max(n, 0)}`,
    );
  return n;
}

/** @throws for what is no graph of n nodes with weights of `least` or more */
export function restoredGraph(saved: Checkpoint, n: number, least = 0): SparseMatrix {
  const columns = saved.labels("columns", n);
  const size = columns?.length ?? 0;
  const starts = saved.labels("starts", size + 1);
  const weights = saved.numbers("weights", size);
  const bad = weights.find((weight) => !(weight >= least));
  if (bad !== undefined) throw new Error(`checkpoint: weights must be ${least} or more, got ${bad}`);
  if (!columns || starts?.length !== n + 1)
    throw new Error(`checkpoint: starts must be a vector of ${n + 1}, got ${starts?.length ?? "nothing"}`);
  try {
    return new SparseMatrix([n, n], starts, columns, weights);
  } catch (error) {
    throw new Error(`checkpoint: ${(error as Error).message}`, { cause: error });
  }
}

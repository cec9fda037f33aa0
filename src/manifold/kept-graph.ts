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

/** @throws for what is no graph of n nodes with weights of 0 or more */
export function restoredGraph(saved: Checkpoint, n: number): SparseMatrix {
  const columns = saved.labels("columns", n);
  const size = columns?.length ?? 0;
  const starts = saved.labels("starts", size + 1);
  const weights = saved.numbers("weights", size);
  const bad = weights.find((weight) => !(weight >= 0));
  if (bad !== undefined) throw new Error(`checkpoint: weights must be 0 or more, got ${bad}`);
  if (!columns || starts?.length !== n + 1)
    throw new Error(`checkpoint: starts must be a vector of ${n + 1}, got ${starts?.length ?? "nothing"}`);
  try {
    return new SparseMatrix([n, n], starts, columns, weights);
  } catch (error) {
    throw new Error(`checkpoint: ${(error as Error).message}`, { cause: error });
  }
}

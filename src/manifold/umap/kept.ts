// What a UMAP has found, and where its layout stands, as a checkpoint has them.
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { PointsOf } from "../../lifecycle/findings";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import type { HostRows } from "../../neighbours/rows";
import { integer } from "../../options";
import type { SparseMatrix } from "../../sparse";
import { keptGraph, nodesOf, restoredGraph } from "../../neighbours/kept-graph";
import type { Arrays } from "../../neighbours/kept-graph";

/** Points that have their places. */
export interface PlacedPoints {
  readonly rows: HostRows;
  readonly embedding: NdArray;
  /** Not of a UMAP that was given its places. */
  readonly graph?: SparseMatrix | undefined;
}

/** Where a fit stands that has its graph, and its places after some of the epochs. */
export interface StandingLayout extends PointsOf {
  readonly graph: SparseMatrix;
  readonly epoch: number;
  /** None before the first look at them. */
  readonly places: Float32Array<ArrayBuffer> | undefined;
}

/** Arrays of what was found. */
export const keptResult = ({ rows: { data, n, d }, embedding, graph }: PlacedPoints): Arrays => ({
  points: new NdArray<TypedArray>(data, [n, d]),
  embedding,
  ...(graph && keptGraph(graph)),
});

/** The way back. @throws for what `keptResult` does not give */
export function restoredResult(saved: Checkpoint, nComponents: number): PlacedPoints {
  const points = saved.matrix("points", [-1, -1]);
  const [n = 0, d = 0] = points?.shape ?? [];
  const embedding = saved.array("embedding", [n, nComponents]);
  if (!embedding || n * d === 0) throw new Error("checkpoint: points and embedding must be there");
  const rows = { data: Float64Array.from(points!.data), n, d };
  return { rows, embedding, graph: saved.arrays["columns"] && restoredGraph(saved, n) };
}

/** Arrays and state of where a layout stands. */
export const keptStanding = ({ n, graph, epoch, places }: StandingLayout): Learned => ({
  arrays: {
    ...keptGraph(graph),
    ...(places && { places: new NdArray<TypedArray>(places, [n, places.length / n]) }),
  },
  state: { epoch },
});

/** The way back. @throws for what `keptStanding` does not give */
export function restoredStanding(
  saved: Checkpoint,
  d: number,
  nComponents: number,
  epochs: (n: number) => number,
): StandingLayout {
  const n = nodesOf(saved, 2);
  const graph = restoredGraph(saved, n);
  const places = saved.array("places", [n, nComponents])?.data as Float32Array<ArrayBuffer> | undefined;
  return { n, d, graph, places, epoch: saved.entry<number>("epoch", integer(0, places ? epochs(n) : 0)) };
}

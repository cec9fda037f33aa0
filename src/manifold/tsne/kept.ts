// What a t-SNE has found, and where its descent stands, as a checkpoint has them.
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { PointsOf } from "../../lifecycle/findings";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { finite, integer, optional } from "../../options";
import type { SparseMatrix } from "../../sparse";
import type { Tensor } from "../../tensor";
import { keptGraph, nodesOf, restoredGraph } from "../../neighbours/kept-graph";
import type { Arrays, WeightedGraph } from "../../neighbours/kept-graph";
import { givenAffinities } from "./affinities";

/** Places that a descent ended at. */
export interface TsneResult {
  readonly embedding: NdArray;
  readonly divergence: number;
  readonly nIter: number;
}

/** Affinities as the device has them: about 0.9 kB a point of 91 neighbours, 4.5 MB of 5,000 points. */
export interface Affinities extends WeightedGraph {
  readonly data: Float32Array<ArrayBuffer>;
}

/** What a descent moves, each [n, nComponents]: on the device while it goes on, on the host from then on. */
export interface Moving<Values> {
  readonly places: Values;
  readonly steps: Values;
  readonly gains: Values;
}

/** Where a fit stands that has its affinities. */
export interface StandingDescent extends PointsOf {
  readonly p: Affinities;
  /** Done. */
  readonly iteration: number;
  /** The lowest loss so far, and when it was. */
  readonly best: number;
  readonly bestAt: number;
  /** None before the first places. */
  readonly moving?: Moving<Tensor | NdArray> | undefined;
}

/** What a descent needs of a matrix of affinities. */
export const affinitiesOf = ({ indptr, indices, data }: SparseMatrix): Affinities => ({
  indptr,
  indices,
  data: Float32Array.from(data),
});

/** Whether all of their values are the same. */
export function sameAffinities(a: Affinities, b: Affinities): boolean {
  const same = (some: ArrayLike<number>, other: ArrayLike<number>): boolean => {
    if (some.length !== other.length) return false;
    for (let at = 0; at < some.length; at++) if (some[at] !== other[at]) return false;
    return true;
  };
  return same(a.indptr, b.indptr) && same(a.indices, b.indices) && same(a.data, b.data);
}

/** Arrays of what was found. */
export const keptResult = ({ embedding, divergence, nIter }: TsneResult): Arrays => ({
  embedding,
  klDivergence: new NdArray<TypedArray>(Float64Array.of(divergence)),
  nIter: new NdArray<TypedArray>(Int32Array.of(nIter)),
});

/** The way back. @throws for what `keptResult` does not give */
export function restoredResult(saved: Checkpoint, nComponents: number, maxIter: number): TsneResult {
  const embedding = saved.array("embedding", [-1, nComponents]);
  const nIter = saved.labels("nIter", maxIter + 1)?.[0];
  if (!embedding || nIter === undefined) throw new Error("checkpoint: embedding and nIter must be there");
  return { embedding, nIter, divergence: saved.numbers("klDivergence", 1)[0]! };
}

/** Arrays and state of where a descent stands. */
export const keptStanding = ({ p, iteration, best, bestAt, moving }: StandingDescent): Learned => ({
  arrays: { ...keptGraph(p), ...moving },
  state: { iteration, bestAt, ...(best < Infinity && { best }) },
});

/** The way back. @throws for what `keptStanding` does not give */
export function restoredStanding(saved: Checkpoint, d: number, nComponents: number, maxIter: number): StandingDescent {
  const n = nodesOf(saved);
  const p = affinitiesOf(givenAffinities(restoredGraph(saved, n), n, "checkpoint"));
  const array = (name: string): NdArray | undefined => saved.array(name, [n, nComponents]);
  const [places, steps, gains] = [array("places"), array("steps"), array("gains")];
  const moving = places && steps && gains ? { places, steps, gains } : undefined;
  if (!moving && (places ?? steps ?? gains)) throw new Error("checkpoint: places, steps and gains must be there");
  const iteration = saved.entry<number>("iteration", integer(0, moving ? maxIter : 0));
  const best = saved.entry<number | undefined>("best", optional(finite)) ?? Infinity;
  return { n, d, p, moving, iteration, best, bestAt: saved.entry<number>("bestAt", integer(0, iteration)) };
}

// Where the rounds that find eigenvectors stand, as a checkpoint has it.
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { finite, integer, optional } from "../options";
import { MOST_ROUNDS, subspaceWidth } from "./smallest-eigen";
import type { EigenRounds } from "./smallest-eigen";

/** Arrays and state of where the rounds of n rows stand. */
export const keptRounds = ({ round, wanted, vectors }: EigenRounds, n: number): Learned => ({
  arrays: { subspace: new NdArray<TypedArray>(vectors, [n, vectors.length / n]) },
  state: { round, ...(wanted < Infinity && { wanted }) },
});

/** The way back, of rounds that seek `count` eigenvectors; undefined where there were none. @throws for what `keptRounds` does not give */
export function restoredRounds(saved: Checkpoint, n: number, count: number): EigenRounds | undefined {
  const subspace = saved.matrix("subspace", [n, subspaceWidth(n, count)]);
  return (
    subspace && {
      round: saved.entry<number>("round", integer(0, MOST_ROUNDS - 1)),
      wanted: saved.entry<number | undefined>("wanted", optional(finite)) ?? Infinity,
      vectors: Float64Array.from(subspace.data),
    }
  );
}

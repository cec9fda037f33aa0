// What classical scaling has found, and where its rounds stand, as a checkpoint has them.
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import { MOST_ROUNDS, subspaceWidth } from "../linear-algebra/smallest-eigen";
import type { EigenRounds } from "../linear-algebra/smallest-eigen";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { finite, integer, optional } from "../options";
import type { MdsResult } from "./classical-mds";
import type { Arrays } from "./kept-graph";

/** Arrays of what was found. */
export const keptScaling = ({ embedding, eigenvalues, reconstructionError }: MdsResult): Arrays => ({
  scaled: embedding,
  eigenvalues: new NdArray<TypedArray>(eigenvalues),
  reconstructionError: new NdArray<TypedArray>(Float64Array.of(reconstructionError)),
});

/** The way back, of n points. @throws for what `keptScaling` does not give */
export function restoredScaling(saved: Checkpoint, n: number, components: number): MdsResult {
  return {
    embedding: new NdArray(saved.numbers("scaled", n * components), [n, components]),
    eigenvalues: saved.numbers("eigenvalues", components),
    reconstructionError: saved.numbers("reconstructionError", 1)[0]!,
  };
}

/** Arrays and state of where the rounds stand. */
export const keptRounds = ({ round, wanted, vectors }: EigenRounds, n: number): Learned => ({
  arrays: { subspace: new NdArray<TypedArray>(vectors, [n, vectors.length / n]) },
  state: { round, ...(wanted < Infinity && { wanted }) },
});

/** The way back; undefined where there were none. @throws for what `keptRounds` does not give */
export function restoredRounds(saved: Checkpoint, n: number, components: number): EigenRounds | undefined {
  if (!saved.arrays["subspace"]) return undefined;
  return {
    round: saved.entry<number>("round", integer(0, MOST_ROUNDS - 1)),
    wanted: saved.entry<number | undefined>("wanted", optional(finite)) ?? Infinity,
    vectors: saved.numbers("subspace", n * subspaceWidth(n, components)),
  };
}

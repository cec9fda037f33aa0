// What classical scaling has found, as a checkpoint has it.
import type { Checkpoint } from "../lifecycle/checkpoint";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import type { Arrays } from "../neighbours/kept-graph";
import type { MdsResult } from "./classical-mds";

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

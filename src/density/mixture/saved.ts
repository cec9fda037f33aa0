import { withPrefix } from "../../lifecycle/checkpoint";
import type { Checkpoint } from "../../lifecycle/checkpoint";
import { NdArray, sizeOf } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { flag, integer, optional, record } from "../../options";
import { covarianceShape, scoresOf } from "./parameters";
import type { CovarianceType, MixtureParameters } from "./parameters";

/** The arrays of a mixture in d dimensions as a checkpoint keeps them: weights, means and covariances. */
export function mixtureArrays(
  type: CovarianceType,
  { weights, means, covariances }: MixtureParameters,
  d: number,
): Record<string, NdArray<TypedArray>> {
  const k = weights.length;
  return {
    weights: new NdArray<TypedArray>(weights),
    means: new NdArray<TypedArray>(means, [k, d]),
    covariances: new NdArray<TypedArray>(covariances, covarianceShape(type, k, d)),
  };
}

/** The way back, of k components; names after a prefix. @throws when an array is missing or of another size, or covariances are not such */
export function restoredMixture(
  saved: Checkpoint,
  type: CovarianceType,
  k: number,
  d: number,
  prefix = "",
): MixtureParameters {
  const parameters: MixtureParameters = {
    weights: saved.numbers(`${prefix}weights`, k),
    means: saved.numbers(`${prefix}means`, k * d),
    covariances: saved.numbers(`${prefix}covariances`, sizeOf(covarianceShape(type, k, d))),
  };
  scoresOf(type, parameters, d, "checkpoint");
  return parameters;
}

/** What a run of iterations came to. */
export interface Found<P> {
  readonly parameters: P;
  /** What each iteration raised the bound to. */
  readonly trace: readonly number[];
  readonly converged: boolean;
}

/** Where a fit stands between two iterations: points about their mean. */
export interface Standing<P> extends Found<P> {
  /** Points. */
  readonly n: number;
  readonly hash?: number | undefined;
  /** Runs that are over, of which this was the best. */
  readonly run: number;
  readonly best: Found<P> | undefined;
}

type Arrays = Record<string, NdArray<TypedArray>>;

const STANDING = record({
  n: integer(1),
  hash: optional(integer(0)),
  run: integer(0),
  converged: flag,
  best: optional(flag),
});
const [NOW, BEST] = ["standing.", "best."];

/** Arrays and state of a checkpoint. */
export function keptStanding<P>(
  { n, hash, run, best, ...now }: Standing<P>,
  arraysOf: (parameters: P) => Arrays,
): { readonly arrays: Arrays; readonly state: object } {
  const arrays = ({ parameters, trace }: Found<P>): Arrays => ({
    ...arraysOf(parameters),
    trace: new NdArray<TypedArray>(Float64Array.from(trace)),
  });
  return {
    arrays: { ...withPrefix(NOW, arrays(now)), ...(best && withPrefix(BEST, arrays(best))) },
    state: { n, hash, run, converged: now.converged, ...(best && { best: best.converged }) },
  };
}

/** What `keptStanding` gave, of mixtures of k components; undefined where there is none. @throws for what does not belong together */
export function restoredStanding<P>(
  saved: Checkpoint,
  k: number,
  parametersOf: (saved: Checkpoint, d: number) => P,
): Standing<P> | undefined {
  const state = saved.entry<{ n: number; hash?: number; run: number; converged: boolean; best?: boolean } | undefined>(
    "standing",
    optional(STANDING),
  );
  if (!state) return undefined;
  const { n, hash, run, converged, best } = state;
  const found = (prefix: string, converged: boolean): Found<P> => {
    const part = saved.of(saved.below(prefix));
    const d = part.matrix("means", [k, -1])?.shape[1] ?? 0;
    if (d === 0) throw new Error(`checkpoint: ${prefix}means must be there`);
    const trace = [...part.numbers("trace", part.arrays["trace"]?.data.length ?? 0)];
    return { parameters: parametersOf(part, d), trace, converged };
  };
  if (run > 0 !== (best !== undefined))
    throw new Error("checkpoint: best must be of the runs before, as many as run says");
  return { n, hash, run, ...found(NOW, converged), best: best === undefined ? undefined : found(BEST, best) };
}

import type { Checkpoint } from "../../lifecycle/checkpoint";
import { NdArray, sizeOf } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
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

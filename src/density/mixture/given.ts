import { toContiguous } from "../../matrix";
import type { MatrixLike } from "../../matrix";
import { format } from "../../tensor";
import { covarianceShape } from "./parameters";
import type { CovarianceType, MixtureParameters } from "./parameters";

/** Where the search for a mixture begins: shares by k-means, at random, or a mixture as it is given. */
export type MixtureInit =
  | "k-means"
  | "random"
  | { readonly weights: ArrayLike<number>; readonly means: MatrixLike; readonly covariances: MatrixLike };

/** A mixture as the caller gives it, about an offset. @throws for other shapes, weights that are not positive, and values that are not finite */
export function givenMixture(
  given: Exclude<MixtureInit, string>,
  type: CovarianceType,
  k: number,
  d: number,
  offset: Float64Array,
): MixtureParameters {
  const op = "GaussianMixture.fit";
  const numbers = (x: MatrixLike, name: string, shape: readonly number[]): Float64Array<ArrayBuffer> => {
    const { data, shape: got } = toContiguous(x, op, name);
    if (got.join() !== shape.join()) throw new Error(`${op}: ${name} must be ${format(shape)}, got ${format(got)}`);
    const values = Float64Array.from(data as ArrayLike<number>, Number);
    if (!values.every(Number.isFinite)) throw new Error(`${op}: ${name} must be finite`);
    return values;
  };
  const weights = Float64Array.from(given.weights);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (weights.length !== k || !weights.every((weight) => weight > 0) || !Number.isFinite(total))
    throw new Error(`${op}: weights must be ${k} positive numbers, got ${weights.join(", ")}`);
  return {
    weights: weights.map((weight) => weight / total),
    means: numbers(given.means, "means", [k, d]).map((mean, at) => mean - offset[at % d]!),
    covariances: numbers(given.covariances, "covariances", covarianceShape(type, k, d)),
  };
}

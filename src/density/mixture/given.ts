import { KMeans } from "../../cluster/kmeans/kmeans";
import { toContiguous } from "../../matrix";
import type { MatrixLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import type { Random } from "../../random";
import { format } from "../../tensor";
import type { Engines } from "./engines";
import { covarianceShape } from "./parameters";
import type { CovarianceType, MixtureParameters } from "./parameters";
import { mapTo } from "../../typed-arrays";

/** Shares of the components in each point, [n, k]. */
export interface GivenShares {
  readonly responsibilities: MatrixLike;
}

/** Where the search for a mixture begins: shares by k-means, at random, or as they are given, or a mixture as it is given. */
export type MixtureInit = "k-means" | "random" | GivenShares | GivenMixture;

/** A mixture to begin with. */
export interface GivenMixture {
  readonly weights: ArrayLike<number>;
  readonly means: MatrixLike;
  readonly covariances: MatrixLike;
}

/** A mixture as the caller gives it, about an offset. @throws for other shapes, weights that are not positive, and values that are not finite */
export function givenMixture(
  given: GivenMixture,
  type: CovarianceType,
  k: number,
  d: number,
  offset: Float64Array,
): MixtureParameters {
  const op = "GaussianMixture.fit";
  const numbers = (x: MatrixLike, name: string, shape: readonly number[]): Float64Array<ArrayBuffer> => {
    const { data, shape: got } = toContiguous(x, op, name);
    if (got.join() !== shape.join()) throw new Error(`${op}: ${name} must be ${format(shape)}, got ${format(got)}`);
    const values = mapTo(Float64Array, data as ArrayLike<number>, Number);
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

/** Shares as the caller gives them, each point's summing to 1. @throws for another shape, negative shares, and a point without any */
export function givenShares(
  { responsibilities }: GivenShares,
  n: number,
  k: number,
  op: string,
): Float64Array<ArrayBuffer> {
  const { data, shape } = toContiguous(responsibilities, op, "responsibilities");
  if (shape.join() !== `${n},${k}`)
    throw new Error(`${op}: responsibilities must be ${format([n, k])}, got ${format(shape)}`);
  const shares = mapTo(Float64Array, data as ArrayLike<number>, Number);
  for (let i = 0; i < n; i++) {
    const own = shares.subarray(i * k, (i + 1) * k);
    const total = own.reduce((sum, share) => sum + share, 0);
    if (!own.every((share) => share >= 0) || !(total > 0) || total === Infinity)
      throw new Error(
        `${op}: responsibilities must be shares from 0, some above it, got ${[...own].join(", ")} at row ${i}`,
      );
    own.forEach((share, j) => (own[j] = share / total));
  }
  return shares;
}

/** The start as JSON keeps it. */
export function keptStart(init: MixtureInit, name: string): unknown {
  if (typeof init === "string") return init;
  const kept = (x: MatrixLike, what: string): object => {
    const { data, shape } = toContiguous(x, `${name}.save`, what);
    return { data: Array.from(data as ArrayLike<number>, Number), shape };
  };
  if ("responsibilities" in init) return { responsibilities: kept(init.responsibilities, "responsibilities") };
  const { weights, means, covariances } = init;
  return { weights: Array.from(weights), means: kept(means, "means"), covariances: kept(covariances, "covariances") };
}

/** Shares [n, k] at random. */
export function randomShares(n: number, k: number, random: Random): Float64Array<ArrayBuffer> {
  const resp = new Float64Array(n * k);
  for (let i = 0; i < n; i++) {
    const shares = Array.from({ length: k }, () => random.uniform() + 2 ** -25);
    const total = shares.reduce((sum, share) => sum + share, 0);
    shares.forEach((share, j) => (resp[i * k + j] = share / total));
  }
  return resp;
}

/** Each point wholly in its cluster by k-means, [n, k]. */
export async function sharesByKMeans(
  engines: Engines,
  k: number,
  random: Random,
  signal: AbortSignal,
): Promise<Float64Array<ArrayBuffer>> {
  const { data, n, d } = engines.rows;
  const kmeans = new KMeans({ nClusters: k, nInit: 1, seed: random.nextUint32(), device: await engines.device() });
  const labels = await kmeans.fitPredict(new NdArray(data, [n, d]), { signal });
  kmeans.dispose();
  const resp = new Float64Array(n * k);
  labels.forEach((label, i) => (resp[i * k + label] = 1));
  return resp;
}

// The terms that hold a posterior to its prior, by name, and how strongly over a training.
import { jsGeometric, klNormal, reparameterize } from "../ops/generative/gaussian";
import {
  bimodal,
  jsMonteCarlo,
  klMixtureBound,
  klMixtureMonteCarlo,
  pointwiseWasserstein,
} from "../ops/generative/mixture";
import type { Bimodal } from "../ops/generative/mixture";
import { sortedWasserstein } from "../ops/generative/wasserstein";
import type { Random } from "../random";
import { tensor } from "../tensor";
import type { Tensor } from "../tensor";
import { mixtureQuantiles } from "./quantiles";
import { generate } from "../typed-arrays";

/**
 * `normal`: KL to N(0, I); `mixture`: KL to ½N(−m, s²) + ½N(m, s²) by Monte Carlo; `mixture-bound`: its upper bound; `jensen-shannon`: to the
 * same mixture by Monte Carlo; `geometric`: skew geometric Jensen-Shannon to N(0, I); `aggregate-wasserstein`: the batch's sorted codes against
 * the mixture's quantiles; `pointwise-wasserstein`: to the nearer component; `none`.
 */
export const DIVERGENCES = [
  ...(["normal", "mixture", "mixture-bound", "jensen-shannon", "geometric"] as const),
  ...(["aggregate-wasserstein", "pointwise-wasserstein", "none"] as const),
] as const;
/** One of `DIVERGENCES`. */
export type DivergenceName = (typeof DIVERGENCES)[number];

/** A posterior's parameters and a sample of it, all [n, d]. */
export interface Posterior {
  readonly mu: Tensor;
  readonly logvar: Tensor;
  readonly eps: Tensor;
}

/** How strongly the divergence counts: the same throughout, or rising in a straight line over a share of the training. */
export type Beta = number | { readonly from: number; readonly to: number; readonly over: number };

/** β at a share of the training in [0, 1]. */
export const betaAt = (beta: Beta, share: number): number =>
  typeof beta === "number" ? beta : beta.from + (beta.to - beta.from) * Math.min(1, share / beta.over);

/** A draw of the bimodal prior of n rows and d columns. */
function drawBimodal(like: Tensor, random: Random, { m, s }: Required<Bimodal>): Tensor {
  const draws = generate(Float32Array, like.size, () => (random.uniform() < 0.5 ? -m : m) + s * random.normal());
  return tensor(like.device, draws, like.shape);
}

const quantiles = new Map<string, Float64Array>();

/** The prior's quantiles in every column, [n, d]; they are the same for each step. */
function quantileRows(like: Tensor, { m, s }: Required<Bimodal>): Tensor {
  const [n, d] = like.shape as [number, number];
  const key = `${n} ${m} ${s}`;
  let column = quantiles.get(key);
  if (!column) quantiles.set(key, (column = mixtureQuantiles(n, { m, s })));
  const rows = generate(Float32Array, n * d, (i) => column[Math.floor(i / d)]!);
  return tensor(like.device, rows, like.shape);
}

/** The named term of a posterior, a scalar; undefined for `none`. */
export function divergence(
  name: DivergenceName,
  posterior: Posterior,
  random: Random,
  prior: Bimodal,
): Tensor | undefined {
  const { mu, logvar, eps } = posterior;
  const full = bimodal("divergence", prior);
  switch (name) {
    case "normal":
      return klNormal(mu, logvar);
    case "mixture":
      return klMixtureMonteCarlo(mu, logvar, eps, full);
    case "mixture-bound":
      return klMixtureBound(mu, logvar, full);
    case "jensen-shannon":
      return jsMonteCarlo(mu, logvar, eps, drawBimodal(mu, random, full), full);
    case "geometric":
      return jsGeometric(mu, logvar);
    case "aggregate-wasserstein":
      return sortedWasserstein(reparameterize(mu, logvar, eps), quantileRows(mu, full));
    case "pointwise-wasserstein":
      return pointwiseWasserstein(mu, logvar, full);
    case "none":
      return undefined;
  }
}

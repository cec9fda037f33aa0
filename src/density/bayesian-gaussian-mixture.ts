import { isObject } from "../checks";
import type { Bytes } from "../data/formats/source";
import type { Checkpoint } from "../lifecycle/checkpoint";
import { Model } from "../lifecycle/model";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import type { HostRows } from "../neighbours/rows";
import { choice, either, finite, list, optional, positive } from "../options";
import type { GivenShares } from "./mixture/given";
import { Mixture, MIXTURE_DEFAULTS, MIXTURE_RULES } from "./mixture/mixture";
import type { Estimation, MixtureOptions, MixtureSettings } from "./mixture/mixture";
import type { Scores } from "./mixture/parameters";
import { restoredMixture } from "./mixture/saved";
import { checkPriors, entropy, sampleCovariance, updated, variationalBound, variationalScores } from "./mixture/variational"; // prettier-ignore
import type { Priors, VariationalParameters, WeightPrior } from "./mixture/variational";
import { mapTo } from "../typed-arrays";

/** Options of `BayesianGaussianMixture`; meaning and defaults are scikit-learn's. */
export interface BayesianGaussianMixtureOptions extends MixtureOptions {
  /** Components k at most: the weights of those that are not needed vanish. */
  readonly nComponents: number;
  /** Where the search begins: shares by k-means, at random, or as they are given. Default "k-means". */
  readonly init?: "k-means" | "random" | GivenShares;
  /** Default "dirichlet-process": sticks broken in turn, few of them long. */
  readonly weightPrior?: WeightPrior;
  /** Concentration of the weights; smaller: fewer components. Default 1 / k. */
  readonly weightConcentrationPrior?: number;
  /** How firmly means are held at the prior's, in points. Default 1. */
  readonly meanPrecisionPrior?: number;
  /** Mean of the means, [d]. Default: that of the points. */
  readonly meanPrior?: readonly number[];
  /** Above d − 1. Default d. */
  readonly degreesOfFreedomPrior?: number;
  /** Of the precisions' prior, row-major: full and tied d × d, diag d, spherical one number. Default: the points' covariance. */
  readonly covariancePrior?: readonly number[];
  /** A run ends when the bound, which grows with n, rises by less. Default 1e-3; null: never. */
  readonly tolerance?: number | null;
}

/** @inline */
type Settings = MixtureSettings &
  Required<Pick<BayesianGaussianMixtureOptions, "init" | "weightPrior" | "meanPrecisionPrior">> &
  Pick<
    BayesianGaussianMixtureOptions,
    "weightConcentrationPrior" | "meanPrior" | "degreesOfFreedomPrior" | "covariancePrior"
  >;

/** Its options: their rules and defaults. @internal */
export const BAYESIAN_OPTIONS: OptionSet<Settings> = {
  rules: {
    ...MIXTURE_RULES,
    init: either(choice("k-means", "random"), {
      words: "an object with responsibilities",
      holds: (value) => isObject(value) && "responsibilities" in value,
    }),
    weightPrior: choice("dirichlet-process", "dirichlet-distribution"),
    ...{ weightConcentrationPrior: optional(positive), meanPrecisionPrior: positive },
    ...{ meanPrior: optional(list(finite, 1)), covariancePrior: optional(list(finite, 1)) },
    degreesOfFreedomPrior: optional(positive),
  },
  defaults: { ...MIXTURE_DEFAULTS, weightPrior: "dirichlet-process", meanPrecisionPrior: 1 },
};

/**
 * A mixture of Gaussians by variational inference: weights, means and precisions have distributions, and the weights of components that the points do not call
 * for vanish, so that `nComponents` is an upper bound (Attias 2000; Bishop, "Pattern Recognition and Machine Learning", section 10.2; Blei and Jordan,
 * "Variational inference for Dirichlet process mixtures", 2006), as scikit-learn's `BayesianGaussianMixture` does it. `scoreSamples` gives ln p(x) of the
 * expected logarithms.
 */
export class BayesianGaussianMixture extends Mixture<Settings, VariationalParameters> {
  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: BayesianGaussianMixtureOptions) {
    super("BayesianGaussianMixture", options, BAYESIAN_OPTIONS);
  }

  /** The weights' distributions: [k, 2] of a Dirichlet process, what each stick loses and leaves, or [k]. @throws before `fit`, as these */
  get weightConcentrations(): NdArray<Float64Array> {
    return this.#concentrations(this.parameters("weightConcentrations"));
  }
  /** How firmly each mean is known, in points, [k]. */
  get meanPrecisions(): Float64Array<ArrayBuffer> {
    return this.parameters("meanPrecisions").meanPrecisions;
  }
  /** Degrees of freedom of the precisions, [k], of tied ones [1]. */
  get degreesOfFreedom(): Float64Array<ArrayBuffer> {
    return this.parameters("degreesOfFreedom").freedoms;
  }

  /** @throws when the bytes are no checkpoint of a BayesianGaussianMixture */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<BayesianGaussianMixture> {
    return Model.restored(
      "BayesianGaussianMixture",
      content,
      options,
      (settings) => new BayesianGaussianMixture(settings),
    );
  }

  protected override estimation(rows: HostRows, offset: Float64Array): Estimation<VariationalParameters> {
    const { n, d } = rows;
    const { covarianceType: type } = this;
    const { regCovar, weightPrior, weightConcentrationPrior, meanPrecisionPrior } = this.settings;
    const { meanPrior, degreesOfFreedomPrior, covariancePrior } = this.settings;
    const priors: Priors = {
      ...{ weights: weightPrior, concentration: weightConcentrationPrior ?? 1 / this.nComponents },
      meanPrecision: meanPrecisionPrior,
      mean: meanPrior ? mapTo(Float64Array, meanPrior, (mean, c) => mean - offset[c]!) : new Float64Array(d),
      freedom: degreesOfFreedomPrior ?? d,
      covariance: covariancePrior ? Float64Array.from(covariancePrior) : sampleCovariance(type, rows),
    };
    // a prior that comes from the points may be singular: regCovar is what keeps their covariances from it
    if (!covariancePrior) this.#regularize(priors.covariance, d, regCovar);
    checkPriors(type, { ...priors, covariance: covariancePrior && priors.covariance }, d, `${this.name}.fit`);
    return {
      maximized: (moments, about) => updated(type, moments, about, d, regCovar, priors),
      bound: (scores, logProb, moments, parameters) =>
        variationalBound(type, parameters, d, weightPrior, entropy(scores, logProb, n, moments)),
    };
  }

  protected override scores(parameters: VariationalParameters, d: number, op: string): Scores {
    return variationalScores(this.covarianceType, parameters, d, this.settings.weightPrior, op);
  }

  protected override others(parameters: VariationalParameters): Record<string, NdArray<TypedArray>> {
    const { meanPrecisions, freedoms } = parameters;
    return {
      weightConcentrations: this.#concentrations(parameters) as NdArray<TypedArray>,
      meanPrecisions: new NdArray<TypedArray>(meanPrecisions),
      degreesOfFreedom: new NdArray<TypedArray>(freedoms),
    };
  }

  protected override restoredParameters(saved: Checkpoint, d: number): VariationalParameters {
    const k = this.nComponents;
    const sticks = this.settings.weightPrior === "dirichlet-process" ? 2 : 1;
    const parameters = {
      ...restoredMixture(saved, this.covarianceType, k, d),
      concentrations: saved.numbers("weightConcentrations", sticks * k),
      meanPrecisions: saved.numbers("meanPrecisions", k),
      freedoms: saved.numbers("degreesOfFreedom", this.covarianceType === "tied" ? 1 : k),
    };
    if (![...parameters.concentrations, ...parameters.meanPrecisions].every((value) => value > 0))
      throw new Error("checkpoint: concentrations and precisions must be positive");
    if (!parameters.freedoms.every((freedom) => freedom > d - 1))
      throw new Error(`checkpoint: degreesOfFreedom must be above ${d - 1}`);
    return parameters;
  }

  #concentrations({ concentrations }: VariationalParameters): NdArray<Float64Array> {
    const k = this.nComponents;
    return new NdArray(concentrations, concentrations.length === k ? [k] : [k, 2]);
  }

  #regularize(covariance: Float64Array, d: number, regCovar: number): void {
    const step = covariance.length === d * d && d > 1 ? d + 1 : 1;
    for (let at = 0; at < covariance.length; at += step) covariance[at] = Math.max(covariance[at]!, regCovar);
  }
}

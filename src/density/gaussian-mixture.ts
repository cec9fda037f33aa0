import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import { isObject } from "../checks";
import type { Checkpoint } from "../lifecycle/checkpoint";
import { Model } from "../lifecycle/model";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import type { HostRows } from "../neighbours/rows";
import { choice, either } from "../options";
import { givenMixture } from "./mixture/given";
import type { MixtureInit } from "./mixture/given";
import { Mixture, MIXTURE_DEFAULTS, MIXTURE_RULES } from "./mixture/mixture";
import type { Estimation, MixtureOptions, MixtureSettings } from "./mixture/mixture";
import { estimate, parameterCount, scoresOf } from "./mixture/parameters";
import type { CovarianceType, MixtureParameters, Moments, Scores } from "./mixture/parameters";
import { restoredMixture } from "./mixture/saved";

/** Options of `GaussianMixture`. */
export interface GaussianMixtureOptions extends MixtureOptions {
  /** Where the search begins: shares by k-means, at random, or as they are given, or a mixture as it is given. Default "k-means". */
  readonly init?: MixtureInit;
}

/** Its options: their rules and defaults. @internal */
export const MIXTURE_OPTIONS: OptionSet<MixtureSettings> = {
  rules: {
    ...MIXTURE_RULES,
    init: either(choice("k-means", "random"), {
      words: "an object with weights, means and covariances, or with responsibilities",
      holds: (value) => isObject(value) && (hasMixture(value) || "responsibilities" in value),
    }),
  },
  defaults: MIXTURE_DEFAULTS,
};

const hasMixture = (given: object): boolean => "weights" in given && "means" in given && "covariances" in given;

/**
 * A mixture of Gaussians by expectation and maximisation (Dempster, Laird and Rubin 1977; Bishop, "Pattern Recognition and Machine Learning", section
 * 9.2), as scikit-learn's `GaussianMixture` does it. Points are taken about their mean in float64; expectation and the sums of moments run by kernels
 * on the device where that is worth it, about the components' means, and their chunks add up in float64.
 */
export class GaussianMixture extends Mixture {
  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: GaussianMixtureOptions) {
    super("GaussianMixture", options, MIXTURE_OPTIONS);
  }

  /** Schwarz's criterion −2 Σ ln p(x) + p ln n with p free parameters: the lower the better. @throws before `fit`, or for another d */
  async bic(x: Points): Promise<number> {
    const logs = await this.scoreSamples(x);
    return -2 * logs.reduce((sum, value) => sum + value, 0) + this.#parameters() * Math.log(logs.length);
  }

  /** Akaike's criterion −2 Σ ln p(x) + 2 p: the lower the better. @throws before `fit`, or for another d */
  async aic(x: Points): Promise<number> {
    return -2 * (await this.scoreSamples(x)).reduce((sum, value) => sum + value, 0) + 2 * this.#parameters();
  }

  /** @throws when the bytes are no checkpoint of a GaussianMixture */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<GaussianMixture> {
    return Model.restored("GaussianMixture", content, options, (settings) => new GaussianMixture(settings));
  }

  protected override estimation({ n, d }: HostRows, offset: Float64Array): Estimation<MixtureParameters> {
    const { covarianceType, nComponents } = this;
    const { init, regCovar } = this.settings;
    const given = typeof init === "object" && "weights" in init ? init : undefined;
    return {
      maximized: (moments, about) => maximized(covarianceType, moments, about, n, d, regCovar),
      bound: (_scores, logProb) => logProb,
      ...(given && { given: givenMixture(given, covarianceType, nComponents, d, offset) }),
    };
  }

  protected override scores(parameters: MixtureParameters, d: number, op: string): Scores {
    return scoresOf(this.covarianceType, parameters, d, op);
  }

  protected override restoredParameters(saved: Checkpoint, d: number): MixtureParameters {
    return restoredMixture(saved, this.covarianceType, this.nComponents, d);
  }

  #parameters(): number {
    return parameterCount(this.covarianceType, this.nComponents, this.means.shape[1]!);
  }
}

/** The mixture of most likelihood for moments about given means. */
function maximized(
  type: CovarianceType,
  moments: Moments,
  about: Float64Array,
  n: number,
  d: number,
  regCovar: number,
): MixtureParameters {
  const { counts, means, covariances } = estimate(type, moments, about, d, regCovar);
  return { weights: counts.map((count) => count / n), means, covariances };
}

import { GaussianMixture, MIXTURE_OPTIONS } from "../../density/gaussian-mixture";
import type { GaussianMixtureOptions } from "../../density/gaussian-mixture";
import type { CommonOptions, Method } from "../method";
import { described } from "../schema";

type Options = Omit<GaussianMixtureOptions, "nComponents" | "precision"> & CommonOptions;

/** Help for the options that mixtures share. */
export const MIXTURE_HELP = {
  covarianceType: "a covariance for each cluster, one for all, variances along the axes, or one variance",
  init: "how the shares begin",
  nInit: "runs from different beginnings, of which the best is kept",
  maxIter: "iterations of a run at most",
  tolerance: "ends when the bound rises by less",
  regCovar: "added to every variance",
} as const;

/** `gaussian-mixture`. */
export const gaussianMixture: Method<Options> = {
  name: "gaussian-mixture",
  title: "Gaussian mixture",
  summary: "items come from as many normal distributions as there are clusters, found by expectation and maximisation",
  paper:
    "Dempster, Laird and Rubin, Maximum likelihood from incomplete data via the EM algorithm, Journal of the Royal Statistical Society B 1977",
  takes: ["rows"],
  target: "none",
  clusters: "given",
  options: described(MIXTURE_OPTIONS, {
    ...MIXTURE_HELP,
    tolerance: "ends when the mean of ln p rises by less",
  }),
  make: ({ nClusters, ...options }) => new GaussianMixture({ nComponents: nClusters!, ...options }),
  load: (bytes, { device }) => GaussianMixture.load(bytes, { device }),
};

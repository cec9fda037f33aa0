import { GaussianMixture } from "../density/gaussian-mixture";
import type { GaussianMixtureOptions } from "../density/gaussian-mixture";
import type { CommonOptions, Method } from "./method";
import { nonNegative, oneOf, whole } from "./schema";

type Options = Pick<GaussianMixtureOptions, "covarianceType" | "nInit" | "maxIter" | "regCovar"> & {
  readonly init?: "k-means" | "random";
  readonly tolerance?: number;
} & CommonOptions;

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
  options: {
    covarianceType: {
      kind: oneOf("full", "tied", "diag", "spherical"),
      default: "full",
      help: "a covariance for each cluster, one for all, variances along the axes, or one variance",
    },
    init: { kind: oneOf("k-means", "random"), default: "k-means", help: "how the shares begin" },
    nInit: { kind: whole(1), default: 1, help: "runs from different beginnings, of which the best is kept" },
    maxIter: { kind: whole(1), default: 100, help: "iterations of a run at most" },
    tolerance: { kind: nonNegative, default: 1e-3, help: "ends when the mean of ln p rises by less" },
    regCovar: { kind: nonNegative, default: 1e-6, help: "added to every variance" },
  },
  make: ({ nClusters, ...options }) => new GaussianMixture({ nComponents: nClusters!, ...options }),
  load: (bytes, { device }) => GaussianMixture.load(bytes, { device }),
};

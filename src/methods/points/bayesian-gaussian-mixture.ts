import { BayesianGaussianMixture, BAYESIAN_OPTIONS } from "../../density/bayesian-gaussian-mixture";
import type { BayesianGaussianMixtureOptions } from "../../density/bayesian-gaussian-mixture";
import type { CommonOptions, Method } from "../method";
import { MIXTURE_HELP } from "./gaussian-mixture";
import { described } from "../schema";

type Options = Omit<BayesianGaussianMixtureOptions, "nComponents" | "precision"> & CommonOptions;

/** `bayesian-gaussian-mixture`. */
export const bayesianGaussianMixture: Method<Options> = {
  name: "bayesian-gaussian-mixture",
  title: "Bayesian Gaussian mixture",
  summary:
    "normal distributions, at most as many as there are clusters: the weights of those that are not needed vanish",
  paper: "Blei and Jordan, Variational inference for Dirichlet process mixtures, Bayesian Analysis 2006",
  takes: ["rows"],
  target: "none",
  clusters: "given",
  options: described(BAYESIAN_OPTIONS, {
    ...MIXTURE_HELP,
    weightPrior: "weights as sticks broken in turn, few of them long, or as even shares",
    weightConcentrationPrior: { unset: "1 / clusters", help: "smaller: fewer clusters keep a weight" },
    meanPrecisionPrior: "how firmly means are held at the prior's, in items",
    meanPrior: { unset: "the mean of the items", help: "mean of the means" },
    degreesOfFreedomPrior: { unset: "the number of columns", help: "of the precisions' prior" },
    covariancePrior: { unset: "the items' covariance", help: "of the precisions' prior, row by row" },
  }),
  make: ({ nClusters, ...options }) => new BayesianGaussianMixture({ nComponents: nClusters!, ...options }),
  load: (bytes, { device }) => BayesianGaussianMixture.load(bytes, { device }),
};

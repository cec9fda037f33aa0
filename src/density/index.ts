/**
 * Densities: mixtures of Gaussians, and clusters as regions of high density.
 * @module constella/density
 */

export { GaussianMixture } from "./gaussian-mixture";
export type { GaussianMixtureOptions } from "./gaussian-mixture";
export { BayesianGaussianMixture } from "./bayesian-gaussian-mixture";
export type { BayesianGaussianMixtureOptions } from "./bayesian-gaussian-mixture";
export type { WeightPrior } from "./mixture/variational";
export type { Precision } from "./mixture/engines";
export type { MixtureOptions, MixtureReport } from "./mixture/mixture";
export type { GivenMixture, GivenShares, MixtureInit } from "./mixture/given";
export type { CovarianceType } from "./mixture/parameters";
export { gmmLogProb } from "../ops/mixture/gmm-log-prob";
export type { GmmLogProb } from "../ops/mixture/gmm-log-prob";
export { HDBSCAN } from "./hdbscan";
export type { HDBSCANOptions } from "./hdbscan";
export { OPTICS } from "./optics";
export type { OPTICSOptions } from "./optics";
export type { CondensedTree } from "./condensed-tree";
export { AgglomerativeClustering } from "./agglomerative";
export type { AgglomerativeClusteringOptions, LinkageKind } from "./agglomerative";
export type { Linkage } from "./linkage";

/**
 * Manifold learning: places for points in few dimensions that keep their distances or their neighbours.
 * @module constella/manifold
 */

export { Isomap } from "./isomap";
export type { IsomapOptions } from "./isomap";
export { ClassicalMDS } from "./classical-mds";
export type { ClassicalMDSOptions } from "./classical-mds";
export { TSNE } from "./tsne/tsne";
export type { TSNEFitOptions, TSNEOptions } from "./tsne/tsne";
export { tsneAffinities } from "./tsne/affinities";
export type { TsneAffinities } from "./tsne/affinities";
export { tsneLoss } from "../ops/manifold/tsne-loss";
export { UMAP } from "./umap/umap";
export type { UMAPOptions } from "./umap/umap";
export { SparseMatrix } from "../sparse";
export { trustworthiness } from "./trustworthiness";
export type { Metric } from "../neighbours/knn";

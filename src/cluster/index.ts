export { KMeans } from "./kmeans";
export type { KMeansInit, KMeansOptions, KMeansProgress } from "./kmeans";
export type { Points } from "./points";
export { MiniBatchKMeans } from "./mini-batch-kmeans";
export type { MiniBatchKMeansOptions, MiniBatchProgress } from "./mini-batch-kmeans";
export { DBSCAN } from "./dbscan";
export type { DBSCANOptions } from "./dbscan";
export { PCA } from "./pca";
export type { PCAOptions } from "./pca";

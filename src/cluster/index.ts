export { KMeans } from "./kmeans";
export type { KMeansInit, KMeansOptions, KMeansProgress } from "./kmeans";
export type { Points } from "./points";

export { ClassSets } from "./class-sets";
export type { ClassSetsOptions } from "./class-sets";
export { GivenSets } from "./given-sets";
export type { Clustering, GivenSetsOptions } from "./given-sets";
export { SimilarityGraphSets } from "./graph-sets";
export type { Link, SimilarityGraphSetsOptions } from "./graph-sets";
export type { ItemOptions } from "./items";
export type { FillOptions } from "./sampling";
export type { SetBatch, SetPart, SetProvider } from "./provider";

/**
 * Learning to cluster: networks that learn from example clusterings how sets of items that they have never seen fall into clusters.
 * @module constella/sets
 */

export * from "../models/learning-to-cluster";
export type { SetBatch, SetPart, SetProvider } from "../data/datasets/sets/provider";

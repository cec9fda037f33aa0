/**
 * Manifold learning: places for points in few dimensions that keep their distances or their neighbours.
 * @module constella/manifold
 */
export { Isomap } from "./isomap";
export type { IsomapOptions } from "./isomap";
export { ClassicalMDS } from "./classical-mds";
export type { ClassicalMDSOptions } from "./classical-mds";
export type { Metric } from "../neighbours/knn";

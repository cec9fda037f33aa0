/**
 * Neighbours and graphs: the k nearest neighbours, shortest paths, components, spanning trees.
 * @module constella/neighbours
 */

export { kNeighbours, knnGraph } from "./knn";
export type { KnnGraphOptions, KnnOptions, Metric, Neighbours } from "./knn";
export { connectedComponents, minimumSpanningTree, shortestPaths } from "./graph";
export type { Edges, ShortestPathOptions } from "./graph";
export { UnionFind } from "./union-find";
export { KdTree } from "./kd-tree";
export { SparseMatrix } from "../sparse";
export type { Entries } from "../sparse";

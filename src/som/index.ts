/**
 * Self-organising maps: grids of units whose vectors follow the rows of a table or the pixels of a cube, and what is read off them.
 * @module constella/som
 */

export { Grid } from "./grid";
export type { GridOptions, Topology } from "./grid";
export type { Neighbourhood } from "./neighbourhood";
export type { Decay, Schedule } from "./schedule";
export type { CodebookInit } from "./initial";
export type { MapRows } from "./rows";
export { twoWinnersLinkage, uMatrix, uMatrixComponents, uMatrixWatershed } from "./u-matrix";
export type { UMatrix, UnitClusters, WinnerLinks } from "./u-matrix";
export { SOM } from "./som";
export type { SOMFitOptions, SOMOptions } from "./som";
export { UNIT_CLUSTERINGS } from "./unit-clusters";
export type { UnitClustering } from "./unit-clusters";
export { CSOM } from "./csom";
export type { CSOMLayer, CSOMOptions } from "./csom";
export { ESOM } from "./esom";
export type { ESOMFitOptions, ESOMOptions, ESOMPass, ESOMResults } from "./esom";
export { EvolvingMap } from "./evolving-map";
export type { EvolvingOptions, EvolvingState, EvolvingStep } from "./evolving-map";

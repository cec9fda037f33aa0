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
export type { RowOrder } from "./order";
export { twoWinnersLinkage, uMatrix, uMatrixComponents, uMatrixWatershed } from "./u-matrix";
export type { UMatrix, UnitClusters, WinnerLinks } from "./u-matrix";
export { SOM } from "./maps/som";
export type { SOMOptions } from "./maps/som-options";
export { UNIT_CLUSTERINGS } from "./unit-clusters";
export type { UnitClustering } from "./unit-clusters";
export { CSOM } from "./maps/csom";
export type { CSOMLayer, CSOMOptions } from "./maps/csom-layers";
export { ESOM } from "./maps/esom";
export type { ESOMFitOptions } from "./maps/esom";
export type { ESOMOptions, ESOMPass } from "./maps/esom-options";
export type { ESOMResults } from "./maps/esom-passes";
export { EvolvingMap } from "./maps/evolving-map";
export type { EvolvingOptions, EvolvingState, EvolvingStep } from "./maps/evolving-map";

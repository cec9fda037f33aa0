export { renderReport } from "./render";
export { umapProjection, type UmapOptions } from "./umap";
export { encodePng } from "./png";
export type { ClusteringReport, Curve, Images, Projection, Series, Stage, Table } from "./run";

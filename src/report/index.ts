/**
 * Reports: self-contained HTML pages of a clustering, and the pieces to compose others of.
 * @module constella/report
 */
export { renderReport } from "./render";
export { umapProjection, type UmapOptions } from "./umap";
export { encodePng } from "./png";
export type { ClusteringReport, Curve, Images, Projection, Series, Stage, Table } from "./run";
// Pieces to compose a page of one's own of.
export { renderPage, studyHeader, type Page, type PageSection } from "./page";
export { html, Markup, type Content } from "./markup";
export { drawingDocument } from "./chart";
export { curves } from "./curves";
export { valueTable, type Value, type ValueColumn, type ValueTable } from "./value-table";
export { gridTable, type GridTableOptions } from "./grid-table";
export { heatMap, type HeatMap } from "./heat-map";
export { imageGrid, type ImageGridOptions, type ImageRow } from "./image-grid";
export { pictureSheet, type PictureArray, type SheetOptions } from "./sheet";
export { significanceCurve, type SignificanceCurveOptions, type SignificanceSeries } from "./significance-curve";
export { setPanels, type ReportedSet } from "./sets";

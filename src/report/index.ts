/**
 * Reports: self-contained HTML pages of a clustering, and the pieces to compose others of.
 * @module constella/report
 */

export { renderReport } from "./render";
export { toReport, triedNumbers, type FinishedRun } from "./finished-run";
export { insightsOf, type Insights } from "./insights";
export { umapProjection, type UmapOptions } from "./charts/umap";
export { encodePng } from "./pictures/png";
export type { ClusteringReport, Curve, Images, Projection, Series, Stage, Table, TriedNumbers } from "./sections/run";
// Pieces to compose a page of one's own of.
export { renderPage, studyHeader, type Page, type PageScript, type PageSection } from "./page/page";
export { html, Markup, type Content } from "./page/markup";
export { drawingDocument } from "./charts/document";
export { draw, drawing, type Chart } from "./charts/chart";
export type { ChartData } from "./charts/save";
export { clusterColour } from "./charts/palette";
export { clusterSizes, type ClusterSizes } from "./sections/certainty";
export { numberOfClusters } from "./sections/number-of-clusters";
export { formatShare, formatTick } from "./page/format";
export { curves } from "./charts/curves";
export { valueTable, type Value, type ValueColumn, type ValueTable } from "./tables/value-table";
export { gridTable, type GridTableOptions } from "./tables/grid-table";
export { heatMap, type HeatMap } from "./charts/heat-map";
export { imageGrid, type ImageGridOptions, type ImageRow } from "./pictures/image-grid";
export { pictureSheet, type PictureArray, type SheetOptions } from "./pictures/sheet";
export { significanceCurve, type SignificanceCurveOptions, type SignificanceSeries } from "./charts/significance-curve";
export { setPanels, type ReportedSet } from "./sections/sets";
export { unitMap, type UnitMap } from "./charts/unit-map";
export { nodeMap, type NodeMap } from "./charts/node-map";
export { clusterSpectra, spectra, type ClusterSpectrum, type Spectra } from "./charts/spectra";
export { drawCube, drawPart, renderCube, renderDrawnCube, type DrawnCube, type DrawnPart } from "./sky/render";
export type { ClusteredCube, ShownComponents, ShownRegion } from "./sky/cube";
export { clusteredCube, cubeReport, type FittedCube, type CubeRun } from "./sky/clustered";
export {
  chosenBands,
  composite,
  compositeLimits,
  labelPicture,
  outlined,
  shrinkOf,
  type Picture,
  type Planes,
} from "./sky/composite";
export { skyPanel, type SkyPanel } from "./sky/panel";
export { latitudeText, longitudeText, shrunkSky, skyGrid, type GridLine, type SkyCoordinates } from "./sky/grid";
export { unitGrid, type UnitGrid } from "./maps/units";
export { shownMap, type ShownGraph, type ShownGrid, type ShownMap } from "./maps/shown";
// Items in the plane on a canvas, in a page of one's own.
export { PlaneView, type PlaneEvents } from "./plane/plane-view";
export { Camera } from "./plane/camera";
export { Looking } from "./plane/looking";
export { Surface, type Painter } from "./plane/surface";
export { paintThumbnails, type Thumbnails } from "./plane/thumbnails";
export type { Shown } from "./plane/paint";

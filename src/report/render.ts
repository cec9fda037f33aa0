import { analyse } from "./sections/analysis";
import { certainty, LEAST_SURE, sizesChart } from "./sections/certainty";
import { drawingDocument } from "./charts/document";
import { mapFigures } from "./maps/figures";
import type { ShownMap } from "./maps/shown";
import { clusters, MEMBERS, profile, shownClusters } from "./sections/clusters";
import { confusion } from "./sections/confusion";
import { filmStrip } from "./charts/film";
import { decodedPictures } from "./sections/decoded";
import { curves } from "./charts/curves";
import { html } from "./page/markup";
import { renderPage, type PageSection } from "./page/page";
import { numberOfClusters } from "./sections/number-of-clusters";
import { pictures } from "./pictures/pictures";
import type { ClusteringReport } from "./sections/run";
import { scatter } from "./charts/scatter";
import reportScript from "./plane/report-script.script";
import { cards, comparison, heading, provenance } from "./sections/summary";

/** What the columns are called that a map was trained on. */
const columnNames = ({ table }: ClusteringReport, { components }: ShownMap): readonly string[] =>
  table?.features.length === components.length ? table.features : components.map((_, column) => `column ${column}`);

/**
 * Renders a clustering run as one HTML file: no address outside the file and no script but the library's own, which lets the members in the plane be
 * looked at closely (its own content security policy names it by its hash and forbids all else), every text escaped. The same run gives the same
 * bytes. Without scripts, in saved drawings and where members have pictures a random sample (by `run.seed`) of large data is shown, and said of how many.
 * Outside browsers it draws in a document by linkedom, unless `page` is given.
 * @throws when an array of the run does not fit the others
 */
export async function renderReport(run: ClusteringReport, page?: Document): Promise<string> {
  const analysis = analyse(run);
  const document = page ?? (await drawingDocument());
  const images = pictures(run.images, shownClusters(analysis).length * MEMBERS + LEAST_SURE);
  const sizesFigure = sizesChart(document, analysis); // beside the confusion matrix, else on its own
  const { numberOfClusters: tried } = run;
  const plane = scatter(document, run, analysis);
  const sections: PageSection[] = [
    { id: "stages", title: "Comparison", body: comparison(run.stages, run.lowerIsBetter) },
    { id: "number", title: "How many clusters", body: tried && numberOfClusters(document, tried) },
    { id: "curves", title: "Training", body: run.curves && curves(document, run.curves) },
    { id: "embedding", title: "Embedding", body: plane },
    { id: "film", title: "Embedding over time", body: await filmStrip(document, run, analysis) },
    { id: "confusion", title: "Classes and clusters", body: confusion(document, analysis, sizesFigure) },
    { id: "sizes", title: "Sizes", body: analysis.classes ? undefined : html`<div class="grid">${sizesFigure}</div>` },
    { id: "clusters", title: "The clusters", body: clusters(run, analysis, images) },
    { id: "decoded", title: "What the network gives back", body: decodedPictures(run) },
    { id: "map", title: "The map", body: run.map && mapFigures(run.map, columnNames(run, run.map), "items") },
    { id: "features", title: "Features", body: run.table && profile(run.table, run.labels, analysis) },
    {
      id: "certainty",
      title: analysis.confidence?.kind === "q" ? "Certainty" : "Outliers",
      body: certainty(document, run, analysis, images),
    },
    { id: "provenance", title: "How this was made", body: provenance(run) },
  ];
  return renderPage({
    title: run.title,
    header: html`${heading(run, analysis)} ${cards(run)}`,
    sections,
    script: plane && reportScript,
  });
}

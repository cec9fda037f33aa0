import { analyse } from "./analysis";
import { certainty, LEAST_SURE, sizesChart } from "./certainty";
import { drawingDocument } from "./chart";
import { clusters, MEMBERS, profile, shownClusters } from "./clusters";
import { confusion } from "./confusion";
import { curves } from "./curves";
import { html, trusted, type Markup } from "./markup";
import { pictures } from "./pictures";
import type { ClusteringReport } from "./run";
import { scatter } from "./scatter";
import { STYLE } from "./style";
import { cards, comparison, heading, provenance } from "./summary";

/**
 * Renders a clustering run as one HTML file: no script, no address outside the file (its own content security policy forbids both), every
 * text escaped. The same run gives the same bytes. Charts show a random sample (by `run.seed`) of large data and say of how many.
 * Outside browsers it draws in a jsdom document, unless `page` is given.
 * @throws when an array of the run does not fit the others
 */
export async function renderReport(run: ClusteringReport, page?: Document): Promise<string> {
  const analysis = analyse(run);
  const document = page ?? (await drawingDocument());
  const images = pictures(run.images, shownClusters(analysis).length * MEMBERS + LEAST_SURE);
  const sizesFigure = sizesChart(document, analysis); // beside the confusion matrix, else on its own
  const sections: { id: string; title: string; body: Markup | undefined }[] = [
    { id: "stages", title: "Comparison", body: comparison(run.stages, run.lowerIsBetter) },
    { id: "curves", title: "Training", body: run.curves && curves(document, run.curves) },
    { id: "embedding", title: "Embedding", body: scatter(document, run, analysis) },
    { id: "confusion", title: "Classes and clusters", body: confusion(document, analysis, sizesFigure) },
    { id: "sizes", title: "Sizes", body: analysis.classes ? undefined : html`<div class="grid">${sizesFigure}</div>` },
    { id: "clusters", title: "The clusters", body: clusters(run, analysis, images) },
    { id: "features", title: "Features", body: run.table && profile(run.table, run.labels, analysis) },
    {
      id: "certainty",
      title: analysis.confidence?.kind === "q" ? "Certainty" : "Outliers",
      body: certainty(document, run, analysis, images),
    },
    { id: "provenance", title: "How this was made", body: provenance(run) },
  ];
  const shown = sections.filter(({ body }) => body !== undefined);
  const file = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"
        />
        <meta name="generator" content="constella" />
        <title>${run.title}</title>
        <style>
          ${trusted(STYLE)}
        </style>
      </head>
      <body>
        <header>
          ${heading(run, analysis)} ${cards(run)}
          <nav aria-label="Sections">${shown.map(({ id, title }) => html`<a href="#${id}">${title}</a> `)}</nav>
        </header>
        <main>
          ${shown.map(
            ({ id, title, body }) =>
              html`<section id="${id}">
                <h2>${title}</h2>
                ${body}
              </section>`,
          )}
        </main>
      </body>
    </html>`;
  return file.text;
}

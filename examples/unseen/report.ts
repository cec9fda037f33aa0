// The page of an example on classes never seen: scores, numbers of clusters, sets with what was made of them, learning curves.
import type { LearningToCluster } from "constella/sets";
import { curves, drawingDocument, html, imageGrid, renderPage, studyHeader, valueTable } from "constella/report";
import type { Markup, PageSection } from "constella/report";
import { formatEstimate, type Scores } from "../scores";
import { METHODS, RIVALS, type Evaluation, type Method, type ShownSet } from "./evaluate";
import type { StudyTest, UnseenStudy } from "./study";

/** What the page shows. */
export interface UnseenResults {
  readonly study: UnseenStudy;
  readonly evaluations: readonly (readonly [StudyTest, Evaluation])[];
  readonly model: LearningToCluster;
  readonly device: string;
  readonly command: string;
}

const MEASURES = [
  ["nmi", "NMI (geometric)"],
  ["bbn", "BBN (normalised)"],
  ["mr", "MR (optimal)"],
] as const satisfies readonly (readonly [keyof Scores, string])[];

/** The page as one HTML file. */
export async function renderUnseen({ study, evaluations, model, device, command }: UnseenResults): Promise<string> {
  const page = await drawingDocument();
  const { title, lead, origin, fit } = study;
  const { settings, history, best } = model;
  const sections: PageSection[] = evaluations.flatMap(([test, evaluation]) => [
    { id: test.id, title: test.title, body: html`${scoreTable(evaluation)} ${countTable(evaluation)}` },
    {
      id: `${test.id}-sets`,
      title: `${test.title}: sets`,
      body: html`${evaluation.shown.map((set, i) => pictures(set, i))}`,
    },
  ]);
  const iterations = history.map(({ iteration }) => iteration);
  const line = (name: string, y: readonly number[]) => ({ name, x: iterations, y });
  const learning = curves(page, [
    {
      ...{ name: "Loss", xLabel: "iteration", yLabel: "loss" },
      series: [
        line(
          "training",
          history.map(({ loss }) => loss),
        ),
        line(
          "validation",
          history.map(({ validationLoss }) => validationLoss),
        ),
      ],
    },
    {
      ...{ name: "Validation sets", xLabel: "iteration", yLabel: "share" },
      series: [
        line(
          "NMI",
          history.map(({ NMI }) => NMI),
        ),
        line(
          "number of clusters found",
          history.map(({ countAccuracy }) => countAccuracy),
        ),
      ],
    },
  ]);
  return renderPage({
    title,
    header: studyHeader(title, lead, `seed ${settings.seed} · ${device} · ${command}`),
    sections: [
      ...sections,
      { id: "learning", title: "Learning", body: learning },
      {
        id: "protocol",
        title: "How this was made",
        body: html`<p>${origin}</p>
          <p>
            ${settings.layers} residual bidirectional LSTM layers of ${settings.units} units; ${fit.batchSize} sets of
            ${fit.length} items an iteration, ${history.at(-1)?.iteration ?? 0} iterations; the weights are those of
            iteration ${best?.iteration ?? 0}, where the loss of ${fit.validationSets} validation sets was lowest.
            k-means is the best of ten runs. Where it is told the true number of clusters it knows what the model has to
            find; where it looks for it, it takes the one of largest silhouette, and one cluster, which has none, where
            that is below ${evaluations.map(([, { threshold }]) => threshold.toFixed(2)).join(" and ")}, chosen on sets
            of validation.
          </p>`,
      },
    ],
  });
}

function scoreTable({ rows, gains, sets }: Evaluation): Markup {
  return valueTable({
    caption: `Means of ${sets} sets with standard errors`,
    corner: "method",
    columns: MEASURES.map(([, name]) => ({ name })),
    rows: (Object.keys(METHODS) as Method[]).map((method) => ({
      name: METHODS[method],
      values: MEASURES.map(([measure]) => formatEstimate(rows[method][measure])),
    })),
    note: RIVALS.map((rival) => {
      const [nmi, bbn, mr] = MEASURES.map(([measure]) => formatEstimate(gains[rival][measure]));
      return `Mean of eight orders minus ${METHODS[rival]}, set by set: NMI ${nmi}, BBN ${bbn}, MR ${mr}.`;
    }).join(" "),
  });
}

function countTable({ counts, countAccuracy }: Evaluation): Markup {
  return valueTable({
    caption: `Number of clusters: found in ${(100 * countAccuracy).toFixed(1)} % of the sets`,
    corner: "true",
    columns: counts.map((_, i) => ({ name: `found ${i + 1}`, decimals: 0 })),
    rows: counts.map((row, i) => ({ name: String(i + 1), values: row })),
  });
}

/** One set: its items by the cluster that the model puts them in; the letter under each is its true class. */
function pictures({ items, truth, count, found, scores }: ShownSet, number: number): Markup {
  const [height, width] = items.shape.slice(-2) as [number, number];
  const [n] = items.shape as [number];
  const least = items.data.reduce((a, b) => Math.min(a, b), Infinity);
  const data = items.data.map((value) => value - least);
  const clusters = [...new Set(found.labels)].sort((a, b) => a - b);
  const rows = clusters.map((cluster, i) => ({
    name: `cluster ${i + 1}`,
    pictures: Array.from({ length: n }, (_, item) => item)
      .filter((item) => found.labels[item] === cluster)
      .map((item) => ({ index: item, caption: String.fromCharCode(65 + truth[item]!) })),
  }));
  const probabilities = Array.from(found.counts, (p, i) => `P(${i + 1}) = ${p.toFixed(3)}`).join(", ");
  const { model, embedding } = scores;
  return html`<h3>Set ${number + 1}: ${count} ${count === 1 ? "class" : "classes"}, ${found.k} found</h3>
    <p class="note">
      ${probabilities}. NMI ${model.nmi.toFixed(3)}, MR ${model.mr.toFixed(3)}; k-means on the embedding, told k: NMI
      ${embedding.nmi.toFixed(3)}, MR ${embedding.mr.toFixed(3)}.
    </p>
    ${imageGrid({ data, shape: [n, height, width] }, rows, { stretch: (value) => value })}`;
}

// The pages of `constella learn` and of `constella cluster --model`.
import { bbnNorm, misclassificationRate, nmi } from "../../metrics";
import { labelsFor } from "../../models/learning-to-cluster";
import type { DropoutClustering, LearningToCluster, SetClustering, SetScores } from "../../models/learning-to-cluster";
import type { NdArray } from "../../ndarray";
import type { Images, PageSection, ReportedSet } from "../../report";

/** A set with what the model says of it. */
export interface ShownSet {
  readonly name: string;
  /** [n, …itemShape] */
  readonly items: NdArray<Float32Array>;
  readonly clustering: SetClustering | DropoutClustering;
  readonly truth?: ArrayLike<number>;
  /** Names of the items, where they have any. */
  readonly ids?: readonly string[] | null | undefined;
}

/** What a page shows. */
export interface SetPage {
  readonly title: string;
  readonly lead: string;
  readonly model: LearningToCluster;
  readonly device: string;
  readonly seed: number;
  readonly seconds: number;
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly sets: readonly ShownSet[];
  /** What the model is worth on many sets, and which. */
  readonly scores?: { readonly words: string; readonly values: SetScores };
}

/** The page as one HTML file. */
export async function renderSets(page: SetPage): Promise<string> {
  const { renderPage, studyHeader, drawingDocument, curves, html, setPanels, valueTable } =
    await import("../../report");
  const document = await drawingDocument();
  const { settings, history, best } = page.model;
  const iterations = history.map(({ iteration }) => iteration);
  const series = (name: string, figure: (record: (typeof history)[number]) => number) => ({
    ...{ name, x: iterations, y: history.map(figure) },
  });
  const training =
    history.length > 0 &&
    curves(document, [
      {
        ...{ name: "Loss", xLabel: "iteration", yLabel: "loss" },
        series: [series("training", ({ loss }) => loss), series("validation", ({ validationLoss }) => validationLoss)],
      },
      {
        ...{ name: "Validation sets", xLabel: "iteration", yLabel: "share" },
        series: [
          series("NMI", ({ NMI }) => NMI),
          series("number of clusters found", ({ countAccuracy }) => countAccuracy),
        ],
      },
    ]);
  const spell = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value));
  const facts: [string, string][] = [
    ...Object.entries(settings).map(([name, value]): [string, string] => [name, spell(value)]),
    ...Object.entries(page.versions),
    ...(best ? [["best iteration", String(best.iteration)] as [string, string]] : []),
    ["seconds", page.seconds.toFixed(1)],
  ];
  const sections: PageSection[] = [
    {
      ...{ id: "scores", title: "Scores" },
      body:
        page.scores &&
        valueTable({
          caption: page.scores.words,
          columns: [
            { name: "mean", decimals: 4 },
            { name: "standard error", decimals: 4 },
          ],
          rows: scoreRows(page.scores.values),
        }),
    },
    { id: "sets", title: "Sets", body: page.sets.map((set) => setPanels(document, reported(set))) },
    { id: "learning", title: "Training", body: training },
    {
      ...{ id: "provenance", title: "How this was made" },
      body: html`<pre><code>${page.command}</code></pre>
        ${valueTable({
          ...{ caption: "Settings of the model", columns: [{ name: "value" }] },
          rows: facts.map(([name, value]) => ({ name, values: [value] })),
        })}`,
    },
  ];
  const header = studyHeader(page.title, page.lead, `${page.device} · seed ${page.seed}`);
  return renderPage({ title: page.title, header, sections });
}

/** Names of the scores in words. */
const SCORES = {
  nmi: "NMI (geometric)",
  bbnNorm: "BBN (normalised)",
  mr: "misclassification rate",
  countAccuracy: "number of clusters found",
} as const;

const scoreRows = (scores: SetScores): { name: string; values: number[] }[] =>
  (Object.keys(SCORES) as (keyof typeof SCORES)[]).map((key) => ({
    name: SCORES[key],
    values: [scores[key].mean, scores[key].standardError],
  }));

/** NMI, BBN and MR of a clustering. */
export const scoresOf = (truth: ArrayLike<number>, labels: Int32Array): Record<string, number> => ({
  NMI: nmi(truth, labels, { average: "geometric" }),
  BBN: bbnNorm(truth, labels),
  MR: misclassificationRate(truth, labels),
});

function reported({ name, items, clustering, truth, ids }: ShownSet): ReportedSet {
  const { counts, k } = clustering;
  const labels = Array.from(counts, (_, i) => labelsFor(clustering, i + 1));
  const images = imagesOf(items);
  return {
    ...{ name, counts, k, labels },
    ...(ids && { ids }),
    ...(truth && { truth, measures: labels.map((of) => scoresOf(truth, of)) }),
    ...(items.shape.length === 2 && items.shape[1] === 2 && { xy: items.data }),
    ...(images && { images }),
    ...("runs" in clustering && {
      dropout: { runs: clustering.runs.shape[0]!, histograms: clustering.histograms.data },
    }),
  };
}

/** Items of two axes, or of three with channels first, as pictures from 0 to 1. */
function imagesOf({ data, shape }: NdArray<Float32Array>): Images | undefined {
  const [n = 0, ...item] = shape;
  const [channels, height, width] = item.length === 2 ? [1, ...item] : item;
  if (item.length < 2 || item.length > 3 || (channels !== 1 && channels !== 3)) return undefined;
  const [low, high] = data.reduce(([a, b], v) => [Math.min(a!, v), Math.max(b!, v)], [Infinity, -Infinity]);
  const size = height! * width!;
  const pixels = new Float32Array(data.length);
  for (let i = 0; i < n; i++)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < size; p++)
        pixels[(i * size + p) * channels + c] = (data[(i * channels + c) * size + p]! - low!) / (high! - low! || 1);
  return { data: pixels, height: height!, width: width!, channels };
}

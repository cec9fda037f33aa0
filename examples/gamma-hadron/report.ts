// The study as one HTML page: accuracies, agreement of clusterings, significance, and what each method takes for gammas.
import type { SweepPoint } from "constella";
import {
  drawingDocument,
  heatMap,
  html,
  imageGrid,
  renderPage,
  significanceCurve,
  studyHeader,
  valueTable,
} from "constella/report";
import type { ImageRow, Markup } from "constella/report";
import { formatPercent } from "../spread";
import type { Source, StudyImages } from "./images";
import { TITLES, type Setting } from "./settings";
import type { AccuracyRow, Comparison } from "./tables";

/** What the page shows. */
export interface StudyResults {
  readonly setting: Setting;
  readonly seeds: readonly number[];
  readonly images: StudyImages;
  readonly accuracies: readonly AccuracyRow[];
  readonly comparisons: readonly Comparison[];
  readonly significance:
    | {
        readonly withoutCut: number;
        readonly methods: readonly { name: string; points: SweepPoint[]; best: SweepPoint }[];
      }
    | undefined;
  /** Gamma scores of the observation by method's title. */
  readonly scores: Readonly<Record<string, Float32Array>>;
  readonly device: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly command: string;
}

const SUBJECTS: Readonly<Record<Source, { title: string; what: string }>> = {
  showers: { title: "Gammas and hadrons", what: "Simulated telescope images of air showers" },
  magic: { title: "Gammas and hadrons", what: "Images re-drawn from the parameters of MAGIC's events" },
  "fashion-mnist": { title: "Garments", what: "Pictures of garments" },
  mnist: { title: "Digits", what: "Handwritten digits" },
};

/** Scores that the pictures are taken at, and how many of each. */
const LEVELS = [0.99, 0.9, 0.5];
const PICTURES = 6;

export async function renderStudy(results: StudyResults): Promise<string> {
  const page = await drawingDocument();
  const { images, setting, seeds, comparisons, significance } = results;
  const { title, what } = SUBJECTS[images.source];
  const lead = `${what}, clustered without labels by three self-supervised methods; labels only measure the result.`;
  const versions = Object.entries(results.versions).map(([name, version]) => `${name} ${version}`);
  const byline = `seed${seeds.length > 1 ? "s" : ""} ${seeds.join(", ")} · ${results.device} · ${versions.join(", ")} · ${results.command}`;
  return renderPage({
    title,
    header: studyHeader(title, lead, byline),
    sections: [
      { id: "accuracy", title: "Accuracy", body: accuracyTable(results) },
      {
        id: "comparison",
        title: "Clusterings compared",
        body: html`${comparisons.map((comparison) => comparisonOf(page, comparison))}`,
      },
      {
        id: "significance",
        title: "Significance",
        body:
          significance &&
          html`${significanceCurve(page, significance.methods, { withoutCut: significance.withoutCut })}
          ${bestTable(significance)}`,
      },
      { id: "images", title: "What is taken for a gamma", body: images.observation && pictures(results) },
      {
        id: "protocol",
        title: "How this was made",
        body: html`<p>
          ${setting.train} images to train on without labels, ${setting.probe} labelled ones for the classifier on the
          frozen features, ${setting.test} to measure it
          on${images.observation ? `, and an observation of ${setting.observation} events, ${100 * setting.gammaShare} % of them gammas` : ""}.
          ${setting.epochs} passes in batches of ${setting.batchSize}; ${setting.blocks} blocks of the network.
          ${images.origin}
        </p>`,
      },
    ],
  });
}

function accuracyTable({ accuracies, images, seeds }: StudyResults): Markup {
  const wobble = images.observation !== undefined;
  return valueTable({
    caption: "Accuracy of a linear classifier on the learned features, and of what needs none of them, %",
    corner: "method",
    columns: [
      { name: "clusters", decimals: 0 },
      { name: wobble ? "diffuse" : "test" },
      { name: "more than random weights" },
      ...(wobble ? [{ name: "wobble, balanced" }, { name: "wobble, AUC" }] : []),
      { name: "seconds", decimals: 0 },
    ],
    rows: accuracies.map(({ method, clusters, probe, gain, wobble: observed, wobbleAUC, seconds }) => ({
      name: TITLES[method],
      values: [
        clusters,
        formatPercent(probe),
        gain && formatPercent(gain),
        ...(wobble ? [observed && formatPercent(observed), wobbleAUC && formatPercent(wobbleAUC)] : []),
        seconds.mean,
      ],
    })),
    note: `${seeds.length > 1 ? `Mean and standard deviation of ${seeds.length} seeds. ` : ""}Supervised: the same network trained on the labels of the same images. Rows without a network have the labels that the probe has; where convolution blocks are read, both dense layers are learned anew.${wobble ? " Most events of the observation are hadrons: balanced is the mean of the shares of gammas and of hadrons that are found, 50 for who always says hadron." : ""}`,
  });
}

function comparisonOf(page: Document, { clusters, names, pairs, occupation }: Comparison): Markup {
  const place = new Map(names.map((name, i) => [name, i]));
  const values = names.map((_, i) => Float64Array.from(names, (_, j) => (i === j ? 1 : NaN)));
  for (const { a, b, ami } of pairs) {
    values[place.get(a)!]![place.get(b)!] = ami;
    values[place.get(b)!]![place.get(a)!] = ami;
  }
  return html`<h3>${clusters} clusters</h3>
    ${heatMap(page, { title: `${clusters} clusters`, measure: "AMI", names, values })}
    ${valueTable({
      caption: `Each two clusterings of ${clusters} clusters`,
      columns: [{ name: "RI" }, { name: "ARI" }, { name: "AMI" }, { name: "V" }, { name: "NMI" }],
      rows: pairs.map(({ a, b, ri, ari, ami, v, nmi }) => ({ name: `${a} – ${b}`, values: [ri, ari, ami, v, nmi] })),
    })}
    ${valueTable({
      caption: "How the clusters are filled",
      columns: [
        { name: "with members", decimals: 0 },
        { name: "largest, in even shares", decimals: 2 },
      ],
      rows: occupation.map(({ name, occupied, largest }) => ({ name, values: [occupied, largest] })),
    })}`;
}

const bestTable = ({ methods, withoutCut }: NonNullable<StudyResults["significance"]>): Markup =>
  valueTable({
    caption: `Best significance of each method; all events, without any cut, have ${withoutCut.toFixed(2)}`,
    note: belowNoCut(methods, withoutCut),
    columns: [
      { name: "threshold", decimals: 2 },
      { name: "N on", decimals: 0 },
      { name: "N off", decimals: 0 },
      { name: "excess", decimals: 1 },
      { name: "S", decimals: 2, best: "largest" },
    ],
    rows: methods.map(({ name, best: { threshold, nOn, nOff, excess, signed } }) => ({
      name,
      values: [threshold, nOn, nOff, excess, signed],
    })),
  });

/** Which methods' best cut is of no use. */
function belowNoCut(methods: NonNullable<StudyResults["significance"]>["methods"], withoutCut: number): string {
  const useless = methods.filter(({ best }) => best.signed <= withoutCut).map(({ name }) => name);
  return useless.length === 0 ? "" : `No better than no cut at all: ${useless.join(", ")}.`;
}

function pictures({ images, scores }: StudyResults): Markup {
  const rows: ImageRow[] = Object.entries(scores).flatMap(([name, score]) =>
    LEVELS.map((level) => ({
      name: `${name}, ${(100 * level).toFixed(0)} %`,
      pictures: nearestTo(score, level).map((index) => ({
        index,
        caption: `${(100 * score[index]!).toFixed(0)} % ${images.classNames[images.observation!.labels[index]!]}`,
      })),
    })),
  );
  return imageGrid(images.pictures, rows, {
    caption: `Six events of the observation that each method gives a gamma score nearest to 99, 90 and 50 %, and what they are. ${images.origin}`,
  });
}

/** The places of the scores nearest to a level, the nearest first, the lower place among equals. */
function nearestTo(scores: Float32Array, level: number): number[] {
  return Array.from(scores, (_, i) => i)
    .sort((a, b) => Math.abs(scores[a]! - level) - Math.abs(scores[b]! - level) || a - b)
    .slice(0, PICTURES);
}

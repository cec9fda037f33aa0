// What the study finds, as numbers: accuracies over seeds, agreement of clusterings, significance; and as CSV files.
import { compareClusterings, significanceSweep } from "constella";
import type { ComparedPair, SweepPoint } from "constella";
import type { GridResult } from "constella/vision";
import { formatPercent, spread, type Spread } from "../spread";
import type { Observation } from "./images";
import { METHODS, TITLES, TRIVIAL, type MethodName, type Setting } from "./settings";

/** Accuracy of one method. */
export interface AccuracyRow {
  readonly method: keyof typeof TITLES;
  readonly clusters: number | undefined;
  readonly probe: Spread;
  /** Gain over random weights, seed by seed. */
  readonly gain: Spread | undefined;
  /** Of the observation, of which most are hadrons: the mean of the shares of each class that are found, and the area under the ROC curve. */
  readonly wobble: Spread | undefined;
  readonly wobbleAUC: Spread | undefined;
  readonly seconds: Spread;
}

/** Clusterings of one number of clusters, with each other, with the classes and with a shuffled clustering. */
export interface Comparison {
  readonly clusters: number;
  readonly names: readonly string[];
  readonly pairs: readonly ComparedPair[];
  /** By clustering. */
  readonly occupation: readonly (Occupation & { readonly name: string })[];
}

/** Names of the columns that are not methods. */
export const CLASSES = "classes";
export const SHUFFLED = "shuffled";

/** How evenly labels fill the clusters: those that have members, and the largest one's size as a multiple of an even share. */
export interface Occupation {
  readonly occupied: number;
  readonly largest: number;
}

export function occupation(labels: Int32Array, clusters: number): Occupation {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return { occupied: counts.size, largest: (Math.max(...counts.values()) * clusters) / labels.length };
}

/** Mean over the classes that occur of the share of each that is found: 0.5 for two classes when always the same is answered. */
export function balancedAccuracy(labels: Int32Array, found: Int32Array): number {
  const shares = [...new Set(labels)].map((label) => {
    const own = labels.reduce((count, one) => count + Number(one === label), 0);
    return labels.reduce((right, one, i) => right + Number(one === label && found[i] === label), 0) / own;
  });
  return shares.reduce((sum, share) => sum + share / shares.length, 0);
}

/** Rows of the table of accuracies: supervised, the methods at their own number of clusters, random weights, and what needs no network. */
export function accuracies(results: readonly GridResult[], setting: Setting): AccuracyRow[] {
  const rows: AccuracyRow[] = [];
  const random = new Map(
    results.filter(({ cell }) => cell["method"] === "random").map((result) => [result.cell["seed"], result]),
  );
  for (const method of ["supervised", ...METHODS, "random", ...TRIVIAL] as const) {
    const isMethod = (METHODS as readonly string[]).includes(method);
    const clusters = isMethod ? setting.best[method as MethodName] : undefined;
    const own = results.filter(
      ({ cell }) => cell["method"] === method && (clusters === undefined || cell["clusters"] === clusters),
    );
    if (own.length === 0) continue;
    const values = (measure: string): number[] =>
      own.flatMap(({ measures }) => (measures[measure] === undefined ? [] : [measures[measure]]));
    const gains = own.flatMap(({ cell, measures }) => {
      const base = random.get(cell["seed"])?.measures["probe"];
      return base === undefined ? [] : [measures["probe"]! - base];
    });
    rows.push({
      method,
      clusters,
      probe: spread(values("probe")),
      gain: isMethod && gains.length > 0 ? spread(gains) : undefined,
      wobble: values("wobble").length > 0 ? spread(values("wobble")) : undefined,
      wobbleAUC: values("wobbleAUC").length > 0 ? spread(values("wobbleAUC")) : undefined,
      seconds: spread(own.map(({ seconds }) => seconds)),
    });
  }
  return rows;
}

/** Compares the clusterings of one number of clusters. `shuffled` has a method's labels in another order. */
export function compare(
  clusters: number,
  clusterings: Readonly<Record<string, Int32Array>>,
  classes: Int32Array,
  shuffled: Int32Array,
): Comparison {
  const all = { [CLASSES]: classes, ...clusterings, [SHUFFLED]: shuffled };
  const filled = Object.entries(clusterings).map(([name, labels]) => ({ name, ...occupation(labels, clusters) }));
  return { clusters, names: Object.keys(all), pairs: compareClusterings(all), occupation: filled };
}

/** The sweep of each method's gamma scores, the best first, and S without any cut. */
export function significances(
  scores: Readonly<Record<string, Float32Array>>,
  { regions, alpha }: Observation,
): { readonly withoutCut: number; readonly methods: { name: string; points: SweepPoint[]; best: SweepPoint }[] } {
  const everything = new Float32Array(regions.length).fill(1);
  const methods = Object.entries(scores).map(([name, score]) => ({
    name,
    ...significanceSweep(score, regions, { alpha }),
  }));
  return {
    withoutCut: significanceSweep(everything, regions, { alpha, thresholds: [0] }).best.signed,
    methods: methods.sort((a, b) => b.best.signed - a.best.signed),
  };
}

/** The accuracies in columns, for a terminal. */
export function accuracyText(rows: readonly AccuracyRow[]): string {
  const cell = (value: Spread | undefined): string => (value ? formatPercent(value) : "");
  const lines = rows.map(({ method, clusters, probe, gain, wobble, wobbleAUC }) => [
    `${TITLES[method]}${clusters === undefined ? "" : `, ${clusters} clusters`}`,
    ...[probe, gain, wobble, wobbleAUC].map(cell),
  ]);
  const observed = rows.some(({ wobble }) => wobble) ? ["wobble, balanced", "wobble, AUC"] : ["", ""];
  return [["%", "accuracy", "gain", ...observed], ...lines]
    .map(([name, ...cells]) => (name!.padEnd(51) + cells.map((value) => value.padStart(17)).join("")).trimEnd())
    .join("\n");
}

const csv = (head: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): string =>
  `${[head, ...rows].map((row) => row.map(field).join(",")).join("\n")}\n`;

/** A field of CSV, in quotes where it holds a comma. */
const field = (value: string | number | undefined): string =>
  String(value ?? "").includes(",") ? `"${value}"` : String(value ?? "");

export const accuracyCsv = (rows: readonly AccuracyRow[]): string =>
  csv(
    [
      "method",
      "clusters",
      "seeds",
      "probe",
      "probe_sd",
      "gain",
      "gain_sd",
      "wobble_balanced",
      ...["wobble_balanced_sd", "wobble_auc", "wobble_auc_sd", "seconds"],
    ],
    rows.map(({ method, clusters, probe, gain, wobble, wobbleAUC, seconds }) => [
      ...[method, clusters, probe.n, probe.mean, probe.deviation, gain?.mean, gain?.deviation],
      ...[wobble?.mean, wobble?.deviation, wobbleAUC?.mean, wobbleAUC?.deviation, seconds.mean],
    ]),
  );

export const comparisonCsv = (comparisons: readonly Comparison[]): string =>
  csv(
    ["clusters", "a", "b", "ri", "ari", "ami", "v", "nmi"],
    comparisons.flatMap(({ clusters, pairs }) =>
      pairs.map(({ a, b, ri, ari, ami, v, nmi }) => [clusters, a, b, ri, ari, ami, v, nmi]),
    ),
  );

export const significanceCsv = (methods: readonly { name: string; points: readonly SweepPoint[] }[]): string =>
  csv(
    ["method", "threshold", "n_on", "n_off", "excess", "s"],
    methods.flatMap(({ name, points }) =>
      points.map(({ threshold, nOn, nOff, excess, signed }) => [name, threshold, nOn, nOff, excess, signed]),
    ),
  );

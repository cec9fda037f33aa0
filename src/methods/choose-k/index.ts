import { isObject, show } from "../../checks";
import type { Device } from "../../device";
import { runCooperatively, yieldWhenDue } from "../../event-loop";
import type { MatrixLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import {
  checkedOptions,
  choice,
  device as deviceRule,
  integer,
  optional,
  seed as seedRule,
  signal as signalRule,
  callable,
} from "../../options";
import { checkSpan } from "../../neighbours/rows";
import { mapped, tableOf } from "../../preprocessing/columns";
import { stream } from "../../random";
import type { Estimator } from "../method";
import { codesOf, meansOf, scoreOf, squaredDistance, type Criterion, type Rows } from "./criteria";
import { references } from "./references";

/** Options of `chooseK`. */
export interface ChooseKOptions {
  /** How numbers are compared. Default silhouette, and simplifiedSilhouette above 10,000 rows, where the exact one takes the square of their number. */
  readonly criterion?: Criterion;
  /** Sets without clusters that the data are held against, 3 at least. Default 10; 0 compares the numbers only, and never says one cluster by a silhouette. */
  readonly references?: number;
  /** Halvings of the data for `stability`. Default 10. */
  readonly resamples?: number;
  /** Default 0. */
  readonly seed?: number;
  /** For the principal axes of the references. */
  readonly device?: Device;
  readonly signal?: AbortSignal;
  /** After each number of clusters. */
  readonly onStep?: (done: number, of: number) => void;
}

/** What was found for one number of clusters. */
export interface NumberScore {
  readonly k: number;
  /** By the criterion: of the gap statistic the gap, of stability the prediction strength. NaN where the method found too few or too many clusters. */
  readonly score: number;
  /** The same of data without clusters, and its standard deviation, where there are references. */
  readonly expected?: number;
  readonly deviation?: number;
}

/** A number of clusters with its reason. */
export interface ChosenK {
  readonly k: number;
  readonly criterion: Criterion;
  readonly scores: readonly NumberScore[];
  /** One sentence: why this number. */
  readonly reason: string;
  /** Of the data with that number. */
  readonly labels: Int32Array;
}

/** What makes a model for a number of clusters. */
export type MakeModel = (nClusters: number) => Pick<Estimator, "fit" | "labels" | "dispose">;

/** Above so many rows the silhouette is the simplified one. */
const EXACT_ROWS = 10_000;
/** Prediction strength of clusters that are found again (Tibshirani and Walther 2005, §2.2: 0.8 to 0.9). */
const STRONG = 0.8;
/** Deviations by which the best number must stand out further than the best of data without clusters does. */
const CLEAR = 2;

const TITLES: Readonly<Record<Criterion, string>> = {
  silhouette: "silhouette",
  simplifiedSilhouette: "simplified silhouette",
  daviesBouldin: "Davies-Bouldin index",
  calinskiHarabasz: "Calinski-Harabasz index",
  gap: "gap statistic",
  bic: "Bayesian information criterion",
  stability: "prediction strength",
};

/**
 * How many clusters there are: `make(k)` is fitted for every k of the range, and the numbers are compared by what the clusters look like.
 *
 * - `silhouette`, `simplifiedSilhouette`, `daviesBouldin`, `calinskiHarabasz`: the best k; one cluster where the k that stands out most, in standard deviations
 *   from the same k on references, does so by no more than two deviations further than the best k of references does among the others (so that a wide
 *   range finds no more clusters by chance than a narrow one). References are drawn without clusters, uniform in the data's box along their principal axes.
 * - `gap`: the least k with Gap(k) ≥ Gap(k + 1) − s(k + 1), Gap(k) = E log W − log W, W the squares within clusters (Tibshirani, Walther and Hastie 2001).
 * - `bic`: the least −2 log L + p log n of round clusters of one variance (Pelleg and Moore, X-means, 2000).
 * - `stability`: the largest k whose clusters are found again in another half of the data: prediction strength of at least 0.8 with its standard error
 *   (Tibshirani and Walther 2005).
 *
 * One cluster is a possible answer of all of them where the range begins at 1 or 2. A seed gives the same answer on one device.
 * @param range least and greatest k, both included
 * @throws for a range beyond 1 … n − 1, NaN, unknown options, and what the models throw
 */
export async function chooseK(
  make: MakeModel,
  x: MatrixLike,
  range: readonly [number, number],
  options: ChooseKOptions = {},
): Promise<ChosenK> {
  const op = "chooseK";
  if (typeof make !== "function") throw new Error(`${op}: make must be a function of nClusters, got ${show(make)}`);
  const settings = checkedOptions<ChooseKOptions>(
    op,
    options,
    {
      criterion: optional(choice(...(Object.keys(TITLES) as Criterion[]))),
      references: integer(0, 1000),
      resamples: integer(2, 1000),
      seed: seedRule,
      device: deviceRule,
      signal: signalRule,
      onStep: optional(callable),
    },
    { references: 10, resamples: 10, seed: 0 },
  );
  const rows = await mapped(await runCooperatively(tableOf(x, op)), (value) => value);
  const [n, d] = rows.shape as [number, number];
  checkSpan({ data: rows.data, n, d }, op);
  const [least, most] = checkedRange(range, n, op);
  const criterion = settings.criterion ?? (n > EXACT_ROWS ? "simplifiedSilhouette" : "silhouette");
  if (criterion === "gap" && settings.references === 0)
    throw new Error(`${op}: references must be a whole number from 1 for the gap statistic, got 0`);
  if (criterion !== "gap" && [1, 2].includes(settings.references!))
    throw new Error(
      `${op}: references must be 0 or from 3 on, each is held against the others, got ${settings.references}`,
    );
  const one = least <= 2; // whether one cluster is a possible answer
  const needsNoOther = criterion === "gap" || criterion === "bic" || criterion === "stability";
  const from = one ? (needsNoOther ? 1 : 2) : least;
  const numbers = Array.from({ length: most - from + 1 }, (_, i) => from + i);
  const fits = (set: Rows, k: number): Promise<Int32Array> => labelsOf(make, set, k, settings.signal);

  const needsReferences = settings.references! > 0 && criterion !== "bic" && criterion !== "stability";
  const sets = needsReferences ? await references(rows, settings.references!, settings.seed!, settings.device) : [];
  const labels = new Map<number, Int32Array>();
  const scores: NumberScore[] = [];
  const expected = new Map<number, readonly number[]>();
  for (const k of numbers) {
    settings.signal?.throwIfAborted();
    labels.set(k, await fits(rows, k));
    if (criterion === "stability")
      scores.push({ k, ...(await strengthOf(rows, k, fits, settings.resamples!, settings.seed!)) });
    else {
      const score = scoreOf(criterion, rows, labels.get(k)!) ?? NaN;
      const others: number[] = [];
      for (const set of sets) {
        others.push(scoreOf(criterion, set, await fits(set, k)) ?? NaN);
        await yieldWhenDue();
      }
      scores.push(compared(k, score, others, criterion));
      expected.set(k, others);
    }
    settings.onStep?.(scores.length, numbers.length);
  }
  const usable = scores.filter(({ score }) => !Number.isNaN(score));
  if (usable.length === 0 && one && rows.data.every((value, at) => value === rows.data[at % d]))
    return { k: 1, criterion, scores, reason: "1: all rows are the same", labels: new Int32Array(n) };
  if (usable.length === 0)
    throw new Error(`${op}: the method must find 2 to n − 1 clusters for some k of ${least} to ${most}, it found none`);
  const { k, reason } = decide(criterion, usable, one && sets.length > 0 ? expected : undefined);
  return { k, criterion, scores, reason, labels: k === 1 ? new Int32Array(n) : labels.get(k)! };
}

function checkedRange(range: unknown, n: number, op: string): readonly [number, number] {
  const [least, most] = Array.isArray(range) ? (range as number[]) : [];
  const holds =
    Number.isInteger(least) && Number.isInteger(most) && least! >= 1 && least! <= most! && most! >= 2 && most! < n;
  if (!holds)
    throw new Error(
      `${op}: range must be two whole numbers, 1 <= least <= most < ${n} rows, most at least 2, got ${show(range)}`,
    );
  return [least!, most!];
}

/** Labels of a set by a model for k clusters, which is disposed of. */
async function labelsOf(make: MakeModel, x: Rows, k: number, signal: AbortSignal | undefined): Promise<Int32Array> {
  if (k === 1) return new Int32Array(x.shape[0]!);
  const model = make(k);
  if (!isObject(model)) throw new Error(`chooseK: make must give a model, got ${show(model)}`);
  try {
    await model.fit(x, signal ? { signal } : {});
    const { labels } = model;
    if (!(labels instanceof Int32Array)) throw new Error(`chooseK: the model must label rows, got ${show(labels)}`);
    if (labels.length !== x.shape[0])
      throw new Error(`chooseK: the model must give each of ${x.shape[0]} rows a label, got ${labels.length} labels`);
    return labels;
  } finally {
    await model.dispose();
  }
}

/** A number of clusters beside the same on data without clusters; the gap is their difference. */
function compared(k: number, score: number, others: readonly number[], criterion: Criterion): NumberScore {
  const found = others.filter((other) => !Number.isNaN(other));
  if (found.length === 0) return { k, score };
  const expected = found.reduce((sum, other) => sum + other, 0) / found.length;
  const deviation = Math.sqrt(found.reduce((sum, other) => sum + (other - expected) ** 2, 0) / found.length);
  return criterion === "gap"
    ? { k, score: expected - score, expected, deviation: deviation * Math.sqrt(1 + 1 / found.length) }
    : { k, score, expected, deviation };
}

/** How surely the clusters of one half of the rows are found in the other: the mean over halvings, and its standard error. */
async function strengthOf(
  x: Rows,
  k: number,
  fits: (x: Rows, k: number) => Promise<Int32Array>,
  resamples: number,
  seed: number,
): Promise<{ readonly score: number; readonly deviation: number }> {
  if (k === 1) return { score: 1, deviation: 0 };
  const [n, d] = x.shape as [number, number];
  const part = (places: Uint32Array): Rows => {
    const out = new Float64Array(places.length * d);
    places.forEach((i, to) => out.set(x.data.subarray(i * d, (i + 1) * d), to * d));
    return new NdArray(out, [places.length, d]);
  };
  const strengths: number[] = [];
  for (let b = 0; b < resamples; b++) {
    const order = stream(seed, "chooseK.halves", b).permutation(n);
    const [train, test] = [part(order.subarray(0, n >> 1)), part(order.subarray(n >> 1))];
    if (train.shape[0]! <= k) return { score: NaN, deviation: NaN };
    const known = codesOf(await fits(train, k));
    const { means } = meansOf(train, known.codes, known.k);
    const { codes, k: found } = codesOf(await fits(test, k));
    const together = Array.from({ length: found }, () => new Float64Array(known.k));
    codes.forEach((code, i) => {
      let [best, least] = [0, Infinity];
      for (let c = 0; c < known.k; c++) {
        const distance = squaredDistance(test.data, i, means, c, d);
        if (distance < least) [best, least] = [c, distance];
      }
      together[code]![best]!++;
    });
    strengths.push(Math.min(...together.map(pairsTogether)));
    await yieldWhenDue();
  }
  const { mean: score, variance } = momentsOf(strengths);
  return { score, deviation: Math.sqrt(variance / resamples) };
}

/** The share of the pairs of a cluster that others keep together; 1 for a single item. */
function pairsTogether(counts: Float64Array): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return all < 2 ? 1 : counts.reduce((sum, count) => sum + count * (count - 1), 0) / (all * (all - 1));
}

function decide(
  criterion: Criterion,
  scores: readonly NumberScore[],
  references: ReadonlyMap<number, readonly number[]> | undefined,
): { readonly k: number; readonly reason: string } {
  const title = TITLES[criterion];
  const words = (value: number): string => value.toPrecision(3);
  if (criterion === "gap") {
    const at = scores.findIndex(
      ({ score }, i) => i + 1 >= scores.length || score >= scores[i + 1]!.score - scores[i + 1]!.deviation!,
    );
    const { k, score } = scores[at]!;
    const next = scores[at + 1];
    const why = next
      ? `the gap to data without clusters, ${words(score)}, does not clearly grow with one more (${words(next.score)})`
      : `the gap to data without clusters still grows at the end of the range, ${words(score)}`;
    return { k, reason: `${k}: ${why}` };
  }
  if (criterion === "stability") {
    const strong = scores.filter(({ score, deviation }) => score + deviation! >= STRONG).at(-1);
    const { k, score } = strong ?? scores[0]!;
    const why = strong
      ? `the most whose clusters are found again in another half of the data (prediction strength ${words(score)}, of at least ${STRONG})`
      : `the least of the range, since no number's clusters are found again in another half of the data (prediction strength ${words(score)}, of at least ${STRONG})`;
    return { k, reason: `${k}: ${why}` };
  }
  const less = criterion === "daviesBouldin" || criterion === "bic";
  const better = (a: number, b: number): boolean => (less ? a < b : a > b);
  const best = scores.reduce((held, other) => (better(other.score, held.score) ? other : held));
  if (references && criterion !== "bic" && !standsOut(scores, references, less)) {
    const there = best.expected === undefined ? "" : `, there ${words(best.expected)} ± ${words(best.deviation!)}`;
    const why = `no number of clusters stands out further than on data without clusters (${title} at ${less ? "least" : "most"} ${words(best.score)}${there})`;
    return { k: 1, reason: `1: ${why}` };
  }
  return { k: best.k, reason: `${best.k}: the ${less ? "least" : "greatest"} ${title}, ${words(best.score)}` };
}

/**
 * Whether the data's greatest standardised score over all k is greater than the references' own: max over k of (s − m_k) / σ_k, m_k and σ_k of the
 * references (of the others, for a reference), against mean + 2 deviations of theirs. One test for the whole range, as Westfall and Young 1993 have it.
 */
function standsOut(
  scores: readonly NumberScore[],
  references: ReadonlyMap<number, readonly number[]>,
  less: boolean,
): boolean {
  const greatest = (pick: (k: number) => readonly [score: number, others: readonly number[]]): number => {
    let most = -Infinity;
    for (const { k } of scores) {
      const [score, all] = pick(k);
      const others = all.filter((other) => !Number.isNaN(other));
      if (others.length < 2 || Number.isNaN(score)) continue;
      const { mean, variance } = momentsOf(others);
      const difference = (less ? -1 : 1) * (score - mean);
      if (difference === 0) most = Math.max(most, 0);
      else most = Math.max(most, difference / (Math.sqrt(variance) * Math.sqrt(1 + 1 / others.length)));
    }
    return most;
  };
  const count = Math.max(...[...references.values()].map((others) => others.length));
  const theirs = Array.from({ length: count }, (_, b) =>
    greatest((k) => [references.get(k)![b]!, references.get(k)!.filter((_, other) => other !== b)]),
  );
  const { mean, variance } = momentsOf(theirs);
  const own = new Map(scores.map(({ k, score }) => [k, score]));
  const mine = greatest((k) => [own.get(k)!, references.get(k)!]);
  return mine > mean + CLEAR * Math.sqrt(variance) * Math.sqrt(1 + 1 / count);
}

/** Mean and variance (of a sample) of numbers. */
function momentsOf(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / Math.max(1, values.length - 1) };
}

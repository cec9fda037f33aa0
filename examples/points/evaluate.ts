// Scores of the model, of k-means and of DBSCAN on the same fresh sets of points.
import { NdArray, Random } from "constella";
import { labelsFor } from "constella/sets";
import type { Device } from "constella";
import type { LearningToCluster, SetClustering } from "constella/sets";
import { PointsProvider } from "constella/data";
import {
  dbscan,
  dbscanKnee,
  dbscanOf,
  dbscanStable,
  kmeans2,
  kmeansPlusPlus,
  KNEE_SAMPLES,
  standardizeColumns,
  THESIS,
  TUNED,
} from "./baselines";
import type { DbscanSettings } from "./baselines";
import { estimate, score, type Estimates, type Scores } from "../scores";
import { LENGTH, NETWORK } from "./settings";

const spelled = ({ eps, minSamples }: DbscanSettings): string => `eps ${eps}, min-samples ${minSamples}`;

/** Names of the ways to cluster. */
export const METHODS = {
  model: "learned model",
  orders: "learned model, mean of sixteen orders, mirrored",
  told: "learned model, told k",
  plusPlus: "k-means++, best of ten, told k",
  kmeans2: "k-means, one run, told k",
  dbscanTuned: `DBSCAN, ${spelled(TUNED)}: the best on 300 labelled sets`,
  dbscanKnee: `DBSCAN, eps at the knee of each set, min-samples ${KNEE_SAMPLES}`,
  dbscanStable: `DBSCAN, eps amid the first wide range of each set with as many clusters, min-samples ${KNEE_SAMPLES}`,
  dbscan: `DBSCAN, ${spelled(THESIS)}, as in the thesis`,
} as const;

/** One of them. */
export type Method = keyof typeof METHODS;

const NAMES = Object.keys(METHODS) as Method[];

/** A set with its clusterings. */
export interface ClusteredSet {
  /** Standardised, [n, 2]. */
  readonly points: Float32Array;
  readonly truth: Int32Array;
  readonly k: number;
  readonly found: SetClustering;
  readonly labels: Readonly<Record<Method, Int32Array>>;
  readonly scores: Readonly<Record<Method, Scores>>;
}

/** What is measured. */
export interface Evaluation {
  readonly sets: number;
  readonly rows: Readonly<Record<Method, Estimates>>;
  /** By true number of clusters, 1 … kMax. */
  readonly byCount: readonly { readonly k: number; readonly rows: Readonly<Record<Method, Estimates>> }[];
  /** Sets by true (rows) and found number of clusters (columns). */
  readonly counts: readonly (readonly number[])[];
  /** The first sets of each number of clusters. */
  readonly shown: readonly ClusteredSet[];
}

/** What it is measured on. */
export interface EvaluationOptions {
  readonly sets: number;
  readonly seed: number;
  /** Sets of each number of clusters to keep for pictures. Default 0. */
  readonly show?: number;
  /** As of `generatePoints`. Default false. */
  readonly overlapping?: boolean;
  readonly length?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Orders of the items of which the model's probabilities are averaged. */
const ORDERS = 16;

/** Points as one of the eight symmetries of the square has them, standardised: which belong together stays the same. */
function mirrored({ data, shape }: NdArray<Float32Array>, pass: number): NdArray<Float32Array> {
  const [swap, ...signs] = [pass & 1, pass & 2 ? -1 : 1, pass & 4 ? -1 : 1] as const;
  return new NdArray(
    data.map((_, i) => signs[i % 2]! * data[swap ? i ^ 1 : i]!),
    shape,
  );
}

const tuned = dbscanOf(TUNED);

/** Sets that the model sees at a time. */
const AT_ONCE = 50;

/** Clusters fresh sets by every method. */
export async function evaluate(
  model: LearningToCluster,
  device: Device,
  { sets, seed, show = 0, overlapping = false, length = LENGTH, onProgress }: EvaluationOptions,
): Promise<Evaluation> {
  const { kMax } = NETWORK;
  const provider = new PointsProvider({ kMax, overlapping });
  // eslint-disable-next-line no-restricted-syntax -- the figures in README were measured on these
  const [random, starts] = [new Random(seed), new Random(seed + 1)];
  const plusPlus = kmeansPlusPlus(device);
  const all: { readonly k: number; readonly scores: ClusteredSet["scores"] }[] = [];
  const shown: ClusteredSet[] = [];
  const counts = Array.from({ length: kMax }, () => new Array<number>(kMax).fill(0));
  while (all.length < sets) {
    const batch = Math.min(AT_ONCE, sets - all.length);
    const { items, labels, counts: ks } = provider.sample("test", batch, length, random);
    const points = Array.from({ length: batch }, (_, i) => items.data.subarray(2 * i * length, 2 * (i + 1) * length));
    const arrays = points.map((set) => new NdArray(set, [length, 2]));
    const found = await model.predictSets(arrays);
    // eslint-disable-next-line no-restricted-syntax -- the figures in README were measured on these
    const averaged = await model.predictSets(arrays, { orders: ORDERS, seed: seed + 2, view: mirrored });
    for (const [i, clustering] of found.entries()) {
      const k = ks[i]!;
      const truth = labels.subarray(i * length, (i + 1) * length);
      const columns = standardizeColumns(points[i]!);
      const made: Record<Method, Int32Array> = {
        model: clustering.labels,
        orders: averaged[i]!.labels,
        told: labelsFor(clustering, k),
        plusPlus: await plusPlus(columns, k),
        kmeans2: kmeans2(columns, k, starts),
        dbscanTuned: await tuned(columns, k),
        dbscanKnee: await dbscanKnee(columns, k),
        dbscanStable: await dbscanStable(columns, k),
        dbscan: await dbscan(columns, k),
      };
      const scores = Object.fromEntries(
        NAMES.map((name) => [name, score(truth, made[name])]),
      ) as ClusteredSet["scores"];
      all.push({ k, scores });
      counts[k - 1]![clustering.k - 1]!++;
      if (shown.filter((set) => set.k === k).length < show)
        shown.push({ points: points[i]!, truth, k, found: clustering, labels: made, scores });
    }
    onProgress?.(all.length, sets);
  }
  const rowsOf = (part: typeof all): Record<Method, Estimates> =>
    Object.fromEntries(NAMES.map((name) => [name, estimate(part.map(({ scores }) => scores[name]))])) as Record<
      Method,
      Estimates
    >;
  const byCount = counts.flatMap((_, i) => {
    const part = all.filter(({ k }) => k === i + 1);
    return part.length > 0 ? [{ k: i + 1, rows: rowsOf(part) }] : [];
  });
  return { sets, rows: rowsOf(all), byCount, counts, shown: shown.sort((a, b) => a.k - b.k) };
}

/** Milliseconds to cluster one set, by its number of points; the median of some runs after one that is not counted. */
export async function latencies(
  model: LearningToCluster,
  lengths: readonly number[],
  runs: number,
): Promise<{ readonly n: number; readonly milliseconds: number }[]> {
  const provider = new PointsProvider();
  const measured: { n: number; milliseconds: number }[] = [];
  for (const n of lengths) {
    const set = provider.sample("test", 1, n, new Random(n)).items;
    const times: number[] = [];
    for (let run = 0; run <= Math.max(1, Math.ceil((runs * LENGTH) / n)); run++) {
      const begin = performance.now();
      await model.predict(new NdArray(set.data, [n, 2]));
      if (run > 0) times.push(performance.now() - begin);
    }
    measured.push({ n, milliseconds: times.sort((a, b) => a - b)[Math.floor(times.length / 2)]! });
  }
  return measured;
}

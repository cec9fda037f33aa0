import { hungarian } from "../../metrics/hungarian";
import { checkRun, type ClusteringReport } from "./run";
import { generate } from "../../typed-arrays";

/** The known classes beside the clusters. */
export interface Classes {
  readonly names: readonly string[];
  /** class (position in `names`) of each member */
  readonly of: Int32Array;
  /** members of cluster i in class j at [i][j]; row K holds the noise */
  readonly counts: readonly Float64Array[];
  readonly sizes: Float64Array;
  /** class that the optimal assignment gives to each cluster, -1 where it leaves none (empty, or more clusters than classes) */
  readonly matched: Int32Array;
  /** the class a cluster is named by: the matched one, else its most frequent, -1 where it is empty */
  readonly own: Int32Array;
  /** the most frequent class of each cluster, -1 where it is empty */
  readonly frequent: Int32Array;
  /** cluster of each class by the optimal assignment, or -1 */
  readonly cluster: Int32Array;
}

/** How surely each member belongs to its cluster. */
export interface Confidence {
  /** "q": the largest soft assignment; "distance": minus the Euclidean distance to the mean of the member's cluster in the embedding */
  readonly kind: "q" | "distance";
  readonly of: Float64Array;
  /** mean over each cluster, NaN where it is empty */
  readonly mean: Float64Array;
}

/** What the sections of a report share. */
export interface Analysis {
  readonly n: number;
  readonly k: number;
  readonly sizes: Float64Array;
  readonly noise: number;
  readonly classes?: Classes;
  readonly confidence?: Confidence;
}

function analyseClasses(run: ClusteringReport, truth: ArrayLike<number>, k: number): Classes {
  const n = truth.length;
  const values = [...new Set(Array.from(truth))].sort((a, b) => a - b);
  const position = new Map(values.map((value, index) => [value, index]));
  const of = new Int32Array(n);
  const counts = Array.from({ length: k + 1 }, () => new Float64Array(values.length));
  const sizes = new Float64Array(values.length);
  for (let row = 0; row < n; row++) {
    const label = run.labels[row]!;
    const found = position.get(truth[row]!)!;
    of[row] = found;
    counts[label < 0 ? k : label]![found]!++;
    sizes[found]!++;
  }
  const frequent = generate(Int32Array, k, (cluster) => {
    const row = counts[cluster]!;
    const most = row.reduce((best, count, index) => (count > row[best]! ? index : best), 0);
    return row[most]! > 0 ? most : -1;
  });
  const matched = new Int32Array(k).fill(-1);
  const assignment = hungarian(counts.slice(0, k), { maximize: true });
  assignment.rows.forEach((index, pair) => {
    const found = assignment.columns[pair]!;
    if (counts[index]![found]! > 0) matched[index] = found;
  });
  const cluster = new Int32Array(values.length).fill(-1);
  matched.forEach((found, index) => {
    if (found >= 0) cluster[found] = index;
  });
  const names = values.map((value) => run.classNames?.[value] ?? String(value));
  const own = matched.map((found, index) => (found >= 0 ? found : frequent[index]!));
  return { names, of, counts, sizes, matched, own, frequent, cluster };
}

function analyseConfidence(run: ClusteringReport, k: number, sizes: Float64Array): Confidence | undefined {
  const n = run.labels.length;
  const of = new Float64Array(n).fill(NaN);
  const { q, embedding } = run;
  if (q) {
    const columns = q.length / n;
    for (let row = 0; row < n; row++) {
      let most = -Infinity;
      for (let column = 0; column < columns; column++) most = Math.max(most, q[row * columns + column]!);
      of[row] = most;
    }
  } else if (embedding) {
    const d = embedding.length / n;
    const means = new Float64Array(k * d);
    for (let row = 0; row < n; row++) {
      const label = run.labels[row]!;
      if (label >= 0) for (let c = 0; c < d; c++) means[label * d + c]! += embedding[row * d + c]! / sizes[label]!;
    }
    for (let row = 0; row < n; row++) {
      const label = run.labels[row]!;
      if (label < 0) continue;
      let sum = 0;
      for (let c = 0; c < d; c++) sum += (embedding[row * d + c]! - means[label * d + c]!) ** 2;
      of[row] = -Math.sqrt(sum);
    }
  } else return undefined;
  const mean = new Float64Array(k);
  for (let row = 0; row < n; row++) if (run.labels[row]! >= 0) mean[run.labels[row]!]! += of[row]!;
  return {
    kind: q ? "q" : "distance",
    of,
    mean: mean.map((sum, cluster) => (sizes[cluster] ? sum / sizes[cluster]! : NaN)),
  };
}

/** Checks a run and counts what its sections need. */
export function analyse(run: ClusteringReport): Analysis {
  const k = checkRun(run);
  const n = run.labels.length;
  const sizes = new Float64Array(k);
  let noise = 0;
  for (let row = 0; row < n; row++) {
    const label = run.labels[row]!;
    if (label < 0) noise++;
    else sizes[label]!++;
  }
  return {
    n,
    k,
    sizes,
    noise,
    classes: run.truth && analyseClasses(run, run.truth, k),
    confidence: analyseConfidence(run, k, sizes),
  };
}

/** Whether a member is in the cluster that the optimal assignment gives to its class. */
export const isCorrect = (classes: Classes, labels: ArrayLike<number>, row: number): boolean =>
  labels[row]! >= 0 && classes.matched[labels[row]!] === classes.of[row];

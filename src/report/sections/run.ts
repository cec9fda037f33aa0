import type { ShownMap } from "../maps/shown";

/** One line of numbers against a step, an epoch or a time. */
export interface Series {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/** One chart of curves that share their axes. Values that are not finite are gaps. */
export interface Curve {
  readonly name: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** "log" only where every value is positive (default "linear") */
  readonly yScale?: "linear" | "log";
  /** The same of steps, epochs or values. */
  readonly xScale?: "linear" | "log";
  /** Whether the last value of a line stands beside its name (default); of a ROC curve or a histogram it says nothing. */
  readonly last?: boolean;
}

/** Why there are so many clusters, in one sentence, and the numbers that were tried. */
export interface TriedNumbers {
  readonly reason: string;
  readonly curve: Curve;
}

/** Members placed in the plane: `xy` is [m, 2], row-major, and `index` the row number of each of its m points (default: rows 0 to n - 1). */
export interface Projection {
  readonly name: string;
  readonly xy: ArrayLike<number>;
  readonly index?: ArrayLike<number>;
  /** What is across and what upwards: "PC 1, 34 % of the variance". */
  readonly axes?: readonly [across: string, up: string];
}

/** One row of the comparison table: what was clustered how, and its measures by name. */
export interface Stage {
  readonly name: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly seconds?: number;
}

/** The members as pictures [n, height, width, channels]: bytes, or floats (0 to 1, else scaled from their smallest to their largest). */
export interface Images {
  readonly data: Uint8Array | Uint8ClampedArray | Float32Array | Float64Array;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** for one channel (default "grey"); "viridis" suits spectrograms and other measured fields */
  readonly colours?: "grey" | "viridis";
  /** what of the members they show, a sentence, where that is not all */
  readonly shows?: string;
}

/** The members as rows of features [n, features.length]. */
export interface Table {
  readonly features: readonly string[];
  readonly data: ArrayLike<number>;
}

/** Everything a report shows of one clustering run, as plain data. A section whose data is absent is left out. */
export interface ClusteringReport {
  readonly title: string;
  /** the method's name as its users know it: "DEC", "k-means" */
  readonly method: string;
  /** one sentence on the data or the purpose */
  readonly summary?: string;
  /** What is to be told of the items, in words. */
  readonly remarks?: readonly string[];
  readonly seed: number;
  /** what computed it, in words */
  readonly device: string;
  /** program → version */
  readonly versions: Readonly<Record<string, string>>;
  readonly date: Date | string;
  /** seconds */
  readonly elapsed: number;
  /** the command or call that made it */
  readonly command?: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** measures of the final clustering by name, in the order to show them: ACC, NMI, ARI, … */
  readonly metrics?: Readonly<Record<string, number>>;
  readonly stages?: readonly Stage[];
  /** measures of `metrics` and `stages` where less is better (default: inertia, loss, misclassification) */
  readonly lowerIsBetter?: readonly string[];
  readonly curves?: readonly Curve[];
  /** why there are so many clusters, where that was searched for: one sentence, and the numbers that were tried */
  readonly numberOfClusters?: TriedNumbers;
  /** cluster of each member: 0 to K - 1, or -1 for noise; its length is n */
  readonly labels: ArrayLike<number>;
  /** K (default: the width of `q`, else the largest label + 1); clusters without members are shown as empty */
  readonly nClusters?: number;
  /** known class of each member */
  readonly truth?: ArrayLike<number>;
  /** name of each member: of a table's row, of a file (default: its row number) */
  readonly ids?: readonly string[];
  /** name of class c at position c */
  readonly classNames?: readonly string[];
  /** shape [n, d]; typical members are those nearest their cluster's mean here when there is no `q` */
  readonly embedding?: ArrayLike<number>;
  /** charts of the embedding; without any, an embedding of two dimensions is drawn as it is */
  readonly projections?: readonly Projection[];
  /** soft assignment [n, K] */
  readonly q?: ArrayLike<number>;
  readonly images?: Images;
  /**
   * row numbers of some members, and pictures: of those as a network is given them, of what it gives back of them, and, where there are more, of what it
   * decodes the centres to; with `corruption` behind the first two of those with that share of their values set to 0, and of what it gives back of these
   */
  readonly decoded?: { readonly rows: ArrayLike<number>; readonly images: Images; readonly corruption?: number };
  /** row numbers of some members, and where they lay, [rows, d], at moments of a stage of the training */
  readonly film?: {
    readonly rows: ArrayLike<number>;
    readonly stage: string;
    readonly frames: readonly { readonly name: string; readonly values: ArrayLike<number> }[];
  };
  readonly table?: Table;
  /** the units of a self-organising map, or the nodes of an evolving one */
  readonly map?: ShownMap;
  readonly inertia?: number;
}

/** A member by its name, or by its number where it has none. */
export const idOf = ({ ids }: Pick<ClusteringReport, "ids">, row: number): string => ids?.[row] ?? String(row);

function check(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new Error(`renderReport: ${rule}`);
}

/** The number of clusters, after every array of the run was held against the number of members. */
export function checkRun(run: ClusteringReport): number {
  const n = run.labels.length;
  check(n > 0, "labels is empty");
  if (run.truth) check(run.truth.length === n, `truth must have ${n} labels, got ${run.truth.length}`);
  if (run.ids) check(run.ids.length === n, `ids must name ${n} members, got ${run.ids.length}`);
  for (const [name, values] of [
    ["q", run.q],
    ["embedding", run.embedding],
  ] as const)
    if (values)
      check(
        values.length > 0 && values.length % n === 0,
        `${name} must be [${n}, columns], got ${values.length} values`,
      );
  const limit = run.nClusters ?? (run.q ? run.q.length / n : Math.min(n, 1e6));
  check(Number.isInteger(limit) && limit > 0, `nClusters must be a positive integer, got ${limit}`);
  if (run.q) check(run.q.length === n * limit, `q must be [${n}, ${limit}], got ${run.q.length} values`);
  let k = run.nClusters ?? (run.q ? limit : 1);
  for (let row = 0; row < n; row++) {
    const label = run.labels[row]!;
    check(
      Number.isInteger(label) && label >= -1 && label < limit,
      `labels must be integers from -1 (noise) to ${limit - 1}, member ${row} has ${label}`,
    );
    k = Math.max(k, label + 1);
  }
  for (const row of Array.from(run.decoded?.rows ?? []))
    check(Number.isInteger(row) && row >= 0 && row < n, `decoded names member ${row} of ${n}`);
  for (const row of Array.from(run.film?.rows ?? []))
    check(Number.isInteger(row) && row >= 0 && row < n, `film names member ${row} of ${n}`);
  const followed = run.film?.rows.length ?? 1;
  for (const { name, values } of run.film?.frames ?? [])
    check(
      values.length > 0 && values.length % followed === 0 && values.length === run.film!.frames[0]!.values.length,
      `film: the frame ${name} must be [${followed}, d] as the others, got ${values.length} values`,
    );
  for (const { name, xy, index } of run.projections ?? []) {
    check(
      xy.length === 2 * (index?.length ?? n),
      `projection ${name} must have two numbers for each of ${index?.length ?? n} points, got ${xy.length}`,
    );
    for (let point = 0; point < (index?.length ?? 0); point++) {
      const row = index![point]!;
      check(Number.isInteger(row) && row >= 0 && row < n, `projection ${name} names member ${row} of ${n}`);
    }
  }
  for (const { name, series } of run.curves ?? [])
    for (const { name: line, x, y } of series)
      check(x.length === y.length, `curve ${name}, series ${line}: ${x.length} x values and ${y.length} y values`);
  if (run.images) {
    const { data, height, width, channels } = run.images;
    check(channels === 1 || channels === 3, `images must have 1 or 3 channels, got ${String(channels)}`);
    check(
      data.length > 0 && data.length === n * height * width * channels,
      `images must be [${n}, ${height}, ${width}, ${channels}], got ${data.length} values`,
    );
  }
  if (run.table) {
    const { data, features } = run.table;
    check(
      data.length > 0 && data.length === n * features.length,
      `table must be [${n}, ${features.length}], got ${data.length} values`,
    );
  }
  return k;
}

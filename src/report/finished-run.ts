import type { ChosenK, NumberScore } from "../methods/choose-k";
import type { Film } from "../methods/film";
import type { TracePoint } from "../methods/run-method";
import type { Measures } from "../metrics/measures";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import type { EpochRecord } from "../lifecycle/progress";
import type { Insights } from "./insights";
import type { ClusteringReport, Curve, Images, Projection, Series, Stage, Table, TriedNumbers } from "./sections/run";
import { mapTo } from "../typed-arrays";

/** A finished run of a method, as programs have it; what `insightsOf` found of its network, too. */
export interface FinishedRun extends Insights {
  readonly title: string;
  readonly summary?: string;
  readonly method: string;
  readonly labels: Int32Array;
  readonly nClusters: number;
  /** [n, e]; the items themselves, where the method places none. */
  readonly embedding?: NdArray<Float32Array> | NdArray<Float64Array>;
  /** [n, K] */
  readonly q?: NdArray<Float32Array>;
  readonly inertia?: number;
  /** How the number of clusters was found, as `chooseK` tells it. */
  readonly numberOfClusters?: Omit<ChosenK, "labels">;
  readonly history: readonly EpochRecord[];
  /** Measures after so many epochs of the last stage. */
  readonly trace: readonly TracePoint[];
  /** Where some items lay along the way, as `runMethod` follows them. */
  readonly film?: Film;
  /** The items as they were given: images [n, h, w], [n, h, w, c], or rows. */
  readonly items: NdArray<TypedArray>;
  readonly columns?: readonly string[] | null;
  readonly truth?: ArrayLike<number> | undefined;
  readonly classNames?: readonly string[] | null;
  /** Names of the items, where they have any. */
  readonly ids?: readonly string[] | null | undefined;
  /** Measures of the final clustering in words and order of the report. */
  readonly measures: Measures;
  readonly stages: readonly Stage[];
  readonly projections: readonly Projection[];
  readonly device: string;
  readonly seed: number;
  readonly seconds: number;
  readonly command?: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly versions: Readonly<Record<string, string>>;
}

/** Tables wider than this are not shown column by column. */
const MAX_COLUMNS = 64;

/** What the report shows of a finished run. */
export function toReport(run: FinishedRun): ClusteringReport {
  const { items, columns, labels, nClusters, embedding, q, inertia, history, trace } = run;
  const images = imagesOf(items) ?? bandsOf(items);
  const table = images ? undefined : tableOf(items, columns);
  return {
    title: run.title,
    ...(run.summary !== undefined && { summary: run.summary }),
    ...(run.remarks && { remarks: run.remarks }),
    method: run.method,
    ...{ seed: run.seed, device: run.device, versions: run.versions, options: run.options },
    ...(run.command !== undefined && { command: run.command }),
    ...{ date: new Date(), elapsed: run.seconds },
    ...{ metrics: run.measures, stages: run.stages, projections: run.projections },
    curves: [
      ...pretrainingCurves(history),
      ...clusteringCurves(history, trace),
      ...(run.pulls ? [gradientCurve(run.pulls)] : []),
      ...(run.merges ? [mergesCurve(run.merges)] : []),
    ],
    ...{ labels, nClusters: Math.max(1, nClusters) },
    ...(run.truth && { truth: run.truth }),
    ...(run.ids && { ids: run.ids }),
    ...(run.classNames && { classNames: run.classNames }),
    ...(embedding && { embedding: embedding.data }),
    ...(q && { q: q.data }),
    ...(run.film && { film: filmOf(run.film, history) }),
    ...(images && { images, ...decodedOf(run) }),
    ...(table && { table }),
    ...(run.map && { map: run.map }),
    ...(inertia !== undefined && { inertia }),
    ...(run.numberOfClusters && { numberOfClusters: triedNumbers(run.numberOfClusters) }),
  };
}

/** What `chooseK` found, to be shown: each number that was tried, beside the same on data without clusters. */
export function triedNumbers({ reason, scores, criterion }: Omit<ChosenK, "labels">): TriedNumbers {
  const line = (name: string, of: (score: NumberScore) => number | null | undefined): Series => ({
    ...{ name, x: scores.map(({ k }) => k), y: scores.map((score) => of(score) ?? NaN) },
  });
  const series = [line("the data", ({ score }) => score)];
  if (criterion !== "gap" && scores.some(({ expected }) => expected !== undefined))
    series.push(line("data without clusters", ({ expected }) => expected));
  const yLabel = criterion.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return { reason, curve: { name: "Numbers that were tried", xLabel: "number of clusters", yLabel, series } };
}

/** The same in words: after so many renewals of the labels, or epochs. */
function filmOf({ rows, stage, frames }: Film, history: readonly EpochRecord[]): ClusteringReport["film"] {
  const renews = history.some((record) => record.stage === stage && record.changed !== undefined);
  const word = (step: number): string => (renews ? `renewal${step === 1 ? "" : "s"}` : `epoch${step === 1 ? "" : "s"}`);
  return {
    rows,
    frames: frames.map(({ step, values }) => ({
      values,
      name: step === 0 ? "at its beginning" : `after ${step} ${word(step)}`,
    })),
    stage,
  };
}

/** What the network gives back, where it is as large as the items: pictures on one scale. */
function decodedOf({ decoded, denoised, decodedCenters, items }: FinishedRun): Pick<ClusteringReport, "decoded"> {
  const width = items.size / items.shape[0]!;
  if (decoded?.values.shape[1] !== width) return {};
  const parts = [
    ...[decoded.given, decoded.values],
    ...(denoised ? [denoised.given, denoised.values] : []),
    ...(decodedCenters ? [decodedCenters] : []),
  ];
  const all = new Float32Array(parts.reduce((size, part) => size + part.size, 0));
  let at = 0;
  for (const { data } of parts) {
    all.set(data, at);
    at += data.length;
  }
  const images = imagesOf(new NdArray(all, [all.length / width, ...items.shape.slice(1)]));
  return images ? { decoded: { rows: decoded.rows, images, ...(denoised && { corruption: denoised.share }) } } : {};
}

/** Ranges of q that sizes of gradients are told of. */
const BINS = 25;

/** Mean size of the gradient, and that of the hardest tenth, by q. */
function gradientCurve({ q, size }: NonNullable<Insights["pulls"]>): Curve {
  const bins = Array.from({ length: BINS }, (): number[] => []);
  q.forEach((share, at) => bins[Math.min(BINS - 1, Math.floor(share * BINS))]!.push(size[at]!));
  const filled = [...bins.entries()].filter(([, sizes]) => sizes.length > 0);
  const x = filled.map(([bin]) => (bin + 0.5) / BINS);
  const line = (name: string, of: (sizes: number[]) => number): Series => ({
    ...{ name, x, y: filled.map(([, sizes]) => of(sizes)) },
  });
  return {
    name: "How hard centres pull",
    xLabel: "soft assignment q of an item to a centre",
    yLabel: "size of the gradient",
    series: [
      line("mean", (sizes) => sizes.reduce((sum, one) => sum + one, 0) / sizes.length),
      line("larger in a tenth", (sizes) => sizes.sort((a, b) => a - b)[Math.floor(0.9 * (sizes.length - 1))]!),
    ],
  };
}

/** The p-values by which clusters were merged, one after the other. */
const mergesCurve = (merges: NonNullable<Insights["merges"]>): Curve => ({
  name: "Merges",
  xLabel: "merges so far",
  yLabel: "p-value of the dip test of the two",
  series: [{ name: "p-value", x: merges.map((_, at) => at + 1), y: merges.map(({ pValue }) => pValue) }],
});

/** Loss of each stage before the last by its epochs. */
function pretrainingCurves(history: readonly EpochRecord[]): Curve[] {
  const last = history.at(-1)?.stage;
  const names = [...new Set(history.map(({ stage }) => stage))].filter((name) => name !== last);
  const series = names.map((name) => lossOf(history, name));
  if (series.length === 0) return [];
  return [{ name: "Autoencoder", xLabel: "epoch", yLabel: "reconstruction loss", yScale: "log", series }];
}

/** Loss, changed labels and measures of the clustering stage. */
function clusteringCurves(history: readonly EpochRecord[], trace: readonly TracePoint[]): Curve[] {
  const records = history.filter(({ stage }) => stage === history.at(-1)!.stage);
  const curves: Curve[] = [];
  const xLabel = records.some(({ changed }) => changed !== undefined) ? "renewal of the labels" : "epoch";
  const x = records.map(({ epoch }) => epoch);
  if (records.length > 0) {
    const name = records[0]!.stage;
    const title = `${name[0]!.toUpperCase()}${name.slice(1)}`;
    curves.push({ name: title, xLabel, yLabel: "loss", series: [lossOf(history, name)] });
  }
  if (records.some(({ changed }) => changed !== undefined)) {
    const series = [{ name: "changed", x, y: records.map(({ changed }) => Number(changed)) }];
    // a share of the labels, or of methods that count them, how many
    const yLabel = records.some(({ changed }) => Number(changed) > 1)
      ? "labels that changed"
      : "share of labels that changed";
    curves.push({ name: "Labels", xLabel, yLabel, series });
  }
  if (records.some(({ clusters }) => clusters !== undefined)) {
    const series = [{ name: "clusters", x, y: records.map(({ clusters }) => Number(clusters)) }];
    curves.push({ name: "Clusters that are left", xLabel, yLabel: "number of clusters", series });
  }
  const names = Object.keys(trace[0] ?? {}).filter((name) => name !== "step");
  const steps = trace.map(({ step }) => step);
  const series = names.map((name) => ({ name, x: steps, y: trace.map((point) => point[name]!) }));
  if (trace.length > 1) curves.push({ name: "Measures", xLabel, yLabel: "measure", series });
  return curves;
}

function lossOf(history: readonly EpochRecord[], name: string): Series {
  const records = history.filter(({ stage }) => stage === name);
  return { name, x: records.map(({ epoch }) => epoch), y: records.map(({ loss }) => loss) };
}

/** Items of two dimensions, or of three of which one is a channel, are pictures. */
function imagesOf({ data, shape }: NdArray<TypedArray>): Images | undefined {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return undefined;
  const pixels = data instanceof Uint8Array || data instanceof Float32Array ? data : Float32Array.from(data);
  const [, a = 0, b = 0, c] = shape;
  if (shape.length === 3) return { data: pixels, height: a, width: b, channels: 1 };
  if (shape.length === 4 && (c === 1 || c === 3)) return { data: pixels, height: a, width: b, channels: c };
  if (shape.length === 4 && a === 1 && c !== undefined) return { data: pixels, height: b, width: c, channels: 1 };
  if (shape.length === 4 && a === 3 && c !== undefined)
    return { data: channelsLast(pixels, b * c), height: b, width: c, channels: 3 };
  return undefined;
}

/** How strongly what is faint is lifted in pictures of bands: asinh of so many times the share of the range, as Lupton et al. (2004) draw the sky. */
const LIFT = 10;

/** Three of more bands [n, bands, h, w] as red, green and blue, the later ones red, each picture on a scale of its own: objects of the sky differ by orders of magnitude. */
function bandsOf({ data, shape }: NdArray<TypedArray>): Images | undefined {
  const [n = 0, bands = 0, height = 0, width = 0] = shape;
  if (shape.length !== 4 || bands <= 3 || data instanceof BigInt64Array || data instanceof BigUint64Array)
    return undefined;
  const chosen = [0.75, 0.5, 0.25].map((share) => Math.round(share * (bands - 1)));
  const plane = height * width;
  const pixels = new Uint8Array(n * plane * 3);
  for (let i = 0; i < n; i++) {
    const planes = chosen.map((band) => data.subarray((i * bands + band) * plane, (i * bands + band + 1) * plane));
    let [low, high] = [Infinity, -Infinity];
    for (const values of planes)
      for (const value of values) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    const scale = high > low ? LIFT / (high - low) : 0;
    planes.forEach((values, channel) => {
      for (let p = 0; p < plane; p++)
        pixels[(i * plane + p) * 3 + channel] = (255 * Math.asinh((values[p]! - low) * scale)) / Math.asinh(LIFT);
    });
  }
  const words = chosen.map((band) => band + 1).join(", ");
  const shows = `Red, green and blue are bands ${words} of ${bands}, asinh of their values, each picture on a scale of its own.`;
  return { data: pixels, height, width, channels: 3, shows };
}

/** Pictures [n, 3, plane] as [n, plane, 3]. */
function channelsLast<T extends Uint8Array | Float32Array>(x: T, plane: number): T {
  const y = x.slice() as T;
  for (let i = 0; i < x.length; i++) {
    const at = i % (3 * plane);
    y[i - at + (at % plane) * 3 + Math.floor(at / plane)] = x[i]!;
  }
  return y;
}

function tableOf({ data, shape }: NdArray<TypedArray>, columns: readonly string[] | null | undefined) {
  const [, d = 0] = shape;
  if (shape.length !== 2 || d > MAX_COLUMNS) return undefined;
  const features = columns ?? Array.from({ length: d }, (_, column) => `column ${column}`);
  const table: Table = { features, data: mapTo(Float64Array, data as ArrayLike<number>, Number) };
  return table;
}

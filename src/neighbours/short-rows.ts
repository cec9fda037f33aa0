import { orthonormalize } from "../cluster/pca/eigen";
import { PCA } from "../cluster/pca/pca";
import type { Device } from "../device";
import { runCooperatively } from "../event-loop";
import type { Cooperative } from "../event-loop";
import { NdArray } from "../ndarray";

/** Rows in float32, [n, d], row-major. */
export interface Float32Rows {
  readonly data: Float32Array<ArrayBuffer>;
  readonly n: number;
  readonly d: number;
}

/** Short rows in place of long ones, whose distances are bounds from below: most pairs are turned away by them. */
export interface ShortRows {
  /** Columns: coordinates along axes, and the length of what they leave. */
  readonly width: number;
  /** How much farther apart two of them may be than the rows, by rounding of either. */
  readonly slack: number;
  /** Those of the points and of the queries [·, width], the same where these are. */
  readonly points: Float32Array<ArrayBuffer>;
  readonly queries: Float32Array<ArrayBuffer>;
}

/** Multiply-adds of all pairs from which on axes are looked for. */
const WORK = 2 ** 32;
/** Columns up to which rows are short already. */
const NARROW = 12;
/** Rows that the axes are of, those whose pairs are looked at, and axes at most. */
const [SAMPLE, QUERIES, AXES] = [1024, 256, 64];
/** What one pair that is measured costs beside its columns, and what a pair costs that is turned away beside its own, in multiply-adds of a tile. */
const [MEASURED, TURNED] = [1200, 7];
/** Short rows are taken where they leave at most this share of the work. */
const WORTH = 0.75;

/** Half a unit of the last digit of float32. */
const UNIT = 2 ** -24;

/**
 * Rows of fewer columns whose distances are bounds from below, ‖x − y‖² ≥ ‖P (x − y)‖² + (‖x⊥‖ − ‖y⊥‖)²: coordinates along the first principal axes P of a
 * sample, and the length of what they leave. As many axes as cost least, by the share of the sample's pairs that they would not turn away. Undefined where
 * all pairs are quickly measured, or where no few axes hold enough.
 * @param reach the squared distances of the farthest neighbours that are asked for, of a few rows
 */
export async function shortRows(
  points: Float32Rows,
  queries: Float32Rows,
  device: Device,
  reach: (sample: Float32Rows) => Promise<ArrayLike<number>>,
): Promise<ShortRows | undefined> {
  const { n, d } = points;
  // on a GPU an invocation that measures holds back all others of its group
  if (device.type !== "wasm" || d <= NARROW || queries.n * n * d < WORK || n < SAMPLE) return undefined;
  const sample = new NdArray(equalSteps(points, SAMPLE), [SAMPLE, d]);
  const pca = await new PCA({ nComponents: Math.min(d - 1, AXES), seed: 0, device }).fit(sample);
  const { data, shape } = pca.components;
  pca.dispose();
  const axes = Float64Array.from(data as Float32Array);
  await orthonormalize(axes, shape[0]!, d); // to the digits of float64, which the length of what they leave needs
  const farthest = await reach({ data: equalSteps({ data: sample.data, n: SAMPLE, d }, QUERIES), n: QUERIES, d });
  const count = await runCooperatively(bestCount(sample.data, d, axes, farthest));
  if (count === undefined) return undefined;

  const place = (rows: Float32Rows): Promise<Placed> => runCooperatively(placed(rows, axes, count));
  const ofPoints = await place(points);
  const ofQueries = queries.data === points.data ? ofPoints : await place(queries);
  // of coordinates that are rounded, and of sums of d squares
  const slack = 2 * (d + 9) * UNIT * Math.max(ofPoints.longest, ofQueries.longest);
  return { width: count + 1, slack, points: ofPoints.rows, queries: ofQueries.rows };
}

/** Short rows, and the length of the longest. */
interface Placed {
  readonly rows: Float32Array<ArrayBuffer>;
  readonly longest: number;
}

/** So many rows at equal steps. */
function equalSteps({ data, n, d }: Float32Rows, count: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(count * d);
  for (let i = 0; i < count; i++) {
    const at = Math.floor((i * n) / count) * d;
    out.set(data.subarray(at, at + d), i * d);
  }
  return out;
}

/** Coordinates along `count` axes and the length of what they leave, of each row. */
function* placed({ data, n, d }: Float32Rows, axes: Float64Array, count: number): Cooperative<Placed> {
  const width = count + 1;
  const out = new Float32Array(n * width);
  const rowsAtOnce = Math.ceil(2 ** 16 / (d * width));
  let longest = 0;
  for (let i = 0; i < n; i++) {
    let left = 0;
    for (let c = 0; c < d; c++) left += data[i * d + c]! ** 2;
    longest = Math.max(longest, left);
    for (let a = 0; a < count; a++) {
      let dot = 0;
      for (let c = 0; c < d; c++) dot += axes[a * d + c]! * data[i * d + c]!;
      out[i * width + a] = dot;
      left -= dot * dot;
    }
    out[i * width + count] = Math.sqrt(Math.max(0, left));
    if (i % rowsAtOnce === 0) yield;
  }
  return { rows: out, longest: Math.sqrt(longest) };
}

/**
 * How many axes cost least; undefined where all columns cost no more.
 * @param sample [SAMPLE, d], of which every fourth row asks
 * @param farthest squared distances within which these rows' neighbours lie
 */
function* bestCount(
  sample: Float32Array,
  d: number,
  axes: Float64Array,
  farthest: ArrayLike<number>,
): Cooperative<number | undefined> {
  const most = axes.length / d;
  const coordinates = new Float64Array(SAMPLE * most);
  const lengths = new Float64Array(SAMPLE);
  for (let i = 0; i < SAMPLE; i++) {
    for (let c = 0; c < d; c++) lengths[i]! += sample[i * d + c]! ** 2;
    for (let a = 0; a < most; a++)
      for (let c = 0; c < d; c++) coordinates[i * most + a]! += axes[a * d + c]! * sample[i * d + c]!;
    yield;
  }
  // pairs that the first a + 1 axes leave to be measured
  const left = new Float64Array(most);
  for (let q = 0; q < QUERIES; q++) {
    const row = (q * SAMPLE) / QUERIES;
    const near = farthest[q]!;
    for (let j = 0; j < SAMPLE; j++) {
      if (j === row) continue;
      let [bound, restOfRow, rest] = [0, lengths[row]!, lengths[j]!];
      for (let a = 0; a < most && bound < near; a++) {
        const [u, v] = [coordinates[row * most + a]!, coordinates[j * most + a]!];
        bound += (u - v) ** 2;
        restOfRow -= u * u;
        rest -= v * v;
        const between = Math.sqrt(Math.max(0, restOfRow)) - Math.sqrt(Math.max(0, rest));
        if (bound + between * between < near) left[a]!++;
      }
      if (j % 256 === 0) yield;
    }
  }
  let best: { readonly count: number; readonly cost: number } | undefined;
  for (let a = 0; a < most; a++) {
    const cost = a + 2 + TURNED + (left[a]! / (QUERIES * SAMPLE)) * (d + MEASURED);
    if (!best || cost < best.cost) best = { count: a + 1, cost };
  }
  return best && best.cost < WORTH * (d + TURNED) ? best.count : undefined;
}

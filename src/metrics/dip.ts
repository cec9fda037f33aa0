// The dip test of unimodality: Hartigan and Hartigan, "The dip test of unimodality", Annals of Statistics 13, 1985; the algorithm is Hartigan's AS 217,
// Applied Statistics 34, 1985, with the convex minorant as Maechler's R package diptest has it (where AS 217 left vertices out).
import { checkInteger } from "../checks";
import type { MatrixLike } from "../matrix";
import { stream } from "../random";
import type { Random } from "../random";
import { LEVELS, QUANTILES } from "./dip-quantiles";
import { toVector } from "./labels";

/** Options of `dipTest`. */
export interface DipTestOptions {
  /** Uniform samples that the dip is compared with; default 2000, which gives p to ± 0.01. */
  readonly replicates?: number;
  /** Of the uniform samples; default 0. */
  readonly seed?: number;
}

/** What the dip test says of a sample. */
export interface DipTest {
  /** The dip, from 1/(2n) to 1/4. */
  readonly dip: number;
  /** Share of uniform samples of the same size whose dip is no smaller: a small one speaks against one mode. */
  readonly pValue: number;
}

/** The finite values of a sample in ascending order, scaled by a power of two so that no difference overflows. */
function ascending(op: string, x: MatrixLike): Float64Array {
  const values = Float64Array.from(toVector(x, op, "x"));
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new Error(`${op}: x must be finite numbers, got ${values[at]} at ${at}`);
  values.sort();
  const largest = Math.max(Math.abs(values[0]!), Math.abs(values.at(-1)!));
  const scale = 2 ** Math.max(-1000, Math.min(1000, -Math.floor(Math.log2(largest))));
  return values.map((value) => value * scale);
}

/** For each point the vertex before it of the greatest convex minorant of the points up to it, whose heights are their ranks. */
function vertexBefore(x: Float64Array): Int32Array {
  const before = new Int32Array(x.length);
  for (let j = 1; j < x.length; j++) {
    let vertex = j - 1;
    while (vertex > 0) {
      const earlier = before[vertex]!;
      if ((x[j]! - x[vertex]!) * (vertex - earlier) < (x[vertex]! - x[earlier]!) * (j - vertex)) break;
      vertex = earlier;
    }
    before[j] = vertex;
  }
  return before;
}

/** A sample and the chains of its minorants. */
interface Side {
  readonly x: Float64Array;
  readonly before: Int32Array;
}

const sideOf = (x: Float64Array): Side => ({ x, before: vertexBefore(x) });

/** Vertices of the minorant from `low` to `high`, the last first. */
function vertices({ before }: Side, low: number, high: number): number[] {
  const found = [high];
  while (found.at(-1)! > low) found.push(before[found.at(-1)!]!);
  return found;
}

/** How far the line from a through b lies below rank i − a + 1 at i: a step of the distribution function rises at its point. */
function drop(x: Float64Array, a: number, b: number, i: number): number {
  const width = x[b]! - x[a]!;
  return width > 0 ? i - a + 1 - ((x[i]! - x[a]!) * (b - a)) / width : 1;
}

/** The largest distance of the distribution function from its minorant between two vertices, in steps. */
function gap(side: Side, low: number, high: number): number {
  let most = 1;
  for (let b = high; b > low; b = side.before[b]!) {
    const a = side.before[b]!;
    for (let i = a; i <= b; i++) most = Math.max(most, drop(side.x, a, b, i));
  }
  return most;
}

/** Where the concave majorant is furthest above the convex minorant: the vertices about that place, and how far. */
function furthest(
  minor: Side,
  major: Side,
  low: number,
  high: number,
): { low: number; high: number; distance: number } {
  const last = minor.x.length - 1;
  const convex = vertices(minor, low, high).reverse();
  const concave = vertices(major, last - high, last - low).map((i) => last - i);
  let best = { low, high, distance: 1 };
  let [i, j] = [1, 1];
  while (convex[i] !== concave[j]) {
    const [g, l] = [convex[i]!, concave[j]!];
    // the vertex that comes first, against the line of the other side over or under it
    const atConcave = l < g;
    const distance = atConcave
      ? drop(minor.x, convex[i - 1]!, g, l)
      : drop(major.x, last - l, last - concave[j - 1]!, last - g);
    if (distance >= best.distance) best = { low: atConcave ? convex[i - 1]! : g, high: l, distance };
    if (atConcave) j = Math.min(j + 1, concave.length - 1);
    else i = Math.min(i + 1, convex.length - 1);
  }
  return best;
}

/** The dip of finite values in ascending order. @internal */
export function dipOf(x: Float64Array): number {
  const last = x.length - 1;
  const minor = sideOf(x);
  // the least concave majorant is the minorant of the sample turned round
  const major = sideOf(x.map((_, i) => -x[last - i]!));
  let [low, high, dip] = [0, last, 1];
  while (x[high]! > x[low]!) {
    const next = furthest(minor, major, low, high);
    if (next.distance < dip) break;
    dip = Math.max(dip, gap(minor, low, next.low), gap(major, last - high, last - next.high));
    if (next.low === low && next.high === high) break;
    ({ low, high } = next);
  }
  return dip / (2 * x.length);
}

/**
 * Hartigan's dip statistic, min over unimodal F of max over x of |Fₙ(x) − F(x)|, with Fₙ the empirical distribution function of x [n]: how far a sample is
 * from having one mode, from 1/(2n), where it has, to 1/4. Neither shift nor scale nor the order of the values matters. Float64 on the host, O(n) after sorting.
 * Hartigan and Hartigan 1985; algorithm AS 217, as R's `diptest` corrects it.
 * @throws when x is empty or holds a value that is not finite
 */
export function dipStatistic(x: MatrixLike): number {
  return dipOf(ascending("dipStatistic", x));
}

/**
 * The dip test: the statistic, and as its p-value the share of `replicates` uniform samples of the same size whose dip is at least as large, since no
 * unimodal distribution has larger dips than the uniform one, asymptotically (Hartigan and Hartigan 1985). R's `dip.test(simulate.p.value = TRUE)`; O(replicates · n).
 * @throws when x is empty or holds a value that is not finite; for an option out of its range
 */
export function dipTest(x: MatrixLike, { replicates = 2000, seed = 0 }: DipTestOptions = {}): DipTest {
  checkInteger("dipTest", { replicates }, 1);
  checkInteger("dipTest", { seed }, 0, Number.MAX_SAFE_INTEGER);
  const values = ascending("dipTest", x);
  const dip = dipOf(values);
  let larger = 0;
  for (const other of uniformDips(values.length, replicates, stream(seed, "dipTest"))) larger += Number(other >= dip);
  return { dip, pValue: larger / replicates };
}

/** Dips of uniform samples of n values. @internal */
export function* uniformDips(n: number, replicates: number, random: Random): Generator<number, void, undefined> {
  const uniform = new Float64Array(n);
  for (let replicate = 0; replicate < replicates; replicate++) {
    // sums of exponential numbers are, up to scale, uniform numbers in ascending order
    let sum = 0;
    for (let i = 0; i < n; i++) uniform[i] = sum -= Math.log(1 - random.uniform());
    yield dipOf(uniform);
  }
}

/** The number of ascending values below x. */
function below(values: readonly number[], x: number): number {
  const at = values.findIndex((value) => value >= x);
  return at < 0 ? values.length : at;
}

/** The place of x in ascending values, linear between two: 2.5 half way from the third to the fourth. */
function placeIn(values: readonly number[], x: number): number {
  const after = below(values, x);
  if (after === 0 || after === values.length) return Math.max(0, after - 1);
  const [a, b] = [values[after - 1]!, values[after]!];
  return after - 1 + (x - a) / (b - a);
}

/** More than the table's numbers are rounded by, so that the least dip of few values, which many samples have, is no larger than the table's. */
const ROUNDING = 1e-4;

const SIZES = QUANTILES.map(([size]) => Math.log(size!));

/**
 * The p-value of a dip of n values as a table of simulated quantiles tells it, to ± 0.01: √n times the dip is sought among those of the next smaller and larger
 * size, between which they go linearly in ln n; beyond the last size they stay as they are. 1 up to three values, whose dip is always 1/(2n); 0 above the largest
 * dip of 20,000 samples.
 * @internal
 */
export function dipPValue(dip: number, n: number): number {
  if (n < 4) return 1;
  const size = placeIn(SIZES, Math.log(n));
  const [under, over] = [QUANTILES[Math.floor(size)]!, QUANTILES[Math.ceil(size)]!];
  const share = size - Math.floor(size);
  const quantiles = LEVELS.map((_, at) => under[at + 1]! + share * (over[at + 1]! - under[at + 1]!));
  const x = Math.sqrt(n) * dip * (1 - ROUNDING);
  if (x > quantiles.at(-1)!) return 0;
  const place = placeIn(quantiles, x);
  const [low, high] = [LEVELS[Math.floor(place)]!, LEVELS[Math.ceil(place)]!];
  return 1 - low - (place - Math.floor(place)) * (high - low);
}

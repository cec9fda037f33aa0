// Radii of DBSCAN that are searched for in the points, without labels.
import { runCooperatively, yieldWhenDue } from "../event-loop";
import { KdTree } from "../neighbours/kd-tree";

/** Points whose distances are looked at: of more, so many at equal steps. */
const LOOKED_AT = 5000;

/** Squared distances from points [n, d] to the one that makes `minSamples` of them, themselves included, ascending. */
async function reaches(values: Float64Array, n: number, d: number, minSamples: number): Promise<Float64Array> {
  const k = Math.min(n - 1, Math.max(1, minSamples - 1));
  if (k < 1) return new Float64Array(n);
  const tree = await runCooperatively(KdTree.build(values, n, d));
  const step = Math.ceil(n / LOOKED_AT);
  const squared = new Float64Array(Math.ceil(n / step));
  const [near, found] = [new Uint32Array(k), new Float64Array(k)];
  for (let i = 0; i < squared.length; i++) {
    tree.nearest(values, i * step * d, k, i * step, near, found, 0);
    squared[i] = found[k - 1]!;
    await yieldWhenDue();
  }
  return squared.sort();
}

/** A radius that reaches a point at this squared distance; 1 for none. */
function radiusOf(squared: number): number {
  if (!(squared > 0 && squared < Infinity)) return 1;
  const radius = Math.sqrt(squared);
  return radius * radius < squared ? radius * (1 + Number.EPSILON) : radius;
}

/**
 * The radius at the knee: where the ascending distances to the point that makes `minSamples` bend (Ester, Kriegel, Sander and Xu 1996, section 4.2), which is
 * where they lie farthest below the line from the first to the last. 1 where all points coincide.
 */
export async function kneeRadius(values: Float64Array, n: number, d: number, minSamples: number): Promise<number> {
  const squared = await reaches(values, n, d, minSamples);
  const [first, last] = [Math.sqrt(squared[0]!), Math.sqrt(squared.at(-1)!)];
  let [knee, most] = [squared.at(-1)!, -Infinity];
  squared.forEach((value, i) => {
    const below = first + ((last - first) * i) / Math.max(1, squared.length - 1) - Math.sqrt(value);
    if (below > most) [knee, most] = [value, below];
  });
  return radiusOf(knee);
}

/** Each radius that is tried is this much larger than the one before. */
const RATIO = 1.1;
/** So many radii must agree: a range of 1.1³. */
const AGREE = 4;
/** Radii at which fewer points than this share are core points say nothing. */
const CORE_SHARE = 0.7;
/** At most so many are tried: 1.1¹⁶⁰ is four million. */
const TRIES = 160;

/** The clusters at a radius: the core points of each. */
export type ClustersAt = (radius: number) => readonly number[];

/**
 * The radius in the middle of the widest range, by ratio, over which the number of clusters stays the same and is more than one; clusters of less than a hundredth of
 * the points do not count. Where no such range is wider than a third, the first radius at which there is one cluster.
 */
export async function stableRadius(
  values: Float64Array,
  n: number,
  d: number,
  minSamples: number,
  clustersAt: ClustersAt,
): Promise<number> {
  const squared = await reaches(values, n, d, minSamples);
  let radius = radiusOf(squared[squared.length >> 1]!);
  let [widest, chosen] = [AGREE - 1, 0];
  let run = { count: 0, begin: radius, length: 0 };
  for (let tried = 0; tried < TRIES; tried++, radius *= RATIO) {
    const sizes = clustersAt(radius);
    await yieldWhenDue();
    if (sizes.reduce((sum, size) => sum + size, 0) < CORE_SHARE * n) continue;
    const count = sizes.filter((size) => size >= n / 100).length;
    if (count === 1) return chosen || radius;
    run = count === run.count ? { ...run, length: run.length + 1 } : { count, begin: radius, length: 1 };
    if (run.length > widest) [widest, chosen] = [run.length, run.begin * RATIO ** ((run.length - 1) / 2)];
  }
  return chosen || radius;
}

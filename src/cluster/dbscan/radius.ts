// Radii of DBSCAN that are searched for in the points, without labels.
import type { Fit } from "../../lifecycle/fit";
import { kthOnTree, treeOf } from "../../neighbours/kth-on-tree";
import type { HostRows } from "../../neighbours/rows";

/** Points whose distances are looked at: of more, so many at equal steps. */
const LOOKED_AT = 5000;

/** What a radius is searched for in, and by what. This file imports nothing of devices: a page has it for itself. */
export interface RadiusSearch {
  readonly rows: HostRows;
  readonly minSamples: number;
  /** Squared distances of every `step`-th row to its k-th nearest other where a tree of the columns does not pay. */
  readonly kthNeighbours: (k: number, step: number) => Promise<Float64Array>;
  readonly fit: Fit;
}

/** Squared distances from points to the one that makes `minSamples` of them, themselves included, ascending. */
async function reaches({ rows, minSamples, kthNeighbours, fit }: RadiusSearch): Promise<Float64Array> {
  const { n } = rows;
  const k = Math.min(n - 1, Math.max(1, minSamples - 1));
  if (k < 1) return new Float64Array(n);
  const [tree, step] = [await treeOf(rows), Math.ceil(n / LOOKED_AT)];
  const squared = await (tree ? fit.pacing(kthOnTree(tree, rows, k, step)) : kthNeighbours(k, step));
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
export async function kneeRadius(search: RadiusSearch): Promise<number> {
  const squared = await reaches(search);
  const [first, last] = [Math.sqrt(squared[0]!), Math.sqrt(squared.at(-1)!)];
  let [knee, most] = [squared.at(-1)!, -Infinity];
  squared.forEach((value, i) => {
    const below = first + ((last - first) * i) / Math.max(1, squared.length - 1) - Math.sqrt(value);
    if (below > most) [knee, most] = [value, below];
  });
  return radiusOf(knee);
}

/** A radius that half of the points reach their neighbour by. */
async function middleReach(search: RadiusSearch): Promise<number> {
  const squared = await reaches(search);
  return radiusOf(squared[squared.length >> 1]!);
}

/** Each radius that is tried is this much larger than the one before. */
const RATIO = 1.1;
/** So many radii must agree: a range of 1.1³. */
const AGREE = 4;
/** Radii at which fewer points than this share are core points say nothing. */
const CORE_SHARE = 0.7;
/** At most so many are tried: 1.1¹⁶⁰ is four million. */
export const TRIES = 160;

/** The clusters at a radius: the core points of each. */
export type ClustersAt = (radius: number) => Promise<readonly number[]>;

/** Radii that follow each other, each RATIO times the one before, with the same number of clusters. */
interface Range {
  readonly count: number;
  readonly begin: number;
  readonly length: number;
}

/** Where a search for a range stands. */
export interface TriedRadii {
  readonly tried: number;
  /** The next one. */
  readonly radius: number;
  readonly ranges: readonly Range[];
}

/** Of ranges as wide as this share of the widest the one of smallest radii is taken. */
const NEARLY = 1 / 2;

/**
 * The radius in the middle, by ratio, of a range over which the number of clusters stays the same and is more than one: of those that are at least half as wide as the widest
 * the one of smallest radii, since two near clusters last hardly less than the one that they become. Clusters of less than a hundredth of the points do not
 * count. Where no such range is wider than a third, the first radius at which there is one cluster.
 * @param stand is told where the search stands before each radius
 * @param before where it stood, to go on from
 */
export async function stableRadius(
  search: RadiusSearch,
  clustersAt: ClustersAt,
  stand: (tried: TriedRadii) => Promise<void>,
  before?: TriedRadii,
): Promise<number> {
  const { n } = search.rows;
  let radius = before?.radius ?? (await middleReach(search));
  const ranges: Range[] = [...(before?.ranges ?? [])];
  for (let tried = before?.tried ?? 0; tried < TRIES; tried++, radius *= RATIO) {
    await stand({ tried, radius, ranges: [...ranges] });
    const sizes = await clustersAt(radius);
    if (sizes.reduce((sum, size) => sum + size, 0) < CORE_SHARE * n) continue;
    const count = sizes.filter((size) => size >= n / 100).length;
    if (count === 1) break;
    const last = ranges.at(-1);
    if (last?.count === count) ranges[ranges.length - 1] = { ...last, length: last.length + 1 };
    else ranges.push({ count, begin: radius, length: 1 });
  }
  const several = ranges.filter(({ count }) => count > 1);
  const widest = several.reduce((most, { length }) => Math.max(most, length), 0);
  const found = several.find(({ length }) => length >= Math.max(AGREE, NEARLY * widest));
  return found ? found.begin * RATIO ** ((found.length - 1) / 2) : radius;
}

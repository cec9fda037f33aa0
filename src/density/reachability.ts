// The order of density-based clusters, and what is read off it.
import type { Cooperative } from "../event-loop";
import type { Distance } from "./mutual-reachability";
import { generate } from "../typed-arrays";

/** Points in the order of OPTICS: those that are densely connected follow each other. */
export interface Ordering {
  /** Row numbers in that order. */
  readonly ordering: Int32Array<ArrayBuffer>;
  /** The distance at which each row, by its number, was reached; infinite for the first of what hangs together. */
  readonly reachability: Float64Array<ArrayBuffer>;
  /** From which row it was reached; −1 where it was not. */
  readonly predecessors: Int32Array<ArrayBuffer>;
}

/** An order of which `count` points are found. */
export interface GrowingOrdering extends Ordering {
  count: number;
}

/** An order of n points of which none is found. */
export const newOrdering = (n: number): GrowingOrdering => ({
  ...{ ordering: new Int32Array(n), reachability: new Float64Array(n).fill(Infinity) },
  ...{ predecessors: new Int32Array(n).fill(-1), count: 0 },
});

/**
 * Orders n points (Ankerst, Breunig, Kriegel and Sander, SIGMOD 1999, fig. 5): the next is the one of least reachability, max(core of p, distance to p) over
 * the core points p before it and within `maxEps` of it; of equal ones that of the lowest number. In n² time and n memory.
 * @param cores core distances, infinite for what is no core point
 * @param growing goes on from there, and keeps the points as they are reached
 */
export function* order(
  n: number,
  cores: Float64Array,
  distance: Distance,
  maxEps: number,
  growing = newOrdering(n),
): Cooperative<Ordering> {
  const { ordering, reachability, predecessors } = growing;
  const reached = new Uint8Array(n);
  for (let at = 0; at < growing.count; at++) reached[ordering[at]!] = 1;
  const left = generate(Uint32Array, n, (i) => i).filter((point) => reached[point] === 0);
  let place = left.reduce((best, row, p) => (reachability[row]! < reachability[left[best]!]! ? p : best), 0);
  for (let count = left.length; count > 0;) {
    const row = left[place]!;
    left[place] = left[--count]!;
    ordering[growing.count++] = row;
    const core = cores[row]!;
    let best = Infinity;
    place = -1;
    for (let p = 0; p < count; p++) {
      const other = left[p]!;
      if (core < Infinity) {
        const away = distance(row, other);
        const reach = Math.max(core, away);
        if (away <= maxEps && reach < reachability[other]!) [reachability[other], predecessors[other]] = [reach, row];
      }
      const length = reachability[other]!;
      if (place < 0 || length < best || (length === best && other < left[place]!)) [best, place] = [length, p];
    }
    yield;
  }
  return growing;
}

/** DBSCAN's clusters at eps, but for border points, which the cluster that comes first may miss (ibid., fig. 6); −1 for noise. */
export function cutAt({ ordering, reachability }: Ordering, cores: Float64Array, eps: number): Int32Array<ArrayBuffer> {
  const labels = new Int32Array(ordering.length).fill(-1);
  let cluster = -1;
  for (const row of ordering) {
    const reached = reachability[row]! <= eps;
    if (!reached && cores[row]! > eps) continue;
    if (!reached) cluster++;
    labels[row] = cluster;
  }
  return labels;
}

/** How steep clusters' flanks are, and how large clusters are. */
export interface XiOptions {
  readonly xi: number;
  /** Points that a steep area may hold without being steep. */
  readonly minSamples: number;
  readonly minClusterSize: number;
}

/** A stretch of the order, both ends included. */
interface Stretch {
  start: number;
  end: number;
}

/** A steep descent, and the highest reachability since its end. */
interface Descent extends Stretch {
  since: number;
}

/**
 * Clusters between steep flanks of the reachability plot (Ankerst et al. 1999, fig. 19), less the ends that were not reached from within (Schubert and
 * Gertz, "Improving the cluster structure extracted from OPTICS plots", LWDA 2018).
 * @returns stretches [start, end], inner before outer, and labels: of nested clusters the innermost, −1 for noise
 */
export function xiClusters(
  { ordering, reachability, predecessors }: Ordering,
  options: XiOptions,
): { readonly hierarchy: Int32Array<ArrayBuffer>; readonly labels: Int32Array<ArrayBuffer> } {
  const n = ordering.length;
  const plot = generate(Float64Array, n + 1, (at) => (at < n ? reachability[ordering[at]!]! : Infinity));
  const clusters = stretches(plot, options, ({ start, end }) => {
    for (; start < end; end--) {
      if (plot[start]! > plot[end]!) return { start, end };
      const from = predecessors[ordering[end]!]!;
      if (ordering.subarray(start, end).includes(from)) return { start, end };
    }
    return undefined;
  });
  const labels = new Int32Array(n).fill(-1);
  let label = 0;
  for (const { start, end } of clusters) {
    const members = ordering.subarray(start, end + 1);
    if (members.some((row) => labels[row]! >= 0)) continue;
    for (const row of members) labels[row] = label;
    label++;
  }
  return { hierarchy: Int32Array.from(clusters.flatMap(({ start, end }) => [start, end])), labels };
}

/** Clusters of a reachability plot [n + 1] that ends with infinity. */
function stretches(
  plot: Float64Array,
  { xi, minSamples, minClusterSize }: XiOptions,
  corrected: (cluster: Stretch) => Stretch | undefined,
): Stretch[] {
  const n = plot.length - 1;
  const less = 1 - xi;
  const ratio = (at: number): number => plot[at]! / plot[at + 1]!; // NaN between two infinities: level
  const down = { isSteep: (at: number) => ratio(at) >= 1 / less, isAgainst: (at: number) => ratio(at) < 1 };
  const up = { isSteep: (at: number) => ratio(at) <= less, isAgainst: (at: number) => ratio(at) > 1 };
  const endOf = ({ isSteep, isAgainst }: typeof down, start: number): number => {
    let [end, level] = [start, 0];
    for (let at = start; at < n; at++) {
      if (isSteep(at)) [end, level] = [at, 0];
      else if (isAgainst(at) || ++level > minSamples) break;
    }
    return end;
  };
  const clusters: Stretch[] = [];
  let descents: Descent[] = [];
  let since = 0; // the highest reachability since the last steep area
  for (let at = 0; at < n;) {
    since = Math.max(since, plot[at]!);
    const [descends, ascends] = [down.isSteep(at), up.isSteep(at)];
    if (!descends && !ascends) {
      at++;
      continue;
    }
    descents = since === Infinity ? [] : descents.filter(({ start }) => since <= plot[start]! * less);
    for (const descent of descents) descent.since = Math.max(descent.since, since);
    const area: Stretch = { start: at, end: endOf(descends ? down : up, at) };
    at = area.end + 1;
    since = plot[at]!;
    if (descends) descents.push({ ...area, since: 0 });
    else clusters.push(...closed(area).reverse());
  }
  return clusters;

  /** Clusters that a steep ascent closes. */
  function closed(ascent: Stretch): Stretch[] {
    const found: Stretch[] = [];
    const after = plot[ascent.end + 1]!;
    for (const descent of descents) {
      if (after * less < descent.since) continue;
      const first = plot[descent.start]!;
      let [start, end] = [descent.start, ascent.end];
      // ends at like heights
      if (first * less >= after) while (start < descent.end && plot[start + 1]! > after) start++;
      else if (after * less >= first) while (end > ascent.start && plot[end - 1]! > first) end--;
      const cluster = corrected({ start, end });
      if (!cluster || cluster.end - cluster.start + 1 < minClusterSize) continue;
      if (cluster.start > descent.end || cluster.end < ascent.start) continue;
      found.push(cluster);
    }
    return found;
  }
}

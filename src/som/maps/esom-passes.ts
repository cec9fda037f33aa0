import type { Device } from "../../device";
import type { Random } from "../../random";
import { takeTensor } from "../../tensor";
import { yieldWhenDue } from "../../event-loop";
import { spreadRows } from "../initial";
import { isMasked } from "../rows";
import { WinnerLinks } from "../u-matrix";
import type { OpenRows } from "../rows";
import { UnitsOnDevice } from "../units";
import type { ESOMPass } from "./esom-options";
import type { EvolvingMap, EvolvingOptions } from "./evolving-map";
import { generate, mapTo } from "../../typed-arrays";

/** Results of a row. */
export interface ESOMResults {
  /** Place of the nearest node; −1 of masked rows. */
  readonly bmu: Int32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;
  /** exp(−2 d²/ε²) with the ε of the last pass; NaN of masked rows. */
  readonly activation: Float64Array;
}

/** Results of rows, and of the nodes that they fell to. */
export interface ESOMSummary extends ESOMResults {
  /** The cluster of each node. */
  readonly nodeLabels: Int32Array<ArrayBuffer>;
  readonly hits: Int32Array;
  readonly quantizationError: number;
  readonly nodeClasses: Int32Array<ArrayBuffer> | undefined;
}

/** Rows that are read in one go. */
export const READ = 65_536;
/** Pairs of rows that a quantile is taken of. */
const PAIRS = 20_000;

/** ε of each pass. */
export async function chosenEpsilons(
  passes: readonly ESOMPass[],
  rows: OpenRows,
  random: Random,
): Promise<readonly number[]> {
  if (passes.every(({ epsilon }) => typeof epsilon === "number")) return passes.map((pass) => pass.epsilon as number);
  const distances = await pairDistances(rows, random);
  return passes.map(({ epsilon }) => {
    if (typeof epsilon === "number") return epsilon;
    const found = distances[Math.round(epsilon.quantile * (distances.length - 1))] ?? 0;
    if (found > 0) return found;
    const least = distances.find((distance) => distance > 0);
    if (least !== undefined) return least;
    return 1; // all rows are alike: any radius makes one node
  });
}

/** How far a pass has come. */
export interface PassProgress {
  /** Rows that are behind it, and of these those that are not masked, with the sum of their distances to their winners. */
  readonly row: number;
  readonly taken: number;
  readonly sum: number;
}

/** How a pass goes over the rows. */
export interface PassOptions extends EvolvingOptions {
  /** Where the nodes of a tile of rows are sought at once; undefined for one row after the other. */
  readonly tiled: { readonly device: Device; readonly tile: number } | undefined;
  readonly from: PassProgress;
  /** After every few rows. */
  readonly onRows: () => Promise<void>;
  /** After every block of rows that was read. */
  readonly onBlock: (progress: PassProgress) => Promise<void>;
}

/** One pass over rows, or the rest of it; the mean distance to the winners. @throws when every row is masked */
export async function passOver(map: EvolvingMap, rows: OpenRows, options: PassOptions): Promise<number> {
  const { tiled } = options;
  const { n, d } = rows;
  let { sum, taken } = options.from;
  for (let begin = options.from.row; begin < n; begin += READ) {
    const end = Math.min(n, begin + READ);
    const data = await rows.read(begin, end);
    const size = tiled ? tiled.tile : 256;
    for (let first = 0; first < end - begin; first += size) {
      const last = Math.min(end - begin, first + size);
      const among =
        tiled && map.size > 2 ? await tileWinners(tiled.device, map, data.subarray(first * d, last * d)) : undefined;
      const made: number[] = [];
      for (let i = first; i < last; i++) {
        if (isMasked(data, i, d)) continue;
        const before = map.size;
        const candidates = among && [among.nearest[i - first]!, among.second[i - first]!, ...made];
        const { id, distance } = map.step(data, i * d, options, candidates);
        if (among && map.size > before) made.push(id);
        sum += distance;
        taken++;
      }
      const waiting = yieldWhenDue();
      if (waiting) {
        await waiting;
        await options.onRows();
      }
    }
    await options.onBlock({ row: end, taken, sum });
  }
  if (taken === 0) throw new Error("ESOM.fit: every row is masked, NaN or infinite");
  return sum / taken;
}

/** What is asked of rows of a map at rest. */
export interface SummaryOptions {
  /** Width of the activation. */
  readonly epsilon: number;
  /** The cluster of each node, by the rows that link two of them. */
  readonly clusters: (links: WinnerLinks) => Int32Array<ArrayBuffer> | Promise<Int32Array<ArrayBuffer>>;
  /** Known classes of the rows. */
  readonly classes?: Int32Array | undefined;
  /** After every few rows. */
  readonly onRows?: (() => Promise<void>) | undefined;
}

/** Node, cluster and activation of each row. */
export async function summaryOf(
  map: EvolvingMap,
  rows: OpenRows,
  { epsilon, clusters, classes, onRows }: SummaryOptions,
): Promise<ESOMSummary> {
  const { n, d } = rows;
  const bmu = new Int32Array(n).fill(-1);
  const second = new Int32Array(Math.min(n, READ)).fill(-1);
  const links = new WinnerLinks(map.size);
  const activation = new Float64Array(n).fill(NaN);
  const hits = new Int32Array(map.size);
  const votes = hits.length > 0 && classes ? Array.from(hits, () => new Map<number, number>()) : undefined;
  let [sum, taken] = [0, 0];
  for (let begin = 0; begin < n; begin += READ) {
    const data = await rows.read(begin, Math.min(n, begin + READ));
    for (let i = 0; i * d < data.length; i++) {
      if (isMasked(data, i, d)) continue;
      const { place, square, ...other } = map.nearest(data, i * d);
      bmu[begin + i] = place;
      second[i] = other.second;
      activation[begin + i] = Math.exp((-2 * square) / (epsilon * epsilon));
      hits[place]!++;
      sum += Math.sqrt(square);
      taken++;
      const known = classes?.[begin + i] ?? -1;
      if (votes && known >= 0) votes[place]!.set(known, (votes[place]!.get(known) ?? 0) + 1);
      if (i % 256 === 0) {
        const waiting = yieldWhenDue();
        if (waiting) {
          await waiting;
          await onRows?.();
        }
      }
    }
    links.add(bmu.subarray(begin, Math.min(n, begin + READ)), second);
  }
  const nodeLabels = await clusters(links);
  const labels = bmu.map((node) => (node < 0 ? -1 : nodeLabels[node]!));
  const nodeClasses = votes && mapTo(Int32Array, votes, mostVotes);
  return { bmu, labels, nodeLabels, activation, hits, quantizationError: sum / taken, nodeClasses };
}

/** The class with most votes, the lowest of equals; −1 without any. */
function mostVotes(votes: ReadonlyMap<number, number>): number {
  let [best, most] = [-1, 0];
  for (const [known, count] of votes)
    if (count > most || (count === most && known < best)) [best, most] = [known, count];
  return best;
}

/** Creation numbers of the two nodes nearest to each row in the map as it is. */
async function tileWinners(
  device: Device,
  map: EvolvingMap,
  rows: Float32Array,
): Promise<{ nearest: Int32Array; second: Int32Array }> {
  const { d, size, ids } = map;
  const units = new UnitsOnDevice(device, size, d, map.prototypes);
  const x = await takeTensor(device, rows, [rows.length / d, d]);
  try {
    const { nearest, second } = await units.winners(x);
    const idOf = (place: number): number => (place < 0 ? -1 : ids[place]!);
    return { nearest: nearest.map(idOf), second: second.map(idOf) };
  } finally {
    x.dispose();
    units.dispose();
  }
}

/** Distances of random pairs of rows, ascending. */
async function pairDistances(rows: OpenRows, random: Random): Promise<Float64Array> {
  const { d } = rows;
  const looked = await spreadRows(rows);
  const n = looked.length / d;
  if (n === 0) throw new Error("ESOM.fit: every row that was looked at is masked, NaN or infinite");
  return generate(Float64Array, PAIRS, () => {
    const [a, b] = [random.integer(n), random.integer(n)];
    let sum = 0;
    for (let c = 0; c < d; c++) sum += (looked[a * d + c]! - looked[b * d + c]!) ** 2;
    return Math.sqrt(sum);
  }).sort();
}

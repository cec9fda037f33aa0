// Pairs of rows within a radius of each other.
import module from "../../../build/host/neighbours.host.wasm";
import { HostModule, withHost } from "../../host";
import type { Host, HostFunctions } from "../../host";
import { treeOf } from "../../neighbours/kth-on-tree";
import type { KdTree } from "../../neighbours/kd-tree";
import { columnMeans, spanAbout } from "../../neighbours/rows";
import type { HostRows } from "../../neighbours/rows";
import { generate, mapTo } from "../../typed-arrays";

/** Functions of wasm/host/neighbours.ts. */
const NEIGHBOURS = /* @__PURE__ */ new HostModule<
  HostFunctions<"near_panels", void> & HostFunctions<"near_pairs", number>
>(module);

/** Pairs that are kept for the passes after the first: 64 MiB; of more, each pass finds them anew. */
const KEPT = 2 ** 23;
/** Rows that stand against a stretch of the others at a time. */
const ROWS = 64;
/** Multiply-adds of such a piece of work, below a millisecond. */
const WORK = 2 ** 23;
/** Rows that are laid out in a piece of work hold so many numbers. */
const LAID_OUT = 2 ** 16;
/** Rows that a tree is asked about in a piece of work, and numbers of a list of their pairs. */
const [TURN, LISTED] = [64, 2 ** 14];
const NO_PAIRS = new Uint32Array(0);

/** Where a search stands: before this row of its own order and, of that, before what lies in this column. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** Before the first row. */
export const START: Place = { row: 0, column: 0 };

/** Pairs two by two, numbers of rows; there may be none. Between two lists others may have a turn. */
export interface PairList {
  readonly pairs: Uint32Array;
  /** Where the search goes on after them. */
  readonly next: Place;
}

/** The pairs of rows within a radius, each once, in one order, from a place on. */
export type Within = (from: Place) => Iterable<PairList>;

/** What finds the pairs of rows within one radius or several. */
export class NearPairs {
  readonly #search: (eps: number, from: Place) => Generator<PairList, void>;

  private constructor(search: (eps: number, from: Place) => Generator<PairList, void>) {
    this.#search = search;
  }

  /** On a tree where rows have few columns, else by panels, for as long as `use` runs. */
  static async of<R>(rows: HostRows, use: (pairs: NearPairs) => Promise<R>): Promise<R> {
    const tree = await treeOf(rows);
    if (tree) return use(new NearPairs((eps, from) => onTree(tree, eps, from)));
    return withHost(async (host) => use(new NearPairs(searchByPanels(host, sortedRows(rows)))));
  }

  /** The pairs whose distance is at most eps, in float64: found anew each time, or kept where a first search found few. */
  within(eps: number): Within {
    const search = this.#search;
    let kept: readonly PairList[] | undefined;
    return function* (from) {
      if (kept && from === START) return yield* kept;
      const lists: PairList[] = [];
      let found = 0;
      for (const list of search(eps, from)) {
        found += list.pairs.length / 2;
        if (found > KEPT) lists.length = 0;
        else if (list.pairs.length > 0) lists.push(list);
        yield list;
      }
      if (from === START && found <= KEPT) kept = lists;
    };
  }
}

/** @throws for a place of a file at which no search stands */
function checkPlace({ row, column }: Place, stands: boolean): void {
  if (!stands) throw new Error(`checkpoint: there is no place of the search at row ${row}, column ${column}`);
}

/** The pairs that a tree finds, in its order: what is near in place is near in memory. */
function* onTree(tree: KdTree, eps: number, from: Place): Generator<PairList, void> {
  const { n, order } = tree;
  checkPlace(from, from.row <= n && from.column === 0);
  const limit = eps * eps;
  const pairs = new Uint32Array(LISTED + 2 * n); // a list that is not full, and all of one more row
  let length = 0;
  let i = 0;
  const add = (place: number): void => {
    pairs[length++] = i;
    pairs[length++] = order[place]!;
  };
  for (let place = from.row; place < n; place++) {
    i = order[place]!;
    tree.after(place, limit, add);
    if (place % TURN > 0 && length < LISTED && place < n - 1) continue;
    yield { pairs: pairs.slice(0, length), next: { row: place + 1, column: 0 } };
    length = 0;
  }
}

/** Rows in the order of the column of widest range, which pairs are sought along. */
interface SortedRows extends HostRows {
  readonly axis: number;
  /** Where each was. */
  readonly order: Uint32Array;
}

function sortedRows(rows: HostRows): SortedRows {
  const { data, n, d } = rows;
  const axis = widestColumn(rows);
  const keys = generate(Float64Array, n, (i) => data[i * d + axis]!);
  const order = mapTo(Uint32Array, keys, (_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b);
  const sorted = new Float64Array(n * d);
  order.forEach((row, i) => sorted.set(data.subarray(row * d, (row + 1) * d), i * d));
  return { data: sorted, n, d, axis, order };
}

function widestColumn({ data, d }: HostRows): number {
  let [widest, range] = [0, -1];
  for (let column = 0; column < d; column++) {
    let [low, high] = [Infinity, -Infinity];
    for (let at = column; at < data.length; at += d) {
      low = Math.min(low, data[at]!);
      high = Math.max(high, data[at]!);
    }
    if (high - low > range) [widest, range] = [column, high - low];
  }
  return widest;
}

/** The pairs that products of panels find, between rows that are near along one column. */
function searchByPanels(host: Host, rows: SortedRows): (eps: number, from: Place) => Generator<PairList, void> {
  const { data, n, d, axis, order } = rows;
  const { near_panels, near_pairs } = host.of(NEIGHBOURS);
  const means = columnMeans(rows);
  const span = spanAbout(rows, means);
  const scale = span > 0 ? 2 ** Math.round(Math.log2(span)) : 1;
  const padded = 8 * Math.ceil(n / 8);
  const stretch = 8 * Math.ceil(WORK / (ROWS * d) / 8);
  const [x, offset] = [host.f64(data), host.f64(means)];
  const [panels, starts, bounds] = [host.u32(padded * d), host.u32(padded), host.u32(2 * padded)];
  const [work, out] = [host.u32(32 + ROWS * d), host.u32(2 * ROWS * stretch)];
  return function* (eps, from) {
    const apart = from.column - from.row;
    const begun = from.column < n && apart >= 0 && apart % stretch === 0 && from.row % ROWS === 0;
    checkPlace(from, begun || (from.row === n && apart === 0));
    const limit = eps * eps;
    const laid = 8 * Math.ceil(LAID_OUT / d / 8);
    for (let begin = 0; begin < padded; begin += laid) {
      const end = Math.min(begin + laid, padded);
      const to = [panels.pointer, starts.pointer, bounds.pointer];
      near_panels(...[x.pointer, offset.pointer, scale, limit / scale ** 2, n, d, begin, end, ...to]);
      yield { pairs: NO_PAIRS, next: from };
    }
    for (let first = from.row, column = from.column, reach = 0; first < n;) {
      const last = Math.min(first + ROWS, n);
      const farthest = data[(last - 1) * d + axis]! + eps;
      while (reach < n && data[reach * d + axis]! <= farthest) reach++;
      const to = Math.min(column + stretch, 8 * Math.ceil(reach / 8));
      const given = [x.pointer, panels.pointer, starts.pointer, bounds.pointer, n, d, limit];
      const found = near_pairs(...given, first, last, column, to, work.pointer, out.pointer);
      const pairs = out.view.slice(0, 2 * found);
      for (let e = 0; e < pairs.length; e++) pairs[e] = order[pairs[e]!]!;
      column += stretch;
      if (column >= reach) first = column = last;
      yield { pairs, next: { row: first, column } };
    }
  };
}

// Pairs of rows within a radius of each other.
import module from "../../build/host/neighbours.host.wasm";
import type { Cooperative } from "../event-loop";
import { HostModule, withHost } from "../host";
import type { Host, HostFunctions } from "../host";
import { treeOf } from "../neighbours/kth-on-tree";
import type { KdTree } from "../neighbours/kd-tree";
import { columnMeans, spanAbout } from "../neighbours/rows";
import type { HostRows } from "../neighbours/rows";
import { generate, mapTo } from "../typed-arrays";

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

/** Pairs two by two, each pair of rows once, a list at a time; lists may be empty. */
type Lists = Generator<Uint32Array, void>;

/** Pairs of rows within a radius, its border included. */
export interface Within {
  /** Rows within the radius of each, itself included. */
  readonly counts: Uint32Array<ArrayBuffer>;
  /** The pairs, each once: numbers of rows, two by two, a list at a time. Between two lists others may have a turn. */
  readonly each: () => Iterable<Uint32Array>;
}

/** What finds the pairs of rows within one radius or several. */
export class NearPairs {
  readonly #n: number;
  readonly #search: (eps: number) => Lists;

  private constructor(n: number, search: (eps: number) => Lists) {
    [this.#n, this.#search] = [n, search];
  }

  /** On a tree where rows have few columns, else by panels, for as long as `use` runs. */
  static async of<R>(rows: HostRows, use: (pairs: NearPairs) => Promise<R>): Promise<R> {
    const tree = await treeOf(rows);
    if (tree) return use(new NearPairs(rows.n, (eps) => onTree(tree, eps)));
    return withHost(async (host) => {
      const sorted = sortedRows(rows);
      return use(new NearPairs(rows.n, searchByPanels(host, sorted)));
    });
  }

  /** The pairs whose distance is at most eps, in float64. */
  *within(eps: number): Cooperative<Within> {
    const counts = new Uint32Array(this.#n).fill(1);
    const kept: Uint32Array[] = [];
    let found = 0;
    for (const pairs of this.#search(eps)) {
      for (let e = 0; e < pairs.length; e++) counts[pairs[e]!]!++;
      found += pairs.length / 2;
      if (found > KEPT) kept.length = 0;
      else if (pairs.length > 0) kept.push(pairs);
      yield;
    }
    return { counts, each: found > KEPT ? () => this.#search(eps) : () => kept };
  }
}

/** The pairs that a tree finds, in its order: what is near in place is near in memory. */
function* onTree(tree: KdTree, eps: number): Lists {
  const { n, order } = tree;
  const limit = eps * eps;
  const pairs = new Uint32Array(LISTED + 2 * n); // a list that is not full, and all of one more row
  let length = 0;
  let i = 0;
  const add = (place: number): void => {
    pairs[length++] = i;
    pairs[length++] = order[place]!;
  };
  for (let place = 0; place < n; place++) {
    i = order[place]!;
    tree.after(place, limit, add);
    if (place % TURN > 0 && length < LISTED) continue;
    yield pairs.slice(0, length);
    length = 0;
  }
  yield pairs.slice(0, length);
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
function searchByPanels(host: Host, rows: SortedRows): (eps: number) => Lists {
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
  return function* (eps) {
    const limit = eps * eps;
    const laid = 8 * Math.ceil(LAID_OUT / d / 8);
    for (let begin = 0; begin < padded; begin += laid) {
      const end = Math.min(begin + laid, padded);
      const to = [panels.pointer, starts.pointer, bounds.pointer];
      near_panels(...[x.pointer, offset.pointer, scale, limit / scale ** 2, n, d, begin, end, ...to]);
      yield NO_PAIRS;
    }
    for (let first = 0, reach = 0; first < n; first += ROWS) {
      const last = Math.min(first + ROWS, n);
      const farthest = data[(last - 1) * d + axis]! + eps;
      while (reach < n && data[reach * d + axis]! <= farthest) reach++;
      for (let from = first; from < reach; from += stretch) {
        const to = Math.min(from + stretch, 8 * Math.ceil(reach / 8));
        const given = [x.pointer, panels.pointer, starts.pointer, bounds.pointer, n, d, limit];
        const found = near_pairs(...given, first, last, from, to, work.pointer, out.pointer);
        const pairs = out.view.slice(0, 2 * found);
        for (let e = 0; e < pairs.length; e++) pairs[e] = order[pairs[e]!]!;
        yield pairs;
      }
    }
  };
}

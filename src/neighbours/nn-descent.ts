// Approximate neighbours: trees of random planes on the host, all comparisons on a device.
import { LabelSort } from "../cluster/label-sort";
import type { Device } from "../device";
import { runCooperatively } from "../event-loop";
import type { Cooperative } from "../event-loop";
import { noGrad } from "../graph";
import * as kernels from "../kernels/descent";
import * as sortingKernels from "../kernels/sorting";
import { stream } from "../random";
import type { Random } from "../random";
import { empty, run, takeTensor, untidied } from "../tensor";
import type { Tensor } from "../tensor";
import { generate } from "../typed-arrays";
import type { Float32Rows } from "./short-rows";

/** Points of a leaf of a random-projection tree, at most; more where k is more. */
const LEAF = 30;
/** A search ends when a round changes fewer than this share of all neighbours. */
const SETTLED = 0.001;
/** New and old candidates of a point in a round, at most, of each. */
const CANDIDATES = 30;
/** Multiply-adds between two looks at the signal. */
const WORK = 2 ** 33;

/** How many trees and rounds: the more points, the more of both. */
const treesFor = (n: number): number => Math.min(16, 4 + Math.round(Math.sqrt(n) / 100));
const roundsFor = (n: number): number => Math.max(5, Math.round(Math.log2(n)));
const candidatesFor = (k: number): number => Math.min(CANDIDATES, Math.max(k, 10));

/** A whole number below `limit`. */
const below = (random: Random, limit: number): number => Math.floor(random.uniform() * limit);

/** The points in the order of the leaves of a tree of random planes (Dasgupta and Freund 2008), and where the leaf of each position begins and ends. */
function* projectionTree(
  { data, n, d }: Float32Rows,
  leaf: number,
  random: Random,
): Cooperative<{ readonly order: Uint32Array; readonly leaves: Uint32Array }> {
  const order = generate(Uint32Array, n, (i) => i);
  const normal = new Float64Array(d);
  const leaves = new Uint32Array(2 * n);
  const open: (readonly [number, number])[] = [[0, n]];
  for (let part = open.pop(); part; part = open.pop()) {
    const [begin, end] = part;
    const count = end - begin;
    if (count <= leaf) {
      for (let p = begin; p < end; p++) leaves.set([begin, end], 2 * p);
      continue;
    }
    const [a, other] = [below(random, count), below(random, count - 1)];
    const [p, q] = [order[begin + a]! * d, order[begin + (other < a ? other : other + 1)]! * d];
    let offset = 0;
    for (let c = 0; c < d; c++) {
      normal[c] = data[p + c]! - data[q + c]!;
      offset += (normal[c]! * (data[p + c]! + data[q + c]!)) / 2;
    }
    let [low, high] = [begin, end];
    while (low < high) {
      const row = order[low]! * d;
      let side = -offset;
      for (let c = 0; c < d; c++) side += normal[c]! * data[row + c]!;
      if (side < 0) low++;
      else {
        const moved = order[--high]!;
        order[high] = order[low]!;
        order[low] = moved;
      }
      if (low % 512 === 0) yield;
    }
    // points that a plane does not part are parted as they come
    const middle = low - begin < count / 100 || end - low < count / 100 ? begin + (count >> 1) : low;
    open.push([middle, end], [begin, middle]);
    yield;
  }
  return { order, leaves };
}

/** Bytes of the largest buffer that `nearestByDescent` takes: points, lists or candidates. */
export const largestOf = (n: number, d: number, k: number): number => 4 * n * Math.max(d, k, 2 * candidatesFor(k));

/** What hears of a search and may end it. */
interface Watching {
  readonly signal: AbortSignal | undefined;
  /** Told of the share that is done. */
  readonly onDone: (share: number) => void;
}

/**
 * About the k nearest of each point among the others, k < n, numbers and squared distances [n, k]: each point gathers the neighbours of its neighbours until
 * few of them change (NN-descent; Dong, Moses and Li, "Efficient k-nearest neighbor graph construction for generic similarity measures", WWW 2011), from the
 * leaves of trees of random planes, which the host makes while the device compares what is in the leaves of the one before. A round sorts the lists by
 * neighbour, samples both directions and compares: as many launches whatever the number of points, but for pieces of `WORK`. The work grows about as n log n;
 * the same points give the same neighbours on a device. Distances that pass float32 are its largest number.
 */
export async function nearestByDescent(
  device: Device,
  points: Float32Rows,
  k: number,
  op: string,
  { signal, onDone }: Watching,
): Promise<[Uint32Array<ArrayBuffer>, Float32Array<ArrayBuffer>]> {
  const { data, n, d } = points;
  await device.prepare([...Object.values(kernels), ...Object.values(sortingKernels)]);
  const random = stream(0, "nn-descent");
  const [trees, rounds, candidates] = [treesFor(n), roundsFor(n), candidatesFor(k)];
  const made: { dispose(): void }[] = [];
  const make = (dtype: "f32" | "u32", ...shape: number[]): Tensor => {
    const tensor = untidied(() => empty(device, shape, dtype, op));
    made.push(tensor);
    return tensor;
  };
  /** Launches over all points, in pieces after which the signal is heard. */
  const inPieces = async (costs: number, launch: (first: number, count: number) => void): Promise<void> => {
    const piece = Math.max(64, Math.ceil(WORK / costs));
    for (let first = 0; first < n; first += piece) {
      signal?.throwIfAborted();
      noGrad(() => launch(first, Math.min(piece, n - first)));
      if (piece < n) await device.synchronize();
    }
  };
  const tell = (steps: number): void => {
    onDone(steps / (trees + rounds));
    signal?.throwIfAborted();
  };
  try {
    const x = await takeTensor(device, data, [n, d]);
    made.push(x);
    const lists = { indices: make("u32", n, k), squared: make("f32", n, k), fresh: make("u32", n, k) };
    const [ordered, leaves] = [make("u32", n), make("u32", n, 2)];
    const leaf = Math.max(LEAF, k + 1);
    for (let tree = 0; tree < trees; tree++) {
      const planes = await runCooperatively(projectionTree(points, leaf, random), () => {
        signal?.throwIfAborted();
        return Promise.resolve();
      });
      device.write(ordered.buffer, planes.order);
      device.write(leaves.buffer, planes.leaves);
      const begins = Number(tree === 0);
      await inPieces((leaf + begins * k) * d, (first, count) =>
        run(kernels.leafNeighbours, { x, order: ordered, leaves, ...lists, n, d, k, first, count, begins }),
      );
      tell(tree + 1);
    }
    const halted = make("u32", 1);
    device.write(halted.buffer, new Uint32Array(1));
    const byNeighbour = untidied(() => new LabelSort(device, n * k, n, halted, { empty, run }, op));
    made.push(byNeighbour);
    const { order, starts } = byNeighbour;
    const [samples, changed] = [make("u32", n, 2 * candidates), make("u32", n)];
    for (let round = 0; round < rounds; round++) {
      const key = random.nextUint32();
      noGrad(() => {
        byNeighbour.sort(lists.indices);
        const { indices, fresh } = lists;
        run(kernels.candidateSamples, { indices, fresh, order, starts, samples, n, k, candidates, key });
      });
      await inPieces(3 * candidates ** 2 * d, (first, count) =>
        run(kernels.nnDescent, { x, order: ordered, samples, ...lists, changed, n, d, k, candidates, first, count }),
      );
      let came = 0;
      for (const count of await changed.data()) came += count;
      tell(trees + round + 1);
      if (came <= SETTLED * n * k) break;
    }
    const found = await Promise.all([lists.indices.data(), lists.squared.data()]);
    return found as [Uint32Array<ArrayBuffer>, Float32Array<ArrayBuffer>];
  } finally {
    for (const own of made) own.dispose();
  }
}

// Approximate neighbours: the kernels beside references on the host, and the graphs that they give beside exact ones.
import { NdArray, requestDevice } from "constella";
import type { Device } from "constella";
import { expect, test } from "vitest";
import { LabelSort } from "../../src/cluster/label-sort";
import { noGrad } from "../../src/graph";
import type { Kernel } from "../../src/kernel";
import * as kernels from "../../src/kernels/descent";
import { kNearest } from "../../src/kernels/neighbours";
import * as sorting from "../../src/kernels/sorting";
import { knnGraph } from "../../src/neighbours/knn";
import { empty, run, tensor, indices as whole } from "../../src/tensor";
import type { Tensor } from "../../src/tensor";
import { describeDevices, deviceOf } from "../devices";
import { digits } from "../models/digits";
import { uniforms } from "../uniforms";

/** An entry of a list: its squared distance, its number, and whether it came in. */
type Entry = readonly [squared: number, j: number, fresh: number];
const NONE = 0xffffffff;
const MOST = 3.4028234663852886e38;

/** Points [n, d] of small whole numbers, whose distances are exact in float32 and often equal. */
const grid = (n: number, d: number, seed: number): Float32Array => {
  const random = uniforms(seed);
  return Float32Array.from({ length: n * d }, () => Math.floor(4 * random()));
};

const squaredOf = (x: Float32Array, d: number, i: number, j: number): number => {
  let sum = 0;
  for (let c = 0; c < d; c++) sum += (x[i * d + c]! - x[j * d + c]!) ** 2;
  return sum;
};

/** The k smallest of a list and of points that are offered to it, ties by number, and how many of them came in on the way. */
function offered(
  list: readonly Entry[],
  x: Float32Array,
  d: number,
  i: number,
  offers: readonly number[],
): [Entry[], number] {
  let [kept, came] = [[...list], 0];
  for (const j of offers) {
    if (j === i || kept.some(([, there]) => there === j)) continue;
    const next = [...kept, [squaredOf(x, d, i, j), j, 1] as const].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    kept = next.slice(0, list.length);
    came += Number(kept.some(([, there]) => there === j));
  }
  return [kept, came];
}

/** Lists [n, k] of some of the other points, half of them new. */
function someLists(x: Float32Array, n: number, d: number, k: number, seed: number): Entry[][] {
  const random = uniforms(seed);
  return Array.from({ length: n }, (_, i) => {
    const others = Array.from({ length: n }, (_, j) => [random(), j] as const).filter(([, j]) => j !== i);
    const chosen = others.sort((a, b) => a[0] - b[0]).slice(0, k);
    return chosen
      .map(([, j]) => [squaredOf(x, d, i, j), j, Math.floor(2 * random())] as const)
      .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  });
}

/** Lists on a device. */
function place(device: Device, lists: readonly (readonly Entry[])[]): Record<"indices" | "squared" | "fresh", Tensor> {
  const [all, shape] = [lists.flat(), [lists.length, lists[0]!.length]];
  return {
    indices: whole(device, Uint32Array.from(all, ([, j]) => j), shape),
    squared: tensor(device, Float32Array.from(all, ([squared]) => squared), shape),
    fresh: whole(device, Uint32Array.from(all, ([, , fresh]) => fresh), shape),
  }; // prettier-ignore
}

async function readLists({ indices, squared, fresh }: ReturnType<typeof place>): Promise<Entry[][]> {
  const [n, k] = indices.shape as [number, number];
  const [j, distance, isNew] = await Promise.all([indices.data(), squared.data(), fresh.data()]);
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: k }, (_, e) => [distance[i * k + e]!, j[i * k + e]!, isNew[i * k + e]!] as const),
  );
}

/** Wellons' lowbias32. */
function mix(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Algorithm R over each point's own neighbours and those that have it, new and old apart. */
function sampled(lists: readonly (readonly Entry[])[], size: number, key: number): number[] {
  const reverse = lists.map((): (readonly [number, number])[] => []);
  lists.forEach((list, i) => list.forEach(([, j, fresh]) => reverse[j]!.push([i, fresh])));
  return lists.flatMap((list, i) => {
    const own = mix((key ^ mix(i)) >>> 0);
    const kept = [new Array<number>(size).fill(NONE), new Array<number>(size).fill(NONE)];
    const seen = [0, 0];
    [...list.map(([, j, fresh]) => [j, fresh] as const), ...reverse[i]!].forEach(([j, fresh], t) => {
      const before = seen[fresh]!++;
      const at = before < size ? before : mix((own ^ mix(t)) >>> 0) % (before + 1);
      if (at < size) kept[fresh]![at] = j;
    });
    return [...kept[1]!, ...kept[0]!];
  });
}

describeDevices("kernels of NN-descent", (given) => {
  const dispose = (...made: readonly { dispose(): void }[]): void => made.forEach((each) => each.dispose());

  test.each([
    [37, 5, 4],
    [129, 1, 9],
    [71, 11, 33],
  ])("leaf_neighbours: %i points of %i columns, the %i nearest of those of their leaves", async (n, d, k) => {
    const device = await given();
    const x = grid(n, d, n);
    const points = tensor(device, x, [n, d]);
    // two trees: leaves of 20 and fewer positions, of points in some order
    const trees = [7, 11].map((step) => Uint32Array.from({ length: n }, (_, p) => (p * step * 13 + 5) % n));
    let want: Entry[][] = [];
    const lists = place(
      device,
      Array.from({ length: n }, () => new Array<Entry>(k).fill([7, 7, 7])),
    );
    for (const [tree, order] of trees.entries()) {
      expect(new Set(order).size).toBe(n);
      const begin = (p: number): number => p - (p % 20);
      const leaves = Uint32Array.from({ length: 2 * n }, (_, at) => Math.min(begin(at >> 1) + 20 * (at % 2), n));
      const [ordered, ends] = [whole(device, order), whole(device, leaves)];
      const begins = Number(tree === 0);
      for (const [first, count] of [[0, 30], [30, n - 30]] as const) // prettier-ignore
        noGrad(() => run(kernels.leafNeighbours, { x: points, order: ordered, leaves: ends, ...lists, n, d, k, first, count, begins })); // prettier-ignore
      const at = new Map(Array.from(order, (i, p) => [i, p] as const));
      want = Array.from({ length: n }, (_, i) => {
        const list = begins ? new Array<Entry>(k).fill([MOST, NONE, 0]) : want[i]!;
        const behind = begins ? Array.from({ length: k }, (_, step) => (i + step + 1) % n) : [];
        const from = begin(at.get(i)!);
        return offered(list, x, d, i, [...behind, ...order.subarray(from, from + 20)])[0];
      });
      dispose(ordered, ends);
    }
    expect(await readLists(lists)).toEqual(want);
    dispose(points, ...Object.values(lists));
  });

  test.each([
    [50, 3, 5],
    [131, 8, 3],
    [300, 6, 10],
  ])(
    "candidate_samples: of the lists of %i points, %i each, %i new and old ones of either direction",
    async (n, k, size) => {
      const device = await given();
      await device.prepare([...Object.values(kernels), ...Object.values(sorting)]);
      const x = grid(n, 4, 3);
      const made = someLists(x, n, 4, k, n);
      // the first point is in every list, so that many more are offered to it than it takes
      const lists = made.map((list, i) =>
        i === 0 || list.some(([, j]) => j === 0) ? list : [[0, 0, i % 2] as const, ...list.slice(1)],
      );
      const { indices, squared, fresh } = place(device, lists);
      const halted = whole(device, [0]);
      const sort = new LabelSort(device, n * k, n, halted, { empty, run }, "test");
      sort.sort(indices);
      const [order, starts] = [await sort.order.data(), await sort.starts.data()];
      const flat = lists.flat().map(([, j]) => j);
      expect([...order]).toEqual([...flat.keys()].sort((a, b) => flat[a]! - flat[b]! || a - b));
      expect([...starts]).toEqual(Array.from({ length: n + 1 }, (_, i) => flat.filter((j) => j < i).length));
      const samples = empty(device, [n, 2 * size], "u32");
      const key = 0x9e3779b9;
      const sizes = { n, k, candidates: size, key };
      noGrad(() => run(kernels.candidateSamples, { indices, fresh, order: sort.order, starts: sort.starts, samples, ...sizes })); // prettier-ignore
      expect([...(await samples.data())]).toEqual(sampled(lists, size, key));
      dispose(indices, squared, fresh, halted, sort, samples);
    },
  );

  test.each([
    [40, 5, 4, 6],
    [150, 17, 9, 10],
    [101, 8, 32, 30],
  ])(
    "nn_descent: of %i points of %i columns, the %i nearest of those %i that were sampled and theirs",
    async (n, d, k, size) => {
      const device = await given();
      const x = grid(n, d, 9);
      const lists = someLists(x, n, d, k, 5);
      const taken = sampled(lists, size, 17);
      const of = (i: number, news: boolean): number[] => {
        const end = 2 * size * i + (news ? size : 2 * size);
        return taken.slice(2 * size * i, end).filter((j) => j !== NONE);
      };
      const points = tensor(device, x, [n, d]);
      const samples = whole(device, Uint32Array.from(taken), [n, 2 * size]);
      const changed = empty(device, [n], "u32");
      const order = whole(
        device,
        Uint32Array.from({ length: n }, (_, p) => (p * 7 + 3) % n),
      );
      const placed = place(device, lists);
      for (const [first, count] of [[0, 33], [33, n - 33]] as const) // prettier-ignore
      noGrad(() => run(kernels.nnDescent, { x: points, order, samples, ...placed, changed, n, d, k, candidates: size, first, count })); // prettier-ignore
      const want = lists.map((list, i) => {
        const news = of(i, true);
        const known = list.map(([squared, j, fresh]) => [squared, j, news.includes(j) ? 0 : fresh] as const);
        const offers = of(i, false).flatMap((v, s) => [v, ...of(v, s >= news.length)]);
        return offered(known, x, d, i, offers);
      });
      expect(await readLists(placed)).toEqual(want.map(([list]) => list));
      expect([...(await changed.data())]).toEqual(want.map(([, came]) => came));
      dispose(points, order, samples, changed, ...Object.values(placed));
    },
  );
});

/** The share of the nearest that another graph has, too. */
function recall(found: Int32Array, exact: Int32Array, k: number): number {
  let hits = 0;
  for (let i = 0; i < exact.length; i += k) {
    const want = new Set(exact.subarray(i, i + k));
    for (let e = i; e < i + k; e++) hits += Number(want.has(found[e]!));
  }
  return hits / exact.length;
}

/** Twenty heaps of unlike width, far from the origin, and a point twice. */
function heaps(n: number, d: number): NdArray<Float64Array<ArrayBuffer>> {
  const random = uniforms(11);
  const places = Array.from({ length: 20 * d }, () => 6 * random());
  const x = Float64Array.from({ length: n * d }, (_, at) => {
    const heap = Math.floor(at / d) % 20;
    return 1e4 + places[heap * d + (at % d)]! + (0.5 + heap / 10) * (random() + random() + random());
  });
  x.copyWithin(0, 5 * d, 6 * d);
  return new NdArray(x, [n, d]);
}

const approximate = true;

describeDevices("knnGraph by neighbours of neighbours", (given) => {
  test("of real digits: nearly all of the nearest, the same bits each time, with their distances", async () => {
    const device = await given();
    const { x } = digits();
    const k = 10;
    const buffers = device.memory().buffers;
    const steps: number[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }): void => void steps.push(done / total);
    const found = await knnGraph(x, k, { device, approximate, onProgress });
    expect(device.memory().buffers).toBe(buffers);
    const exact = await knnGraph(x, k, { device: await deviceOf("wasm"), approximate: false });
    expect(recall(found.indices.data, exact.indices.data, k)).toBeGreaterThan(0.98);
    for (let i = 0; i < 1797; i++) {
      const row = found.indices.data.subarray(i * k, (i + 1) * k);
      expect(new Set(row).size).toBe(k);
      expect(row).not.toContain(i);
      for (const [e, j] of row.entries()) {
        const distance = Math.sqrt(squaredOf(x.data, 64, i, j));
        expect(Math.abs(found.distances.data[i * k + e]! - distance)).toBeLessThan(1e-5);
      }
    }
    expect(steps.length).toBeGreaterThan(3);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(steps.at(-1)).toBe(1);
    expect(await knnGraph(x, k, { device, approximate })).toEqual(found);
  });

  test("of heaps far from the origin, and by the cosine", async () => {
    const device = await given();
    const x = heaps(1500, 12);
    const found = await knnGraph(x, 8, { device, approximate });
    const exact = await knnGraph(x, 8, { device: await deviceOf("wasm"), approximate: false });
    expect(recall(found.indices.data, exact.indices.data, 8)).toBeGreaterThan(0.97);
    expect([found.indices.data[0], found.distances.data[0]]).toEqual([5, 0]);
    const near = new NdArray(x.data.map((value) => value - 1e4), x.shape); // prettier-ignore
    const of = { metric: "cosine" } as const;
    const [angles, exactly] = [
      await knnGraph(near, 8, { ...of, device, approximate }),
      await knnGraph(near, 8, { ...of, device: await deviceOf("wasm"), approximate: false }),
    ];
    expect(recall(angles.indices.data, exactly.indices.data, 8)).toBeGreaterThan(0.97);
    for (const e of [0, 80, 4000]) expect(angles.distances.data[e]).toBeCloseTo(exactly.distances.data[e]!, 5);
  });

  test("of equal points, of many equal ones, and of all others: full lists of other points", async () => {
    const device = await given();
    const lists = async (x: Float64Array, n: number, k: number): Promise<Int32Array> => {
      const { indices, distances } = await knnGraph(new NdArray(x, [n, x.length / n]), k, { device, approximate });
      for (let i = 0; i < n; i++) {
        const row = indices.data.subarray(i * k, (i + 1) * k);
        expect(new Set(row).size).toBe(k);
        expect(row).not.toContain(i);
        for (const j of row) expect(j >= 0 && j < n).toBe(true);
      }
      expect([...distances.data].every(Number.isFinite)).toBe(true);
      return indices.data;
    };
    await lists(new Float64Array(300 * 5), 300, 40);
    const random = uniforms(2);
    const few = Float64Array.from({ length: 400 * 4 }, (_, at) => Math.floor(at / 4) % 5);
    const equal = await lists(few, 400, 12);
    for (const [at, j] of equal.entries()) expect(j % 5).toBe(Math.floor(at / 12) % 5);
    // n = k + 1: all of the others
    for (const n of [2, 41])
      await lists(
        Float64Array.from({ length: n * 5 }, () => random()),
        n,
        n - 1,
      );
    // at the ends of float64's range squares are kept in float32
    await lists(
      Float64Array.from({ length: 90 * 6 }, () => 1e90 * random()),
      90,
      7,
    );
  });

  test("ends where the signal says so, and leaves nothing on the device", async () => {
    const device = await given();
    const buffers = device.memory().buffers;
    const x = heaps(600, 8);
    for (const share of [-1, 0, 0.5]) {
      const stop = new AbortController();
      if (share < 0) stop.abort(new Error("enough"));
      const onProgress = ({ done, total }: { done: number; total: number }): void =>
        void (done / total > share && stop.abort(new Error("enough")));
      await expect(knnGraph(x, 5, { device, approximate, signal: stop.signal, onProgress })).rejects.toThrow("enough");
      expect(device.memory().buffers).toBe(buffers);
    }
  });
});

/** The kernels that a graph launches on a device of its own, and those of them that nobody had named before. */
async function launchesOf(n: number, options: object): Promise<{ launched: string[]; unnamed: string[] }> {
  const device = await requestDevice("wasm", { threads: 0 });
  const named = new Set<Kernel>();
  const [launched, unnamed]: [string[], string[]] = [[], []];
  const { prepare, run } = device;
  device.prepare = async (list): Promise<void> => {
    await prepare.call(device, list);
    for (const kernel of list) named.add(kernel);
  };
  device.run = (kernel, args): void => {
    launched.push(kernel.name);
    if (!named.has(kernel as Kernel)) unnamed.push(kernel.name);
    run.call(device, kernel, args);
  };
  await knnGraph(heaps(n, 6), 5, { device, ...options });
  device.destroy();
  return { launched, unnamed };
}

test("a round is as many launches whatever the number of points, all of kernels that were named", async () => {
  const digit = ["digit_counts", "digit_starts", "digit_scatter"];
  for (const n of [300, 900]) {
    const { launched, unnamed } = await launchesOf(n, { approximate });
    expect(unnamed).toEqual([]);
    const trees = launched.lastIndexOf("leaf_neighbours") + 1;
    expect(new Set(launched.slice(0, trees))).toEqual(new Set(["leaf_neighbours"]));
    const round = [...digit, ...digit, "label_starts", "candidate_samples", "nn_descent"];
    expect((launched.length - trees) % round.length).toBe(0);
    for (const [at, name] of launched.slice(trees).entries()) expect(name).toBe(round[at % round.length]);
  }
  expect(await launchesOf(300, {})).toEqual({ launched: [kNearest.name], unnamed: [] });
});

test("where a buffer of the adapter holds too little, on WebAssembly", async () => {
  const small = { type: "webgpu", maxBufferBytes: 4 * 300 * 20 - 4 } as unknown as Device;
  const x = heaps(300, 8);
  const there = await knnGraph(x, 5, { device: small, approximate });
  expect(there).toEqual(await knnGraph(x, 5, { device: await deviceOf("wasm"), approximate }));
});

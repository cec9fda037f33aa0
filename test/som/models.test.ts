import { adjustedRandIndex } from "constella";
import type { Device, RowSource } from "constella";
import { describe, expect, test } from "vitest";
import { deviceOf } from "../devices";
import { uniforms } from "../uniforms";
import { CSOM, ESOM, SOM } from "../../src/som";
import type { ESOMOptions } from "../../src/som";
import { shuffledRows } from "../../src/som/order";

/** Rows about `centers` in equal shares, shuffled by their index, and whose they are. */
function blobs(centers: readonly (readonly number[])[], n: number, spread: number, seed = 1) {
  const random = uniforms(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const d = centers[0]!.length;
  const truth = Int32Array.from({ length: n }, () => Math.floor(random() * centers.length));
  const data = Float32Array.from(
    { length: n * d },
    (_, i) => centers[truth[Math.floor(i / d)]!]![i % d]! + spread * normal(),
  );
  return { x: { data, shape: [n, d] }, truth };
}

/** The same rows as a source, a few at a time masked. */
function source({ data, shape }: { data: Float32Array; shape: number[] }, masked: readonly number[] = []): RowSource {
  const d = shape[1]!;
  const held = data.slice();
  for (const row of masked) held[row * d] = NaN;
  return {
    length: shape[0]!,
    rowShape: [d],
    range: async (begin, end) => held.slice(begin * d, end * d),
    rows: async (index) => Float32Array.from(index, () => NaN),
  };
}

const CORNERS = [
  [0, 0, 0],
  [4, 0, 0],
  [0, 4, 0],
  [0, 0, 4],
];
const wasm = (): ReturnType<typeof deviceOf> => deviceOf("wasm");

describe("SOM", () => {
  test.each(["batch", "online"] as const)("%s training finds what is there", async (training) => {
    const { x, truth } = blobs(CORNERS, 1200, 0.3);
    const som = new SOM({ rows: 6, columns: 6, training, epochs: 8, nClusters: 4, seed: 2, device: await wasm() });
    await som.fit(x);
    expect(adjustedRandIndex(truth, som.labels)).toBeGreaterThan(0.95);
    expect(som.history).toHaveLength(8);
    expect(som.quantizationError).toBeLessThan(som.history[0]!.loss);
    expect(som.topographicError).toBeLessThan(0.3);
    expect(som.hits.reduce((a, b) => a + b)).toBe(1200);
    expect([...(await som.predict(x))]).toEqual([...som.labels]);
  });

  test.each(["watershed", "components", "linkage", "units"] as const)("clusters by %s", async (clustering) => {
    const { x, truth } = blobs(CORNERS, 1500, 0.25);
    const options = { rows: 8, columns: 8, topology: "hexagonal", clustering, device: await wasm() } as const;
    const som = await new SOM(options).fit(x);
    expect(som.unitLabels.every((label) => label >= 0)).toBe(true);
    expect(som.clusterCenters.shape).toEqual([Math.max(...som.unitLabels) + 1, 3]);
    if (clustering === "linkage") expect(adjustedRandIndex(truth, som.labels)).toBeGreaterThan(0.9);
  });

  test("spectral clustering of its units goes by the links of rows, where k-means of them goes by their places", async () => {
    const random = uniforms(4);
    const truth = Int32Array.from({ length: 1600 }, (_, i) => i % 2);
    // two half moons
    const data = Float32Array.from({ length: 3200 }, (_, at) => {
      const [i, c] = [Math.floor(at / 2), at % 2];
      const angle = (Math.PI * i) / 1600;
      const moon = truth[i] === 0 ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)];
      return moon[c]! + 0.05 * (random() - 0.5);
    });
    const device = await wasm();
    const scoreOf = async (clustering: "spectral" | "k-means"): Promise<number> => {
      const som = await new SOM({ clustering, nClusters: 2, device }).fit({ data, shape: [1600, 2] });
      return adjustedRandIndex(truth, som.labels);
    };
    expect(await scoreOf("spectral")).toBeGreaterThan(0.9);
    expect(await scoreOf("k-means")).toBeLessThan(0.6);
  });

  test("a source with masked rows, in strips and at once, gives one map", async () => {
    const { x } = blobs(CORNERS, 9000, 0.5);
    const masked = [0, 17, 8999];
    const options = { rows: 5, columns: 4, toroid: true, epochs: 3, init: "sample", device: await wasm() } as const;
    const whole = await new SOM(options).fit(source(x, masked));
    for (const row of masked) expect(whole.labels[row]).toBe(-1);
    const again = await new SOM(options).fit(source(x, masked));
    expect(again.codebook.data).toEqual(whole.codebook.data);
    // strips, begun where the whole map began
    const start = await new SOM({ ...options, epochs: 1 }).fit(source(x, masked));
    const parts = [new SOM({ ...options, init: start.codebook }), new SOM({ ...options, init: start.codebook })];
    for (const [i, cuts] of [
      [0, 9000],
      [0, 100, 4097, 9000],
    ].entries()) {
      const part = parts[i]!;
      for (let epoch = 0; epoch < 2; epoch++) {
        for (let c = 1; c < cuts.length; c++) {
          const rows = x.data.subarray(cuts[c - 1]! * 3, cuts[c]! * 3);
          await part.partialFit({ data: rows, shape: [rows.length / 3, 3] });
        }
        await part.endEpoch();
      }
      await part.summarize(x);
    }
    expect(parts[0]!.codebook.data).toEqual(parts[1]!.codebook.data);
    expect(parts[0]!.labels).toEqual(parts[1]!.labels);
  });

  test("what is saved predicts alike", async () => {
    const device = await wasm();
    const { x } = blobs(CORNERS, 500, 0.4);
    const som = await new SOM({ rows: 4, columns: 5, epochs: 3, device }).fit(x);
    const loaded = await SOM.load(await som.save(), { device });
    expect(await loaded.predict(x)).toEqual(som.labels);
    expect(loaded.labels).toEqual(som.labels);
    expect(loaded.uMatrix()).toEqual(som.uMatrix());
    expect(loaded.settings).toEqual(som.settings);
    expect((await loaded.transform(x)).shape).toEqual([500, 20]);
  });

  test("what cannot be is refused in one line", async () => {
    const device = await wasm();
    expect(() => new SOM({ rows: 0 })).toThrow(/^SOM: rows must be/);
    expect(() => new SOM({ nClusters: 200 })).toThrow(/nClusters must be a whole number from 1 to 100/);
    expect(() => new SOM({ clustering: "watershed", nClusters: 3 })).toThrow(/nClusters is for clustering k-means/);
    expect(() => new SOM({ sigma: 0 })).toThrow(/sigma must be positive/);
    expect(() => new SOM({ sigma: [1, 2] })).toThrow(/one value for each of 10 steps/);
    expect(() => new SOM().labels).toThrow(/call fit first/);
    await expect(new SOM({ device }).fit([[1, NaN]])).rejects.toThrow(/must be finite/);
    const { x } = blobs(CORNERS, 10, 1);
    const all = source(x, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await expect(new SOM({ device }).fit(all)).rejects.toThrow(/every row/);
    await expect(new SOM({ device, init: [[1, 2, 3]] }).fit(x)).rejects.toThrow(/init must have the shape/);
    const stop = AbortSignal.abort(new Error("enough"));
    await expect(new SOM({ device }).fit(x, { signal: stop })).rejects.toThrow("enough");
  });

  test("nothing stays on the device", async () => {
    const device = await wasm();
    const { x } = blobs(CORNERS, 300, 1);
    const before = device.memory().buffers;
    await new SOM({ rows: 3, columns: 3, epochs: 2, device }).fit(x);
    await new SOM({ rows: 3, columns: 3, epochs: 1, training: "online", device }).fit(x);
    await new CSOM({ epochs: 2, device }).fit(x);
    await new ESOM({ search: "tiled", device }).fit(x);
    expect(device.memory().buffers).toBe(before);
  });
});

describe("CSOM", () => {
  test("the top layer tells what is there", async () => {
    const device = await wasm();
    const { x, truth } = blobs(CORNERS, 1000, 0.25);
    const layers = [
      { rows: 8, columns: 8 },
      { rows: 2, columns: 2, variance: [0.5, 0.2, 0.1, 0.05, 0.05] },
    ];
    const csom = await new CSOM({ layers, device }).fit(source(x, [3]));
    expect(csom.labels[3]).toBe(-1);
    expect(adjustedRandIndex(truth, csom.labels)).toBeGreaterThan(0.9);
    expect(csom.hits(1).reduce((a, b) => a + b)).toBe(999);
    const loaded = await CSOM.load(await csom.save(), { device });
    expect(await loaded.predict(source(x, [3]))).toEqual(csom.labels);
    expect(csom.clusterCenters.shape).toEqual([4, 3]);
  });
});

test.each([
  ["SOM", (device: Device) => new SOM({ rows: 3, columns: 3, epochs: 5, device }), SOM],
  ["online SOM", (device: Device) => new SOM({ rows: 3, columns: 3, epochs: 5, training: "online", device }), SOM],
  ["CSOM", (device: Device) => new CSOM({ layers: [{ rows: 3, columns: 3 }], epochs: 5, device }), CSOM],
  ["ESOM", (device: Device) => new ESOM({ passes: 5, device }), ESOM],
] as const)(
  "%s: what is stopped goes on with the epoch it was in, in this process or from its file",
  async (_, make, Type) => {
    const device = await wasm();
    const { x } = blobs(CORNERS, 400, 0.5);
    const whole = await make(device).fit(x);
    const stopped = make(device);
    const stop = new AbortController();
    const onEpoch = ({ epoch }: { epoch: number }): void => void (epoch === 3 && stop.abort(new Error("enough")));
    await expect(stopped.fit(x, { signal: stop.signal, onEpoch })).rejects.toThrow("enough");
    for (const model of [await Type.load(await stopped.save(), { device }), stopped]) {
      const epochs: number[] = [];
      await model.fit(x, { onEpoch: ({ epoch }) => void epochs.push(epoch) });
      expect(epochs).toEqual([4, 5]);
      expect([model.labels, model.history]).toEqual([whole.labels, whole.history]);
    }
  },
);

test.each([
  ["SOM", (device: Device) => new SOM({ rows: 3, columns: 3, epochs: 3, device })],
  ["CSOM", (device: Device) => new CSOM({ layers: [{ rows: 3, columns: 3 }], epochs: 3, device })],
] as const)("%s: who looks while it trains sees its vectors and whose each row is", async (_, make) => {
  const { x } = blobs(CORNERS, 400, 0.5);
  const model = make(await wasm());
  const vectors = (): Float64Array => (model instanceof CSOM ? model.codebook(0) : model.codebook).data;
  const seen: Float64Array[] = [];
  await model.fit(x, {
    onEpoch: async () => {
      const units = vectors();
      const winners = await model.winners(x);
      for (const row of [0, 57, 399]) {
        const squared = Array.from({ length: 9 }, (_, unit) =>
          [0, 1, 2].reduce((sum, c) => sum + (x.data[3 * row + c]! - units[3 * unit + c]!) ** 2, 0),
        );
        expect(squared[winners[row]!]).toBeCloseTo(Math.min(...squared), 4);
      }
      expect(() => model.labels).toThrow("call fit first");
      seen.push(units);
    },
  });
  expect(seen).toHaveLength(3);
  expect(seen[0]).not.toEqual(seen[2]);
  expect([...(await model.winners(x))]).toEqual([...model.bmu]);
});

describe("ESOM", () => {
  test("who looks while it grows sees its nodes and clusters so far", async () => {
    const { x } = blobs(CORNERS, 400, 0.5);
    const esom = new ESOM({ passes: 2, epsilon: 0.8, device: await wasm() });
    const seen: (readonly [nodes: number, labels: Int32Array])[] = [];
    await esom.fit(x, { onEpoch: async () => void seen.push([esom.map.size, await esom.predict(x)]) });
    expect(seen).toHaveLength(2);
    expect(seen[1]).toEqual([esom.map.size, esom.labels]);
    const stop = new AbortController();
    const onEpoch = (): void => stop.abort(new Error("enough"));
    await expect(esom.fit(x, { onEpoch, signal: stop.signal })).rejects.toThrow("enough");
    expect(() => esom.map).toThrow("ESOM.map");
  });

  test("stopped within a pass over many rows, it goes on with the block of rows", async () => {
    const n = 140_000;
    const x = { data: Float32Array.from({ length: n }, (_, i) => Math.sin(i) + 3 * (i % 4)), shape: [n, 1] };
    const make = (): ESOM => new ESOM({ epsilon: 0.5, maxNodes: 12 });
    const whole = await make().fit(x);
    const stopped = make();
    const stop = new AbortController();
    await expect(
      stopped.fit(x, { signal: stop.signal, onStep: () => stop.abort(new Error("enough")) }),
    ).rejects.toThrow("enough");
    const steps: number[] = [];
    const loaded = await ESOM.load(await stopped.save());
    await loaded.fit(x, { onStep: ({ step }) => void steps.push(step) });
    expect(steps).toEqual([131_072, n]);
    expect(loaded.map.state()).toEqual(whole.map.state());
    expect(loaded.history).toEqual(whole.history);
  });

  test.each(["exact", "tiled"] as const)("%s search finds what is there", async (search) => {
    const device = await wasm();
    const { x, truth } = blobs(CORNERS, 1500, 0.25);
    const esom = new ESOM({ epsilon: 0.8, gamma: 0.1, passes: 2, minStrength: 0.02, search, tile: 64, device });
    await esom.fit(x, { y: truth });
    expect(adjustedRandIndex(truth, esom.labels)).toBeGreaterThan(0.9);
    expect(await esom.predict(x)).toEqual(esom.labels);
    expect(adjustedRandIndex(truth, await esom.predictClasses(x))).toBeGreaterThan(0.98);
    expect(esom.history.map(({ stage }) => stage)).toEqual(["map", "map"]);
  });

  test("pieces give the map of the whole, and a saved map goes on", async () => {
    const { x } = blobs(CORNERS, 700, 0.5);
    const whole = await new ESOM({ epsilon: 0.5, order: "given" }).fit(x);
    const part = (from: number, to: number) => ({ data: x.data.subarray(from * 3, to * 3), shape: [to - from, 3] });
    const first = await new ESOM({ epsilon: 0.5 }).partialFit(part(0, 333));
    const second = await (await ESOM.load(await first.save())).partialFit(part(333, 700));
    expect(second.map.state()).toEqual(whole.map.state());
    expect(second.codebook.data).toEqual(whole.codebook.data);
  });

  test("the order of the rows is drawn by the seed, another in each pass, or given", async () => {
    const { x } = blobs(CORNERS, 500, 0.5);
    const sorted = { data: Float32Array.from(x.data).sort(), shape: [1500, 1] };
    const trained = async (options: ESOMOptions): Promise<unknown> =>
      (await new ESOM({ epsilon: 0.3, ...options }).fit(sorted)).map.state();
    expect(await trained({ seed: 1 })).toEqual(await trained({ seed: 1, order: "shuffled" }));
    expect(await trained({ seed: 1 })).not.toEqual(await trained({ seed: 2 }));
    expect(await trained({ seed: 1, order: "given" })).toEqual(await trained({ seed: 2, order: "given" }));
  });

  test("many rows come in runs from everywhere, each once, however they are read", async () => {
    const n = 66_500;
    const range = (from: number, to: number): Float32Array =>
      Float32Array.from({ length: to - from }, (_, i) => from + i);
    const shuffled = shuffledRows({ n, d: 1, read: range }, 3, "test", 0);
    const read = await shuffled.read(0, n);
    expect(Float32Array.from(read).sort()).toEqual(range(0, n));
    expect(new Set(Array.from(read.subarray(0, 1000), (row) => Math.floor(row / 10_000))).size).toBe(7);
    expect(await shuffled.read(60_000, 66_000)).toEqual(read.subarray(60_000, 66_000));
    expect(await shuffledRows({ n, d: 1, read: range }, 3, "test", 1).read(0, n)).not.toEqual(read);
  });

  test("is cut into as many clusters as are wanted", async () => {
    const device = await wasm();
    const { x, truth } = blobs(CORNERS, 1500, 0.4);
    const esom = await new ESOM({ nClusters: 4, device }).fit(x);
    expect(adjustedRandIndex(truth, esom.labels)).toBeGreaterThan(0.95);
    expect(new Set(esom.nodeLabels)).toEqual(new Set([0, 1, 2, 3]));
    const loaded = await ESOM.load(await esom.save(), { device });
    expect([await loaded.predict(x), loaded.nodeLabels]).toEqual([esom.labels, esom.nodeLabels]);
    const alike = await new ESOM({ nClusters: 3, device }).fit([[1, 1], [1, 1], [1, 1], [1, 1]]); // prettier-ignore
    expect(alike.labels).toEqual(new Int32Array(4));
  });

  test("the cap holds, masked rows have no node", async () => {
    const { x } = blobs(CORNERS, 400, 1);
    const esom = await new ESOM({ epsilon: 1e-4, maxNodes: 30 }).fit(source(x, [5]));
    expect(esom.map.size).toBeLessThanOrEqual(30);
    expect([esom.bmu[5], esom.labels[5], esom.activation[5]]).toEqual([-1, -1, NaN]);
  });

  test("epsilon by quantile makes fewer nodes the larger it is", async () => {
    const { x } = blobs(CORNERS, 600, 0.6);
    const sizes: number[] = [];
    for (const quantile of [0.01, 0.05, 0.2]) sizes.push((await new ESOM({ epsilon: { quantile } }).fit(x)).map.size);
    expect(sizes[0]).toBeGreaterThan(sizes[1]!);
    expect(sizes[1]).toBeGreaterThan(sizes[2]!);
  });

  test("what cannot be is refused in one line", async () => {
    expect(() => new ESOM({ epsilon: 0 })).toThrow(/^ESOM: epsilon must be positive/);
    expect(() => new ESOM({ gamma: 2 })).toThrow(/gamma must be from 0 to 1/);
    expect(() => new ESOM({ passes: [] })).toThrow(
      /passes must be a whole number from 1 to 1000000, or a list of one or more/,
    );
    await expect(new ESOM().fit([[1], [2]], { y: [1] })).rejects.toThrow(/y must be one label for each of 2 rows/);
    expect(() => new ESOM().labels).toThrow(/call fit first/);
  });
});

import { describe, expect, test } from "vitest";
import { KMeans, MiniBatchKMeans, nmi, PCA } from "constella";
import type { EpochRecord } from "../../src/lifecycle/progress";
import { describeDevices, deviceOf } from "../devices";
import { uniforms } from "../uniforms";
import { blobs } from "./blobs";
import { ArrayRows } from "./row-source";

const [N, D, K] = [1600, 5, 6];

/** So little memory that blocks have 512 rows, and none of them is kept. */
const LITTLE = 2 ** 14;

const truth = (n: number, k: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i % k);

/** Points along directions of falling variance. */
function stretched(n: number, d: number, seed: number): Float32Array {
  const random = uniforms(seed);
  return Float32Array.from({ length: n * d }, (_, i) => (3 * (random() - 0.5)) / (1 + (i % d)) + 7 * (i % 2));
}

describeDevices("rows that are read", (device) => {
  test("k-means finds what it finds of the same rows in memory, in blocks", async () => {
    const x = blobs(N, D, K, 3);
    const options = { nClusters: K, nInit: 2, seed: 5, device: await device() };
    const whole = await new KMeans(options).fit({ data: x, shape: [N, D] });
    const source = new ArrayRows(x, D, LITTLE);
    const read = await new KMeans({ ...options, init: "random" }).fit(source);
    expect(source.most).toBe(512);
    expect(source.given).toBeGreaterThan(4 * N);
    expect(nmi(truth(N, K), read.labels)).toBeGreaterThan(0.6);

    const easy = await new KMeans(options).fit(new ArrayRows(x, D));
    expect(easy.labels).toEqual(whole.labels);
    expect(easy.nIter).toBe(whole.nIter);
    expect(Math.abs(easy.inertia / whole.inertia - 1)).toBeLessThan(1e-6);
    expect(await easy.predict(source)).toEqual(easy.labels);
    const distances = await easy.transform(source);
    expect(distances.shape).toEqual([N, K]);
    expect(distances.data).toEqual((await easy.transform({ data: x, shape: [N, D] })).data);
    expect(Math.abs((await easy.score(source)) / easy.inertia + 1)).toBeLessThan(1e-6);
  });

  test("how rows are cut into blocks changes no byte", async () => {
    const x = blobs(N, D, 40, 4, 1000);
    const fitted = async (memory: number): Promise<KMeans> =>
      new KMeans({ nClusters: 9, init: "random", nInit: 2, seed: 1, device: await device() }).fit(
        new ArrayRows(x, D, memory),
      );
    const [one, other] = [await fitted(LITTLE), await fitted(2 ** 17)];
    expect(one.labels).toEqual(other.labels);
    expect(one.clusterCenters).toEqual(other.clusterCenters);
    expect(one.inertia).toBe(other.inertia);
    expect((await fitted(LITTLE)).clusterCenters).toEqual(one.clusterCenters);
  });

  test("empty clusters begin anew at the farthest points, and far columns lose nothing", async () => {
    const x = blobs(N, D, K, 6, 1e5);
    const init = Float32Array.from({ length: K * D }, (_, i) => (i < D ? 1e5 + 10 : 3e5));
    const options = { nClusters: K, init: { data: init, shape: [K, D] }, device: await device() };
    const whole = await new KMeans(options).fit({ data: x, shape: [N, D] });
    const read = await new KMeans(options).fit(new ArrayRows(x, D, LITTLE));
    expect(read.labels).toEqual(whole.labels);
    expect(new Set(read.labels).size).toBe(K);
  });

  test("a fit that is stopped, saved and loaded ends with the same bytes", async () => {
    const x = blobs(N, D, 40, 4);
    const options = { nClusters: 9, nInit: 2, seed: 1, device: await device() };
    for (const points of [() => new ArrayRows(x, D, LITTLE), () => ({ data: x, shape: [N, D] })]) {
      const whole = await new KMeans(options).fit(points());
      const stop = new AbortController();
      const stopped = new KMeans(options);
      const onStep = ({ epoch }: { epoch: number }): void => {
        if (epoch === 2) stop.abort(new Error("enough"));
      };
      await expect(stopped.fit(points(), { signal: stop.signal, onStep })).rejects.toThrow("enough");
      const resumed = await KMeans.load(await stopped.save(), { device: await device() });
      const after: number[] = [];
      await resumed.fit(points(), { onStep: ({ epoch }) => after.push(epoch) });
      expect(after[0]).toBeGreaterThan(1);
      expect(await resumed.save()).toEqual(await whole.save());
    }
  });

  test("what is saved while a fit runs goes on to the same bytes", async () => {
    const x = blobs(N, D, 40, 4);
    const own = { seed: 1, device: await device() };
    const on = { device: own.device };
    const subjects = [
      {
        make: () => new KMeans({ nClusters: 9, nInit: 2, ...own }),
        load: (bytes: Uint8Array) => KMeans.load(bytes, on),
      },
      {
        make: () => new MiniBatchKMeans({ nClusters: 9, batchSize: 64, maxNoImprovement: 0, maxIter: 3, ...own }),
        load: (bytes: Uint8Array) => MiniBatchKMeans.load(bytes, on),
      },
    ];
    for (const { make, load } of subjects)
      for (const points of [() => new ArrayRows(x, D, LITTLE), () => ({ data: x, shape: [N, D] })]) {
        const saved: Promise<Uint8Array>[] = [];
        const fitted = make();
        await fitted.fit(points(), { onStep: () => saved.length < 30 && saved.push(fitted.save()) });
        const whole = await fitted.save();
        const files = await Promise.all(saved);
        expect(files.length).toBeGreaterThan(3);
        for (const file of [files[1]!, files.at(-2)!]) {
          const resumed = await load(file);
          await resumed.fit(points());
          expect(await resumed.save()).toEqual(whole);
        }
      }
  });

  test("a pass that labels all points is not begun anew with the steps before it", async () => {
    const x = blobs(N, D, 40, 4);
    const options = { nClusters: 9, batchSize: 64, maxIter: 2, seed: 1, device: await device() };
    const whole = await new MiniBatchKMeans(options).fit(new ArrayRows(x, D, LITTLE));
    const stop = new AbortController();
    const stopped = new MiniBatchKMeans(options);
    const source = new ArrayRows(x, D, LITTLE);
    const steps: number[] = [];
    source.onRange = () => steps.length > 0 && stop.abort(new Error("enough")); // the batches come by number
    const fitting = stopped.fit(source, { signal: stop.signal, onStep: ({ step }) => steps.push(step) });
    await expect(fitting).rejects.toThrow("enough");
    expect(() => stopped.labels).toThrow("call fit first");
    const resumed = await MiniBatchKMeans.load(await stopped.save(), { device: await device() });
    await expect(resumed.fit(new ArrayRows(x.subarray(D), D, LITTLE))).rejects.toThrow(
      "MiniBatchKMeans.fit: a fit goes on with the same points, [1600, 5] before, [1599, 5] now",
    );
    const after: number[] = [];
    await resumed.fit(new ArrayRows(x, D, LITTLE), { onStep: ({ step }) => after.push(step) });
    expect(after).toEqual([]);
    expect(await resumed.save()).toEqual(await whole.save());
  });

  test.each([
    { name: "products of the columns", n: 1600, d: 12, options: { nComponents: 3 }, blocks: [1, 2, 3, 5] },
    {
      name: "products of a sample",
      n: 24,
      d: 4100,
      options: { nComponents: 3, solver: "randomized", seed: 3 } as const,
      blocks: [2, 9, 16],
    },
  ])("principal components go on with the block at which they were stopped: $name", async (given) => {
    const { n, d, options, blocks } = given;
    const x = stretched(n, d, 8);
    const own = { ...options, device: await device() };
    const source = (): ArrayRows => new ArrayRows(x, d, d > n ? 2 ** 18 : LITTLE);
    const rowsOf = async (fit: (source: ArrayRows) => Promise<unknown>): Promise<number> => {
      const counted = source();
      await fit(counted);
      return counted.given;
    };
    const whole = new PCA(own);
    const all = await rowsOf((rows) => whole.fit(rows));
    // of a sample, the software adapter takes ten times as long as WebAssembly for a fit
    for (const last of d > n && own.device.type === "webgpu" ? blocks.slice(1, 2) : blocks) {
      const stop = new AbortController();
      const stopped = new PCA(own);
      let reports = 0;
      const onStep = (): void => {
        if (++reports > last) stop.abort(new Error("enough"));
      };
      await expect(stopped.fit(source(), { signal: stop.signal, onStep })).rejects.toThrow("enough");
      const resumed = await PCA.load(await stopped.save(), { device: await device() });
      expect(() => resumed.components).toThrow("call fit first");
      expect(await rowsOf((rows) => resumed.fit(rows))).toBeLessThan(all - n + 1);
      expect(await resumed.save()).toEqual(await whole.save());
    }
  });

  test("k-means says what is wrong with rows", async () => {
    const x = blobs(N, D, K, 3);
    x[1234 * D + 2] = NaN;
    const bad = new ArrayRows(x, D, LITTLE);
    const kmeans = new KMeans({ nClusters: K, nInit: 1, device: await device() });
    await expect(kmeans.fit(bad)).rejects.toThrow("KMeans.fit: x must be finite, got NaN at row 1234, column 2");
    await expect(kmeans.fit(new ArrayRows(new Float32Array(0), D))).rejects.toThrow("KMeans.fit: x has no elements");
    await kmeans.fit(new ArrayRows(blobs(N, D, K, 3), D));
    await expect(kmeans.predict(new ArrayRows(blobs(N, 4, K, 3), 4))).rejects.toThrow("x must have 5 columns, got 4");
  });

  test("mini-batch k-means finds the same as of the rows in memory", async () => {
    const x = blobs(N, D, K, 3);
    const options = { nClusters: K, batchSize: 128, seed: 5, device: await device() };
    const whole = await new MiniBatchKMeans(options).fit({ data: x, shape: [N, D] });
    const source = new ArrayRows(x, D, LITTLE);
    const read = await new MiniBatchKMeans(options).fit(source);
    expect(source.most).toBe(512);
    expect(read.labels).toEqual(whole.labels);
    expect(read.clusterCenters.data).toEqual(whole.clusterCenters.data);
    expect(read.history.map(({ loss }: EpochRecord) => loss)).toEqual(whole.history.map(({ loss }) => loss));
    expect(await read.predict(source)).toEqual(read.labels);
  });

  test.each([
    { name: "all components", options: {}, n: 1600, d: 12 },
    { name: "a share of the variance", options: { nComponents: 0.9 }, n: 1600, d: 12 },
    { name: "whitened", options: { nComponents: 3, whiten: true }, n: 1600, d: 12 },
    { name: "fewer rows than columns", options: { nComponents: 4 }, n: 20, d: 50 },
  ])("principal components: $name", async ({ options, n, d }) => {
    const x = stretched(n, d, 8);
    const own = { ...options, device: await device() };
    const whole = await new PCA(own).fit({ data: x, shape: [n, d] });
    const source = new ArrayRows(x, d, n > d ? LITTLE : undefined);
    const read = await new PCA(own).fit(source);
    expect(read.components.shape).toEqual(whole.components.shape);
    if (n > d) expect(source.most).toBeLessThan(n / 3);
    read.explainedVariance.forEach((value, i) =>
      expect(Math.abs(value - whole.explainedVariance[i]!)).toBeLessThan(1e-5 * whole.explainedVariance[0]!),
    );
    const scores = await read.transform(source);
    const expected = await whole.transform({ data: x, shape: [n, d] });
    expect(scores.shape).toEqual(expected.shape);
    scores.data.forEach((value, i) => expect(Math.abs(value - expected.data[i]!)).toBeLessThan(2e-3));
  });

  test("means in float64: an offset of 30,000 takes nothing from the components", async () => {
    const x = stretched(2500, 6, 9);
    const far = x.map((value) => value + 30000);
    const near = await new PCA({ device: await device() }).fit({ data: x, shape: [2500, 6] });
    const read = await new PCA({ device: await device() }).fit(new ArrayRows(far, 6, LITTLE));
    read.explainedVariance.forEach((value, i) =>
      expect(Math.abs(value / near.explainedVariance[i]! - 1)).toBeLessThan(2e-2 / (1 + near.explainedVariance[i]!)),
    );
  });
});

describe("many columns that are read", () => {
  const device = (): ReturnType<typeof deviceOf> => deviceOf("wasm");

  test("a random sample gives the components that memory gives", async () => {
    const [n, d] = [1500, 1200];
    const random = uniforms(4);
    const places = Array.from({ length: 3 }, () => Float32Array.from({ length: d }, () => random() - 0.5));
    const x = new Float32Array(n * d);
    for (let i = 0; i < n; i++) {
      const weights = places.map((_, p) => (6 - 2 * p) * (random() - 0.5));
      for (let c = 0; c < d; c++)
        x[i * d + c] = weights.reduce((sum, w, p) => sum + w * places[p]![c]!, 0.01 * (random() - 0.5));
    }
    const options = { nComponents: 3, device: await device() };
    const whole = await new PCA(options).fit({ data: x, shape: [n, d] });
    const read = await new PCA(options).fit(new ArrayRows(x, d, 2 ** 22));
    expect([whole.solver, read.solver]).toEqual(["randomized", "randomized"]);
    read.explainedVarianceRatio.forEach((share, i) =>
      expect(Math.abs(share - whole.explainedVarianceRatio[i]!)).toBeLessThan(1e-4),
    );
    for (let i = 0; i < 3; i++) {
      let cosine = 0;
      for (let c = 0; c < d; c++) cosine += read.components.data[i * d + c]! * whole.components.data[i * d + c]!;
      expect(cosine).toBeGreaterThan(0.999);
    }
  });

  test("of more than 4,096 columns, by passes over the rows", async () => {
    const [n, d] = [1100, 4200];
    const random = uniforms(4);
    const place = Float32Array.from({ length: d }, () => random() - 0.5);
    const x = Float32Array.from({ length: n * d }, () => 0.01 * (random() - 0.5));
    const weights = Float32Array.from({ length: n }, () => 4 * (random() - 0.5));
    for (let i = 0; i < n; i++) for (let c = 0; c < d; c++) x[i * d + c]! += weights[i]! * place[c]!;
    const read = await new PCA({ nComponents: 1, device: await device() }).fit(new ArrayRows(x, d, 2 ** 23));
    const length = Math.sqrt(place.reduce((sum, v) => sum + v * v, 0));
    const cosine = read.components.data.reduce((sum, v, c) => sum + (v * place[c]!) / length, 0);
    expect(Math.abs(cosine)).toBeGreaterThan(0.999);
    await expect(new PCA({ device: await device() }).fit(new ArrayRows(x, d, 2 ** 23))).rejects.toThrow(
      "PCA.fit: of rows that are read from a source, 4200 columns give 275 components at most, got nComponents of all there are",
    );
  });
});

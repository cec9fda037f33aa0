import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { accuracy, KMeans, nmi, tensor } from "constella";
import type { Device } from "constella";
import { readNpz } from "../../src/data/formats/npy/npz";
import { NdArray } from "../../src/ndarray";
import { firstMismatch } from "../close";
import { describeDevices } from "../devices";
import { blobs } from "./blobs";
import { goldenCases } from "./golden";

/** The nearest of k centres and the squared distance to it, in float64. */
function nearest(x: Float32Array, centers: ArrayLike<number>, d: number): { labels: number[]; squared: number[] } {
  const labels: number[] = [];
  const squared: number[] = [];
  for (let i = 0; i < x.length; i += d) {
    let [label, best] = [0, Infinity];
    for (let j = 0; j < centers.length / d; j++) {
      let distance = 0;
      for (let c = 0; c < d; c++) distance += (x[i + c]! - centers[j * d + c]!) ** 2;
      if (distance < best) [label, best] = [j, distance];
    }
    labels.push(label);
    squared.push(best);
  }
  return { labels, squared };
}

function digits(): { x: NdArray; labels: Int32Array } {
  const arrays = readNpz(readFileSync(new URL("../fixtures/digits_8x8.npz", import.meta.url)));
  const images = arrays.get("images")!.data as Uint8Array;
  const x = new NdArray(
    Float32Array.from(images, (v) => v / 16),
    [1797, 64],
  );
  return { x, labels: Int32Array.from(arrays.get("labels")!.data as Uint8Array) };
}

describeDevices("KMeans", (device, type) => {
  test.each(goldenCases("kmeans"))("$name", async ({ attrs, input, output }) => {
    const kmeans = new KMeans({
      nClusters: attrs["k"]!,
      init: input("centers0"),
      maxIter: attrs["maxIter"]!,
      tolerance: 0,
      device: await device(),
    });
    await kmeans.fit(input("x"));
    expect(Array.from(kmeans.labels)).toEqual(output("labels").values);
    expect([kmeans.nIter]).toEqual(output("n_iter").values);
    const centers = output("centers");
    expect(firstMismatch(kmeans.clusterCenters.data, centers.values, centers)).toBeUndefined();
    const inertia = output("inertia");
    expect(firstMismatch([kmeans.inertia], inertia.values, inertia)).toBeUndefined();
  });

  test.each(goldenCases("kmeans_step"))("$name", async ({ attrs, input, output }) => {
    const options = { nClusters: attrs["k"]!, init: input("centers0"), tolerance: 0, device: await device() };
    const stepped = await new KMeans({ ...options, maxIter: 1 }).fit(input("x"));
    const centers = output("centers");
    expect(firstMismatch(stepped.clusterCenters.data, centers.values, centers)).toBeUndefined();
    const { device: on, ...rest } = options;
    const fixed = await new KMeans({ ...rest, maxIter: 1, tolerance: 1e30, device: on }).fit(input("centers0"));
    expect(fixed.nIter).toBe(1); // every centre is its own only point: predict() then uses the given centres
    const labels = await fixed.predict(input("x"));
    expect(Array.from(labels)).toEqual(output("labels").values);
    const counts = Array.from({ length: attrs["k"]! }, (_, j) => labels.filter((label) => label === j).length);
    expect(counts).toEqual(output("counts").values);
  });

  test.each([
    [1, 1, 1],
    [5, 2, 5],
    [131, 3, 4],
    [257, 17, 33],
    [700, 130, 6],
    [40, 4097, 3],
    [67, 9, 10],
    [34, 6, 7],
  ])("predict, transform and score agree with float64 for n %i, d %i, k %i", async (n, d, k) => {
    const x = blobs(n, d, k, n + d);
    const centers = blobs(k, d, k, n + d + 1);
    const kmeans = new KMeans({ nClusters: k, init: new NdArray(centers, [k, d]), maxIter: 1, device: await device() });
    const points = new NdArray(x, [n, d]);
    await kmeans.fit(points);
    const { labels, squared } = nearest(x, kmeans.clusterCenters.data, d);
    expect(Array.from(await kmeans.predict(points))).toEqual(labels);
    expect(Array.from(kmeans.labels)).toEqual(labels);
    const total = squared.reduce((a, b) => a + b, 0);
    expect(
      firstMismatch([await kmeans.score(points), kmeans.inertia], [-total, total], { rtol: 1e-5, atol: 1e-6 }),
    ).toBe(undefined);
    const distances = await kmeans.transform(points);
    expect(distances.shape).toEqual([n, k]);
    const want = Array.from({ length: n * k }, (_, i) =>
      Math.sqrt(
        x
          .subarray(Math.floor(i / k) * d, (Math.floor(i / k) + 1) * d)
          .reduce((sum, v, c) => sum + (v - kmeans.clusterCenters.data[(i % k) * d + c]!) ** 2, 0),
      ),
    );
    expect(firstMismatch(distances.data, want, { rtol: 1e-5, atol: 1e-6 })).toBeUndefined();
  });

  test("finds well separated groups from every start, and tells each iteration", async () => {
    const [n, d, k] = [600, 5, 4];
    const x = new NdArray(blobs(n, d, k, 3), [n, d]);
    const told: number[] = [];
    const kmeans = new KMeans({
      nClusters: k,
      nInit: 3,
      device: await device(),
    });
    const labels = await kmeans.fitPredict(x, {
      onStep: ({ epoch, epochs, step, inertia }) => {
        if (epoch === 1) told.push(inertia);
        expect(epochs).toBe(3);
        expect(step).toBeGreaterThan(0);
      },
    });
    expect(
      accuracy(
        Int32Array.from(labels, (_, i) => i % k),
        labels,
      ),
    ).toBe(1);
    expect(told.length).toBeGreaterThan(0);
    for (let i = 1; i < told.length; i++) expect(told[i]).toBeLessThanOrEqual(told[i - 1]! * (1 + 1e-6));
  });

  test("an offset of a thousand spreads changes no label", async () => {
    const [n, d, k] = [300, 6, 5];
    const centers = new NdArray(blobs(k, d, k, 8), [k, d]);
    const near = await new KMeans({ nClusters: k, init: centers, device: await device() }).fit(
      new NdArray(blobs(n, d, k, 8), [n, d]),
    );
    const far = await new KMeans({
      nClusters: k,
      init: new NdArray(blobs(k, d, k, 8, 20000), [k, d]),
      device: await device(),
    }).fit(new NdArray(blobs(n, d, k, 8, 20000), [n, d]));
    expect(far.labels).toEqual(near.labels);
    expect(Math.abs(far.inertia / near.inertia - 1)).toBeLessThan(1e-2); // the points themselves are rounded to 1/512
  });

  test.each([
    [1030, 5, 32],
    [70, 1, 45],
    [515, 45, 100],
    [41, 1300, 33],
  ])("%i points of %i numbers, %i centres: each has the nearest, to float32", async (n, d, k) => {
    const x = blobs(n, d, 4, 3);
    const init = new NdArray(blobs(k, d, 4, 3), [k, d]);
    const options = { nClusters: k, init, maxIter: 1, tolerance: 1e30, device: await device() };
    const kmeans = await new KMeans(options).fit(new NdArray(x, [n, d]));
    const { clusterCenters } = kmeans;
    const labels = await kmeans.predict(new NdArray(x, [n, d]));
    const { squared } = nearest(x, clusterCenters.data, d);
    const centers = Float64Array.from(clusterCenters.data);
    for (let i = 0; i < n; i++) {
      let own = 0;
      for (let c = 0; c < d; c++) own += (x[i * d + c]! - centers[labels[i]! * d + c]!) ** 2;
      expect(own).toBeLessThanOrEqual(squared[i]! * (1 + 1e-5) + 1e-5 * d);
    }
  });

  test("of forty centres that are the points, equal ones have the lowest label", async () => {
    const x = blobs(40, 3, 40, 4);
    x.copyWithin(3 * 39, 0, 3);
    const init = new NdArray(x, [40, 3]);
    const kmeans = await new KMeans({ nClusters: 40, init, device: await device() }).fit(init);
    expect(Array.from(kmeans.labels)).toEqual(Array.from({ length: 40 }, (_, i) => i % 39));
  });

  test("equal centres: the lowest label, and the empty one takes the farthest point", async () => {
    const x = new NdArray(Float32Array.of(0, 1, 2, 10), [4, 1]);
    const kmeans = new KMeans({
      nClusters: 2,
      init: [[1], [1]],
      maxIter: 1,
      tolerance: 0,
      device: await device(),
    });
    await kmeans.fit(x);
    expect(Array.from(kmeans.clusterCenters.data)).toEqual([1, 10]);
    expect(Array.from(kmeans.labels)).toEqual([0, 0, 0, 1]);
  });

  test("two empty clusters take the two farthest points", async () => {
    const x = new NdArray(Float32Array.of(0, 0, 1, 0, 0, 1, 50, 0, 0, -40), [5, 2]);
    const init = [
      [0, 0],
      [1000, 0],
      [0, 1000],
    ];
    const kmeans = await new KMeans({ nClusters: 3, init, device: await device() }).fit(x);
    expect(Array.from(kmeans.labels)).toEqual([0, 0, 0, 1, 2]);
    expect(kmeans.inertia).toBeCloseTo(4 / 3, 5);
  });

  test("fewer different points than clusters leave finite centres", async () => {
    const x = new NdArray(new Float32Array(20).fill(3), [10, 2]);
    const kmeans = await new KMeans({ nClusters: 3, device: await device() }).fit(x);
    expect(kmeans.inertia).toBe(0);
    expect(Array.from(kmeans.clusterCenters.data)).toEqual([3, 3, 3, 3, 3, 3]);
  });

  test("the same seed gives the same bytes, another seed another start", async () => {
    const x = new NdArray(blobs(1500, 19, 3, 5), [1500, 19]);
    const fit = async (seed: number): Promise<KMeans> =>
      new KMeans({ nClusters: 12, nInit: 2, maxIter: 8, seed, device: await device() }).fit(x);
    const [a, b, c] = [await fit(1), await fit(1), await fit(2)];
    expect(b.clusterCenters.data).toEqual(a.clusterCenters.data);
    expect(b.labels).toEqual(a.labels);
    expect(b.inertia).toBe(a.inertia);
    expect(c.clusterCenters.data).not.toEqual(a.clusterCenters.data);
  });

  test("the digits: restarts reach the published accuracy", async () => {
    const { x, labels } = digits();
    const nInit = type === "wasm" ? 20 : 2; // 20 would take a software adapter a minute
    const kmeans = await new KMeans({ nClusters: 10, nInit, seed: 6, device: await device() }).fit(x);
    expect(kmeans.inertia).toBeLessThan(4570); // the best there is: 4,551
    expect(Math.abs(accuracy(labels, kmeans.labels) - 0.793)).toBeLessThan(0.01);
    expect(Math.abs(nmi(labels, kmeans.labels) - 0.743)).toBeLessThan(0.01);
  });

  test("a tensor is clustered where it lies, and nothing stays behind", async () => {
    const on = await device();
    const data = blobs(200, 4, 3, 6);
    const x = tensor(on, data, [200, 4]);
    const before = on.memory();
    const kmeans = await new KMeans({ nClusters: 3, init: "random", nInit: 2 }).fit(x);
    const again = await new KMeans({ nClusters: 3, init: "random", nInit: 2, device: on }).fit(
      new NdArray(data, [200, 4]),
    );
    expect(again.labels).toEqual(kmeans.labels);
    expect(await kmeans.predict(x)).toEqual(kmeans.labels);
    await kmeans.transform(x);
    expect(on.memory().buffers).toBe(before.buffers);
    x.dispose();
  });

  test("a signal ends the fit with its reason", async () => {
    const stop = new AbortController();
    const kmeans = new KMeans({
      nClusters: 3,
      device: await device(),
    });
    const options = { signal: stop.signal, onStep: () => stop.abort(new Error("enough")) };
    await expect(kmeans.fit(new NdArray(blobs(100, 2, 7, 2), [100, 2]), options)).rejects.toThrow("enough");
  });

  test("refuses shapes that do not fit", async () => {
    const x = new NdArray(Float32Array.of(0, 1, 2, 3, 4, 5), [3, 2]);
    const on = await device();
    await expect(new KMeans({ nClusters: 4, device: on }).fit(x)).rejects.toThrow(
      "KMeans.fit: 4 clusters need as many points, x has 3",
    );
    await expect(new KMeans({ nClusters: 2, init: [[1, 2, 3]], device: on }).fit(x)).rejects.toThrow(
      "KMeans.fit: init must be centres [2, 2], got [1, 3]",
    );
    const fitted = await new KMeans({ nClusters: 2, device: on }).fit(x);
    await expect(fitted.predict([[1, 2, 3]])).rejects.toThrow("KMeans.predict: x must have 2 columns, got 3");
    await expect(fitted.transform([[1]])).rejects.toThrow("KMeans.transform: x must have 2 columns, got 1");
  });
});

describe("KMeans refuses", () => {
  const points = new NdArray(Float32Array.of(0, 1, 2, 3, 4, 5), [3, 2]);
  const make = (options: object = {}): KMeans =>
    new KMeans({ nClusters: 2, device: { type: "wasm", run: () => undefined } as unknown as Device, ...options });

  test.each([
    [{ nClusters: 0 }, "KMeans: nClusters must be a whole number from 1, got 0"],
    [{ nClusters: 2.5 }, "KMeans: nClusters must be a whole number from 1, got 2.5"],
    [{ nInit: 0 }, "KMeans: nInit must be a whole number from 1, got 0"],
    [{ maxIter: -1 }, "KMeans: maxIter must be a whole number from 1, got -1"],
    [{ tolerance: NaN }, "KMeans: tolerance must be 0 or more, got NaN"],
    [{ init: "best" }, "KMeans: init must be k-means++ or random, or a matrix of centres, got best"],
  ])("%o", (options, message) => {
    expect(() => make(options)).toThrow(message);
  });

  test("what it cannot cluster", async () => {
    await expect(make().predict(points)).rejects.toThrow("KMeans.predict: call fit first");
    expect(() => make().labels).toThrow("KMeans.labels: call fit first");
    await expect(make().fit([[1, NaN]])).rejects.toThrow(/KMeans\.fit: .*NaN.*0.*1/);
    await expect(make().fit([1, 2, 3])).rejects.toThrow("KMeans.fit: x must be a matrix");
    await expect(make().fit(new NdArray(new Float32Array(0), [0, 3]))).rejects.toThrow("KMeans.fit: x has no elements");
  });
});

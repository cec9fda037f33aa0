import { describe, expect, test } from "vitest";
import { KMeans, MiniBatchKMeans, tensor } from "constella";
import { NdArray } from "../../src/ndarray";
import { firstMismatch } from "../close";
import { describeDevices } from "../devices";
import { blobs } from "./blobs";
import { goldenCases } from "./golden";

describeDevices("MiniBatchKMeans", (device) => {
  test.each(goldenCases("minibatch_kmeans"))("$name", async ({ attrs, input, output }) => {
    const k = attrs["k"]!;
    const x = input("x");
    const d = x.shape[1]!;
    const batches = input("batches");
    const size = batches.shape[1]!;
    const init = input("centers0");
    const kmeans = new MiniBatchKMeans({ nClusters: k, init, reassignmentRatio: 0, device: await device() });
    const [centers, counts, labels] = [output("centers_trace"), output("counts_trace"), output("assign_trace")];
    for (let t = 0; t < batches.shape[0]!; t++) {
      const rows = Array.from(batches.data.subarray(t * size, (t + 1) * size), Number);
      await kmeans.partialFit(rows.map((row) => Array.from(x.data.subarray(row * d, (row + 1) * d), Number)));
      expect(Array.from(kmeans.labels)).toEqual(labels.values.slice(t * size, (t + 1) * size));
      expect(Array.from(kmeans.counts)).toEqual(counts.values.slice(t * k, (t + 1) * k));
      const want = centers.values.slice(t * k * d, (t + 1) * k * d);
      expect(firstMismatch(kmeans.clusterCenters.data, want, centers)).toBeUndefined();
    }
    expect(kmeans.nSteps).toBe(batches.shape[0]);
  });

  test("comes close to k-means, labels every point, and repeats bit for bit", async () => {
    const [n, d, k] = [2000, 6, 5];
    const x = new NdArray(blobs(n, d, k, 4), [n, d]);
    const options = { nClusters: k, batchSize: 128, maxIter: 5, seed: 3, device: await device() };
    const mini = await new MiniBatchKMeans(options).fit(x);
    const full = await new KMeans({ nClusters: k, nInit: 2, device: await device() }).fit(x);
    expect(mini.inertia).toBeLessThan(1.03 * full.inertia);
    expect(mini.inertia).toBeGreaterThan(0.9999 * full.inertia);
    expect(await mini.predict(x)).toEqual(mini.labels);
    expect(-(await mini.score(x))).toBe(mini.inertia);
    expect((await mini.transform(x)).shape).toEqual([n, k]);
    const again = await new MiniBatchKMeans(options).fit(x);
    expect(again.clusterCenters.data).toEqual(mini.clusterCenters.data);
    expect((await mini.fit(x)).clusterCenters.data).toEqual(again.clusterCenters.data);
  });

  test("stops early when the inertia no longer falls", async () => {
    const x = new NdArray(blobs(500, 2, 3, 1), [500, 2]);
    const steps: number[] = [];
    const mini = new MiniBatchKMeans({
      nClusters: 3,
      batchSize: 100,
      device: await device(),
    });
    await mini.fit(x, { onStep: ({ step }) => steps.push(step) });
    expect(steps.at(-1)).toBe(mini.nSteps);
    expect(mini.nSteps).toBeLessThan(200); // of 500
    expect(mini.nIter).toBe(Math.ceil(mini.nSteps / 5));
  });

  test("a centre that is given no points begins anew at one", async () => {
    const x = new NdArray(blobs(300, 2, 2, 2), [300, 2]);
    const init = [
      [0, 0],
      [1e6, 1e6],
    ];
    const options = { nClusters: 2, init, batchSize: 50, maxIter: 10, device: await device() };
    const anew = await new MiniBatchKMeans(options).fit(x);
    expect(new Set(anew.labels).size).toBe(2);
    const never = await new MiniBatchKMeans({ ...options, reassignmentRatio: 0 }).fit(x);
    expect(new Set(never.labels).size).toBe(1);
  });

  test("a tensor is clustered where it lies, and nothing stays behind", async () => {
    const on = await device();
    const x = tensor(on, blobs(200, 3, 3, 5), [200, 3]);
    const before = on.memory().buffers;
    const mini = await new MiniBatchKMeans({ nClusters: 3, batchSize: 64, maxIter: 2 }).fit(x);
    await mini.partialFit(x);
    expect(on.memory().buffers).toBe(before);
    x.dispose();
  });

  test("refuses shapes that do not fit", async () => {
    const make = async (): Promise<MiniBatchKMeans> => new MiniBatchKMeans({ nClusters: 3, device: await device() });
    await expect((await make()).fit([[1], [2]])).rejects.toThrow(
      "MiniBatchKMeans.fit: 3 clusters need as many points, x has 2",
    );
    const begun = await (await make()).partialFit([[1], [2], [3]]);
    await expect(begun.partialFit([[1, 2]])).rejects.toThrow(
      "MiniBatchKMeans.partialFit: x must have 1 columns, got 2",
    );
  });
});

describe("MiniBatchKMeans refuses", () => {
  test.each([
    [{ nClusters: 0 }, "nClusters must be a whole number from 1, got 0"],
    [{ batchSize: 0 }, "batchSize must be a whole number from 1, got 0"],
    [{ initSize: 1 }, "initSize must be a whole number from 2, got 1"],
    [{ reassignmentRatio: -1 }, "reassignmentRatio must be 0 or more, got -1"],
    [{ maxNoImprovement: 1.5 }, "maxNoImprovement must be a whole number from 0, got 1.5"],
  ])("%o", (options, message) => {
    expect(() => new MiniBatchKMeans({ nClusters: 2, ...options })).toThrow(`MiniBatchKMeans: ${message}`);
  });

  test("use before fit", async () => {
    const mini = new MiniBatchKMeans({ nClusters: 2 });
    await expect(mini.predict([[1]])).rejects.toThrow("MiniBatchKMeans.predict: call fit first");
  });
});

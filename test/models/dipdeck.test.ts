// DipDECK by numbers: the number of clusters that it finds, of blobs and of real digits, and what an untrained network is worth.
import { expect, test } from "vitest";
import { nmi } from "constella";
import { DipDECK } from "constella/deep";
import { purity } from "../../src/metrics";
import { DipClusters } from "../../src/models/embedded/dip-clusters";
import { stream } from "../../src/random";
import { blobs } from "../cluster/blobs";
import { describeDevices, expectAlike } from "../devices";
import { digits } from "./digits";
import { STILL } from "./untrained";

const OPTIONS = {
  ...{ layers: [64, 64, 5], layerEpochs: 0, pretrainEpochs: 40, pretrainBatchSize: 32, batchSize: 128, seed: 2 },
  ...{ pretrainLearningRate: 5e-3, initialClusters: 20, nInit: 4, learningRate: 1e-3, clusteringWeight: 0.1 },
};

/** Points of normal distributions about centres in the plane. */
function normals(centers: readonly (readonly [number, number])[], each: number): Float32Array {
  const random = stream(0, "dipdeck.test");
  return Float32Array.from(
    centers.flatMap(([x, y]) => Array.from({ length: each }, () => [x + random.normal(), y + random.normal()]).flat()),
  );
}

test("two halves of a cloud are one cluster, two clouds are two, and a large one is seen near the small one, too", async () => {
  const z = normals([[0, 0], [0, 0], [0, 0], [0, 0], [9, 0]], 100); // prettier-ignore
  const labels = Int32Array.from({ length: 500 }, (_, i) => (i < 400 ? Number(z[2 * i]! > 0) : 2));
  const clusters = await DipClusters.of({ z, d: 2, labels, sizeRatio: 2 }, 3);
  const [[, halves, far], [, , near]] = clusters.pValues as [number[], number[]];
  expect(halves).toBeGreaterThan(0.8);
  expect(far).toBeLessThan(0.01);
  expect(near).toBeLessThan(0.01);
  expect(clusters.likest.pair).toEqual([0, 1]);
  const whole = labels.map((label) => Number(label === 2));
  await clusters.merge([0, 1]);
  expect(clusters.labels).toEqual(whole);
  const anew = await DipClusters.of({ z, d: 2, labels: whole, sizeRatio: 2 }, 2, clusters.medoids);
  expect(clusters.pValues).toEqual(anew.pValues);
});

describeDevices("DipDECK", (device, type) => {
  if (type !== "wasm")
    test("it learns as on WebAssembly", async () => {
      const { x } = digits(160);
      await expectAlike(await device(), async (on) => {
        using model = new DipDECK({ ...OPTIONS, dipThreshold: 0, minClusters: 8, pretrainEpochs: 2, device: on });
        await model.fit(x, { epochs: 2 });
        return model.history.map(({ loss }) => ({ loss }));
      });
    });
  if (type !== "wasm") return;
  test("it finds what digits have in common; an untrained network sees one cluster, or knows little of them", async () => {
    const { x, labels } = digits(800);
    const found = [];
    for (const rates of [{}, { learningRate: STILL, pretrainLearningRate: STILL }]) {
      using model = new DipDECK({ ...OPTIONS, ...rates, device: await device() });
      await model.fit(x, { epochs: 15 });
      const clusters = model.clusterCenters.shape[0]!;
      expect(new Set(model.labels).size).toBe(clusters);
      expect(model.merges).toHaveLength(20 - clusters);
      expect(Math.min(...model.merges.map(({ pValue }) => pValue))).toBeGreaterThanOrEqual(0.9);
      expect(await model.predict(x)).toEqual(model.labels);
      found.push({ clusters, nmi: nmi(labels, model.labels) });
    }
    const [trained, untrained] = found;
    expect(trained!.clusters).toBeGreaterThanOrEqual(4);
    expect(trained!.clusters).toBeLessThanOrEqual(16);
    expect(trained!.nmi).toBeGreaterThan(0.5);
    expect(untrained!.nmi).toBeLessThan(0.3);
  });

  test("of the pieces of five groups that lie apart most are merged, and no two groups", async () => {
    const x = { data: blobs(600, 8, 5, 4), shape: [600, 8] };
    const options = {
      layers: [8, 16, 3],
      initialClusters: 12,
      updateInterval: 5,
      pretrainEpochs: 30,
      clusteringWeight: 1,
    };
    using model = new DipDECK({ ...OPTIONS, ...options, device: await device() });
    await model.fit(x, { epochs: 20 });
    expect(purity(Int32Array.from({ length: 600 }, (_, i) => i % 5), model.labels)).toBe(1); // prettier-ignore
    expect(model.clusterCenters.shape[0]).toBeLessThanOrEqual(8);
  });

  test("the number of clusters keeps to its bounds, and bounds that contradict are refused", async () => {
    const { x } = digits(120);
    const few = { ...OPTIONS, pretrainEpochs: 1, initialClusters: 6, device: await device() };
    using least = await new DipDECK({ ...few, dipThreshold: 0, minClusters: 4 }).fit(x, { epochs: 1 });
    expect(least.clusterCenters.shape[0]).toBe(4);
    expect(least.merges.map(({ clusters }) => clusters)).toEqual([5, 4]);
    using most = await new DipDECK({ ...few, dipThreshold: 1, maxClusters: 3 }).fit(x, { epochs: 1 });
    expect(most.clusterCenters.shape[0]).toBeLessThanOrEqual(3);
    expect(() => new DipDECK({ ...few, minClusters: 7 })).toThrow("DipDECK: minClusters must be at most");
  });
});

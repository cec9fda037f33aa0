// DCN by numbers: what its centres are, real digits, and what an untrained network is worth.
import { expect, test } from "vitest";
import { accuracy, DEC, nmi } from "constella";
import { DCN } from "constella/deep";
import { describeDevices, expectAlike } from "../devices";
import { digits } from "./digits";
import { STILL } from "./untrained";

const OPTIONS = {
  ...{ layers: [64, 24, 4], nClusters: 10, layerEpochs: 0, pretrainEpochs: 6, pretrainBatchSize: 32, seed: 5 },
  ...{ pretrainLearningRate: 3e-3, batchSize: 64, updateInterval: 4, tolerance: 0, nInit: 4, learningRate: 2e-3 },
};

/** Mean square of the distance between codes and their centres. */
async function spreadOf(model: DCN, x: ReturnType<typeof digits>["x"]): Promise<number> {
  const z = await model.transform(x);
  const { labels, clusterCenters } = model;
  const d = z.shape[1]!;
  return z.data.reduce((sum, value, at) => {
    const centre = clusterCenters.data[labels[Math.floor(at / d)]! * d + (at % d)]!;
    return sum + (value - centre) ** 2 / labels.length;
  }, 0);
}

describeDevices("DCN", (device, type) => {
  const { x } = digits(160);

  if (type !== "wasm")
    test("it learns as on WebAssembly", async () =>
      expectAlike(await device(), async (on) => {
        using model = new DCN({ ...OPTIONS, pretrainEpochs: 2, device: on });
        await model.fit(x, { epochs: 3 });
        return [...model.history];
      }));
  else
    test("it finds digits, and codes come nearer to their centres than pretraining leaves them; an untrained network finds none", async () => {
      const { x, labels } = digits(320);
      const learning = { layers: [64, 32, 6], pretrainEpochs: 20, pretrainLearningRate: 5e-3 };
      const found = [];
      for (const rates of [{}, { learningRate: STILL }, { learningRate: STILL, pretrainLearningRate: STILL }]) {
        using model = new DCN({ ...OPTIONS, ...learning, ...rates, device: await device() });
        await model.fit(x, { epochs: 60 });
        const z = await model.transform(x);
        const size = z.data.reduce((sum, value) => sum + value * value, 0) / 320;
        found.push({
          scatter: (await spreadOf(model, x)) / size,
          accuracy: accuracy(labels, model.labels),
          nmi: nmi(labels, model.labels),
        });
      }
      const [trained, pretrained, untrained] = found;
      expect(trained!.scatter).toBeLessThan(0.8 * pretrained!.scatter);
      expect(trained!.accuracy).toBeGreaterThan(0.6);
      expect(trained!.nmi).toBeGreaterThan(0.6);
      expect(untrained!.accuracy).toBeLessThan(0.58);
      expect(untrained!.nmi).toBeLessThan(0.58);
    });

  test("centres are the means of all codes that they were given, a hundred of k-means among them", async () => {
    const still = { ...OPTIONS, learningRate: STILL, batchSize: 160, updateInterval: 1 };
    using before = await new DCN({ ...still, device: await device() }).fit(x, { epochs: 0 });
    using after = await new DCN({ ...still, device: await device() }).fit(x, { epochs: 2 });
    const z = await before.transform(x);
    const [k, d] = [10, 4];
    const centers = Float64Array.from(before.clusterCenters.data);
    const counts = new Float64Array(k).fill(100);
    for (let pass = 0; pass < 2; pass++) {
      const own = Array.from({ length: 160 }, (_, i) => {
        const distances = Array.from({ length: k }, (_, c) =>
          [0, 1, 2, 3].reduce((sum, j) => sum + (z.data[i * d + j]! - centers[c * d + j]!) ** 2, 0),
        );
        return distances.indexOf(Math.min(...distances));
      });
      own.forEach((c, i) => {
        counts[c]! += 1; // one by one, at the rate 1 / count: the same mean
        for (let j = 0; j < d; j++) centers[c * d + j]! += (z.data[i * d + j]! - centers[c * d + j]!) / counts[c]!;
      });
    }
    after.clusterCenters.data.forEach((value, at) => expect(value).toBeCloseTo(centers[at]!, 3));
    expect(await after.predict(x)).toEqual(after.labels);
  });

  test("it begins as DEC of the same seed, and without λ only the reconstruction moves its codes", async () => {
    const options = { ...OPTIONS, device: await device() };
    using dec = await new DEC(options).fit(x, { epochs: 0 });
    using dcn = await new DCN(options).fit(x, { epochs: 0 });
    expect((await dcn.transform(x)).data).toEqual((await dec.transform(x)).data);
    expect(dcn.labels).toEqual(dec.labels);
    expect(() => new DCN({ ...options, lambda: -1 })).toThrow("DCN: lambda must be");
    const losses = [];
    for (const lambda of [0, 1]) {
      using model = await new DCN({ ...options, learningRate: STILL, lambda }).fit(x, { epochs: 1 });
      losses.push(model.history.at(-1)!.loss);
    }
    expect(losses[1]).toBeGreaterThan(losses[0]!);
  });
});

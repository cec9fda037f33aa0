// N2D by numbers: real digits, what an untrained network is worth, and what is kept.
import { accuracy, DEC, nmi, StackedAutoencoder } from "constella";
import { expect, test } from "vitest";
import { N2D } from "../../src/deep";
import { describeDevices } from "../devices";
import { digits } from "./digits";
import { STILL } from "./untrained";

const OPTIONS = {
  ...{ layers: [64, 24, 3], nClusters: 10, epochs: 12, batchSize: 32, learningRate: 5e-3, layoutEpochs: 60, seed: 0 },
  nNeighbors: 12,
};

describeDevices("N2D", (device) => {
  const { x } = digits(160);
  const tiny = { ...OPTIONS, epochs: 4, layoutEpochs: 20 };

  test("it finds digits, which an untrained autoencoder does not", async () => {
    const { x, labels } = digits(400);
    const longer = { layers: [64, 32, 6], epochs: 40, layoutEpochs: 100 };
    const found = [];
    for (const rates of [{}, { learningRate: STILL }]) {
      using model = new N2D({ ...OPTIONS, ...longer, ...rates, device: await device() });
      await model.fit(x);
      found.push({ accuracy: accuracy(labels, model.labels), nmi: nmi(labels, model.labels) });
    }
    const [trained, untrained] = found;
    expect(trained!.accuracy).toBeGreaterThan(0.62);
    expect(trained!.nmi).toBeGreaterThan(0.66);
    expect(untrained!.accuracy).toBeLessThan(0.58);
    expect(untrained!.nmi).toBeLessThan(0.56);
  });

  test("what it says of the items it was given is what it says of them anew", async () => {
    using model = await new N2D({ ...tiny, device: await device() }).fit(x);
    expect(model.embedding.shape).toEqual([160, 10]);
    expect(model.clusterCenters.shape).toEqual([10, 10]);
    expect([...model.weights].reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
    expect((await model.transform(x)).data).toEqual(model.embedding.data);
    expect(await model.predict(x)).toEqual(model.labels);
    const { data } = await model.softAssignments(x);
    for (let i = 0; i < 160; i++)
      expect(data.subarray(10 * i, 10 * i + 10).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
    expect((await model.encode(x)).shape).toEqual([160, 3]);
    expect((await model.reconstruct(x)).shape).toEqual([160, 64]);
    expect(model.history.map(({ stage }) => stage)).toContain("mixture");
  });

  test("it and DEC go on from an autoencoder that is trained already, of the same layers", async () => {
    const own = await device();
    const { layers, epochs, batchSize, learningRate, seed } = tiny;
    const training = { layers, epochs, batchSize, learningRate, seed, layerEpochs: 0, device: own };
    using autoencoder = await new StackedAutoencoder(training).fit(x);
    using from = await new N2D({ ...tiny, device: own }).startFrom(autoencoder.network);
    using whole = await new N2D({ ...tiny, device: own }).fit(x);
    await from.fit(x);
    expect(from.labels).toEqual(whole.labels);
    await expect(from.startFrom(autoencoder.network)).rejects.toThrow("N2D.startFrom: training has begun");
    using dec = await new DEC({ layers, nClusters: 10, nInit: 2, seed, device: own }).startFrom(autoencoder.network);
    await dec.fit(x, { epochs: 0 });
    expect((await dec.transform(x)).data).toEqual((await autoencoder.transform(x)).data);
    using other = new N2D({ ...tiny, layers: [64, 20, 3], device: own });
    await expect(other.startFrom(autoencoder.network)).rejects.toThrow("N2D.startFrom: the layers must be those");
  });

  test("what cannot be is refused", async () => {
    using model = new N2D({ ...tiny, device: await device() });
    await expect(model.predict(x)).rejects.toThrow("N2D.predict: call fit first");
    await expect(model.fit(digits(9).x)).rejects.toThrow("N2D.fit: nClusters must be at most the number of rows");
    expect(() => new N2D({ ...tiny, minDist: 2 })).toThrow("N2D: minDist must be from 0 to 1");
    expect(() => new N2D({ ...tiny, nNeighbors: 1 })).toThrow("N2D: nNeighbors must be a whole number from 2");
  });
});

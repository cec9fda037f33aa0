// VaDE by numbers: real digits, what an untrained one is worth, and what is kept.
import { accuracy, NdArray, nmi } from "constella";
import { expect, test } from "vitest";
import { VaDE } from "../../src/generative";
import type { VaDEOptions } from "../../src/generative";
import { describeDevices, expectAlike } from "../devices";
import { digits } from "../models/digits";
import { STILL } from "../models/untrained";

const OPTIONS: VaDEOptions = {
  ...{ inputShape: [64], nClusters: 10, latents: 6, network: { type: "dense", sizes: [64] }, seed: 0 },
  ...{ epochs: 20, pretrainEpochs: 60, batchSize: 32, learningRate: 4e-3, sigma: 0.3 },
};

describeDevices("VaDE", (deviceOf, type) => {
  if (type !== "wasm")
    test("its autoencoder learns as on WebAssembly", async () =>
      expectAlike(await deviceOf(), async (device) => {
        using model = new VaDE({ ...OPTIONS, epochs: 1, pretrainEpochs: 3, nInit: 1, device });
        await model.fit(digits(120).x);
        return model.history.filter(({ stage }) => stage === "autoencoder");
      }));
  else
    test("it finds digits, which an untrained one does not", async () => {
      const { x, labels } = digits(400);
      const found = [];
      for (const rates of [{}, { learningRate: STILL }]) {
        using model = new VaDE({ ...OPTIONS, ...rates, device: await deviceOf() });
        await model.fit(x);
        found.push({ accuracy: accuracy(labels, model.labels), nmi: nmi(labels, model.labels) });
      }
      const [trained, untrained] = found;
      expect(trained!.accuracy).toBeGreaterThan(0.74);
      expect(trained!.nmi).toBeGreaterThan(0.72);
      expect(untrained!.accuracy).toBeLessThan(0.68);
      expect(untrained!.nmi).toBeLessThan(0.65);
    });

  test("labels, probabilities, codes and centres belong together, stopped and gone on, saved and loaded", async () => {
    // as short as it may be on a software adapter: it is stopped after a pass of the clustering, and has one left
    const [n, brief] =
      type === "wasm" ? [120, { epochs: 3, pretrainEpochs: 3 }] : [40, { epochs: 2, pretrainEpochs: 1 }];
    const { x } = digits(n);
    const device = await deviceOf();
    const tiny = { ...OPTIONS, ...brief, nInit: 2, device };
    using model = new VaDE(tiny);
    expect(await model.fitPredict(x)).toEqual(await model.predict(x));
    expect((await model.transform(x)).shape).toEqual([n, 6]);
    expect((await model.reconstruct(x)).shape).toEqual([n, 64]);
    expect((await model.clusterCenters()).shape).toEqual([10, 6]);
    const { data } = await model.softAssignments(x);
    for (let i = 0; i < n; i++)
      expect(data.subarray(10 * i, 10 * i + 10).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
    expect(new Set(model.history.map(({ stage }) => stage))).toEqual(new Set(["autoencoder", "clustering"]));
    const stop = new AbortController();
    const first = new VaDE(tiny);
    const onEpoch = ({ stage }: { stage: string }): void => {
      if (stage === "clustering") stop.abort(new Error("enough"));
    };
    await expect(first.fit(x, { signal: stop.signal, onEpoch })).rejects.toThrow("enough");
    using second = await VaDE.load(await first.save(), { device });
    first.dispose();
    await second.fit(x);
    expect(second.labels).toEqual(model.labels);
    expect((await second.softAssignments(x)).data).toEqual(data);
    await expect(new VaDE({ ...tiny, nClusters: n + 1 }).fit(x)).rejects.toThrow(
      "nClusters must be at most the number of rows",
    );
    const images = new NdArray(x.data, [n, 1, 8, 8]);
    using convolutional = new VaDE({
      ...tiny,
      inputShape: [1, 8, 8],
      network: { type: "residual", channels: [4, 6], depth: 1 },
      device,
    });
    expect(await convolutional.fitPredict(images)).toHaveLength(n);
    expect((await convolutional.reconstruct(images)).shape).toEqual([n, 64]);
  });
});

// DEC, IDEC and N2D on convolutional autoencoders, by numbers: real digits, what an untrained network is worth, and images changed at random.
import { describe, expect, test } from "vitest";
import { accuracy, augmentRows, nmi } from "constella";
import { ConvDEC, ConvIDEC, ConvN2D } from "constella/deep";
import type { ConvDECOptions } from "constella/deep";
import { describeDevices, expectAlike } from "../devices";
import { digits } from "./digits";
import { expectResumes } from "./resuming";
import { STILL } from "./untrained";

const OPTIONS = {
  ...{ inputShape: [1, 8, 8], channels: [8, 16], code: 6, nClusters: 10, pretrainEpochs: 4, pretrainBatchSize: 32 },
  ...{
    pretrainLearningRate: 5e-3,
    batchSize: 64,
    updateInterval: 4,
    tolerance: 0,
    nInit: 4,
    learningRate: 0.1,
    seed: 5,
  },
};
const PLACED = {
  ...{ inputShape: [1, 8, 8], channels: [8, 16], code: 6, nClusters: 10, epochs: 4, batchSize: 32, learningRate: 5e-3 },
  ...{ layoutEpochs: 20, nNeighbors: 12, seed: 0 },
};

describeDevices("convolutional clustering", (device, type) => {
  const { x } = digits(160);
  /** Trainings whose numbers are not asked for: as short as they may be on a software adapter. */
  const brief = type === "wasm" ? OPTIONS : { ...OPTIONS, pretrainEpochs: 2 };

  describe.each([
    ["ConvDEC", (options: ConvDECOptions) => new ConvDEC(options)],
    ["ConvIDEC", (options: ConvDECOptions) => new ConvIDEC({ ...options, gamma: 1 })],
  ] as const)("%s", (_, make) => {
    if (type !== "wasm")
      test("learns as on WebAssembly", async () =>
        expectAlike(await device(), async (on) => {
          using model = make({ ...OPTIONS, pretrainEpochs: 1, device: on });
          await model.fit(x, { epochs: 2 });
          return [...model.history];
        }));
    else
      test("finds digits, which neither an untrained network nor pretraining alone sees so sharply", async () => {
        const { x, labels } = digits(320);
        const found = [];
        for (const rates of [{}, { learningRate: STILL }, { learningRate: STILL, pretrainLearningRate: STILL }]) {
          using model = make({ ...OPTIONS, pretrainEpochs: 20, ...rates, device: await device() });
          await model.fit(x, { epochs: 8 });
          const q = (await model.softAssignments(x)).data;
          let sharpness = 0;
          for (let i = 0; i < 320; i++) sharpness += Math.max(...q.subarray(10 * i, 10 * i + 10)) / 320;
          found.push({ sharpness, accuracy: accuracy(labels, model.labels), nmi: nmi(labels, model.labels) });
        }
        const [trained, pretrained, untrained] = found;
        expect(trained!.sharpness).toBeGreaterThan(1.05 * pretrained!.sharpness);
        expect(trained!.accuracy).toBeGreaterThan(0.6);
        expect(trained!.nmi).toBeGreaterThan(0.6);
        expect(untrained!.accuracy).toBeLessThan(0.56);
        expect(untrained!.nmi).toBeLessThan(0.56);
      });
  });

  if (type === "wasm")
    test("ConvN2D finds digits, which an untrained network does not", async () => {
      const { x, labels } = digits(400);
      const found = [];
      for (const rates of [{}, { learningRate: STILL }]) {
        using model = new ConvN2D({ ...PLACED, epochs: 20, layoutEpochs: 100, ...rates, device: await device() });
        await model.fit(x);
        found.push({ accuracy: accuracy(labels, model.labels), nmi: nmi(labels, model.labels) });
      }
      const [trained, untrained] = found;
      expect(trained!.accuracy).toBeGreaterThan(0.62);
      expect(trained!.nmi).toBeGreaterThan(0.66);
      expect(untrained!.nmi).toBeLessThan(trained!.nmi - 0.05);
    });

  test("what is said of the images that were given is what is said of them anew", async () => {
    using dec = await new ConvDEC({ ...brief, device: await device() }).fit(x, { epochs: type === "wasm" ? 4 : 1 });
    expect(await dec.predict(x)).toEqual(dec.labels);
    expect((await dec.transform(x)).shape).toEqual([160, 6]);
    expect((await dec.reconstruct(x)).shape).toEqual([160, 64]);
    expect(dec.clusterCenters.shape).toEqual([10, 6]);
    using n2d = await new ConvN2D({ ...PLACED, ...(type !== "wasm" && { epochs: 1 }), device: await device() }).fit(x);
    expect(await n2d.predict(x)).toEqual(n2d.labels);
    expect((await n2d.encode(x)).shape).toEqual([160, 6]);
  });

  test("images changed at random: a resumed training sees the same ones", async () => {
    const on = await device();
    const changed = { ...brief, augment: { rotate: 10, crop: { padding: 1 } }, augmentWith: augmentRows, device: on };
    await expectResumes(
      {
        make: () => new ConvDEC(changed),
        load: (bytes) => ConvDEC.load(bytes, { device: on, augmentWith: augmentRows }),
        fit: (model, options = undefined) => model.fit(x, { epochs: 2, ...options }),
        ask: async (model) => [model.settings, await model.transform(x)],
      },
      8,
    );
  });

  test("another's network of the same layers takes the place of pretraining", async () => {
    const on = await device();
    using first = await new ConvDEC({ ...OPTIONS, device: on }).fit(x, { epochs: 0 });
    using idec = await new ConvIDEC({ ...OPTIONS, device: on }).startFrom(first.network);
    await idec.fit(x, { epochs: 0 });
    expect((await idec.transform(x)).data).toEqual((await first.transform(x)).data);
    using n2d = new ConvN2D({ ...PLACED, channels: [4], device: on });
    await expect(n2d.startFrom(first.network)).rejects.toThrow("ConvN2D.startFrom: the layers must be those");
  });
});

import { expect, test } from "vitest";
import { StackedAutoencoder } from "../../src/models/autoencoder/stacked-autoencoder";
import { describeDevices } from "../devices";
import { digits } from "./digits";
import { expectResumes } from "./resuming";
import { STILL } from "./untrained";

const { x } = digits(130);
const OPTIONS = { layers: [64, 16, 5], layerEpochs: 2, epochs: 4, batchSize: 64, seed: 3 };

describeDevices("StackedAutoencoder", (device) => {
  test("learns to reconstruct, layer by layer and then together", async () => {
    const model = await new StackedAutoencoder({
      ...OPTIONS,
      epochs: 12,
      learningRate: 5e-3,
      device: await device(),
    }).fit(x);
    expect(model.history.map(({ stage }) => stage)).toEqual([
      ...["layer 1", "layer 1", "layer 2", "layer 2"],
      ...Array.from({ length: 12 }, () => "autoencoder"),
    ]);
    const losses = model.history.filter(({ stage }) => stage === "autoencoder").map(({ loss }) => loss);
    expect(losses.at(-1)).toBeLessThan(0.7 * losses[0]!);
    expect((await model.transform(x)).shape).toEqual([130, 5]);
    const back = await model.reconstruct(x);
    const error = back.data.reduce((sum, v, i) => sum + (v - x.data[i]!) ** 2, 0) / back.size;
    expect(Math.abs(error - losses.at(-1)!)).toBeLessThan(0.1 * error);
    model.dispose();
  });

  const PAPER = { hiddenDropout: 0.2, autoencoderOptimizer: "sgd" } as const;

  test("by SGD with dropout of inputs and outputs it learns, which it does not where no weight moves", async () => {
    const errors = [];
    for (const learningRate of [1, STILL]) {
      const model = new StackedAutoencoder({ ...OPTIONS, ...PAPER, learningRate, device: await device() });
      await model.fit(x, { epochs: 12 });
      errors.push(model.history.at(-1)!.loss);
      model.dispose();
    }
    expect(errors[0]).toBeLessThan(0.4 * errors[1]!);
  });

  test("by SGD a training that is stopped goes on, its velocities and its rate too", async () => {
    const on = await device();
    await expectResumes(
      {
        make: () =>
          new StackedAutoencoder({ ...OPTIONS, ...PAPER, autoencoderInit: "normal", learningRate: 1, device: on }),
        load: (bytes) => StackedAutoencoder.load(bytes, { device: on }),
        fit: (model, options) => model.fit(x, options),
        ask: async (model) => (await model.transform(x)).data,
      },
      5,
    );
  });

  test("of deviation 0.01 weights begin where the paper's do; dropout of outputs changes what layers learn by themselves alone", async () => {
    const on = await device();
    const codes = [];
    for (const more of [{}, { hiddenDropout: 0.2 }, { hiddenDropout: 0.2, layerEpochs: 0 }, { layerEpochs: 0 }]) {
      const model = new StackedAutoencoder({ ...OPTIONS, ...more, epochs: 1, autoencoderInit: "normal", device: on });
      await model.fit(x);
      codes.push((await model.transform(x)).data);
      model.dispose();
    }
    expect(codes[0]).not.toEqual(codes[1]);
    expect(codes[2]).toEqual(codes[3]);
    const still = { layerEpochs: 0, learningRate: STILL, autoencoderInit: "normal" } as const;
    using model = await new StackedAutoencoder({ ...OPTIONS, ...still, epochs: 1, device: on }).fit(x);
    const weights = (await model.network.encoder[0]!.weight.data()) as Float32Array;
    const square = weights.reduce((sum, w) => sum + w * w, 0) / weights.length;
    expect(Math.sqrt(square)).toBeCloseTo(0.01, 3);
  });

  test("bad input gets one clear line", async () => {
    const made = await device();
    const model = new StackedAutoencoder({ ...OPTIONS, device: made });
    await expect(
      model.fit([
        [1, 2],
        [3, 4],
      ]),
    ).rejects.toThrow("StackedAutoencoder.fit: x must have 64 values a row, got 2");
    const bad = Float32Array.from(x.data);
    bad[70] = NaN;
    await expect(model.fit({ data: bad, shape: [130, 64] })).rejects.toThrow(/NaN/);
    expect(() => new StackedAutoencoder({ layers: [4], device: made })).toThrow(
      "layers must be a list of 2 or more positive whole numbers, got [4]",
    );
    expect(() => new StackedAutoencoder({ ...OPTIONS, corruption: 1 })).toThrow("corruption must be in [0, 1), got 1");
    expect(() => new StackedAutoencoder({ ...OPTIONS, batchSize: 0 })).toThrow(
      "batchSize must be a whole number from 1, got 0",
    );
    model.dispose();
  });

  test("a loss that overflows ends the training and names the step", async () => {
    const model = new StackedAutoencoder({ ...OPTIONS, layerEpochs: 0, learningRate: 1e30, device: await device() });
    await expect(model.fit(x)).rejects.toThrow(/autoencoder: the loss is no longer finite, epoch \d+, step \d+ of 3/);
    model.dispose();
  });
});

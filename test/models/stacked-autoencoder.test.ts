import { expect, test } from "vitest";
import { StackedAutoencoder } from "../../src/models/stacked-autoencoder";
import { describeDevices } from "../devices";
import { digits } from "./digits";

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

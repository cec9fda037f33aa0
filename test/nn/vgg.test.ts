import { describe, expect, test } from "vitest";
import { noGrad, Random, relu, tensor, tidy } from "constella";
import { DeepCluster, OnlineDeepCluster, SelfLabeling, Supervised, VGG } from "constella/vision";
import { describeDevices, expectAlike } from "../devices";
import { expectResumes } from "../models/resuming";
import { uniforms } from "../uniforms";

/** Bars along one axis or the other, with noise: two kinds of images. */
function bars(n: number, side: number): { x: { data: Float32Array; shape: number[] }; labels: Int32Array } {
  const random = uniforms(4);
  const labels = Int32Array.from({ length: n }, (_, i) => i % 2);
  const data = new Float32Array(n * side * side);
  for (let i = 0; i < n; i++) {
    const place = Math.floor(random() * side);
    for (let at = 0; at < side * side; at++) {
      const along = labels[i] === 0 ? Math.floor(at / side) : at % side;
      data[i * side * side + at] = 0.3 * random() + (along === place ? 1 : 0);
    }
  }
  return { x: { data, shape: [n, 1, side, side] }, labels };
}

describeDevices("VGG", (device, type) => {
  test("45 × 45 images, two blocks: 512 features, as many weights as the layers have", async () => {
    const made = await device();
    const network = new VGG(made, {}, new Random(1));
    const count = network.parameters().reduce((sum, { size }) => sum + size, 0);
    const convolutions = 9 * (16 + 16 * 16 + 16 * 32 + 32 * 32) + 2 * (16 + 16 + 32 + 32);
    expect(count).toBe(convolutions + (32 * 11 * 11 + 1) * 512 + 2 * 512 + 513 * 512);
    const z = tidy(() => network.forward(tensor(made, new Float32Array(2 * 45 * 45).fill(0.5), [2, 1, 45, 45])));
    expect(z.shape).toEqual([2, 512]);
    expect((await z.data()).every(Number.isFinite)).toBe(true);
    z.dispose();
    network.dispose();
  });

  test("every method trains it, and what it learned can be saved", async () => {
    const { x, labels } = bars(type === "wasm" ? 48 : 32, 12);
    const common = {
      network: { type: "vgg", blocks: 2, channels: 4, input: [1, 12, 12], hidden: 16 },
      ...{ batchSize: 16, learningRate: 0.05, seed: 1, device: await device() },
    } as const;
    const makes = [
      () => new DeepCluster({ ...common, nClusters: 4, components: 8 }),
      () => new OnlineDeepCluster({ ...common, nClusters: 4 }),
      () => new SelfLabeling({ ...common, nClusters: 4, sinkhornIterations: 20, updates: 4 }),
    ];
    for (const make of makes) {
      const [model, untrained] = [make(), make()];
      const weights = (of: typeof model): Promise<Float32Array[]> =>
        Promise.all(of.network.parameters().map(async (weight) => Float32Array.from(await weight.data())));
      await untrained.fit(x, { epochs: 0 });
      await model.fit(x, { epochs: 1 });
      const [before, after] = [await weights(untrained), await weights(model)];
      for (const [i, values] of before.entries())
        expect(after[i], `weight ${i} of ${model.constructor.name}`).not.toEqual(values);
      untrained.dispose();
      expect(model.history.every(({ loss }) => Number.isFinite(loss))).toBe(true);
      const Method = model.constructor as typeof DeepCluster;
      const loaded = await Method.load(await model.save(), { device: common.device });
      expect((await loaded.transform(x)).data).toEqual((await model.transform(x)).data);
      expect(await loaded.predict(x)).toEqual(await model.predict(x));
      model.dispose();
      loaded.dispose();
    }
    if (type === "wasm") {
      const supervised = await new Supervised({ ...common, nClasses: 2 }).fit(x, labels, { epochs: 8 });
      expect(await supervised.score(x, labels)).toBeGreaterThan(0.9);
      supervised.dispose();
    } else
      await expectAlike(common.device, async (device) => {
        using supervised = await new Supervised({ ...common, nClasses: 2, device }).fit(x, labels, { epochs: 2 });
        return [...supervised.history];
      });
  });

  test.each([DeepCluster, OnlineDeepCluster, SelfLabeling])(
    "%o, stopped, loaded and gone on with, ends with the statistics of an uninterrupted run",
    async (Method) => {
      const { x } = bars(48, 12);
      const options = {
        network: { type: "vgg", blocks: 1, channels: 4, input: [1, 12, 12], hidden: 16 },
        ...{ nClusters: 4, batchSize: 16, learningRate: 0.05, augment: { flip: 0.5 }, device: await device() },
        ...(Method === SelfLabeling && { sinkhornIterations: 20, updates: 2 }),
      } as const;
      await expectResumes<DeepCluster | OnlineDeepCluster | SelfLabeling>(
        {
          make: () => new Method(options),
          load: (bytes) => Method.load(bytes, { device: options.device }),
          fit: (model, how) => model.fit(x, { epochs: 2, ...how }),
          ask: async (model) => (await model.transform(x)).data,
        },
        2,
      );
    },
  );

  test.each([DeepCluster, OnlineDeepCluster, SelfLabeling])(
    "%o trains on rows that are read as they are needed",
    async (Method) => {
      const { x } = bars(49, 12);
      const width = 144;
      const rows = async (index: ArrayLike<number>): Promise<Float32Array> => {
        const out = new Float32Array(index.length * width);
        for (let i = 0; i < index.length; i++)
          out.set(x.data.subarray(index[i]! * width, (index[i]! + 1) * width), i * width);
        return out;
      };
      const range = async (begin: number, end: number): Promise<Float32Array> =>
        x.data.slice(begin * width, end * width);
      const source = { length: 49, rowShape: [1, 12, 12], rows, range };
      const options = {
        network: { type: "vgg", blocks: 1, channels: 4, input: [1, 12, 12], hidden: 16 },
        ...{ nClusters: 4, batchSize: 16, learningRate: 0.05, device: await device() },
      } as const;
      const model = await new Method(options).fit(source, { epochs: 2 });
      expect(model.history.every(({ loss }) => Number.isFinite(loss))).toBe(true);
      expect(await model.predict(source)).toEqual(await model.predict(x));
      model.dispose();
    },
  );

  test("layers are read by their names: blocks, the first dense layer, and what is above them gives the features", async () => {
    const { x, labels } = bars(20, 12);
    const network = { type: "vgg", blocks: 2, channels: 4, input: [1, 12, 12], hidden: 16 } as const;
    const made = await device();
    const model = await new Supervised({ network, nClasses: 2, device: made }).fit(x, labels, { epochs: 0 });
    expect(model.network.layerNames).toEqual(["block1", "block2", "hidden"]);
    const shapes: (readonly number[])[] = [];
    for (const at of model.network.layerNames) shapes.push((await model.transform(x, { at })).shape);
    expect(shapes).toEqual([
      [20, 4 * 6 * 6],
      [20, 8 * 3 * 3],
      [20, 16],
    ]);
    const vgg = model.network as VGG;
    const maps = await model.transform(x, { at: "block2" });
    const z = tidy(() =>
      noGrad(() =>
        relu(vgg.output.forward(vgg.hiddenNorm.forward(vgg.hidden.forward(tensor(made, maps.data, [20, 72]))))),
      ),
    );
    expect(await z.data()).toEqual((await model.transform(x)).data);
    z.dispose();
    await expect(model.transform(x, { at: "block3" })).rejects.toThrow(
      "Supervised.transform: at must be block1 or block2 or hidden, got block3",
    );
    await expect(model.transform(x, { layer: "block2" } as object)).rejects.toThrow("unknown option layer");
    model.dispose();
    const mlp = await new Supervised({ network: { type: "mlp", layers: [144, 9, 5] }, nClasses: 2, device: made }).fit(
      x,
      labels,
      { epochs: 0 },
    );
    expect((await mlp.transform(x, { at: "hidden1" })).shape).toEqual([20, 9]);
    mlp.dispose();
  });

  test("features go by statistics of the weights as they are, not by those that lag behind", async () => {
    const { x, labels } = bars(64, 12);
    const options = {
      network: { type: "vgg", blocks: 1, channels: 4, input: [1, 12, 12], hidden: 16 },
      ...{ nClasses: 2, batchSize: 64, learningRate: 0.2, device: await device() },
    } as const;
    /** How far features in evaluation are from those by the statistics of the same items. */
    const distance = async (statisticsBatches: number): Promise<number> => {
      const model = await new Supervised({ ...options, statisticsBatches }).fit(x, labels, { epochs: 4 });
      const found = (await model.transform(x)).data;
      model.network.train();
      const z = tidy(() => noGrad(() => relu(model.network.forward(tensor(options.device, x.data, x.shape)))));
      const own = await z.data();
      z.dispose();
      model.dispose();
      const square = (values: number[]): number => values.reduce((sum, v) => sum + v * v, 0);
      return Math.sqrt(square([...found].map((v, i) => v - own[i]!)) / square([...own]));
    };
    expect(await distance(32)).toBeLessThan(0.02);
    expect(await distance(0)).toBeGreaterThan(0.1);
  });
});

describe("VGG's options", () => {
  test.each([
    [{ blocks: 0 }, "VGG: blocks must be a whole number from 1, got 0"],
    [{ blocks: 5, input: [1, 28, 28] as const }, "VGG: 5 blocks need images of 32 pixels a side, got 28 × 28"],
    [{ input: [45, 45] as unknown as [1, 2, 3] }, "VGG: input must be [channels, height, width], got [45, 45]"],
  ])("%o", (options, message) => {
    expect(() => new VGG(undefined as never, options, new Random(1))).toThrow(message);
  });
});

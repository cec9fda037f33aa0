import { NdArray, Random, tensor } from "constella";
import { LearningToCluster } from "constella/sets";
import type { LearningToClusterOptions, SetProvider } from "constella/sets";
import { ClassSets } from "../../../src/data";
import { describe, expect, test } from "vitest";
import { describeDevices, deviceOf } from "../../devices";
import { lineSets } from "./line-sets";
import { begun, FIT, small, trainedOn } from "./small";

describeDevices("the fourier embedding", (device) => {
  test("holds the item, and sines and cosines of its numbers by octaves", async () => {
    const own = await device();
    const model = await begun(own, { embedding: { type: "fourier", frequencies: 3 } });
    const points = [0.3, -1.7, 2.2, 0.05];
    const { embedding } = model.network;
    const made = embedding.embed(tensor(own, points, [2, 2]));
    const octaves = [Math.PI / 2, Math.PI, 2 * Math.PI];
    const row = (x: number, y: number): number[] => [
      ...[x, y],
      ...octaves.flatMap((w) => [Math.sin(w * x), Math.sin(w * y)]),
      ...octaves.flatMap((w) => [Math.cos(w * x), Math.cos(w * y)]),
    ];
    const expected = [...row(0.3, -1.7), ...row(2.2, 0.05)];
    expect(made.shape).toEqual([2, embedding.size]);
    (await made.data()).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    model.dispose();
    made.dispose();
  });

  test("frequencies must be a whole number from 1", async () => {
    const own = await device();
    expect(() => small(own, { embedding: { type: "fourier", frequencies: 0 } })).toThrow(
      /^LearningToCluster: embedding must be .*frequencies \(a whole number from 1\)/,
    );
  });
});

describe("alternatives", () => {
  const FIT_SHORT = { ...FIT, iterations: 40, batchSize: 12, length: 6, validateEvery: 20 } as const;

  test.each([
    ["soft-kmeans", { model: "soft-kmeans", softKMeansFeatures: 4, softKMeansIterations: 3 }],
    ["soft-kmeans as printed: two plain layers", { model: "soft-kmeans", layers: 2, residual: false }],
    ["iterative", { model: "iterative" }],
    ["iterative-lstm", { model: "iterative-lstm", layers: 2 }],
    ["Rand index loss", { loss: "randIndex" }],
    ["principal axes", { principalAxes: 1 }],
    ["principal axes of the iterative model", { model: "iterative", principalAxes: 2 }],
    ["regularisers", { regularizers: { clusterAssignment: 1, emptyCluster: 1, center: 0.1, divergence: 0.1 } }],
    ["the printed head of the divergence", { regularizers: { divergence: 0.1, divergenceHidden: 32 } }],
    [
      "adadelta, clipped, cosine",
      { optimizer: { type: "adadelta" }, clipNorm: 5, schedule: { type: "cosine", warmup: 5 } },
    ],
  ] as const)(
    "%s: it learns what one that is not trained does not know, and a saved model clusters alike",
    async (_, options) => {
      const own = await deviceOf("wasm");
      const model = await trainedOn(lineSets(), own, options, FIT_SHORT);
      const loaded = await LearningToCluster.load(await model.save(), { device: own });
      const set = [-1, 0.9, -1.1, 0, 1, 0.1].map((x) => [x, 0]);
      expect(await loaded.predict(set)).toEqual(await model.predict(set));
      for (const either of [model, loaded]) either.dispose();
    },
  );

  const images = (): SetProvider => {
    const random = new Random(3);
    const data = Float32Array.from({ length: 12 * 5 * 8 * 6 }, (_, i) => Math.floor(i / 240) + random.uniform());
    const labels = Int32Array.from({ length: 60 }, (_, i) => Math.floor(i / 5));
    return new ClassSets(new NdArray(data, [60, 8, 6]), labels, {
      kMax: 2,
      shares: [0.5, 0.25, 0.25],
      affine: [0.1, 0],
    });
  };

  test.each([
    { type: "cnn", blocks: [4, 6], dense: [8] },
    { type: "blstm", units: [5, 4], dense: [8], dropout: 0.2 },
    { type: "cnn-lstm", blocks: [4], units: [3, 3], dense: [] },
  ] as const)("embedding $type", async (embedding) => {
    const own = await deviceOf("wasm");
    const provider = images();
    const model = await trainedOn(provider, own, { itemShape: provider.itemShape, kMax: 2, embedding }, FIT_SHORT);
    const { items } = await provider.sample("test", 1, 9, new Random(1));
    const { labels } = await model.predict(new NdArray(items.data, [9, 8, 6]));
    expect(labels).toHaveLength(9);
    model.dispose();
  });

  test("on principal axes, a set that is moved is clustered alike, and convolutions under them learn", async () => {
    const own = await deviceOf("wasm");
    const onAxes = small(own, { principalAxes: 1 });
    await onAxes.fit(lineSets(), FIT_SHORT);
    const set = [-1, 0.9, -1.1, 0, 1, 0.1].map((x) => [x, 0]);
    const { counts } = await onAxes.predict(set);
    const moved = await onAxes.predict(set.map(([x]) => [x! + 5, -3]));
    for (const [k, share] of moved.counts.entries()) expect(share).toBeCloseTo(counts[k]!, 4);
    onAxes.dispose();
    const provider = images();
    const onImages = { itemShape: [8, 6], kMax: 2, embedding: { type: "cnn", blocks: [4] }, principalAxes: 1 } as const;
    (await trainedOn(provider, own, onImages, FIT_SHORT)).dispose();
  });

  test("images are augmented in training alone, and one seed draws the same", async () => {
    const own = await deviceOf("wasm");
    const provider = images();
    const { items } = await provider.sample("test", 1, 9, new Random(1));
    const set = new NdArray(items.data, [9, 8, 6]);
    const options = { itemShape: [8, 6], kMax: 2, embedding: { type: "cnn", blocks: [4] } } as const;
    const trained = async (more: Partial<LearningToClusterOptions>) => {
      const model = small(own, { ...options, ...more });
      await model.fit(provider, FIT_SHORT);
      const found = [await model.predict(set), await model.predict(set)];
      const loaded = await LearningToCluster.load(await model.save(), { device: own });
      expect(loaded.settings).toEqual(model.settings);
      for (const either of [model, loaded]) either.dispose();
      expect(found[0]).toEqual(found[1]);
      return { found: found[0], losses: model.history.map(({ loss }) => loss) };
    };
    const augment = { crop: { padding: 1 }, rotate: 5 };
    const [plain, first, second] = [await trained({}), await trained({ augment }), await trained({ augment })];
    expect(second).toEqual(first);
    expect(first.losses).not.toEqual(plain.losses);
  });

  test("augment wants images, and leaves them as large as they are", async () => {
    const own = await deviceOf("wasm");
    const points = small(own, { augment: { flip: 0.5 } });
    await expect(points.fit(lineSets(), FIT_SHORT)).rejects.toThrow(
      "LearningToCluster with augment: items must be [height, width] or [channels, height, width], got [2]",
    );
    const provider = images();
    const model = small(own, {
      ...{ itemShape: [8, 6], kMax: 2, embedding: { type: "cnn", blocks: [4] } },
      augment: { crop: { size: 4 } },
    });
    await expect(model.fit(provider, FIT_SHORT)).rejects.toThrow(
      "LearningToCluster: augment must leave the size of images as it is, got [72, 1, 4, 4]",
    );
  });

  test("options out of range", () => {
    const make = (options: object) => () => new LearningToCluster({ itemShape: [2], ...options });
    expect(make({ units: 7 })).toThrow(
      "LearningToCluster: units must be an even number from 2, half for each direction, got 7",
    );
    expect(make({ kMax: 1 })).toThrow("LearningToCluster: kMax must be a whole number from 2, got 1");
    expect(make({ itemShape: [] })).toThrow("LearningToCluster: itemShape must be positive whole numbers, got []");
    expect(make({ model: "lstm" })).toThrow(
      "model must be one of rbdlstm, soft-kmeans, iterative, iterative-lstm, got lstm",
    );
    expect(make({ dropout: 1 })).toThrow("LearningToCluster: dropout must be in [0, 1), got 1");
    expect(make({ principalAxes: 0 })).toThrow("LearningToCluster: principalAxes must be a whole number from 1, got 0");
  });

  test("more principal axes than an item's vector has numbers", async () => {
    const model = small(await deviceOf("wasm"), { principalAxes: 3 });
    await expect(model.fit(lineSets(), FIT_SHORT)).rejects.toThrow(
      "LearningToCluster: principalAxes must be a whole number from 1 to 2, got 3",
    );
  });
});

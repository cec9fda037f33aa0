import { evaluateSets, grad, labelsFor, LearningToCluster, NdArray, Random, tensor, tidy } from "constella";
import type { Device, LearningToClusterOptions, SetClustering, SetProvider } from "constella";
import { ClassSets } from "../../src/data";
import { setLoss } from "../../src/models/learning-to-cluster/loss";
import { averageOrders } from "../../src/models/learning-to-cluster/orders";
import { upload } from "../../src/models/learning-to-cluster/sets";
import { describe, expect, test } from "vitest";
import { describeDevices, deviceOf } from "../devices";
import { referenceLoss } from "./l2c-reference";
import type { Weights } from "./l2c-reference";
import { lineSets } from "./sets";

const SMALL = {
  ...{ itemShape: [2], kMax: 3, layers: 3, units: 16, countUnits: 8, seed: 4 },
  pairWeights: { same: 1, different: 1 },
  optimizer: { type: "adam", learningRate: 1e-2 },
} as const satisfies LearningToClusterOptions;

const FIT = { iterations: 6, batchSize: 8, length: 6, validateEvery: 3, validationSets: 10 } as const;

const small = (device: Device, options: Partial<LearningToClusterOptions> = {}): LearningToCluster =>
  new LearningToCluster({ ...SMALL, device, ...options });

describe("LearningToCluster", () => {
  test("learns to cluster points on a line, and clusters sets of other lengths", async () => {
    const model = small(await deviceOf("wasm"));
    await model.fit(lineSets(), { ...FIT, iterations: 160, batchSize: 24, length: 8, validateEvery: 40 });
    expect(model.history.map(({ iteration }) => iteration)).toEqual([40, 80, 120, 160]);
    expect(Math.min(...model.history.map(({ validationLoss }) => validationLoss))).toBe(model.best!.loss);
    expect(model.history.at(-1)!.NMI).toBeGreaterThan(0.9);
    const [first, second] = await model.predictSets([
      [
        [-1, 0],
        [1, 0],
        [-1.02, 0],
        [0.98, 0],
        [1, 0.03],
      ],
      [[0, 0]],
    ]);
    const { labels } = first!;
    expect(labels[0]).toBe(labels[2]);
    expect(labels[1]).toBe(labels[3]);
    expect(labels[1]).toBe(labels[4]);
    expect(labels[1]).not.toBe(labels[0]);
    expect(second).toMatchObject({ k: 1, labels: Int32Array.of(0) });
    model.dispose();
  });
});

describeDevices("LearningToCluster", (device) => {
  test("a training that was stopped, saved and loaded ends as one that was not", async () => {
    const own = await device();
    const whole = await small(own).fit(lineSets(), FIT);
    const half = small(own);
    const controller = new AbortController();
    let sampled = 0;
    const provider = lineSets();
    const counting: typeof provider = {
      ...provider,
      sample: (part, batch, length, random) => {
        if (part === "train" && ++sampled === 4) controller.abort(new Error("enough"));
        return provider.sample(part, batch, length, random);
      },
    };
    await expect(half.fit(counting, { ...FIT, signal: controller.signal })).rejects.toThrow("enough");
    const loaded = await LearningToCluster.load(await half.save(), { device: own });
    await loaded.fit(provider, FIT);
    expect(await loaded.save()).toEqual(await whole.save());
    for (const model of [whole, half, loaded]) model.dispose();
  });

  test.each([true, false])(
    "gradients of the whole loss agree with differences in float64, residual %s",
    async (residual) => {
      const own = await device();
      const model = small(own, { residual, dropout: 0, units: 4, countUnits: 3, layers: 2 });
      await model.predict([[0, 0]]);
      const { network, settings } = model;
      const batch = await lineSets().sample("train", 4, 5, new Random(8));
      const weights = { same: 1.2, different: 0.8 };
      network.train();
      const names = Object.entries(network.stateDict()).filter(([, value]) => value.tracked);
      const made = tidy(() => {
        const { items, ...truth } = upload(own, batch);
        const loss = setLoss(network, network.run(items), truth, settings, weights);
        return { loss, gradients: grad(loss, network.parameters()) };
      });
      const values: Record<string, { shape: readonly number[]; data: Float64Array }> = {};
      for (const [name, value] of Object.entries(network.stateDict()))
        values[name] = { shape: value.shape, data: Float64Array.from(await value.data()) };
      const { data } = batch.items;
      const sets = {
        items: Array.from({ length: 4 }, (_, set) =>
          Array.from({ length: 5 }, (_, i) => [...data.subarray(2 * (5 * set + i), 2 * (5 * set + i) + 2)]),
        ),
        labels: Array.from({ length: 4 }, (_, set) => [...batch.labels.subarray(5 * set, 5 * set + 5)]),
        counts: [...batch.counts],
      };
      const reference = (): number =>
        referenceLoss(values as Weights, sets, { layers: 2, kMax: 3, lambda: 5, residual, ...weights });
      expect(await made.loss.item()).toBeCloseTo(reference(), 4);
      for (const [p, [name]] of names.entries()) {
        const gradient = await made.gradients[p]!.data();
        const { data } = values[name]!;
        for (let i = 0; i < data.length; i += Math.max(1, Math.floor(data.length / 3))) {
          const held = data[i]!;
          data[i] = held + 1e-5;
          const above = reference();
          data[i] = held - 1e-5;
          const difference = (above - reference()) / 2e-5;
          data[i] = held;
          expect(Math.abs(gradient[i]! - difference), `${name}[${i}]: ${gradient[i]} and ${difference}`).toBeLessThan(
            2e-4 + 1e-3 * Math.abs(difference),
          );
        }
      }
      for (const tensor of [made.loss, ...made.gradients]) tensor.dispose();
      model.dispose();
    },
  );

  test("a loss that is not finite stops training with iteration and op, and the last good weights stay", async () => {
    const model = small(await device(), { optimizer: { type: "adadelta", learningRate: 1e30 } });
    await expect(model.fit(lineSets(), FIT)).rejects.toThrow(
      /LearningToCluster\.fit: the loss or a weight is no longer finite in iteration \d+; \w+.* was the first op to give such a value/,
    );
    const { counts } = await model.predict([
      [0, 0],
      [1, 0],
    ]);
    expect(counts.every(Number.isFinite)).toBe(true);
    await expect(model.fit(lineSets(), FIT)).rejects.toThrow("no longer finite");
    model.dispose();
  });

  test("weights alone in float16 cluster as those in float32", async () => {
    const own = await device();
    const model = await small(own).fit(lineSets(), FIT);
    const bytes = await model.save({ weightsOnly: true, half: true });
    expect(bytes.length).toBeLessThan((await model.save({ weightsOnly: true })).length * 0.75);
    const loaded = await LearningToCluster.load(bytes, { device: own });
    expect(loaded.history).toEqual(model.history);
    const set = [-1, 0.9, -1.1, 0, 1, 0.1].map((x) => [x, 0]);
    const [a, b] = [await model.predict(set), await loaded.predict(set)];
    a.counts.forEach((p, k) => expect(b.counts[k]).toBeCloseTo(p, 2));
    for (const i of [0, 1, 2])
      a.assignments[i]!.data.forEach((p, at) => expect(b.assignments[i]!.data[at]).toBeCloseTo(p, 2));
    for (const either of [model, loaded]) either.dispose();
  });
});

test("a training that begins with the weights of another has a best validation of its own", async () => {
  const own = await deviceOf("wasm");
  const model = await small(own).fit(lineSets(), FIT);
  const next = await LearningToCluster.load(await model.save({ weightsOnly: true }), { device: own });
  const before = model.history.length;
  await next.fit(lineSets(2), FIT); // harder to tell apart: no loss is as low as those before
  const losses = next.history.slice(before).map(({ validationLoss }) => validationLoss);
  expect(Math.min(...losses)).toBeGreaterThan(model.best!.loss);
  expect(next.best!.loss).toBe(Math.min(...losses));
  for (const either of [model, next]) either.dispose();
});

describe("LearningToCluster, what it is given", () => {
  const model = async (): Promise<LearningToCluster> => small(await deviceOf("wasm"));
  const provider = (change: Partial<SetProvider>): SetProvider => ({ ...lineSets(), ...change });

  test.each([
    ["an empty set", [], "LearningToCluster.predict: the set is empty"],
    ["items of unequal shape", [[1, 2], [1]], "LearningToCluster.predict: the set must not be ragged"],
    [
      "items of another shape",
      [[1, 2, 3]],
      "LearningToCluster.predict: the set must be [1, 2], items of the model's shape",
    ],
    ["NaN", [[1, NaN]], "LearningToCluster.predict: the set must be finite"],
  ])("%s", async (_, set, message) => {
    await expect((await model()).predict(set)).rejects.toThrow(message);
  });

  test("more clusters than the model tells apart", async () => {
    await expect((await model()).fit(provider({ kMax: 4 }), FIT)).rejects.toThrow(
      "the provider makes sets of up to 4 clusters, the model tells at most 3 apart (kMax)",
    );
  });

  test("a provider whose sets are not as it says", async () => {
    const sets = lineSets();
    const counts: SetProvider["sample"] = (...of) =>
      ({ ...(sets.sample(...of) as object), counts: new Int32Array(8).fill(7) }) as never;
    await expect((await model()).fit(provider({ sample: counts }), FIT)).rejects.toThrow(
      "a set must have 1 to 3 clusters (kMax), 7 in set 0",
    );
    const labels: SetProvider["sample"] = (...of) =>
      ({ ...(sets.sample(...of) as object), labels: new Int32Array(48).fill(-1) }) as never;
    await expect((await model()).fit(provider({ sample: labels }), FIT)).rejects.toThrow(
      "labels of set 0 must be from 0 to",
    );
    await expect((await model()).fit(provider({ itemShape: [3] }), FIT)).rejects.toThrow(
      "the provider's items are [3], the model takes [2]",
    );
  });

  test("scores of a perfect and of a blind clusterer", async () => {
    const byPlace = ({ data, shape }: NdArray<Float32Array>): number[] =>
      Array.from({ length: shape[0]! }, (_, i) => Math.round(data[2 * i]!) + 1);
    const perfect = await evaluateSets(byPlace, lineSets(), { sets: 60, length: 10 });
    expect(perfect).toEqual({
      ...{ sets: 60, nmi: { mean: 1, standardError: 0 }, bbnNorm: { mean: 1, standardError: 0 } },
      ...{ mr: { mean: 0, standardError: 0 }, countAccuracy: { mean: 1, standardError: 0 } },
    });
    const blind = await evaluateSets(({ shape }) => new Int32Array(shape[0]!), lineSets(), { sets: 60, length: 10 });
    expect(blind.countAccuracy.mean).toBeCloseTo(1 / 3, 0);
    expect(blind.nmi.standardError).toBeGreaterThan(0.03);
  });

  test("forward dropout: P(k) of many runs, and their most frequent values", async () => {
    const trained = await model();
    const set = [-1, 0.9, -1.1, 0, 1, 0.1].map((x) => [x, 0]);
    const found = await trained.forwardDropout(set, { runs: 30, seed: 2 });
    expect(found.runs.shape).toEqual([30, 3]);
    expect(new Set(found.runs.data).size).toBeGreaterThan(60);
    const total = found.histograms.data.reduce((a, b) => a + b);
    expect(total).toBeCloseTo(3, 4);
    expect(found).toEqual(await trained.forwardDropout(set, { runs: 30, seed: 2 }));
    expect(labelsFor(found, found.k)).toEqual(found.labels);
    trained.dispose();
  });
});

describeDevices("the fourier embedding", (device) => {
  test("holds the item, and sines and cosines of its numbers by octaves", async () => {
    const own = await device();
    const model = small(own, { embedding: { type: "fourier", frequencies: 3 } });
    await model.predict([[0, 0]]);
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
    const model = small(await device(), { embedding: { type: "fourier", frequencies: 0 } });
    await expect(model.predict([[0, 0]])).rejects.toThrow(
      "embedding fourier: frequencies must be a whole number from 1, 0",
    );
  });
});

describe("alternatives", () => {
  const FIT_SHORT = { ...FIT, iterations: 40, batchSize: 12, length: 6, validateEvery: 20 } as const;

  test.each([
    ["soft-kmeans", { model: "soft-kmeans", softKMeansFeatures: 4, softKMeansIterations: 3 }],
    ["iterative", { model: "iterative" }],
    ["Rand index loss", { loss: "randIndex" }],
    ["principal axes", { principalAxes: 1 }],
    ["principal axes of the iterative model", { model: "iterative", principalAxes: 2 }],
    ["regularisers", { regularizers: { clusterAssignment: 1, emptyCluster: 1, center: 0.1, divergence: 0.1 } }],
    [
      "adadelta, clipped, cosine",
      { optimizer: { type: "adadelta" }, clipNorm: 5, schedule: { type: "cosine", warmup: 5 } },
    ],
  ] as const)("%s: the loss falls, and a saved model clusters alike", async (_, options) => {
    const own = await deviceOf("wasm");
    const model = small(own, options);
    await model.fit(lineSets(), FIT_SHORT);
    const [first, last] = [model.history[0]!, model.history.at(-1)!];
    expect(last.loss).toBeLessThan(first.loss);
    const loaded = await LearningToCluster.load(await model.save(), { device: own });
    const set = [-1, 0.9, -1.1, 0, 1, 0.1].map((x) => [x, 0]);
    expect(await loaded.predict(set)).toEqual(await model.predict(set));
    for (const either of [model, loaded]) either.dispose();
  });

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
    { type: "blstm", units: [5], dense: [8], dropout: 0.2 },
    { type: "cnn-lstm", blocks: [4], units: [3, 3], dense: [] },
  ] as const)("embedding $type", async (embedding) => {
    const own = await deviceOf("wasm");
    const provider = images();
    const model = small(own, { itemShape: provider.itemShape, kMax: 2, embedding });
    await model.fit(provider, FIT_SHORT);
    expect(model.history.at(-1)!.loss).toBeLessThan(model.history[0]!.loss);
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
    const model = small(own, { itemShape: [8, 6], kMax: 2, embedding: { type: "cnn", blocks: [4] }, principalAxes: 1 });
    await model.fit(provider, FIT_SHORT);
    expect(model.history.at(-1)!.loss).toBeLessThan(model.history[0]!.loss);
    model.dispose();
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
    await expect(points.predict([[0, 0]])).rejects.toThrow(
      "LearningToCluster with augment: items must be [height, width] or [channels, height, width], [2]",
    );
    const provider = images();
    const model = small(own, {
      ...{ itemShape: [8, 6], kMax: 2, embedding: { type: "cnn", blocks: [4] } },
      augment: { crop: { size: 4 } },
    });
    await expect(model.fit(provider, FIT_SHORT)).rejects.toThrow(
      "LearningToCluster: augment must leave the size of images as it is, [72, 1, 4, 4]",
    );
  });

  test("options out of range", () => {
    const make = (options: object) => () => new LearningToCluster({ itemShape: [2], ...options });
    expect(make({ units: 7 })).toThrow("LearningToCluster: units must be even, half for each direction, 7");
    expect(make({ kMax: 1 })).toThrow("LearningToCluster: kMax must be a whole number from 2, 1");
    expect(make({ itemShape: [] })).toThrow("LearningToCluster: itemShape must be positive whole numbers, []");
    expect(make({ model: "lstm" })).toThrow("model must be rbdlstm or soft-kmeans or iterative, lstm");
    expect(make({ dropout: 1 })).toThrow("LearningToCluster: dropout must be in [0, 1), 1");
    expect(make({ principalAxes: 0 })).toThrow("LearningToCluster: principalAxes must be a whole number from 1, 0");
  });

  test("more principal axes than an item's vector has numbers", async () => {
    const model = small(await deviceOf("wasm"), { principalAxes: 3 });
    await expect(model.predict([[0, 0]])).rejects.toThrow(
      "LearningToCluster: principalAxes must be a whole number from 1 to 2, 3",
    );
  });
});

describe("averageOrders", () => {
  const clustering = (...rows: number[][]): SetClustering => ({
    ...{ k: 2, labels: new Int32Array(rows.length), counts: Float32Array.of(0.25, 0.75) },
    assignments: [
      new NdArray(new Float32Array(rows.length).fill(1), [rows.length, 1]),
      new NdArray(Float32Array.from(rows.flat()), [rows.length, 2]),
    ],
  });

  test("items go back to their places, clusters take the names of the first order, probabilities are averaged", () => {
    const first = clustering([0.75, 0.25], [0.25, 0.75], [1, 0]);
    const second = { ...clustering([0.5, 0.5], [0, 1], [1, 0]), counts: Float32Array.of(0.75, 0.25) }; // items 2, 0, 1; the clusters' names changed over
    const { k, labels, counts, assignments } = averageOrders(
      [first, second],
      [Uint32Array.of(0, 1, 2), Uint32Array.of(2, 0, 1)],
    );
    expect([...counts]).toEqual([0.5, 0.5]);
    expect(k).toBe(1);
    expect([...labels]).toEqual([0, 0, 0]);
    expect([...assignments[1]!.data]).toEqual([0.875, 0.125, 0.125, 0.875, 0.75, 0.25]);
  });

  test("a model's first order is the given one; one seed gives the same clustering", async () => {
    const model = small(await deviceOf("wasm"));
    const set = [
      [-1, 0],
      [1, 0],
      [0.9, 0.2],
      [0, 0.5],
    ];
    const [one, same] = [await model.predict(set), await model.predict(set, { orders: 1, seed: 5 })];
    expect(same).toEqual(one);
    const many = await model.predict(set, { orders: 4, seed: 5 });
    expect(many).toEqual(await model.predict(set, { orders: 4, seed: 5 }));
    expect(many.counts.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    for (const [i, { data }] of many.assignments.entries())
      for (let row = 0; row < 4; row++)
        expect(data.subarray(row * (i + 1), (row + 1) * (i + 1)).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    // a view is what the network sees: the set mirrored is clustered as the mirrored set, and passes are given one after another
    const mirrored = set.map(([x, y]) => [-x!, y!]);
    const passes: number[] = [];
    const view = (given: NdArray<Float32Array>, pass: number): NdArray<Float32Array> => {
      passes.push(pass);
      return new NdArray(
        given.data.map((value, i) => (i % 2 === 0 ? -value : value)),
        given.shape,
      );
    };
    expect(await model.predict(set, { view })).toEqual(await model.predict(mirrored));
    expect(await model.predict(set, { orders: 3, seed: 5, view })).toEqual(
      await model.predict(mirrored, { orders: 3, seed: 5 }),
    );
    expect(passes).toEqual([0, 0, 1, 2]);
    const fewer = (given: NdArray<Float32Array>): NdArray<Float32Array> => new NdArray(given.data.slice(0, 4), [2, 2]);
    await expect(model.predict(set, { view: fewer })).rejects.toThrow(
      "LearningToCluster.predict: a view must have all",
    );
    await expect(model.predict(set, { orders: 0 })).rejects.toThrow("LearningToCluster.predict: orders must be");
    model.dispose();
  });
});

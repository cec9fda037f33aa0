import { grad, Random, tidy } from "constella";
import { LearningToCluster } from "constella/sets";
import { setLoss } from "../../../src/models/learning-to-cluster/loss";
import { upload } from "../../../src/models/learning-to-cluster/sets";
import { describe, expect, test } from "vitest";
import { describeDevices, deviceOf } from "../../devices";
import { lineSets } from "./line-sets";
import { referenceLoss } from "./reference";
import type { Weights } from "./reference";
import { begun, FIT, small } from "./small";

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

  test("called again it goes on to more iterations, and ends as one that was told them at once", async () => {
    const own = await device();
    const whole = await small(own).fit(lineSets(), FIT);
    const again = await small(own).fit(lineSets(), { ...FIT, iterations: FIT.iterations / 2 });
    await again.fit(lineSets(), FIT);
    await again.fit(lineSets(), { ...FIT, iterations: 1 });
    expect(await again.save()).toEqual(await whole.save());
    for (const model of [whole, again]) model.dispose();
  });

  test.each([true, false])(
    "gradients of the whole loss agree with differences in float64, residual %s",
    async (residual) => {
      const own = await device();
      const model = await begun(own, { residual, dropout: 0, units: 4, countUnits: 3, layers: 2 });
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

import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { LinearProbe, nmi } from "constella";
import { DeepCluster, OnlineDeepCluster, SelfLabeling } from "constella/vision";
import { ScratchRows } from "../../src/data/datasets/scratch-rows";
import { ArrayRows } from "../cluster/row-source";
import { describeDevices } from "../devices";
import { abortAfter } from "./resuming";
import { digits } from "./digits";
import { STILL } from "./untrained";

const N = 193;
const NETWORK = { type: "mlp", layers: [64, 48, 24] } as const;
const OPTIONS = { network: NETWORK, nClusters: 10, learningRate: 0.05, batchSize: 32, seed: 3 } as const;

/** A quarter of it holds neither the features, 193 of 24, nor the probabilities, 193 of 10. */
const LITTLE = 2 ** 14;

describeDevices("methods whose features are in a scratch file", (device, type) => {
  const { x, labels } = digits(N);
  const source = (memory = LITTLE): ArrayRows => new ArrayRows(x.data, 64, memory);

  test("DeepCluster finds what it finds of features on the device", async () => {
    const options = { ...OPTIONS, components: 16, learningRate: 0.1, batchSize: 8, device: await device() };
    const epochs = { epochs: 4 };
    const held = await new DeepCluster(options).fit(source(2 ** 28), epochs);
    const filed = await new DeepCluster(options).fit(source(), epochs);
    expect(nmi(held.labels, filed.labels)).toBeGreaterThan(0.7);
    const gain = ({ history }: DeepCluster): number => history[0]!.loss / history.at(-1)!.loss;
    expect(gain(filed)).toBeGreaterThan(1.3);
    if (type === "wasm") {
      using untrained = await new DeepCluster({ ...options, learningRate: STILL }).fit(source(), epochs);
      expect(gain(untrained)).toBeLessThan(1.05);
    }
    expect(await filed.predict(source())).toEqual(await filed.predict(x));
    const stopped = new DeepCluster(options);
    await expect(stopped.fit(source(), { ...epochs, ...abortAfter(2) })).rejects.toThrow("stopped by the test");
    const resumed = await DeepCluster.load(await stopped.save(), { device: await device() });
    await resumed.fit(source(), epochs);
    expect(resumed.labels).toEqual(filed.labels);
    expect(resumed.history).toEqual(filed.history);
    for (const model of [held, filed, stopped, resumed]) model.dispose();
  });

  test("self-labelling finds what it finds of features on the device", async () => {
    const options = { ...OPTIONS, updates: 4, sinkhornIterations: 30, device: await device() };
    const held = await new SelfLabeling(options).fit(source(2 ** 28), { epochs: 3 });
    const filed = await new SelfLabeling(options).fit(source(), { epochs: 3 });
    expect(nmi(held.labels, filed.labels)).toBeGreaterThan(0.9);
    const gain = ({ history }: SelfLabeling): number => history[0]!.loss / history.at(-1)!.loss;
    expect(gain(filed)).toBeGreaterThan(1.05);
    if (type === "wasm") {
      using untrained = await new SelfLabeling({ ...options, learningRate: STILL }).fit(source(), { epochs: 3 });
      expect(gain(untrained)).toBeLessThan(1.02);
    }
    const stopped = new SelfLabeling(options);
    await expect(stopped.fit(source(), { epochs: 3, ...abortAfter(2) })).rejects.toThrow("stopped by the test");
    const resumed = await SelfLabeling.load(await stopped.save(), { device: await device() });
    await resumed.fit(source(), { epochs: 3 });
    expect(await resumed.save()).toEqual(await filed.save());
    await expect(new SelfLabeling({ ...options, balance: true }).fit(source())).rejects.toThrow(
      "SelfLabeling.fit: balance needs the probabilities at once, [193, 10] are more than a quarter of the source's memory, 16384",
    );
    for (const model of [held, filed, stopped, resumed]) model.dispose();
  });

  test("online deep clustering finds what it finds of features on the device", async () => {
    const options = { ...OPTIONS, centroidInterval: 3, device: await device() };
    const held = await new OnlineDeepCluster(options).fit(source(2 ** 28), { epochs: 4 });
    const filed = await new OnlineDeepCluster(options).fit(source(), { epochs: 4 });
    expect(nmi(held.labels, filed.labels)).toBeGreaterThan(0.6);
    expect(nmi(labels, filed.labels)).toBeGreaterThan(0.5);
    // a memory in a file is not in the checkpoint: training goes on with the clusters, and features made anew
    const loaded = await OnlineDeepCluster.load(await filed.save(), { device: await device() });
    expect(loaded.labels).toEqual(filed.labels);
    expect(await loaded.predict(source())).toEqual(await filed.predict(x));
    const further = await loaded.fit(source(), { epochs: 4 });
    expect(further.history).toEqual(filed.history);
    for (const model of [held, filed, loaded]) model.dispose();
  });

  test("nothing is left of the scratch files", () => {
    expect(readdirSync(tmpdir()).filter((name) => /^constella-.*\.rows$/.test(name))).toEqual([]);
  });

  test("a linear probe of rows that are read finds what it finds in memory", async () => {
    const options = { seed: 2, device: await device() };
    const held = await new LinearProbe(options).fit(x, labels, { epochs: 10 });
    const read = await new LinearProbe(options).fit(source(), labels, { epochs: 10 });
    expect(await read.score(source(), labels)).toBeGreaterThan(0.9);
    expect(Math.abs((await held.score(x, labels)) - (await read.score(x, labels)))).toBeLessThan(0.05);
  });
});

describe("scratch rows", () => {
  test("are read as they were written, in any order", async () => {
    const rows = await ScratchRows.create(3, 2 ** 28);
    try {
      const values = Float32Array.from({ length: 300 }, (_, i) => i / 7);
      await rows.append(values.subarray(0, 90));
      await rows.append(values.subarray(90));
      expect(rows.length).toBe(100);
      expect(await rows.range(29, 31)).toEqual(values.subarray(87, 93));
      await rows.write(
        [5, 6, 99, 0],
        Float32Array.from({ length: 12 }, (_, i) => -i),
      );
      expect([...(await rows.rows([99, 5, 6, 7]))]).toEqual(
        [-6, -7, -8, -0, -1, -2, -3, -4, -5, 21 / 7, 22 / 7, 23 / 7].map(Math.fround),
      );
      await expect(rows.rows([100])).rejects.toThrow("it ends at 1200");
    } finally {
      await rows.dispose();
    }
  });
});

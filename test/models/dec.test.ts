import { describe, expect, test } from "vitest";
import { accuracy, augmentRows, DEC, IDEC, nmi } from "constella";
import { describeDevices, expectAlike } from "../devices";
import { digits } from "./digits";
import { expectResumes } from "./resuming";
import { STILL } from "./untrained";

const OPTIONS = {
  layers: [64, 24, 4],
  nClusters: 10,
  layerEpochs: 0,
  pretrainEpochs: 6,
  pretrainBatchSize: 32,
  pretrainLearningRate: 3e-3,
  batchSize: 64,
  updateInterval: 4,
  tolerance: 0,
  nInit: 4,
  learningRate: 0.1,
  seed: 5,
};

describeDevices("DEC", (device, type) => {
  const { x } = digits(160);
  const targets = ["global", "batch"] as const;

  if (type !== "wasm")
    test.each(targets)("with a %s target it learns as on WebAssembly", async (target) =>
      expectAlike(await device(), async (on) => {
        using model = new DEC({ ...OPTIONS, pretrainEpochs: 2, target, device: on });
        await model.fit(x, { epochs: 3 });
        return [...model.history];
      }),
    );
  else
    test.each(targets)(
      "with a %s target it finds digits and sharpens q, which neither an untrained network nor pretraining alone does",
      async (target) => {
        const { x, labels } = digits(320);
        const learning = { layers: [64, 32, 6], pretrainEpochs: 20, pretrainLearningRate: 5e-3 };
        const found = [];
        for (const rates of [{}, { learningRate: STILL }, { learningRate: STILL, pretrainLearningRate: STILL }]) {
          const model = new DEC({ ...OPTIONS, ...learning, ...rates, target, device: await device() });
          await model.fit(x, { epochs: 8 });
          const q = (await model.softAssignments(x)).data;
          let sharpness = 0;
          for (let i = 0; i < 320; i++) sharpness += Math.max(...q.subarray(10 * i, 10 * i + 10)) / 320;
          found.push({ sharpness, accuracy: accuracy(labels, model.labels), nmi: nmi(labels, model.labels) });
          model.dispose();
        }
        const [trained, pretrained, untrained] = found;
        expect(trained!.sharpness).toBeGreaterThan(1.2 * pretrained!.sharpness);
        expect(trained!.accuracy).toBeGreaterThan(0.6);
        expect(trained!.nmi).toBeGreaterThan(0.6);
        expect(untrained!.sharpness).toBeLessThan(pretrained!.sharpness);
        expect(untrained!.accuracy).toBeLessThan(0.6);
        expect(untrained!.nmi).toBeLessThan(0.6);
      },
    );

  test.each(targets)(
    "with a %s target what it says of the points it was given is what it says of them anew",
    async (target) => {
      const model = new DEC({ ...OPTIONS, target, device: await device() });
      await model.fit(x, { epochs: 6 });
      const q = await model.softAssignments(x);
      const rows = Array.from({ length: 160 }, (_, i) => q.data.subarray(i * 10, i * 10 + 10));
      for (const row of rows) expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
      expect(model.history.filter(({ stage }) => stage === "DEC").length).toBe(Math.ceil((6 * 3) / 4));
      expect(await model.predict(x)).toEqual(model.labels);
      expect((await model.transform(x)).shape).toEqual([160, 4]);
      expect(model.clusterCenters.shape).toEqual([10, 4]);
      model.dispose();
    },
  );

  test("with a frozen encoder the centres alone learn", async () => {
    const on = await device();
    const found = [];
    for (const epochs of [0, 6]) {
      using model = new DEC({ ...OPTIONS, freezeEncoder: true, learningRate: 1, device: on });
      await model.fit(x, { epochs });
      const q = (await model.softAssignments(x)).data;
      const sharpness = Array.from({ length: 160 }, (_, i) => Math.max(...q.subarray(10 * i, 10 * i + 10)));
      const sum = sharpness.reduce((a, b) => a + b, 0);
      found.push({ codes: (await model.transform(x)).data, centers: model.clusterCenters.data, sum });
    }
    const [before, after] = found;
    expect(after!.codes).toEqual(before!.codes);
    expect(after!.centers).not.toEqual(before!.centers);
    expect(after!.sum).toBeGreaterThan(before!.sum);
  });

  test("images changed at random: a resumed training sees the same ones, and predictions see items as they are", async () => {
    const on = await device();
    const changed = {
      ...OPTIONS,
      augment: { rotate: 10, crop: { padding: 1 } },
      augmentWith: augmentRows,
      itemShape: [8, 8],
      device: on,
    };
    await expectResumes(
      {
        make: () => new DEC(changed),
        load: (bytes) => DEC.load(bytes, { device: on, augmentWith: augmentRows }),
        fit: (model, options = undefined) => model.fit(x, { epochs: 4, ...options }),
        ask: async (model) => [model.settings, await model.transform(x)],
      },
      8,
    );
    const [model, plain] = [new DEC(changed), new DEC({ ...OPTIONS, device: on })];
    for (const either of [model, plain]) await either.fit(x, { epochs: 4 });
    expect(await model.predict(x)).toEqual(model.labels);
    expect((await plain.transform(x)).data).not.toEqual((await model.transform(x)).data);
    for (const either of [model, plain]) either.dispose();
  });

  test("augment needs to know what an image is, and leaves its size", async () => {
    const fit = async (options: object): Promise<unknown> =>
      new DEC({ ...OPTIONS, augmentWith: augmentRows, ...options, device: await device() }).fit(x);
    const rotate = { augment: { rotate: 10 } };
    const sizes = "augmentRows: itemShape must be [height, width] or [channels, height, width] of 64 values, got ";
    await expect(fit(rotate)).rejects.toThrow(`${sizes}nothing`);
    await expect(fit({ ...rotate, itemShape: [8, 9] })).rejects.toThrow(`${sizes}[8,9]`);
    await expect(fit({ ...rotate, itemShape: [8, 8], augmentWith: undefined })).rejects.toThrow(
      "DEC.fit: augment needs augmentWith",
    );
    await expect(fit({ augment: { turn: 10 }, itemShape: [8, 8] })).rejects.toThrow(/^augment: unknown option turn/);
    await expect(fit({ augment: { crop: { size: 6 } }, itemShape: [8, 8] })).rejects.toThrow(/^reshape: /);
  });

  test("IDEC keeps the reconstruction: it is better after clustering than DEC's", async () => {
    const errors = [];
    for (const Model of [DEC, IDEC]) {
      const model = await new Model({ ...OPTIONS, device: await device() }).fit(x, { epochs: 12 });
      const back = await model.reconstruct(x);
      errors.push(back.data.reduce((sum, v, i) => sum + (v - x.data[i]!) ** 2, 0));
      model.dispose();
    }
    expect(errors[1]).toBeLessThan(errors[0]!);
  });
});

describe("DEC's errors name what was given", () => {
  const { x } = digits(20);

  test.each([
    [{ nClusters: 0 }, "DEC: nClusters must be a whole number from 1, got 0"],
    [{ nClusters: 2.5 }, "DEC: nClusters must be a whole number from 1, got 2.5"],
    [{ updateInterval: 0 }, "DEC: updateInterval must be a whole number from 1, got 0"],
    [{ alpha: 0 }, "DEC: alpha must be positive, got 0"],
    [{ tolerance: -1 }, "DEC: tolerance must be 0 or more, got -1"],
    [{ target: "all" as "batch" }, "DEC: target must be global or batch, got all"],
  ])("%o", (options, message) => {
    expect(() => new DEC({ ...OPTIONS, ...options })).toThrow(message);
  });

  test("data and use", async () => {
    const model = new DEC({ ...OPTIONS, nClusters: 30 });
    await expect(model.fit(x)).rejects.toThrow(
      "DEC.fit: nClusters must be at most the number of rows, got 30 for 20 rows",
    );
    await expect(model.predict(x)).rejects.toThrow("DEC.predict: call fit first");
    expect(() => model.labels).toThrow("DEC.labels: call fit first");
    await expect(DEC.load(new Uint8Array(5))).rejects.toThrow(/safetensors/);
    const other = await new IDEC({ ...OPTIONS, pretrainEpochs: 1 }).fit(x, { epochs: 1 });
    await expect(DEC.load(await other.save())).rejects.toThrow("checkpoint: the file holds a IDEC, not a DEC");
    other.dispose();
    model.dispose();
  });
});

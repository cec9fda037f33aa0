// Stars and galaxies without labels by numbers: held-out stamps of another simulation, what an untrained model is worth, and bad stamps.
import { auc, NdArray } from "constella";
import type { RowSource } from "constella/data";
import { expect, test } from "vitest";
import { simulateStarsGalaxies, SKY_SIGMA } from "../../src/data";
import { ConditionalVAEClustering, prepareStamps } from "../../src/generative";
import { STILL } from "../models/untrained";
import { describeDevices, expectAlike } from "../devices";

const SIDE = 20;
const stampsOf = (n: number, seed: number) => simulateStarsGalaxies({ n, seed, size: SIDE });

/** The share of labels that are the same: 1 are stars on both sides. */
const agreement = (a: Int32Array, b: Int32Array): number =>
  a.reduce((sum, label, i) => sum + Number(label === b[i]), 0) / a.length;

describeDevices("conditional VAE as a method", (deviceOf, type) => {
  const { images, labels } = stampsOf(600, 3);
  const held = stampsOf(400, 4);
  const options = {
    ...{ inputShape: [5, SIDE, SIDE], preparation: { skySigma: SKY_SIGMA }, epochs: 25, batchSize: 50, seed: 1 },
    network: { type: "dense", sizes: [32] },
  } as const;
  const small = { ...options, epochs: 2, preparation: { skySigma: SKY_SIGMA, crop: 8 }, components: 6 };

  const sides =
    "stars are told from galaxies of another simulation, by which side is which; an untrained model does not";
  if (type !== "wasm")
    test("it learns as on WebAssembly", async () =>
      expectAlike(await deviceOf(), async (device) => {
        using model = new ConditionalVAEClustering({ ...small, device });
        await model.fit(images);
        return [...model.history];
      }));
  else
    test(sides, async () => {
      using model = new ConditionalVAEClustering({ ...options, device: await deviceOf() });
      await model.fit(images);
      const scores = await model.scoreSamples(held.images);
      expect(auc(held.labels, scores)).toBeGreaterThan(0.9);
      expect(agreement(held.labels, await model.predict(held.images))).toBeGreaterThan(0.6);
      using still = new ConditionalVAEClustering({ ...options, learningRate: STILL, device: await deviceOf() });
      await still.fit(images);
      expect(auc(held.labels, await still.scoreSamples(held.images), { signed: false })).toBeLessThan(0.85);
      using known = new ConditionalVAEClustering({ ...options, share: 0.3, device: await deviceOf() });
      await known.fit(images);
      expect(known.labels.reduce((sum, label) => sum + label, 0)).toBe(180);
      expect(agreement(labels, known.labels)).toBeGreaterThan(0.86);
      expect(agreement(held.labels, await known.predict(held.images))).toBeGreaterThan(0.86);
    });

  test("labels, probabilities and scores agree; it is the same of a source, and once it was saved", async () => {
    const device = await deviceOf();
    using model = new ConditionalVAEClustering({ ...small, device });
    await model.fit(images);
    const scores = await model.scoreSamples(images);
    expect(await model.predict(images)).toEqual(model.labels);
    const { data, shape } = await model.softAssignments(images);
    expect(shape).toEqual([600, 2]);
    model.labels.forEach((label, i) => {
      expect(data[2 * i]! + data[2 * i + 1]!).toBeCloseTo(1, 5);
      expect(Number(data[2 * i + 1]! > 0.5)).toBe(label);
      expect(Number(scores[i]! > model.threshold)).toBe(label);
    });
    expect((await model.transform(images)).shape).toEqual([600, 2]);
    expect((await model.reconstruct(held.images)).shape).toEqual([400, 64]);
    expect((await model.decode(new NdArray(new Float32Array(4), [2, 2]))).shape).toEqual([2, 64]);
    const width = 5 * SIDE * SIDE;
    const source: RowSource = {
      ...{ length: 600, rowShape: [5, SIDE, SIDE] },
      rows: async (index) => {
        const rows = new Float32Array(index.length * width);
        Array.from(index, (row, i) => rows.set(images.data.subarray(row * width, (row + 1) * width), i * width));
        return rows;
      },
      range: async (begin, end) => images.data.slice(begin * width, end * width),
    };
    using streamed = new ConditionalVAEClustering({ ...small, device });
    await streamed.fit(source);
    expect(auc(streamed.labels, await streamed.scoreSamples(source))).toBe(1);
    expect(agreement(model.labels, streamed.labels)).toBeGreaterThan(0.97);
    using loaded = await ConditionalVAEClustering.load(await model.save(), { device });
    expect(await loaded.scoreSamples(held.images)).toEqual(await model.scoreSamples(held.images));
  });

  test("convolutions take stamps as they are prepared, of five bands", async () => {
    using model = new ConditionalVAEClustering({
      ...{ ...options, epochs: 1, network: { type: "convolutional", channels: [4, 6] } },
      preparation: { skySigma: SKY_SIGMA, normalize: "peak", crop: 8 },
      device: await deviceOf(),
    });
    await model.fit(images);
    expect((await model.reconstruct(held.images)).shape).toEqual([400, 5 * 64]);
    expect(new Set(model.labels)).toEqual(new Set([0, 1]));
  });

  test("collapse and bad stamps are one line", async () => {
    const device = await deviceOf();
    const of = (more: object) => new ConditionalVAEClustering({ ...small, device, ...more });
    await expect(of({ beta: 1e5, epochs: 12, learningRate: 0.02, divergence: "normal" }).fit(images)).rejects.toThrow(
      /^ConditionalVAEClustering.fit: the class unit carries nothing: its means vary by .* over 600 items, its noise is .*; raise styleDropout or lower beta$/,
    );
    const changed = (change: (stamp: Float32Array) => void): NdArray<Float32Array> => {
      const copy = images.data.slice();
      change(copy.subarray(5 * SIDE * SIDE, 10 * SIDE * SIDE));
      return new NdArray(copy, images.shape);
    };
    const refused = (stamps: NdArray<Float32Array>) => expect(of({}).fit(stamps)).rejects;
    await refused(changed((stamp) => stamp.fill(NaN))).toThrow("ConditionalVAEClustering.fit: x must be");
    await refused(changed((stamp) => stamp.fill(3))).toThrow(
      "a stamp must hold an object, got 3 everywhere in stamp 1",
    );
    await refused(
      changed((stamp) => {
        stamp.fill(0);
        for (let band = 0; band < 5; band++) stamp[band * SIDE * SIDE + 2 * SIDE + 17] = 400;
      }),
    ).toThrow(
      /a stamp must have its object in the middle, got 81.\d sky sigmas at row 2, column 17 and 0.0 there in stamp 1/,
    );
    // objects that are all cut off centre are refused, one among many may be a blend; center moves what is near
    const moved = (by: number, share: number): NdArray<Float32Array> => {
      const copy = images.data.slice();
      for (let i = 0; i < share * 600 * 5 * SIDE; i++) {
        const row = copy.subarray(i * SIDE, (i + 1) * SIDE);
        row.copyWithin(by, 0);
        row.copyWithin(0, by, 2 * by); // what came in from the left is sky
      }
      return new NdArray(copy, images.shape);
    };
    const bright = { ...small, epochs: 0, device };
    await refused(moved(6, 1)).toThrow(
      /^ConditionalVAEClustering\.fit: stamps must have their object within 4 pixels of the middle, got it at row \d+, column \d+ of 20 x 20 in stamp \d+, and in 30 before it of 600; cut them around their objects, or let center move what is near$/,
    );
    using few = new ConditionalVAEClustering(bright);
    await few.fit(moved(6, 0.01));
    expect(few.remarks.join()).toMatch(
      /^\d stamps show their object more than 4 pixels from the middle and were taken all the same: 0(, \d+)+$/,
    );
    const told: string[] = [];
    prepareStamps(moved(6, 0.01), {
      ...bright.preparation,
      normalize: "white",
      onRemark: (remark) => told.push(remark),
    });
    expect(told).toEqual(few.remarks);
    await expect(
      few.predict(new NdArray(moved(6, 0.01).data.slice(0, 5 * SIDE * SIDE), [1, 5, SIDE, SIDE])),
    ).rejects.toThrow(
      // prettier-ignore
      /got it at row \d+, column 15 of 20 x 20 in stamp 0; cut them/,
    );
    using centred = new ConditionalVAEClustering({
      ...bright,
      preparation: { ...bright.preparation, center: true },
    });
    await centred.fit(moved(4, 1));
    expect(centred.remarks).toEqual([]);
    await refused(new NdArray(new Float32Array(3 * SIDE * SIDE * 2), [2, 3, SIDE, SIDE])).toThrow(
      "ConditionalVAEClustering.fit: x must have 2000 values a row, got 1200",
    );
    expect(() => of({ inputShape: [3, SIDE, SIDE] })).toThrow(
      "ConditionalVAEClustering: what is prepared must be stamps [5, s, s] of the bands u g r i z, got [3, 20, 20]",
    );
    expect(() => of({ components: 3, network: { type: "convolutional", channels: [4] } })).toThrow(
      "components must be 0",
    );
    expect(() => of({ share: 1 })).toThrow("share must leave items in both classes, got 1");
    expect(() => of({ preparation: { crop: 40 } })).toThrow("crop must be at most the side of the stamps, 20, got 40");
  });

  test("it has no trouble with the faintest stamps of a simulation", async () => {
    using model = new ConditionalVAEClustering({ ...small, epochs: 0, device: await deviceOf() });
    const { images } = simulateStarsGalaxies({ n: 1500, seed: 9, size: 24, flux: [50, 6000], blendShare: 0.3 });
    using wide = new ConditionalVAEClustering({
      ...small,
      inputShape: [5, 24, 24],
      epochs: 0,
      device: await deviceOf(),
    });
    await wide.fit(images);
    expect(wide.labels).toHaveLength(1500);
    expect(model.settings.preparation).toEqual({ crop: 8, normalize: "white", skySigma: SKY_SIGMA });
  });
});

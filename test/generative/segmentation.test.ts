// Autoencoders of images, and objects in images by their layers, by numbers: simulated stamps whose masks are known.
import { mean, NdArray } from "constella";
import { expect, test } from "vitest";
import { simulateStarsGalaxies, SKY_SIGMA } from "../../src/data";
import { ConvAutoencoder, HypercolumnSegmentation, ResidualAutoencoder } from "../../src/generative";
import { describeDevices, expectAlike } from "../devices";
import { STILL } from "../models/untrained";

const SIDE = 24;
const sky = { skySigma: SKY_SIGMA, stretch: "asinh" } as const;
const simulated = (n: number, seed: number) => simulateStarsGalaxies({ n, seed, size: SIDE });

/** Pixels in both over pixels in either, over all images. */
function overlap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [both, either] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    both += Number(a[i]! > 0 && b[i]! > 0);
    either += Number(a[i]! > 0 || b[i]! > 0);
  }
  return both / either;
}

describeDevices("autoencoders of images", (deviceOf, type) => {
  const many = type === "wasm" ? 120 : 48; // as many as a software adapter takes in a while
  const { images, masks } = simulated(many, 3);
  const shape = [5, SIDE, SIDE];
  const small = {
    inputShape: shape,
    preparation: sky,
    channels: [8, 12],
    epochs: 16,
    batchSize: 20,
    learningRate: 5e-3,
    seed: 1,
  } as const;

  if (type !== "wasm")
    test("they learn as on WebAssembly", async () => {
      for (const Kind of [ConvAutoencoder, ResidualAutoencoder])
        await expectAlike(await deviceOf(), async (device) => {
          using model = new Kind({ ...small, epochs: 2, device });
          await model.fit(simulated(40, 3).images);
          return [...model.history];
        });
    });
  else {
    test("training lowers the error; connections around the code lower it further", async () => {
      const device = await deviceOf();
      const errors: number[] = [];
      for (const Kind of [ConvAutoencoder, ResidualAutoencoder]) {
        using model = new Kind({ ...small, device });
        await model.fit(images);
        const losses = model.history.map(({ loss }) => loss);
        expect(losses.at(-1)!).toBeLessThan(0.8 * losses[0]!);
        expect((await model.transform(images)).shape).toEqual([120, 10]);
        expect((await model.reconstruct(images)).shape).toEqual([120, 5 * SIDE * SIDE]);
        errors.push(losses.at(-1)!);
        using loaded = await Kind.load(await model.save(), { device });
        expect((await loaded.transform(images)).data).toEqual((await model.transform(images)).data);
      }
      expect(errors[1]!).toBeLessThan(errors[0]!);
    });

    test("objects are found by the layers of a trained network, not by those of an untrained one, and are in the catalogue", async () => {
      const device = await deviceOf();
      const of = async (more: object): Promise<number> => {
        using model = new HypercolumnSegmentation({ ...small, nClusters: 3, device, ...more });
        await model.fit(images);
        return overlap((await model.masks(images)).data, masks.data);
      };
      using model = new HypercolumnSegmentation({ ...small, nClusters: 3, device });
      await model.fit(images);
      const found = await model.masks(images);
      const inner = { at: ["decoder1", "decoder2"] };
      expect(overlap(found.data, masks.data)).toBeGreaterThan(0.86);
      expect(await of(inner)).toBeGreaterThan(0.78);
      expect(await of({ ...inner, learningRate: STILL })).toBeLessThan(0.65);
      const middle = await model.masks(images, { by: "middle" });
      expect(middle.data.reduce((sum, value) => sum + value, 0)).toBeLessThan(found.data.reduce((s, value) => s + value, 0)); // prettier-ignore
      const objects = await model.catalogue(images);
      const near = objects.filter(({ row, column }) => Math.hypot(row - 11.5, column - 11.5) < 2.5);
      expect(new Set(near.map(({ image }) => image)).size).toBeGreaterThan(90);
      const [{ image, area, flux }] = near as [(typeof near)[0]];
      expect(flux).toHaveLength(5);
      expect(area).toBeGreaterThanOrEqual(5);
      const stamp = images.data.subarray((image * 5 + 2) * SIDE * SIDE, (image * 5 + 3) * SIDE * SIDE);
      const mask = middle.data.subarray(image * SIDE * SIDE, (image + 1) * SIDE * SIDE);
      expect(flux[2]! / stamp.reduce((sum, value, p) => sum + value * mask[p]!, 0)).toBeCloseTo(1, 3);
      expect((await model.predict(images)).data).toEqual(model.labels.data);
      using loaded = await HypercolumnSegmentation.load(await model.save(), { device });
      expect((await loaded.masks(images)).data).toEqual(found.data);
      expect(loaded.foreground).toEqual(model.foreground);
    });
  }

  test("layers of any network, a mixture of Gaussians, and nearest pixels; a whole image goes tile by tile", async () => {
    const device = await deviceOf();
    using model = new HypercolumnSegmentation({
      ...{
        ...small,
        epochs: 0,
        nClusters: 3,
        clustering: "gaussian-mixture",
        resize: "nearest",
        comparable: "l2",
        device,
      },
      features: (x) => [x, mean(x, 1, true)],
    });
    await model.fit(images);
    expect(model.labels.shape).toEqual([many, SIDE, SIDE]);
    using pixels = new HypercolumnSegmentation({ ...small, at: ["input"], epochs: 0, nClusters: 3, device });
    await pixels.fit(images);
    expect(overlap((await pixels.masks(images)).data, masks.data)).toBeGreaterThan(0.8);
    // four stamps as one image: the same objects as one by one, but at their borders
    const whole = new NdArray(new Float32Array(5 * 4 * SIDE * SIDE), [5, 2 * SIDE, 2 * SIDE]);
    for (let i = 0; i < 4; i++)
      for (let band = 0; band < 5; band++)
        for (let row = 0; row < SIDE; row++)
          whole.data.set(
            images.data.subarray(((i * 5 + band) * SIDE + row) * SIDE, ((i * 5 + band) * SIDE + row + 1) * SIDE),
            (band * 2 * SIDE + (i >> 1) * SIDE + row) * 2 * SIDE + (i & 1) * SIDE,
          );
    const mask = await pixels.maskOf(whole);
    const single = (await pixels.masks(images)).data;
    let same = 0;
    for (let i = 0; i < 4; i++)
      for (let row = 2; row < SIDE - 2; row++)
        for (let column = 2; column < SIDE - 2; column++)
          same += Number(
            mask.data[((i >> 1) * SIDE + row) * 2 * SIDE + (i & 1) * SIDE + column] ===
              single[(i * SIDE + row) * SIDE + column],
          );
    expect(same / (4 * (SIDE - 4) ** 2)).toBeGreaterThan(0.999);
    const objects = await pixels.catalogueOf(whole);
    expect(objects.length).toBeGreaterThanOrEqual(4);
    if (type !== "wasm") return; // a software adapter has taken long enough
    // a pixel without a number in some band is of no object, and says nothing of those around it
    const { row, column } = objects[0]!;
    const at = Math.round(row) * 2 * SIDE + Math.round(column);
    whole.data[3 * 4 * SIDE * SIDE + at] = NaN;
    const holed = await pixels.segmentImage(whole);
    expect([holed.labels.data[at], holed.mask.data[at]]).toEqual([-1, 0]);
    expect(holed.mask.data.filter((value, p) => value !== mask.data[p]).length).toBeLessThan(9);
    expect(holed.objects.every(({ flux }) => flux.every(Number.isFinite))).toBe(true);
    // pixels have the number of their object, but for pieces that are too small to be one
    const { segments } = holed;
    const areas = new Array<number>(holed.objects.length + 1).fill(0);
    for (const number of segments.data) areas[number]!++;
    expect(areas.slice(1)).toEqual(holed.objects.map(({ area }) => area));
    expect(segments.data.every((number, p) => number === 0 || holed.mask.data[p] === 1)).toBe(true);
    // what is brighter than the sky is the same here as what is rare in the frame
    using bright = new HypercolumnSegmentation({ ...small, at: ["input"], epochs: 0, nClusters: 3, foreground: "bright", device }); // prettier-ignore
    await bright.fit(images);
    expect(bright.foreground).toEqual(pixels.foreground);
  });

  test("what cannot be is one line", async () => {
    const device = await deviceOf();
    const of = (more: object) => new HypercolumnSegmentation({ ...small, epochs: 0, nClusters: 3, device, ...more });
    expect(() => of({ frame: 12 })).toThrow(
      "HypercolumnSegmentation: frame must leave a middle of images of 24 x 24, got 12",
    );
    await expect(of({ at: ["encoder3"] }).fit(images)).rejects.toThrow(
      "HypercolumnSegmentation.fit: at must be among input, encoder1, encoder2, decoder1, decoder2, got encoder3",
    );
    await expect(of({ nClusters: 121 }).fit(images)).rejects.toThrow("nClusters must be at most the number of images");
    await expect(of({}).predict(images)).rejects.toThrow("HypercolumnSegmentation.predict: call fit first");
    const few = new NdArray(images.data.subarray(0, 8 * 5 * SIDE * SIDE), [8, 5, SIDE, SIDE]);
    using peak = of({ at: ["input"], preparation: { ...sky, normalize: "peak" } });
    await peak.fit(few);
    await expect(peak.maskOf(new NdArray(new Float32Array(5), [5, 1, 1]))).rejects.toThrow(
      "prepared by its values alone",
    );
    using plain = of({ at: ["input"] });
    await plain.fit(few);
    await expect(plain.maskOf(new NdArray(new Float32Array(5), [5, 1, 1]))).rejects.toThrow(
      "HypercolumnSegmentation.maskOf: an image must be [5, H, W] of at least 24 x 24, got [5, 1, 1]",
    );
  });
});

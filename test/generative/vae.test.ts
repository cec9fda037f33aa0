import { auc, NdArray, PCA } from "constella";
import type { Device, Tensor } from "constella";
import { beforeAll, describe, expect, test } from "vitest";
import { simulateStarsGalaxies, SKY_SIGMA } from "../../src/data";
import { ConditionalVAE, ConvVAE, DIVERGENCES, prepareStamps, VAE } from "../../src/generative";
import { deviceOf } from "../devices";

const N = 600;
const SIDE = 12;

interface Stamps {
  readonly white: NdArray<Float32Array>;
  readonly labels: Int32Array;
}

let stamps: Stamps;
let device: Device;

beforeAll(async () => {
  device = await deviceOf("wasm");
  const { images, labels } = simulateStarsGalaxies({ n: N, seed: 3, size: 16, blendShare: 0 });
  stamps = { white: prepareStamps(images, { skySigma: SKY_SIGMA, crop: SIDE, normalize: "white" }), labels };
});

const small = { epochs: 8, batchSize: 50, network: { type: "dense", sizes: [32] } } as const;

describe("variational autoencoders", () => {
  test.each(DIVERGENCES)("%s: training lowers the loss, and the codes are numbers", async (divergence) => {
    const options = { inputShape: [SIDE * SIDE], latents: 2, divergence, device, ...small };
    using model = disposable(new VAE(options));
    await model.fit(stamps.white);
    const losses = model.history.map(({ loss }) => loss);
    expect(losses.at(-1)!).toBeLessThan(0.6 * losses[0]!);
    const { data, shape } = await model.transform(stamps.white);
    expect(shape).toEqual([N, 2]);
    expect(data.every(Number.isFinite)).toBe(true);
  });

  test("the class unit of a conditional VAE orders stars and galaxies; a seed gives the same numbers again", async () => {
    const flat = new NdArray(stamps.white.data, [N, SIDE * SIDE]);
    const pca = await new PCA({ nComponents: 20, device }).fitTransform(flat);
    const rows = new NdArray(Float32Array.from(pca.data), pca.shape);
    const options = { inputShape: [20], device, ...small, epochs: 20, learningRate: 4e-3, seed: 1 };
    using untrained = disposable(new ConditionalVAE({ ...options, epochs: 0 }));
    await untrained.fit(rows);
    using model = disposable(new ConditionalVAE(options));
    await model.fit(rows);
    const score = await model.score(rows);
    const separated = auc(stamps.labels, score, { signed: false });
    expect(separated).toBeGreaterThan(0.9);
    expect(separated).toBeGreaterThan(auc(stamps.labels, await untrained.score(rows), { signed: false }));
    using again = disposable(new ConditionalVAE(options));
    await again.fit(rows);
    expect(await again.score(rows)).toEqual(score);
  });

  test("style units that do not join have no part in the training", async () => {
    const rows = new NdArray(stamps.white.data, [N, SIDE * SIDE]);
    /** What the decoder makes of the style unit. */
    const taken = async (options: object): Promise<number[]> => {
      using model = disposable(new ConditionalVAE({ inputShape: [SIDE * SIDE], device, ...small, ...options }));
      await model.fit(rows);
      const weight = await model.network.decoder.layers[0]!.linear.weight.data();
      return Array.from(weight).filter((_, i) => i % 2 === 1);
    };
    const first = await taken({ epochs: 0 });
    expect(await taken({ styleAfter: 1 })).toEqual(first);
    expect(await taken({ styleAfter: 0.5 })).not.toEqual(first);
  });

  test("a training that was stopped and saved goes on to the same weights", async () => {
    const options = {
      inputShape: [1, SIDE, SIDE],
      network: { type: "convolutional", channels: [4, 6] },
      latents: 3,
      epochs: 2,
      device,
    } as const;
    using whole = disposable(new ConvVAE(options));
    await whole.fit(stamps.white);
    const stop = new AbortController();
    const first = new ConvVAE(options);
    const fitting = first.fit(stamps.white, { signal: stop.signal, onEpoch: () => stop.abort(new Error("enough")) });
    await expect(fitting).rejects.toThrow("enough");
    using second = disposable(await ConvVAE.load(await first.save(), { device }));
    first.dispose();
    await second.fit(stamps.white);
    expect((await second.transform(stamps.white)).data).toEqual((await whole.transform(stamps.white)).data);
    const decoded = await second.decode(new NdArray(new Float32Array(6), [2, 3]));
    expect(decoded.shape).toEqual([2, SIDE * SIDE]);
  });

  test("options and data that make no sense are one line", async () => {
    const of = (more: object) => () => new ConditionalVAE({ inputShape: [4], device, ...more });
    expect(of({ latents: 2 })).toThrow("ConditionalVAE: latents must be 1, the class unit, got 2");
    expect(of({ divergence: "kl" })).toThrow("divergence must be one of normal, mixture");
    expect(of({ styleDropout: 1 })).toThrow("styleDropout must be in [0, 1)");
    expect(of({ styleAfter: 2 })).toThrow("styleAfter must be");
    expect(of({ beta: { from: 0, to: 1, over: 0 } })).toThrow("beta must be");
    const model = of({})();
    await expect(model.fit(stamps.white)).rejects.toThrow("ConditionalVAE.fit: x must have 4 values a row, got 144");
    const constant = new NdArray(new Float32Array(40), [10, 4]);
    await model.fit(constant);
    const others = new NdArray(new Float32Array(40).fill(1), [10, 4]);
    await expect(model.fit(others)).rejects.toThrow("must go on with the same data of 10 items, got others");
    await expect(model.score(constant)).rejects.toThrow("the class unit carries nothing");
    // a checkpoint holds no functions: features are given again
    const options = { device, features: (x: Tensor) => x };
    (await ConditionalVAE.load(await model.save(), options)).dispose();
    model.dispose();
  });
});

/** For `using`. */
const disposable = <T extends { dispose(): void }>(model: T): T & Disposable =>
  Object.assign(model, { [Symbol.dispose]: () => model.dispose() });

describe("preparing stamps", () => {
  test("white stamps have their smoothed peak at 1; bad stamps are one line", () => {
    const { images } = simulateStarsGalaxies({ n: 4, seed: 1, size: 32 });
    const white = prepareStamps(images, { skySigma: SKY_SIGMA, crop: 16, normalize: "white" });
    expect(white.shape).toEqual([4, 1, 16, 16]);
    for (let i = 0; i < 4; i++) {
      const peak = Math.max(...white.data.subarray(i * 256, (i + 1) * 256));
      expect(peak).toBeGreaterThan(0.9);
      expect(peak).toBeLessThan(2);
    }
    expect(prepareStamps(images, { crop: 16, normalize: "flux" }).shape).toEqual([4, 5, 16, 16]);
    const constant = new NdArray(new Float32Array(5 * 64).fill(2), [1, 5, 8, 8]);
    expect(() => prepareStamps(constant)).toThrow("a stamp must hold an object, got 2 everywhere in stamp 0");
    constant.data[3] = NaN;
    expect(() => prepareStamps(constant)).toThrow("stamps must be numbers, got NaN in stamp 0");
    expect(() => prepareStamps(new NdArray(new Float32Array(64), [1, 1, 8, 8]))).toThrow("with the bands u g r i z");
  });

  test("a source beside the one in the middle is blanked or mirrored away; one alone stays as it is", () => {
    const side = 24;
    const of = (...sources: readonly (readonly [row: number, column: number, peak: number])[]): NdArray<Float32Array> =>
      new NdArray(
        Float32Array.from({ length: 5 * side * side }, (_, i) => {
          const [row, column] = [Math.floor((i % (side * side)) / side), i % side];
          return sources.reduce(
            (sum, [y, x, peak]) => sum + peak * Math.exp(-((row - y) ** 2 + (column - x) ** 2) / 6),
            0,
          );
        }),
        [1, 5, side, side],
      );
    const middle = [11.5, 11.5, 50] as const;
    const alone = of(middle);
    const largest = (a: NdArray<Float32Array>): number =>
      Math.max(...a.data.map((value, i) => Math.abs(value - alone.data[i]!)));
    for (const neighbours of ["blank", "mirror"] as const) {
      expect(largest(prepareStamps(alone, { neighbours }))).toBe(0);
      expect(largest(prepareStamps(of(middle, [4, 3, 30]), { neighbours }))).toBeLessThan(1.5);
    }
    const near = of(middle, [11, 17, 30]); // touches the middle one: no object of its own, but no mirror image either
    expect(largest(prepareStamps(near, { neighbours: "blank" }))).toBeGreaterThan(20);
    expect(largest(prepareStamps(near, { neighbours: "mirror" }))).toBeLessThan(10); // 30 % of a pixel may be its own
    expect(() => prepareStamps(alone, { neighbours: "mask" as never })).toThrow("neighbours must be");
  });
});

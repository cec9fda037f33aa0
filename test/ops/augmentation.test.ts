import * as c from "constella";
import { describe, expect, test } from "vitest";
import { drawAugmentation } from "../../src/ops/images/augment-plan";
import { describeDevices } from "../devices";

const ALL: c.AugmentOptions = {
  crop: { size: 24, padding: 4 },
  flip: { horizontal: 0.5, vertical: 0.25 },
  rotate: 20,
  distort: { grid: [2, 4], magnitude: 5 },
  jitter: { brightness: 0.4, contrast: 0.3, saturation: 0.2, hue: 0.1, grayscale: 0.2 },
};

describe("what augment draws", () => {
  const draws = drawAugmentation(4000, 28, 28, ALL, { seed: 3, step: 5 });
  const range = (f: (draw: (typeof draws)[number]) => number): number[] => {
    const values = draws.map(f);
    return [Math.min(...values), Math.max(...values)].map((v) => Math.round(v * 100) / 100);
  };

  test("fills its ranges", () => {
    expect(range(({ top }) => top)).toEqual([-4, 8]);
    expect(range(({ left }) => left)).toEqual([-4, 8]);
    expect(new Set(draws.map(({ top }) => top)).size).toBe(13);
    expect(range(({ angle }) => (angle * 9) / Math.PI)).toEqual([-1, 1]);
    expect(range(({ brightness }) => brightness)).toEqual([0.6, 1.4]);
    expect(range(({ contrast }) => contrast)).toEqual([0.7, 1.3]);
    expect(range(({ saturation }) => saturation)).toEqual([0, 1.2]);
    expect(range(({ hue }) => hue)).toEqual([-0.1, 0.1]);
    const rate = (f: (draw: (typeof draws)[number]) => boolean): number => draws.filter(f).length / draws.length;
    expect(Math.abs(rate(({ horizontal }) => horizontal) - 0.5)).toBeLessThan(0.03);
    expect(Math.abs(rate(({ vertical }) => vertical) - 0.25)).toBeLessThan(0.03);
    expect(Math.abs(rate(({ saturation }) => saturation === 0) - 0.2)).toBeLessThan(0.03);
    // inner corners of two by four cells: the three in the middle of the second of three rows
    const moved = Array.from({ length: 30 }, (_, i) => draws.some(({ shifts }) => shifts[i] !== 0));
    expect(moved.flatMap((value, i) => (value ? [i] : []))).toEqual([12, 13, 14, 15, 16, 17]);
    for (const i of [12, 17]) expect(range(({ shifts }) => shifts[i]! / 5)).toEqual([-1, 1]);
  });

  test("covers areas and aspects of resized crops", () => {
    const options = { crop: { size: 10, scale: [0.25, 0.5], ratio: [0.5, 2] } } as const;
    for (const { top, left, height, width } of drawAugmentation(500, 40, 40, options, { seed: 1, step: 0 })) {
      expect((height * width) / 1600).toBeGreaterThan(0.2499);
      expect((height * width) / 1600).toBeLessThan(0.5001);
      expect(width / height).toBeGreaterThan(0.4999);
      expect(width / height).toBeLessThan(2.0001);
      expect(Math.min(top, left, 40 - top - height, 40 - left - width)).toBeGreaterThanOrEqual(0);
    }
  });

  test("is decided by seed, step and place, and goes on with a stream's state", () => {
    expect(drawAugmentation(7, 28, 28, ALL, { seed: 3, step: 5 })).toEqual(draws.slice(0, 7));
    expect(drawAugmentation(1, 28, 28, ALL, { seed: 3, step: 6 })[0]).not.toEqual(draws[0]);
    expect(drawAugmentation(1, 28, 28, ALL, { seed: 4, step: 5 })[0]).not.toEqual(draws[0]);
    expect(draws[1]).not.toEqual(draws[0]);
    const flips = drawAugmentation(7, 28, 28, { flip: ALL.flip! }, { seed: 3, step: 5 });
    expect(flips.map(({ horizontal }) => horizontal)).toEqual(draws.slice(0, 7).map(({ horizontal }) => horizontal));
    const stream = new c.Random(9);
    const first = drawAugmentation(2, 28, 28, ALL, stream);
    const state = stream.state();
    const second = drawAugmentation(2, 28, 28, ALL, stream);
    expect(second).not.toEqual(first);
    expect(drawAugmentation(2, 28, 28, ALL, new c.Random(state))).toEqual(second);
  });
});

describeDevices("augment", (device) => {
  test("repeats bit for bit, and leaves nothing behind", async () => {
    const d = await device();
    const x = c.randomUniform(d, [6, 3, 28, 28], new c.Random(1));
    const before = d.memory().buffers;
    const y = c.augment(x, ALL, { seed: 3, step: 5 });
    const z = c.augment(x, ALL, { seed: 3, step: 5 });
    const other = c.augment(x, ALL, { seed: 3, step: 6 });
    expect(d.memory().buffers).toBe(before + 3);
    expect(y.shape).toEqual([6, 3, 24, 24]);
    expect(await z.data()).toEqual(await y.data());
    expect(await other.data()).not.toEqual(await y.data());
    expect(c.augment(x, {}, { seed: 3, step: 5 })).toBe(x);
    for (const used of [x, y, z, other]) used.dispose();
  });

  test("what does not fit is one clear line", async () => {
    const d = await device();
    const x = c.zeros(d, [1, 1, 8, 8]);
    const step = { seed: 1, step: 1 };
    expect(() => c.augment(c.zeros(d, [8, 8]), {}, step)).toThrow("augment: x must be [n, c, h, w], got [8, 8]");
    expect(() => c.augment(x, { crop: { size: 9 } }, step)).toThrow(
      "augment: crop.size must be within the padded image of 8 x 8, got [9,9]",
    );
    expect(() => c.augment(x, { crop: { scale: [0, 1] } }, step)).toThrow("crop.scale must be shares of the area");
    expect(() => c.augment(x, { flip: 2 }, step)).toThrow("augment: flip must be probabilities, got 2");
    expect(() => c.augment(x, { rotate: NaN }, step)).toThrow("rotate must be degrees");
    expect(() => c.augment(x, { distort: { grid: 0 } }, step)).toThrow(
      "distort.grid must be positive whole numbers, got 0",
    );
    expect(() => c.augment(x, { jitter: { hue: 0.1 } }, step)).toThrow("need three channels, got 1");
    expect(() => c.augment(x, { flip: 1 }, { seed: 1, step: -1 })).toThrow(
      "step must be a whole number from 0 to 4294967295, got -1",
    );
    x.dispose();
  });
});

import * as c from "constella";
import { expect, test } from "vitest";
import { describeDevices } from "../devices";

describeDevices("batch normalization", (device) => {
  test("the running statistics are state: saved, loaded, used after eval, and no parameters", async () => {
    const d = await device();
    const made = new c.BatchNorm2d(d, 2, { activation: "relu" });
    const other = new c.BatchNorm2d(d, 2, { activation: "relu" });
    const x = c.tensor(
      d,
      Float32Array.from({ length: 48 }, (_, i) => Math.sin(i) + (i % 5)),
      [4, 2, 2, 3],
    );
    c.tidy(() => made.forward(x));
    const names = ["gamma", "beta", "runningMean", "runningVariance"];
    expect(Object.keys(made.stateDict()).sort()).toEqual(names.sort());
    expect(made.parameters()).toEqual([made.gamma, made.beta]);
    const saved: Record<string, { shape: readonly number[]; data: ArrayLike<number> }> = {};
    for (const [name, tensor] of Object.entries(made.stateDict()))
      saved[name] = { shape: tensor.shape, data: await tensor.data() };
    expect(saved["runningMean"]!.data[0]).not.toBe(0);
    other.loadStateDict(saved);
    const [y, z] = [made.eval().forward(x), other.eval().forward(x)];
    expect([...(await y.data())]).toEqual([...(await z.data())]);
    expect([...(await made.runningMean.data())]).toEqual(Array.from(saved["runningMean"]!.data));
    const trained = other.train().forward(x);
    expect([...(await trained.data())]).not.toEqual([...(await y.data())]);
    for (const used of [x, y, z, trained, made, other]) used.dispose();
  });

  test("a momentum of 1 leaves nothing of the statistics that were there, to the last digit", async () => {
    const d = await device();
    const x = c.randomNormal(d, [64, 3], new c.Random(1), 3, 2);
    const of = async (before: number): Promise<number[]> => {
      const running = { mean: c.full(d, [3], before), variance: c.full(d, [3], before) };
      const y = c.batchNorm(x, { running, momentum: 1 });
      const [mean, variance] = [await running.mean.data(), await running.variance.data()];
      for (const used of [y, running.mean, running.variance]) used.dispose();
      return [...mean, ...variance];
    };
    const fresh = await of(0);
    for (const before of [1e-3, 123.456, NaN, Infinity]) expect(await of(before)).toEqual(fresh);
    x.dispose();
  });

  test("statistics of values far from zero", async () => {
    const d = await device();
    const values = Float32Array.from({ length: 3 * 2 * 2500 }, (_, i) => 4096 + (i % 2));
    const x = c.tensor(d, values, [3, 2, 50, 50]);
    const running = { mean: c.zeros(d, [2]), variance: c.zeros(d, [2]) };
    const y = c.batchNorm(x, { running, momentum: 1, eps: 0 });
    expect([...(await running.mean.data())]).toEqual([4096.5, 4096.5]);
    for (const variance of await running.variance.data()) expect(variance).toBeCloseTo(0.25 * (7500 / 7499), 6);
    for (const value of await y.data()) expect(Math.abs(value)).toBeCloseTo(1, 5);
    for (const used of [x, y, running.mean, running.variance]) used.dispose();
  });

  test.each([
    ["rows", [10_000_000, 1]],
    ["one large image", [1, 1, 2500, 4000]],
  ])("ten million values around 1,000: %s", async (_, shape) => {
    const d = await device();
    const x = c.randomNormal(d, shape, new c.Random(3), 1000, 1);
    const values = await x.data();
    const channels = shape[1]!;
    const [count, inner] = [values.length / channels, (shape[2] ?? 1) * (shape[3] ?? 1)];
    const [means, variances] = [new Float64Array(channels), new Float64Array(channels)];
    const channel = (i: number): number => Math.floor(i / inner) % channels;
    for (let i = 0; i < values.length; i++) means[channel(i)]! += (values[i]! - 1000) / count;
    for (let i = 0; i < values.length; i++)
      variances[channel(i)]! += (values[i]! - 1000 - means[channel(i)]!) ** 2 / count;
    const running = { mean: c.zeros(d, [channels]), variance: c.zeros(d, [channels]) };
    const y = c.batchNorm(x, { running, momentum: 1, eps: 0 });
    const [mean, variance, got] = await Promise.all([running.mean.data(), running.variance.data(), y.data()]);
    for (let t = 0; t < channels; t++) {
      expect(Math.abs(mean[t]! - 1000 - means[t]!)).toBeLessThan(1e-4); // float32 at 1,000 has steps of 6e-5
      expect(Math.abs(variance[t]! / variances[t]! - 1)).toBeLessThan(1e-5);
    }
    let worst = 0;
    for (let i = 0; i < values.length; i += 997) {
      const t = channel(i);
      worst = Math.max(worst, Math.abs(got[i]! - (values[i]! - 1000 - means[t]!) / Math.sqrt(variances[t]!)));
    }
    expect(worst).toBeLessThan(2e-4);
    for (const used of [x, y, running.mean, running.variance]) used.dispose();
  });

  test("what does not fit is one clear line", async () => {
    const d = await device();
    const x = c.zeros(d, [1, 3]);
    const two = c.zeros(d, [2]);
    expect(() => c.batchNorm(x)).toThrow("batchNorm: training must have more than one value a channel, got [1, 3]");
    expect(() => c.batchNorm(x, { training: false })).toThrow("evaluation needs running statistics");
    expect(() => c.batchNorm(x, { gamma: two })).toThrow("batchNorm: gamma must be of shape [3], got [2]");
    expect(() => c.batchNorm(two)).toThrow("batchNorm: x must be [n, c] or [n, c, h, w], got [2]");
    const module = new c.BatchNorm1d(d, 2);
    const image = c.zeros(d, [2, 2, 3, 3]);
    expect(() => module.forward(image)).toThrow("BatchNorm1d: x must have 2 axes, got [2, 2, 3, 3]");
    expect(() => new c.BatchNorm2d(d, 0)).toThrow("BatchNorm2d: channels must be a whole number from 1, got 0");
    for (const used of [x, two, module, image]) used.dispose();
  });
});

describeDevices("pooling", (device) => {
  test("ties go to the first place, and NaN is passed on", async () => {
    const d = await device();
    for (const [kernel, stride] of [
      [2, 2],
      [3, 1],
    ] as const) {
      const x = c.parameter(d, new Float32Array(9 * 9).fill(-1), [1, 1, 9, 9]);
      const { y, dx } = c.tidy(() => {
        const y = c.maxPool2d(x, kernel, { stride });
        return { y, dx: c.grad(c.sum(y), [x])[0]! };
      });
      expect(new Set(await y.data())).toEqual(new Set([-1]));
      const places = [...(await dx.data())].flatMap((value, i) => (value === 1 ? [i] : []));
      const each = Array.from({ length: y.shape[2]! }, (_, i) => i * stride);
      expect(places).toEqual(each.flatMap((row) => each.map((column) => row * 9 + column)));
      for (const used of [x, y, dx]) used.dispose();
    }
    const values = Float32Array.from({ length: 8 * 16 }, (_, i) => (i % 16 === 2 * (i >> 4) ? NaN : i));
    const x = c.tensor(d, values, [1, 1, 8, 16]);
    const y = c.maxPool2d(x, 2);
    const expected = Array.from({ length: 32 }, (_, at) => {
      const [i, j] = [at >> 3, at % 8];
      return j >> 1 === i ? NaN : (2 * i + 1) * 16 + 2 * j + 1;
    });
    expect([...(await y.data())]).toEqual(expected);
    x.dispose();
    y.dispose();
  });

  test("modules give what the functions give", async () => {
    const d = await device();
    const x = c.tensor(
      d,
      Float32Array.from({ length: 2 * 3 * 25 }, (_, i) => Math.cos(i)),
      [2, 3, 5, 5],
    );
    const network = new c.Sequential([new c.MaxPool2d(2), new c.ReLU(), new c.AvgPool2d([2, 1]), new c.Flatten()]);
    const { y, z, w } = c.tidy(() => ({
      y: network.forward(x),
      z: c.flatten(c.avgPool2d(c.relu(c.maxPool2d(x, 2)), [2, 1])),
      w: new c.GlobalAvgPool2d().forward(x),
    }));
    expect(y.shape).toEqual([2, 6]);
    expect(w.shape).toEqual([2, 3]);
    expect([...(await y.data())]).toEqual([...(await z.data())]);
    for (const used of [x, y, z, w]) used.dispose();
  });

  test("what does not fit is one clear line", async () => {
    const d = await device();
    const x = c.zeros(d, [1, 1, 3, 3]);
    expect(() => c.maxPool2d(x, 4)).toThrow("maxPool2d: the kernel 4 x 4 must fit the image, got [1, 1, 3, 3]");
    expect(() => c.avgPool2d(x, 2, { padding: 2 })).toThrow(
      "padding must be at most half of the kernel, got 2 x 2 for 2 x 2",
    );
    expect(() => c.maxPool2d(x, 0)).toThrow("kernel and stride must be positive whole numbers");
    x.dispose();
  });
});

import {
  Conv2d,
  conv2d,
  ConvTranspose2d,
  convTranspose2d,
  grad,
  parameter,
  Random,
  requestDevice,
  sum,
  tensor,
  tidy,
  zeros,
} from "constella";
import type { Device } from "constella";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let device: Device;
beforeAll(async () => {
  device = await requestDevice("wasm", { threads: 0 });
});
afterAll(() => device.destroy());

describe("rules of convolution", () => {
  test.each([
    ["rank of x", [3, 5, 5], [2, 3, 3, 3], {}, "conv2d: x must be [n, c, h, w], got [3, 5, 5]"],
    ["rank of the weight", [1, 3, 5, 5], [2, 3], {}, "conv2d: the weight must be [o, c, kh, kw], got [2, 3]"],
    [
      "channels",
      [1, 3, 5, 5],
      [2, 4, 3, 3],
      {},
      "conv2d: channels must agree, got x [1, 3, 5, 5] and weight [2, 4, 3, 3]",
    ],
    [
      "stride",
      [1, 3, 5, 5],
      [2, 3, 3, 3],
      { stride: 0 },
      "conv2d: the stride must be whole numbers from 1 to 255, got [0, 0]",
    ],
    [
      "padding",
      [1, 3, 5, 5],
      [2, 3, 3, 3],
      { padding: [1, 0.5] as const },
      "conv2d: the padding must be whole numbers from 0 to 255, got [1, 0.5]",
    ],
    ["size", [1, 3, 5, 5], [2, 3, 7, 3], {}, "conv2d: the kernel [7, 3] must fit the padded input, got x [1, 3, 5, 5]"],
  ] as const)("%s", (_, x, weight, options, message) => {
    expect(() => tidy(() => conv2d(zeros(device, x), zeros(device, weight), undefined, options))).toThrow(message);
  });

  test("bias", () => {
    const call = (): unknown => conv2d(zeros(device, [1, 1, 3, 3]), zeros(device, [4, 1, 3, 3]), zeros(device, [3]));
    expect(() => tidy(call)).toThrow("conv2d: the bias must be of shape [4], got [3]");
  });

  test.each([
    ["channels", [2, 4, 3, 3], {}, "convTranspose2d: channels must agree, got x [1, 3, 5, 5] and weight [2, 4, 3, 3]"],
    [
      "output padding",
      [3, 2, 3, 3],
      { stride: 2, outputPadding: 2 },
      "convTranspose2d: the output padding must be smaller than the stride, got [2, 2] and [2, 2]",
    ],
    ["padding", [3, 2, 1, 1], { padding: 3 }, "convTranspose2d: nothing is left of the output, x [1, 3, 5, 5]"],
  ] as const)("%s of the transposed one", (_, weight, options, message) => {
    expect(() =>
      tidy(() => convTranspose2d(zeros(device, [1, 3, 5, 5]), zeros(device, weight), undefined, options)),
    ).toThrow(message);
  });

  test("no images give none", () => {
    tidy(() => {
      const y = conv2d(zeros(device, [0, 3, 5, 5]), zeros(device, [2, 3, 3, 3]), undefined, { padding: 1 });
      expect(y.shape).toEqual([0, 2, 5, 5]);
    });
  });
});

const noise = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i * i + 1));

test("values and gradients do not depend on the number of threads", async () => {
  const results: Float32Array[][] = [];
  for (const threads of [0, 1, 3]) {
    const own = await requestDevice("wasm", { threads });
    const x = parameter(own, noise(9 * 8 * 17 * 19), [9, 8, 17, 19]);
    const weight = parameter(own, noise(12 * 8 * 9), [12, 8, 3, 3]);
    const weights = tensor(own, noise(9 * 12 * 9 * 10), [9, 12, 9, 10]);
    const outputs = tidy(() => {
      const y = conv2d(x, weight, undefined, { stride: 2, padding: 1 });
      return [y, ...grad(sum(convTranspose2d(y, weight, undefined, { padding: 1 })), [x, weight])];
    });
    expect(outputs[0]!.shape).toEqual(weights.shape);
    results.push((await Promise.all(outputs.map((output) => output.data()))) as Float32Array[]);
    own.destroy();
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

describe("layers", () => {
  test("start as PyTorch's do and run as the ops do", async () => {
    const layer = new Conv2d(device, 6, 8, [5, 3], new Random(1), { stride: 2, padding: [2, 1], activation: "relu" });
    const limit = 1 / Math.sqrt(6 * 5 * 3);
    for (const values of [await layer.weight.data(), await layer.bias!.data()]) {
      const largest = Math.max(...values.map(Math.abs));
      expect(largest).toBeLessThanOrEqual(limit);
      expect(largest).toBeGreaterThan(0.5 * limit);
    }
    expect(layer.weight.shape).toEqual([8, 6, 5, 3]);
    const x = tensor(device, noise(2 * 6 * 9 * 7), [2, 6, 9, 7]);
    const expected = conv2d(x, layer.weight, layer.bias, { stride: 2, padding: [2, 1], activation: "relu" });
    expect(await layer.forward(x).data()).toEqual(await expected.data());
    expect(layer.parameters()).toEqual([layer.weight, layer.bias]);
  });

  test("transposed", async () => {
    const layer = new ConvTranspose2d(device, 6, 4, 3, new Random(1), { stride: 2, outputPadding: 1, bias: false });
    const limit = 1 / Math.sqrt(4 * 9);
    const largest = Math.max(...(await layer.weight.data()).map(Math.abs));
    expect(largest).toBeLessThanOrEqual(limit);
    expect(largest).toBeGreaterThan(0.5 * limit);
    const x = tensor(device, noise(2 * 6 * 5 * 4), [2, 6, 5, 4]);
    const y = layer.forward(x);
    expect(y.shape).toEqual([2, 4, 12, 10]);
    const expected = convTranspose2d(x, layer.weight, undefined, { stride: 2, outputPadding: 1 });
    expect(await y.data()).toEqual(await expected.data());
    expect(layer.parameters()).toEqual([layer.weight]);
  });
});

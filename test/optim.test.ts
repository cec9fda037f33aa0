import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  Adadelta,
  Adam,
  AdamW,
  allFinite,
  clipGradientNorm,
  clipGradientValue,
  grad,
  parameter,
  RMSprop,
  SGD,
} from "constella";
import { constantSchedule, cosineSchedule, exponentialSchedule, linearSchedule, stepSchedule } from "constella";
import { square, sum, tensor, tidy } from "constella";
import type { Device, Optimizer, Schedule, Tensor } from "constella";
import { readSafetensors } from "../src/data/formats/safetensors";
import { describeDevices } from "./devices";

interface GoldenCase {
  readonly name: string;
  readonly op: string;
  readonly inputs: Record<string, string>;
  readonly outputs: Record<string, string>;
  readonly attrs: object;
  readonly rtol: number;
  readonly atol: number;
}

const folder = new URL("./golden/", import.meta.url);
const golden = JSON.parse(readFileSync(new URL("index.json", folder), "utf8")) as GoldenCase[];
const { tensors } = readSafetensors(readFileSync(new URL("optim.safetensors", folder)));
const array = (key: string): Float32Array => tensors.get(key)!.data as Float32Array;

/** Every optimizer by the name of its golden cases. */
const MAKE: Record<string, (params: Tensor[], options: never) => Optimizer> = {
  sgd: (params, options) => new SGD(params, options),
  adam: (params, options) => new Adam(params, options),
  adamw: (params, options) => new AdamW(params, options),
  rmsprop: (params, options) => new RMSprop(params, options),
  adadelta: (params, options) => new Adadelta(params, options),
};

/** Steps down Σ p² for each parameter. */
function descend(optimizer: Optimizer, steps: number): void {
  for (let i = 0; i < steps; i++)
    tidy(() => optimizer.step(optimizer.params.map((p) => grad(sum(square(p)), [p])[0]!)));
}

const read = async (params: readonly Tensor[]): Promise<number[][]> =>
  Promise.all(params.map(async (p) => [...(await p.data())]));

const start = (device: Device): Tensor[] => [
  parameter(device, [1, -2, 3, 0.5, -0.1]),
  parameter(device, [4, -1], [1, 2]),
];

describe("learning-rate schedules", () => {
  const rates = (schedule: Schedule, ...steps: number[]): number[] => steps.map(schedule);
  test.each([
    ["constant", constantSchedule(0.1), [0, 99], [0.1, 0.1]],
    ["step", stepSchedule(1, 10, 0.5), [0, 9, 10, 29], [1, 1, 0.5, 0.25]],
    ["exponential", exponentialSchedule(1, 10, 0.25), [0, 5, 10], [1, 0.5, 0.25]],
    ["linear", linearSchedule(1, 4, 0.5), [0, 1, 4, 9], [1, 0.875, 0.5, 0.5]],
    ["cosine", cosineSchedule(1, 8), [0, 2, 4, 8, 9], [1, (1 + Math.SQRT1_2) / 2, 0.5, 0, 0]],
    ["cosine after warm-up", cosineSchedule(2, 8, { warmup: 4, final: 1 }), [0, 3, 4, 6, 8], [0.5, 2, 2, 1.5, 1]],
  ] as const)("%s", (_, schedule, steps, want) => {
    expect(rates(schedule, ...steps)).toBeCloseToArray([...want], { rtol: 1e-12, atol: 1e-12 });
  });

  test("bad input is named", () => {
    expect(() => stepSchedule(1, 0)).toThrow("stepSchedule: every must be positive, got 0");
    expect(() => cosineSchedule(1, 5, { warmup: 5 })).toThrow("warmup must be from 0 to less than the 5 steps, got 5");
  });
});

describeDevices("optimizers", (device, type) => {
  for (const [op, make] of Object.entries(MAKE)) {
    const cases = golden.filter((row) => row.op === op);
    test(`${op} has golden cases`, () => {
      expect(cases.length).toBeGreaterThan(1);
    });
    for (const { name, inputs, outputs, attrs, rtol, atol } of cases)
      test(`${name} takes the golden steps`, async () => {
        const made = await device();
        const first = tensors.get(inputs["p0"]!)!;
        using p = parameter(made, array(inputs["p0"]!), first.shape);
        const { steps: _, ...options } = attrs as { steps?: number };
        using optimizer = make([p], options as never);
        const [gradients, want] = [array(inputs["grad_seq"]!), array(outputs["params"]!)];
        for (let t = 0; t * p.size < want.length; t++) {
          const part = [t * p.size, (t + 1) * p.size] as const;
          tidy(() => optimizer.step([tensor(made, gradients.slice(...part), p.shape)]));
          expect(await p.data()).toBeCloseToArray(want.subarray(...part), { rtol, atol });
        }
      });

    test(`${op} goes on from a saved state as if it had not stopped`, async () => {
      const made = await device();
      const momentum = op === "sgd" || op === "rmsprop" ? { momentum: 0.9 } : {};
      const options = { lr: 0.05, ...momentum, weightDecay: 0.01 } as never;
      const [whole, before] = [start(made), start(made)];
      using uninterrupted = make(whole, options);
      descend(uninterrupted, 7);
      using stopped = make(before, options);
      descend(stopped, 3);
      const { step, lr, tensors: state } = stopped.stateDict();
      const values: Record<string, { shape: readonly number[]; data: number[] }> = {};
      for (const [key, t] of Object.entries(state)) values[key] = { shape: t.shape, data: [...(await t.data())] };
      const after = (await read(before)).map((data, i) => parameter(made, data, before[i]!.shape));
      using resumed = make(after, options);
      resumed.loadStateDict({ step, lr, tensors: values });
      descend(resumed, 4);
      expect(await read(after)).toEqual(await read(whole));
      stopped.reset();
      expect(stopped.steps).toBe(0);
      for (const t of Object.values(stopped.stateDict().tensors)) expect(new Set(await t.data())).toEqual(new Set([0]));
      for (const p of [...whole, ...before, ...after]) p.dispose();
    });
  }

  const rounds = type === "wasm" ? 10 : 1; // what a step leaves behind shows in a thousand
  test(`${rounds},000 steps leave memory as ten do, and dispose gives everything back`, async () => {
    const made = await device();
    const before = made.memory();
    const p = parameter(made, [1, 2, 3]);
    const optimizer = new Adam([p], { lr: 1e-3 });
    const usage = async (): Promise<object> => {
      await made.synchronize();
      const { buffers, bytes } = made.memory();
      return { buffers, bytes };
    };
    descend(optimizer, 10);
    const early = await usage();
    for (let i = 0; i < rounds; i++) {
      descend(optimizer, i === 0 ? 990 : 1000);
      await made.synchronize();
    }
    expect(await usage()).toEqual(early);
    expect(optimizer.steps).toBe(1000 * rounds);
    optimizer.dispose();
    p.dispose();
    expect(made.memory().buffers).toBe(before.buffers);
  });

  test("the learning rate may change between steps", async () => {
    using p = parameter(await device(), [1]);
    using optimizer = new SGD([p], { lr: 0.25 });
    descend(optimizer, 1);
    optimizer.lr = 0.5;
    descend(optimizer, 1);
    expect(await p.item()).toBe(0);
  });

  test("the norm of gradients is clipped over all of them together, and only when it is too large", async () => {
    const made = await device();
    const values = Float32Array.from({ length: 9001 }, (_, i) => Math.sin(i));
    const norm = Math.sqrt([...values, 3, -4].reduce((total, v) => total + v * v, 0));
    using a = tensor(made, values, [9001]);
    using b = tensor(made, [3, -4], [1, 2]);
    for (const maxNorm of [1, 1000]) {
      const clipped = clipGradientNorm([a, b], maxNorm);
      const factor = Math.min(1, maxNorm / (norm + 1e-6));
      expect(await clipped.norm.data()).toBeCloseToArray([norm], { rtol: 1e-6, atol: 0 });
      const [x, y] = clipped.gradients;
      const scaled = [...values].map((v) => v * factor);
      expect(await x!.data()).toBeCloseToArray(scaled, { rtol: 1e-5, atol: 1e-9 });
      expect(await y!.data()).toBeCloseToArray([3 * factor, -4 * factor], { rtol: 1e-5, atol: 0 });
      expect([x!.shape, y!.shape]).toEqual([[9001], [1, 2]]);
      for (const t of [clipped.norm, x!, y!]) t.dispose();
    }
    const [limited] = clipGradientValue([b], 3.5);
    expect([...(await limited!.data())]).toEqual([3, -3.5]);
    limited!.dispose();
    expect(() => clipGradientNorm([b], 0)).toThrow("clipGradientNorm: maxNorm must be positive, got 0");
    expect(() => clipGradientValue([b], -1)).toThrow("clipGradientValue: limit must be positive, got -1");
    expect(() => clipGradientNorm([], 1)).toThrow("globalNorm: tensors must be one or more, got none");
  });

  test("one element that is not finite is found wherever it is", async () => {
    const made = await device();
    using fine = tensor(made, [1e38, -3.4028234e38, 1e-45, 0]);
    for (const size of [1, 7, 4096, 9001])
      for (const value of [NaN, Infinity, -Infinity, 1])
        for (const place of [0, size - 1]) {
          const values = new Float32Array(size);
          values[place] = value;
          using x = tensor(made, values);
          using result = allFinite([fine, x, fine]);
          expect(await result.item()).toBe(value === 1 ? 1 : 0);
        }
  });

  test("a group of parameters goes its own way", async () => {
    const made = await device();
    using first = parameter(made, [1, 2]);
    using second = parameter(made, [1, 2]);
    using alone = parameter(made, [1, 2]);
    using slope = tensor(made, [1, -2]);
    using grouped = new SGD([first, second], {
      ...{ lr: 0.1, momentum: 0.9, groups: [{ params: [second], lrScale: 3, momentum: 0 }] },
    });
    using plain = new SGD([alone], { lr: 0.1, momentum: 0.9 });
    for (let step = 0; step < 3; step++) {
      grouped.step([slope, slope]);
      plain.step([slope]);
    }
    expect(await first.data()).toEqual(await alone.data());
    const [u, v] = await second.data();
    expect(u).toBeCloseTo(1 - 3 * 0.3, 5); // three steps of 3 · 0.1 without momentum
    expect(v).toBeCloseTo(2 + 3 * 0.6, 5);
    expect(() => new SGD([first], { lr: 0.1, groups: [{ params: [first], momentum: 0.5 }] })).toThrow(
      "SGD: momentum must be from 0 to 0, got 0.5",
    );
  });

  test("bad input is named", async () => {
    const made = await device();
    using p = parameter(made, [1, 2]);
    using constant = tensor(made, [1, 2]);
    using other = tensor(made, [1, 2, 3]);
    using optimizer = new SGD([p], { lr: 0.1, momentum: 0.5 });
    expect(() => optimizer.step([])).toThrow("step: 1 parameters, but 0 gradients");
    expect(() => optimizer.step([other])).toThrow("step: parameter 0 is [2], its gradient [3]");
    expect(() => new Adam([])).toThrow("Adam: parameters must be one or more, got none");
    expect(() => new Adam([constant])).toThrow("Adam: parameter 0 of shape [2] is not tracked");
    expect(() => new SGD([p, p], { lr: 1 })).toThrow("SGD: a parameter was given twice");
    expect(() => new SGD([p], { lr: -1 })).toThrow("SGD: lr must be 0 or more, got -1");
    expect(() => new SGD([p], { lr: 1, momentum: 2 })).toThrow("SGD: momentum must be from 0 to 1, got 2");
    expect(() => new SGD([p], { lr: 1, nesterov: true })).toThrow("SGD: nesterov needs a momentum above 0");
    expect(() => optimizer.loadStateDict({ step: 1, lr: 1, tensors: {} })).toThrow("velocity.0 is missing");
    const wrong = { shape: [3], data: [1, 2, 3] };
    expect(() => optimizer.loadStateDict({ step: 1, lr: 1, tensors: { "velocity.0": wrong } })).toThrow("[2]");
    expect(() => optimizer.loadStateDict({ step: 1, lr: 1, tensors: { "average.0": wrong } })).toThrow(
      "unknown tensor",
    );
    expect(optimizer.steps).toBe(0);
  });
});

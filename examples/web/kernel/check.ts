// The gradient by the user's kernel against differences of the user's forward kernel.
import { grad, mul, parameter, Random, sum, tensor, tidy } from "constella";
import type { Device, Tensor } from "constella";
import type { Declared, UserOp } from "./op";
import type { GradientCheck } from "./protocol";

/** Entries of an input that are checked at most, spread over it. */
const MOST = 40;
/** As a share of the inputs' range. */
const STEP = 0.015;
const TOLERANCE = 2e-3;

/** What the check found. */
export interface Checked {
  /** Of the output: its shape and range. */
  readonly output: string;
  readonly gradients: readonly GradientCheck[];
  readonly passed: boolean;
}

const firstBad = (values: Float32Array): number => values.findIndex((value) => !Number.isFinite(value));

/**
 * Central differences with one step of Richardson's extrapolation, (4 D(h) − D(2h)) / 3, of Σ weight · y.
 * @throws when an output or gradient is not written, or not finite
 */
export async function checkGradients(
  device: Device,
  { inputs, output, differentiable }: Declared,
  op: UserOp,
  [low, high]: readonly [number, number],
): Promise<Checked> {
  const random = new Random(11);
  const sizeOf = (name: string): number => op.shapes[name]!.reduce((product, size) => product * size, 1);
  const hosts = inputs.map((name) => {
    const values = new Float32Array(sizeOf(name));
    random.fillUniform(values, low, high);
    return values;
  });
  const weights = new Float32Array(sizeOf(output));
  random.fillUniform(weights, -1, 1);
  const tensors = inputs.map((name, i) =>
    (differentiable.includes(name) ? parameter : tensor)(device, hosts[i]!, op.shapes[name]!),
  );
  try {
    const read = async (): Promise<Float32Array> => {
      const y = tidy(() => op.call(...tensors));
      try {
        return (await y.data()) as Float32Array;
      } finally {
        y.dispose();
      }
    };
    const y = await read();
    const bad = firstBad(y);
    if (bad >= 0)
      throw new Error(`${output}[${bad}] is ${y[bad]}: it is not written, or the formula has no value there`);
    const range = y.reduce(
      ([least, most], value) => [Math.min(least!, value), Math.max(most!, value)],
      [Infinity, -Infinity],
    );
    const text = `${output} [${op.shapes[output]!.join(", ")}], from ${range[0]!.toPrecision(4)} to ${range[1]!.toPrecision(4)}`;
    if (differentiable.length === 0) return { output: text, gradients: [], passed: true };

    const wanted = tensors.filter((_, i) => differentiable.includes(inputs[i]!));
    const found = tidy(() => grad(sum(mul(op.call(...tensors), tensor(device, weights, op.shapes[output]!))), wanted));
    const gradients: GradientCheck[] = [];
    const names = inputs.filter((name) => differentiable.includes(name));
    for (const [g, name] of names.entries()) {
      const got = (await found[g]!.data()) as Float32Array;
      const missing = firstBad(got);
      if (missing >= 0)
        throw new Error(
          `d${name}[${missing}] is ${got[missing]}: it is not written, or the formula has no value there`,
        );
      const i = inputs.indexOf(name);
      gradients.push(await checkInput(device, name, tensors[i]!, hosts[i]!, got, weights, read, (high - low) * STEP));
      found[g]!.dispose();
    }
    return { output: text, gradients, passed: gradients.every(({ passed }) => passed) };
  } finally {
    for (const made of tensors) made.dispose();
  }
}

async function checkInput(
  device: Device,
  input: string,
  x: Tensor,
  host: Float32Array<ArrayBuffer>,
  got: Float32Array,
  weights: Float32Array,
  read: () => Promise<Float32Array>,
  h: number,
): Promise<GradientCheck> {
  const checked = Math.min(MOST, host.length);
  const entries = Array.from({ length: checked }, (_, e) => Math.floor((e * host.length) / checked));
  const loss = async (entry: number, value: number): Promise<Float32Array> => {
    device.write(x.buffer, Float32Array.of(value), 4 * entry);
    return read();
  };
  const expected: number[] = [];
  for (const entry of entries) {
    const slope = async (step: number): Promise<number> => {
      const [up, down] = [Math.fround(host[entry]! + step), Math.fround(host[entry]! - step)];
      const [above, below] = [await loss(entry, up), await loss(entry, down)];
      return weights.reduce((total, weight, k) => total + weight * (above[k]! - below[k]!), 0) / (up - down);
    };
    expected.push((4 * (await slope(h)) - (await slope(2 * h))) / 3);
    device.write(x.buffer, Float32Array.of(host[entry]!), 4 * entry);
  }
  const largest = Math.max(1e-6, ...expected.map(Math.abs));
  let worst = 0;
  for (let e = 1; e < checked; e++)
    if (Math.abs(got[entries[e]!]! - expected[e]!) > Math.abs(got[entries[worst]!]! - expected[worst]!)) worst = e;
  const at = entries[worst]!;
  const passed = Math.abs(got[at]! - expected[worst]!) <= TOLERANCE * largest;
  return { input, checked, of: host.length, at, got: got[at]!, expected: expected[worst]!, passed };
}

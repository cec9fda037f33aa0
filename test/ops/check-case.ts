import { grad, indices, mul, parameter, sum, tensor, tidy } from "constella";
import type { Device, Tensor } from "constella";
import type { OpCase } from "./cases";
import { firstMismatch } from "../close";
import { array, sizeOf } from "./cases/reference";
import type { Reference } from "./cases/reference";
import { uniforms } from "../uniforms";

/** The inputs of a trial: drawn, the same each time. */
export function makeInputs(
  { range = [-2, 2], integers = {} }: OpCase,
  shapes: readonly (readonly number[])[],
): Reference[] {
  const random = uniforms(shapes.flat().reduce((seed, size) => seed * 31 + size, 7));
  return shapes.map((shape, i) => {
    const limit = integers[i];
    const [low, high] = (typeof range[0] === "number" ? range : range[i]) as [number, number];
    const draw = (): number =>
      limit === undefined ? Math.fround(low + (high - low) * random()) : Math.floor(random() * limit);
    return array(shape, Float64Array.from({ length: sizeOf(shape) }, draw));
  });
}

/** Central differences of Σ weight·reference(inputs) with respect to elements of input i. */
function differences(
  test: OpCase,
  inputs: readonly Reference[],
  i: number,
  weight: Float64Array,
  elements: readonly number[],
): Float64Array {
  const value = (): number => test.reference(...inputs).data.reduce((total, v, j) => total + v * weight[j]!, 0);
  const { data } = inputs[i]!;
  const h = 1e-5;
  return Float64Array.from(elements, (j) => {
    const v = data[j]!;
    data[j] = v + h;
    const up = value();
    data[j] = v - h;
    const down = value();
    data[j] = v;
    return (up - down) / (2 * h);
  });
}

/**
 * Elements up to which every gradient entry is checked by differences, unless it takes more outputs than so many; of larger inputs so
 * many entries are, the ends among them.
 */
const MAX_DIFFERENCES = 800;
const MAX_OUTPUTS = 2 ** 24;
const SAMPLE = 32;

/** The elements of an input whose gradient is checked. */
function elementsOf({ data: { length } }: Reference, outputs: number): readonly number[] {
  if (length <= MAX_DIFFERENCES && length * outputs <= MAX_OUTPUTS) return Array.from({ length }, (_, j) => j);
  const random = uniforms(length);
  return [0, length - 1, ...Array.from({ length: SAMPLE - 2 }, () => Math.floor(random() * length))];
}

/** What a trial is held against: the same for each device, so computed once. */
interface Expectation {
  readonly inputs: readonly Reference[];
  readonly want: Reference;
  /** Weights of the outputs in the loss whose gradient is taken. */
  readonly weight: Float64Array;
  /** Inputs whose gradient is checked. */
  readonly checked: readonly number[];
  /** Elements of each of them. */
  readonly elements: readonly (readonly number[])[];
  /** Their gradients by central differences, computed when first asked for. */
  readonly gradients: (Float64Array | undefined)[];
}

const expectations = new Map<OpCase, Map<string, Expectation>>();

function expectationOf(test: OpCase, shapes: readonly (readonly number[])[]): Expectation {
  const ofRow = expectations.get(test) ?? new Map<string, Expectation>();
  expectations.set(test, ofRow);
  const key = JSON.stringify(shapes);
  let made = ofRow.get(key);
  if (!made) {
    const inputs = makeInputs(test, shapes);
    const want = test.reference(...inputs);
    const random = uniforms(99);
    const weight = Float64Array.from(want.data, () => Math.fround(random() * 2 - 1));
    const checked = (test.gradients ?? inputs.map((_, i) => i)).filter((i) => test.integers?.[i] === undefined);
    made = {
      inputs,
      want,
      weight,
      checked,
      elements: checked.map((i) => elementsOf(inputs[i]!, sizeOf(want.shape))),
      gradients: [],
    };
    ofRow.set(key, made);
  }
  return made;
}

/** Runs one trial of a row on a device; returns what is wrong, or undefined. */
export async function checkCase(
  device: Device,
  test: OpCase,
  shapes: readonly (readonly number[])[],
): Promise<string | undefined> {
  const expectation = expectationOf(test, shapes);
  const { inputs, want, weight, checked, elements } = expectation;
  const tensors = inputs.map(({ data, shape }, i) =>
    test.integers?.[i] === undefined ? parameter(device, data, shape) : indices(device, data, shape),
  );
  try {
    const { y, gradients } = tidy(() => {
      const y = test.call(...tensors);
      const loss = (): Tensor => sum(mul(y, tensor(device, weight, y.shape)));
      const params = checked.map((i) => tensors[i]!);
      return { y, gradients: checked.length > 0 && y.node ? grad(loss(), params) : [] };
    });
    if (y.shape.join() !== want.shape.join()) return `shape [${y.shape}], expected [${want.shape}]`;
    const forward = firstMismatch(await y.data(), want.data, { rtol: test.rtol ?? 1e-5, atol: test.atol ?? 1e-5 });
    y.dispose();
    if (forward) return `forward: ${forward}`;
    if (checked.length > 0 && gradients.length === 0) return "no gradient was recorded";
    for (const [j, i] of checked.entries()) {
      const all = await gradients[j]!.data();
      gradients[j]!.dispose();
      const got = elements[j]!.map((element) => all[element]!);
      const expected = (expectation.gradients[j] ??= differences(test, inputs, i, weight, elements[j]!));
      const scale = Math.max(1e-3, ...expected.map(Math.abs));
      const mismatch = firstMismatch(got, expected, { rtol: 1e-3, atol: test.gradientAtol ?? 1e-4 * scale });
      if (mismatch)
        return `gradient of input ${i}${all.length > got.length ? ", of the elements looked at" : ""}: ${mismatch}`;
    }
    return undefined;
  } finally {
    for (const t of tensors) t.dispose();
  }
}

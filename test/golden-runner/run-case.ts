import { add, grad, indices, mul, parameter, sum, tensor, tidy } from "constella";
import type { Device, Tensor } from "constella";
import { firstMismatch } from "../close";
import type { Adapter, ComputeAdapter, HostResult, TensorAdapter } from "./adapter";
import type { GoldenCase, GoldenFolder, Values } from "./format";

const numbers = (data: ArrayLike<number | bigint>): ArrayLike<number> =>
  data instanceof BigInt64Array || data instanceof BigUint64Array || typeof data[0] === "bigint"
    ? Array.from(data, Number)
    : (data as ArrayLike<number>);

/** Both hold 64-bit integers and nothing else will do than the same ones. */
const differAsIntegers = (got: ArrayLike<number | bigint>, want: ArrayLike<number | bigint>): boolean =>
  typeof got[0] === "bigint" && typeof want[0] === "bigint" && Array.from(want).some((value, i) => got[i] !== value);

/** What is wrong with one output or gradient, or undefined. */
function compare(
  test: GoldenCase,
  label: string,
  got: { readonly data: ArrayLike<number | bigint>; readonly shape?: readonly number[] },
  want: Values,
): string | undefined {
  const [rtol, atol] = test.tol?.[label] ?? [test.rtol, test.atol];
  if (got.shape && got.shape.join() !== want.shape.join())
    return `${label}: shape [${got.shape.join(", ")}], expected [${want.shape.join(", ")}]`;
  const wanted = want.data as ArrayLike<number | bigint>;
  if (rtol === 0 && atol === 0 && differAsIntegers(got.data, wanted)) return `${label}: 64-bit integers differ`;
  const mismatch = firstMismatch(numbers(got.data), numbers(wanted), { rtol, atol });
  return mismatch && `${label}: ${mismatch}`;
}

const isInteger = ({ data }: Values): boolean => !(data instanceof Float32Array || data instanceof Float64Array);

function upload(device: Device, values: Values, tracked: boolean): Tensor {
  const data = Float64Array.from(numbers(values.data as ArrayLike<number | bigint>));
  if (isInteger(values)) return indices(device, data, values.shape);
  return (tracked ? parameter : tensor)(device, data, values.shape);
}

async function runTensors(
  adapter: TensorAdapter,
  test: GoldenCase,
  folder: GoldenFolder,
  device: Device,
): Promise<string | undefined> {
  const inputs = Object.fromEntries(
    Object.entries(folder.tensors(test, test.inputs)).map(([name, values]) => [
      name,
      upload(device, values, name in test.grads),
    ]),
  );
  const wanted = Object.keys(test.grads);
  const upstream = test.upstream && folder.tensors(test, test.upstream);
  const made = tidy(() => {
    const outputs = adapter.call(inputs, test.attrs);
    const output = (name: string): Tensor => {
      const found = outputs[name];
      if (!found) throw new Error(`the adapter gives no output ${name}`);
      return found;
    };
    for (const name of Object.keys(test.outputs)) output(name);
    if (wanted.length === 0) return { outputs, gradients: [] };
    // L = Σ ⟨upstream, output⟩, or the scalar output `loss`
    const terms = upstream
      ? Object.entries(upstream).map(([name, up]) => sum(mul(output(name), upload(device, up, false))))
      : [output("loss")];
    const loss = terms.reduce((total, term) => add(total, term));
    return {
      outputs,
      gradients: grad(
        loss,
        wanted.map((name) => inputs[name]!),
      ),
    };
  });
  try {
    for (const [name, want] of Object.entries(folder.tensors(test, test.outputs))) {
      const got = made.outputs[name]!;
      const problem = compare(test, `outputs/${name}`, { data: await got.data(), shape: got.shape }, want);
      if (problem) return problem;
    }
    for (const [i, [name, want]] of Object.entries(folder.tensors(test, test.grads)).entries()) {
      const got = made.gradients[i]!;
      const problem = compare(test, `grads/${name}`, { data: await got.data(), shape: got.shape }, want);
      if (problem) return problem;
    }
    return undefined;
  } finally {
    for (const used of [...Object.values(made.outputs), ...made.gradients, ...Object.values(inputs)]) used.dispose();
  }
}

/** A host result as elements and, where it has one, a shape. */
function unpack(result: HostResult): {
  data: ArrayLike<number | bigint> | readonly string[];
  shape?: readonly number[];
} {
  if (typeof result === "number") return { data: [result], shape: [] };
  return "data" in result ? result : { data: result };
}

const isText = (data: ArrayLike<number | bigint> | readonly string[]): data is readonly string[] =>
  Array.isArray(data) && typeof data[0] === "string";

async function runCompute(
  adapter: ComputeAdapter,
  test: GoldenCase,
  folder: GoldenFolder,
  device: Device | undefined,
): Promise<string | undefined> {
  const expected = folder.tensors(test, test.outputs);
  const context = {
    folder,
    expected,
    get device() {
      return need(device);
    },
  };
  const results = await adapter.compute(folder.tensors(test, test.inputs), test.attrs, context);
  const result = (name: string): ReturnType<typeof unpack> => {
    const found = results[name];
    if (found === undefined) throw new Error(`the adapter gives no output ${name}`);
    return unpack(typeof found === "function" ? found() : found);
  };
  for (const [name, want] of Object.entries(expected)) {
    const { data, shape } = result(name);
    if (isText(data)) return `outputs/${name}: text, expected numbers`;
    const problem = compare(test, `outputs/${name}`, shape ? { data, shape } : { data }, want);
    if (problem) return problem;
  }
  const strings = (test.attrs["strings"] ?? {}) as Readonly<Record<string, readonly string[]>>;
  for (const [name, want] of Object.entries(strings)) {
    const { data } = result(name);
    if (!isText(data) || JSON.stringify(data) !== JSON.stringify(want))
      return `${name}: ${JSON.stringify(data)}, expected ${JSON.stringify(want)}`;
  }
  return undefined;
}

function need(device: Device | undefined): Device {
  if (!device) throw new Error("a host adapter asked for a device");
  return device;
}

/** Runs a case with its adapter, on a device unless it is the host's; returns what is wrong, or undefined. */
export async function runCase(
  adapter: Adapter,
  test: GoldenCase,
  folder: GoldenFolder,
  device?: Device,
): Promise<string | undefined> {
  if (adapter.kind === "tensors") return runTensors(adapter, test, folder, need(device));
  return runCompute(adapter, test, folder, adapter.kind === "device" ? need(device) : undefined);
}

// The op that the user's two kernels make: defineKernel, run and record, as in any program of theirs.
import { declare } from "../../../scripts/kernels/contract.mjs";
import { defineKernel, empty, record, run } from "constella";
import type { Device, Kernel, Tensor } from "constella";
import { evaluate, evaluateList } from "./expression";
import type { KernelSpec, Side } from "./protocol";

type Declaration = NonNullable<ReturnType<typeof declare>["declaration"]>;

/** What the two kernels declare, and which input has a gradient. */
export interface Declared {
  readonly forward: Declaration;
  readonly backward?: Declaration;
  readonly inputs: readonly string[];
  readonly output: string;
  /** Inputs whose gradient the backward kernel writes. */
  readonly differentiable: readonly string[];
}

/** Reads the declarations, and holds them against the contract of kernels and of this page. */
export function declarations(spec: KernelSpec): { declared?: Declared; problems: string[] } {
  const forward = declare(spec.name, spec.forward.code);
  const backward = spec.backward && declare(`${spec.name}_backward`, spec.backward.code);
  const problems = [...forward.problems, ...(backward?.problems ?? [])].map((line) => line.replace("kernels/", ""));
  if (!forward.declaration || (backward && !backward.declaration)) return { problems };
  const names = (side: Declaration, access: string): string[] =>
    side.bindings.filter((binding) => binding.access === access).map(({ name }) => name);
  const [inputs, outputs] = [names(forward.declaration, "read"), names(forward.declaration, "read_write")];
  const output = outputs[0] ?? "y";
  if (outputs.length !== 1)
    problems.push(`${spec.name}: the forward kernel must have one output, it has ${outputs.length}`);
  const known = new Set([...inputs, output, `d${output}`]);
  const second = backward?.declaration ?? undefined;
  for (const name of second ? names(second, "read") : [])
    if (!known.has(name)) problems.push(`${spec.name}_backward: it may read ${[...known].join(", ")}, not ${name}`);
  const differentiable: string[] = [];
  for (const name of second ? names(second, "read_write") : [])
    if (inputs.includes(name.slice(1)) && name.startsWith("d")) differentiable.push(name.slice(1));
    else
      problems.push(
        `${spec.name}_backward: it may write ${inputs.map((input) => `d${input}`).join(", ")}, not ${name}`,
      );
  const declared = {
    forward: forward.declaration,
    inputs,
    output,
    differentiable,
    ...(second && { backward: second }),
  };
  return { declared, problems };
}

/** Sizes as they were typed, "N 131 / 1048576", for the check and for the timing. @throws where they do not parse */
export function parseSizes(text: string): { check: Record<string, number>; timed: Record<string, number> } {
  const [check, timed]: Record<string, number>[] = [{}, {}];
  for (const part of text.split(",").filter((piece) => piece.trim() !== "")) {
    const match = /^\s*([A-Za-z_]\w*)\s+(\d+)\s*\/\s*(\d+)\s*$/.exec(part);
    if (!match) throw new Error(`sizes: each is a name and two whole numbers, N 131 / 1048576, “${part.trim()}”`);
    check![match[1]!] = Number(match[2]);
    timed![match[1]!] = Number(match[3]);
  }
  return { check: check!, timed: timed! };
}

/** The op at certain sizes. */
export interface UserOp {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** y of the inputs, in the order of the declaration, with its gradient. */
  readonly call: (...inputs: Tensor[]) => Tensor;
  /** Runs the forward kernel alone. */
  readonly forward: (tensors: Readonly<Record<string, Tensor>>) => void;
  readonly backward: (tensors: Readonly<Record<string, Tensor>>) => void;
}

const notHere = (): void => {
  throw new Error("this kernel has WGSL only; write its JavaScript twin to run it on the WASM device");
};

function kernelOf(
  side: Side,
  { name, code, bindings, params, workgroupSize }: Declaration,
): (sizes: Record<string, number>) => Kernel {
  const size = workgroupSize.map(Number);
  return (sizes) =>
    defineKernel({
      ...{ name, wgsl: code, workgroupSize: size, cpu: notHere, rows: () => 0 },
      bindings: Object.fromEntries(bindings.map((binding) => [binding.name, binding.access])),
      params: Object.fromEntries(params.map((param) => [param.name, param.type])),
      grid: (values) => {
        const [x = 1, y = 1, z = 1] = evaluateList(side.grid, { ...values, ...sizes });
        return [x, y, z];
      },
    });
}

/** Makes the op of a spec at certain sizes. @throws for shapes and params that do not evaluate */
export function makeOp(spec: KernelSpec, declared: Declared, sizes: Record<string, number>): UserOp {
  const { inputs, output, differentiable } = declared;
  const field = (name: string): string => {
    const text = spec.fields[name];
    if (text === undefined || text.trim() === "") throw new Error(`${name}: nothing is given for it`);
    return text;
  };
  const shapes = Object.fromEntries([...inputs, output].map((name) => [name, evaluateList(field(name), sizes)]));
  for (const [name, shape] of Object.entries(shapes))
    if (!shape.every((size) => Number.isInteger(size) && size > 0))
      throw new Error(`${name}: sizes must be whole numbers from 1, [${shape.join(", ")}]`);
  const valuesOf = (side: Declaration): Record<string, number> =>
    Object.fromEntries(side.params.map(({ name }) => [name, evaluate(field(name), sizes)]));
  const first = kernelOf(spec.forward, declared.forward)(sizes);
  const second = declared.backward && kernelOf(spec.backward!, declared.backward)(sizes);
  const launch = (kernel: Kernel, side: Declaration, tensors: Readonly<Record<string, Tensor>>): void =>
    run(kernel, { ...Object.fromEntries(side.bindings.map(({ name }) => [name, tensors[name]!])), ...valuesOf(side) });
  const forward: UserOp["forward"] = (tensors) => launch(first, declared.forward, tensors);
  const backward: UserOp["backward"] = (tensors) => {
    if (second) launch(second, declared.backward!, tensors);
  };
  const call = (...given: Tensor[]): Tensor => {
    const device: Device = given[0]!.device;
    const y = empty(device, shapes[output]!);
    const tensors: Record<string, Tensor> = Object.fromEntries(inputs.map((name, i) => [name, given[i]!]));
    tensors[output] = y;
    device.write(y.buffer, new Float32Array(y.size).fill(NaN)); // what the kernel leaves out is seen
    forward(tensors);
    return record(spec.name, y, given, (dy) => {
      let gradients: Record<string, Tensor> | undefined;
      return inputs.map((name) => () => {
        if (!gradients) {
          gradients = Object.fromEntries(differentiable.map((input) => [`d${input}`, empty(device, shapes[input]!)]));
          for (const dx of Object.values(gradients)) device.write(dx.buffer, new Float32Array(dx.size).fill(NaN));
          backward({ ...tensors, ...gradients, [`d${output}`]: dy });
        }
        return gradients[`d${name}`]!;
      });
    });
  };
  return { shapes, call, forward, backward };
}

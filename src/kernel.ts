/** What a `.wgsl` file declares, reflected at build time (scripts/contract.mjs). */
export interface Declaration {
  readonly name: string;
  readonly code: string;
  /** Storage buffers in binding order, from binding 1 on: inputs first, outputs last. */
  readonly bindings: readonly { readonly name: string; readonly access: "read" | "read_write" }[];
  /** Fields of the uniform `params` at binding 0, in order. */
  readonly params: readonly { readonly name: string; readonly type: "u32" | "i32" | "f32" }[];
  /** A number, or the name of the override that sets it. */
  readonly workgroupSize: readonly (number | string)[];
  readonly overrides: Readonly<Record<string, number>>;
}

/** Params of a launch by name. */
export type Params = Readonly<Record<string, number>>;

/** How a kernel's work is cut up, in terms of its params. */
export interface Launch {
  /** WebGPU: workgroups in x, y, z; `size` is the workgroup size with the overrides applied. */
  grid(params: Params, size: readonly [number, number, number]): readonly [number, number, number];
  /** WASM: the rows shared among the threads; a row is whatever `[begin, end)` means to the AssemblyScript function. */
  rows(params: Params): number;
  /** Rows that a thread takes at least; small work stays on one thread. Default 1. */
  grain?: number | ((params: Params) => number);
  readonly packing?: Packing;
}

/**
 * WASM: an operand that is laid out once for all threads. `<name>_pack` does so, `<name>_packed` then takes the place of
 * the kernel's own function; both take its arguments and, before the range, the address of memory lent for the operand.
 */
export interface Packing {
  /** The binding that is laid out. */
  readonly operand: string;
  /** Bytes of the operand; 0 where the kernel's own function does better. */
  bytes(params: Params): number;
  /** Rows of `<name>_pack`, and those that a thread takes at least. */
  rows(params: Params): number;
  grain(params: Params): number;
  /** Rows of `<name>_packed` that a thread takes at least; they are those of the kernel. */
  packedGrain(params: Params): number;
}

/** A kernel: declared by its `.wgsl` file, twinned by the AssemblyScript function of the same name. */
export interface Kernel extends Declaration, Launch {
  /** Distinguishes kernels, whatever they are called. */
  readonly id: number;
  /** Workgroup size with the overrides applied. */
  readonly size: readonly [number, number, number];
  /** For kernels that users define: the twin as a self-contained JavaScript function over typed arrays. */
  readonly cpu?: CpuTwin;
}

/**
 * The JavaScript twin of a user's kernel: arrays in binding order (`array<u32>` as Uint32Array, others as Float32Array),
 * params in field order, then the rows `[begin, end)`.
 */
export type CpuTwin = (...args: never[]) => void;

const declared: Kernel[] = [];

/** Every kernel of the program, in order of declaration; bundlers leave out those that nothing uses. */
export const allKernels: readonly Kernel[] = declared;

/** Joins a declaration with its launch. Adds it to those that a device compiles when it is made. */
export function kernel(declaration: Declaration, launch: Launch & { cpu?: CpuTwin }): Kernel {
  const [x, y, z] = [0, 1, 2].map((i) => {
    const size = declaration.workgroupSize[i] ?? 1;
    return typeof size === "number" ? size : declaration.overrides[size]!;
  }) as [number, number, number];
  const made: Kernel = { ...declaration, ...launch, id: declared.length, size: [x, y, z] };
  declared.push(made);
  return made;
}

/** What a user writes to add a kernel without a build step. */
export interface KernelDefinition extends Omit<Launch, "packing"> {
  readonly name: string;
  /** WGSL text that keeps the contract: binding 0 the uniform `params`, then the storage buffers in the order of `bindings`. */
  readonly wgsl: string;
  readonly bindings: Readonly<Record<string, "read" | "read_write">>;
  readonly params: Readonly<Record<string, "u32" | "i32" | "f32">>;
  readonly workgroupSize?: readonly number[];
  /**
   * The twin for the WASM device: `(...arrays, ...params, begin, end)`. It must be self-contained (it travels to worker
   * threads as source text), and write rows `[begin, end)` of its outputs.
   */
  readonly cpu: CpuTwin;
}

/**
 * Defines a kernel at run time, for ops of one's own.
 * @throws when a binding or param list is empty or the WGSL has no `main`.
 */
export function defineKernel(definition: KernelDefinition): Kernel {
  const { name, wgsl, cpu, grid, rows, grain } = definition;
  const bindings = Object.entries(definition.bindings).map(([name, access]) => ({ name, access }));
  const params = Object.entries(definition.params).map(([name, type]) => ({ name, type }));
  if (!/\bfn\s+main\s*\(/.test(wgsl)) throw new Error(`defineKernel: ${name} has no entry point main`);
  if (!bindings.some((binding) => binding.access === "read_write"))
    throw new Error(`defineKernel: ${name} has no read_write binding`);
  if (params.length === 0) throw new Error(`defineKernel: ${name} has no params, it needs at least one`);
  return kernel(
    { name, code: wgsl, bindings, params, workgroupSize: definition.workgroupSize ?? [64, 1, 1], overrides: {} },
    grain === undefined ? { grid, rows, cpu } : { grid, rows, grain, cpu },
  );
}

/** Workgroups for `count` invocations, folded into y where x would pass WebGPU's limit of 65,535 a dimension. */
export function grid1d(count: number, size: number): [number, number, number] {
  const groups = Math.max(1, Math.ceil(count / size));
  const x = Math.min(groups, 32768);
  return [x, Math.ceil(groups / x), 1];
}

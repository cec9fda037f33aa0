/** The WebAssembly module of a family of kernels, in the form for engines with relaxed SIMD and in the plain one: deflated and in base64. */
export interface Family {
  /** The name of the family's folders, `kernels/<name>` and `wasm/<name>`. */
  readonly name: string;
  readonly relaxed: () => Promise<{ readonly default: string }>;
  readonly plain: () => Promise<{ readonly default: string }>;
}

/** A `.wgsl` file: its stem, its text, which keeps the contract of scripts/kernels/contract.mjs, and the family that has its twin. */
export interface KernelSource<Buffer extends string = string, Param extends string = string> {
  readonly name: string;
  readonly code: string;
  /** Of its workgroup. */
  readonly size: readonly [number, number, number];
  /** Of a large shader, whose `code` has the declarations alone: loads the text that follows. */
  readonly rest?: () => Promise<{ readonly default: string }>;
  readonly family: Family;
  /** The names of its buffers and params, for the compiler alone: no object has it. */
  readonly takes?: readonly [buffer: Buffer, param: Param];
}

/** What a `.wgsl` file declares. */
export interface Declaration<Buffer extends string = string, Param extends string = string> {
  readonly name: string;
  readonly code: string;
  /** Storage buffers in binding order, from binding 1 on: inputs first, outputs last. */
  readonly bindings: readonly { readonly name: Buffer; readonly access: "read" | "read_write" }[];
  /** Fields of the uniform `params` at binding 0, in order. */
  readonly params: readonly { readonly name: Param; readonly type: "u32" | "i32" | "f32" }[];
  /** Workgroup size at the defaults of the overrides. */
  readonly size: readonly [number, number, number];
}

/** Params of a launch by name. */
export type Params<Param extends string = string> = Readonly<Record<Param, number>>;

/** The params of a kernel's launch. */
export type ParamsOf<K extends Kernel> = K extends Kernel<string, infer Param> ? Params<Param> : never;

/** How a kernel's work is cut up, in terms of its params. */
export interface Launch<Param extends string = string> {
  /** WebGPU: workgroups in x, y, z; `size` is the workgroup size with the overrides applied. */
  grid(params: Params<Param>, size: readonly [number, number, number]): readonly [number, number, number];
  /** WASM: the rows shared among the threads; a row is whatever `[begin, end)` means to the AssemblyScript function. */
  rows(params: Params<Param>): number;
  /** Rows that a thread takes at least; small work stays on one thread. Default 1. */
  grain?: number | ((params: Params<Param>) => number);
  readonly packing?: Packing<Param>;
  /**
   * Into how many parts the op cuts what it would else ask of one invocation or thread, on each kind of device; default 1. The sums of parts
   * are added up in order, so their number depends on the params alone.
   */
  readonly parts?: Readonly<Record<"webgpu" | "wasm", (params: Params<Param>) => number>>;
}

/**
 * WASM: an operand that is laid out once for all threads. `<name>_pack` does so, `<name>_packed` then takes the place of
 * the kernel's own function; both take its arguments and, before the range, the address of memory lent for the operand.
 */
export interface Packing<Param extends string = string> {
  /** The binding that is laid out. */
  readonly operand: string;
  /** Bytes of the operand; 0 where the kernel's own function does better. */
  bytes(params: Params<Param>): number;
  /** Rows of `<name>_pack`. */
  rows(params: Params<Param>): number;
  /** Rows of `<name>_pack` that a thread takes at least. */
  grain(params: Params<Param>): number;
  /** Rows of `<name>_packed` that a thread takes at least; they are those of the kernel. */
  packedGrain(params: Params<Param>): number;
}

/**
 * A kernel: declared by its `.wgsl` file, twinned by the AssemblyScript function of the same name. Its type has the names of its buffers
 * and params, which `run` holds the arguments of a launch against; `Kernel` alone is any.
 */
export interface Kernel<Buffer extends string = string, Param extends string = string>
  extends Declaration<Buffer, Param>, Launch {
  /** Of a large shader, which only a page on WebGPU downloads: loads the text that follows `code`. */
  readonly rest?: (() => Promise<{ readonly default: string }>) | undefined;
  /** Where the AssemblyScript twin is; kernels that users define have none. */
  readonly family?: Family;
  /** For kernels that users define: the twin as a self-contained JavaScript function over typed arrays. */
  readonly cpu?: CpuTwin;
}

/**
 * The JavaScript twin of a user's kernel: arrays in binding order (`array<u32>` as Uint32Array, others as Float32Array),
 * params in field order, then the rows `[begin, end)`.
 */
export type CpuTwin = (...args: never[]) => void;

/** Reads the declarations that the contract has every `.wgsl` file make in the same words; the build has held it against a parser. */
function readDeclaration(code: string): Pick<Declaration, "bindings" | "params"> {
  const text = code.replace(/\/\/.*/g, "");
  const [, fields = ""] = /struct\s+Params\s*\{([^}]*)/.exec(text) ?? [];
  const params = Array.from(fields.matchAll(/(\w+)\s*:\s*(\w+)/g), ([, name, type]) => ({ name, type }));
  const storage = text.matchAll(/var\s*<\s*storage\s*,\s*(\w+)\s*>\s*(\w+)/g);
  const bindings = Array.from(storage, ([, access, name]) => ({ name, access }));
  return { bindings, params } as unknown as Declaration;
}

/** A kernel of the library: its declarations are read when it is first launched, so that importing it costs nothing. */
class LibraryKernel implements Kernel {
  declare readonly name: string;
  declare readonly code: string;
  declare readonly size: Declaration["size"];
  declare readonly rest: Kernel["rest"];
  declare readonly family: Family;
  declare readonly grid: Launch["grid"];
  declare readonly rows: Launch["rows"];
  declare readonly grain: Launch["grain"];
  declare readonly packing: Launch["packing"];
  declare readonly parts: Launch["parts"];
  #declared: Pick<Declaration, "bindings" | "params"> | undefined;

  constructor(source: KernelSource, launch: Launch) {
    Object.assign(this, launch, source); // a launch may be that of a kernel, which has a name, too
  }

  get bindings(): Declaration["bindings"] {
    return (this.#declared ??= readDeclaration(this.code)).bindings;
  }

  get params(): Declaration["params"] {
    return (this.#declared ??= readDeclaration(this.code)).params;
  }
}

/** Joins a kernel's source with its launch, or a launch and what is different in it; both know its params alone. */
export function kernel<Buffer extends string, Param extends string>(
  source: KernelSource<Buffer, Param>,
  launch: Launch<NoInfer<Param>>,
  changes?: Partial<Launch<NoInfer<Param>>>,
): Kernel<Buffer, Param> {
  return new LibraryKernel(source, { ...launch, ...changes } as Launch) as Kernel<string, string> as Kernel<
    Buffer,
    Param
  >;
}

/** What a user writes to add a kernel without a build step. */
export interface KernelDefinition<Buffer extends string = string, Param extends string = string> extends Omit<
  Launch<Param>,
  "packing" | "parts"
> {
  readonly name: string;
  /** WGSL text that keeps the contract: binding 0 the uniform `params`, then the storage buffers in the order of `bindings`. */
  readonly wgsl: string;
  readonly bindings: Readonly<Record<Buffer, "read" | "read_write">>;
  readonly params: Readonly<Record<Param, "u32" | "i32" | "f32">>;
  readonly workgroupSize?: readonly number[];
  /**
   * The twin for the WASM device: `(...arrays, ...params, begin, end)`. It must be self-contained (it travels to worker
   * threads as source text), and write rows `[begin, end)` of its outputs.
   */
  readonly cpu: CpuTwin;
}

/**
 * Defines a kernel at run time, for ops of one's own. `run` then asks for the buffers and params that the definition names.
 * @throws when a binding or param list is empty or the WGSL has no `main`.
 */
export function defineKernel<Buffer extends string, Param extends string>(
  definition: KernelDefinition<Buffer, Param>,
): Kernel<Buffer, Param>;
export function defineKernel(definition: KernelDefinition): Kernel {
  const { name, wgsl, cpu, grid, rows, grain } = definition;
  const bindings = Object.entries(definition.bindings).map(([name, access]) => ({ name, access }));
  const params = Object.entries(definition.params).map(([name, type]) => ({ name, type }));
  if (!/\bfn\s+main\s*\(/.test(wgsl)) throw new Error(`defineKernel: ${name} has no entry point main`);
  if (!bindings.some((binding) => binding.access === "read_write"))
    throw new Error(`defineKernel: ${name} has no read_write binding`);
  if (params.length === 0) throw new Error(`defineKernel: ${name} has no params, it needs at least one`);
  const [x, y = 1, z = 1] = definition.workgroupSize ?? [64];
  const launch: Launch = grain === undefined ? { grid, rows } : { grid, rows, grain };
  return { name, code: wgsl, bindings, params, size: [x!, y, z], ...launch, cpu };
}

/** Workgroups for `count` invocations, folded into y where x would pass WebGPU's limit of 65,535 a dimension. */
export function grid1d(count: number, size: number): [number, number, number] {
  const groups = Math.max(1, Math.ceil(count / size));
  const x = Math.min(groups, 32768);
  return [x, Math.ceil(groups / x), 1];
}

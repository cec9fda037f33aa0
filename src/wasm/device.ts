import { bind, checkRange, checkRows, DeviceError, markFreed } from "../device";
import type { Bound, Device, DeviceBuffer, KernelArgs, MemoryUsage } from "../device";
import type { Family, Kernel, Params } from "../kernel";
import { turn } from "../turn";
import base from "wasm:base";
import { hasRelaxedSimd, hasSimd, threadCount } from "./engine";
import { unpack, unpacked, unpackImported } from "./families";
import type { Form } from "./families";
import { LinearMemory } from "./memory";
import { PostedQueue } from "./posted-queue";
import { SharedQueue } from "./shared-queue";
import type { CommandQueue, Use } from "./shared-queue";
import { LAYOUT } from "./thread";
import type { Description } from "./thread";

/** Options of the WASM device. */
export interface WasmOptions {
  /**
   * Worker threads; default: as many as the machine has. A page that is not cross-origin isolated has one, which owns the memory. 0 runs
   * kernels in place, on the calling thread.
   */
  threads?: number;
  /** The build without fused multiply-add: the same numbers on every engine, at two thirds of the speed. */
  deterministic?: boolean;
  /** Upper bound of the linear memory; default 4 GiB. */
  maxBytes?: number;
  /** Where a content security policy forbids `blob:` workers: the address of the package's file `constella/thread`. */
  workerUrl?: string | URL;
  /** The same, for whoever makes workers otherwise: makes one of the source text. */
  createWorker?: (source: string) => Worker;
}

interface Block extends DeviceBuffer {
  readonly pointer: number;
}

type Exports = Readonly<Record<string, (...args: number[]) => void>>;

const SCRATCH_BYTES = 4 << 20;

/** Kernels on SIMD WebAssembly, run by worker threads. */
export class WasmDevice implements Device {
  readonly type = "wasm";
  readonly description: string;
  readonly maxBufferBytes: number;
  readonly threads: number;
  readonly #memory: LinearMemory;
  readonly #form: Form;
  /** Where commands go; undefined where they run in place. */
  readonly #queue: CommandQueue | undefined;
  /** In place: the base, and the families that have been launched. */
  readonly #base: WebAssembly.Exports | undefined;
  readonly #instances = new Map<Family, Exports>();
  /** On threads: the addresses of what describes kernels, and of the families' modules. */
  readonly #descriptions = new Map<Kernel, number>();
  readonly #modules = new Map<Family, { readonly pointer: number; readonly bytes: number }>();
  /** What `prepare` has compiled: engines know a module by its bytes, and give threads what is compiled already. */
  readonly #compiled = new Map<Family, WebAssembly.Module>();
  /** Memory for operands that kernels lay out. */
  readonly #places = [
    { pointer: 0, bytes: 0 },
    { pointer: 0, bytes: 0 },
  ];
  #nextId = 1;
  #error: Error | undefined;
  #failed = false;

  private constructor(module: WebAssembly.Module, form: Form, options: WasmOptions) {
    const { workerUrl, createWorker = workerUrl === undefined ? undefined : () => new Worker(workerUrl) } = options;
    const { threads, shared } = threadCount(options.threads, createWorker !== undefined);
    this.threads = threads;
    const count = `${threads} thread${threads === 1 ? "" : "s"}${shared ? "" : " without shared memory"}`;
    this.#form = form;
    const simd = form === "relaxed" ? "relaxed SIMD" : "SIMD";
    this.description = `WebAssembly, ${simd}, ${threads === 0 ? "on the calling thread" : count}`;
    this.#memory = new LinearMemory(options.maxBytes, threads > 0 && !shared);
    this.maxBufferBytes = this.#memory.maxBlock;
    const onError = (error: Error): void => {
      this.#error ??= error;
      if (error instanceof DeviceError) this.#failed = true;
    };
    const queued = { module, memory: this.#memory, createWorker, onError };
    if (threads === 0) {
      this.#base = new WebAssembly.Instance(module, { env: { memory: this.#memory.memory } }).exports;
      (this.#base as Exports)["set_scratch"]!(this.#memory.fresh(SCRATCH_BYTES, "requestDevice"));
    } else this.#queue = shared ? new SharedQueue(threads, queued) : new PostedQueue(queued);
  }

  /** @throws when the engine has no WebAssembly SIMD or the memory cannot be reserved. */
  static async request(options: WasmOptions = {}): Promise<WasmDevice> {
    if (!hasSimd())
      throw new Error("wasm: this engine has no WebAssembly SIMD; use a browser or runtime of 2023 or later");
    const form = !options.deterministic && hasRelaxedSimd() ? "relaxed" : "plain";
    const [bytes] = await Promise.all([unpack(base, form), unpackImported(form)]);
    const module = await WebAssembly.compile(bytes);
    await turn(); // a page may want to draw between compiling, starting threads, and what the caller does next
    const made = new WasmDevice(module, form, options);
    await turn();
    return made;
  }

  alloc(bytes: number, op = "alloc"): DeviceBuffer {
    this.#check();
    const { pointer, size } = this.#memory.alloc(bytes, op);
    const block: Block = { device: this, id: this.#nextId++, bytes: size, pointer };
    return block;
  }

  free(buffer: DeviceBuffer): void {
    markFreed(this, buffer);
    this.#memory.free((buffer as Block).pointer, buffer.bytes);
  }

  write(buffer: DeviceBuffer, data: ArrayBufferView, byteOffset = 0): void {
    this.#check();
    checkRange("write", buffer, byteOffset, data.byteLength);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const pointer = (buffer as Block).pointer + byteOffset;
    if (this.#queue) this.#queue.write(pointer, bytes);
    else this.#memory.view(pointer, bytes.byteLength).set(bytes);
  }

  async read(buffer: DeviceBuffer, byteOffset = 0, bytes = buffer.bytes - byteOffset): Promise<ArrayBuffer> {
    this.#check();
    checkRange("read", buffer, byteOffset, bytes);
    const pointer = (buffer as Block).pointer + byteOffset;
    if (!this.#queue) return this.#memory.copyOut(pointer, bytes);
    const data = await this.#queue.read(pointer, bytes);
    this.#check();
    return data;
  }

  run(kernel: Kernel, args: KernelArgs): void {
    this.#check();
    const bound = bind(kernel, args, this);
    const rows = kernel.rows(args as Params);
    if (rows === 0) return;
    checkRows(kernel, rows);
    const queue = this.#queue;
    if (!queue) return this.#runInPlace(kernel, bound, rows);
    const grain = typeof kernel.grain === "function" ? kernel.grain(args as Params) : (kernel.grain ?? 1);
    const { slot } = queue;
    slot[LAYOUT.kernel] = this.#descriptions.get(kernel) ?? this.#describe(queue, kernel);
    fillArguments(queue, kernel, bound);
    slot[LAYOUT.stage] = 0;
    const use = useOf(kernel, bound);
    const { packing } = kernel;
    const bytes = packing?.bytes(args as Params) ?? 0;
    const place = bytes > 0 ? this.#lend(bytes) : undefined;
    if (!packing || place === undefined) return queue.publishRows(rows, grain, 2, use);
    // two commands: the operand is laid out for all threads, then the rows are shared in small chunks
    slot[LAYOUT.args + slot[LAYOUT.arity]!++] = place;
    slot[LAYOUT.stage] = 1;
    const layOut = { reads: [(args[packing.operand] as Block).pointer], writes: [place] };
    queue.publishRows(packing.rows(args as Params), packing.grain(args as Params), 4, layOut);
    slot[LAYOUT.stage] = 2;
    const multiply = { reads: [...use.reads, place], writes: use.writes };
    queue.publishRows(rows, packing.packedGrain(args as Params), 8, multiply);
  }

  /** Memory for an operand, one of two places in turn, so that one can be laid out while the other is in use; undefined when memory is out. */
  #lend(bytes: number): number | undefined {
    const place = this.#places.shift()!;
    this.#places.push(place);
    if (place.bytes < bytes) {
      const size = Math.max(bytes, 2 * place.bytes);
      try {
        place.pointer = this.#memory.fresh(size, "pack");
        place.bytes = size;
      } catch {
        return undefined;
      }
    }
    return place.pointer;
  }

  memory(): MemoryUsage {
    return this.#memory.usage();
  }

  async prepare(kernels: readonly Kernel[]): Promise<void> {
    this.#check();
    const families = new Set(kernels.flatMap(({ family }) => family ?? []));
    await Promise.all(
      Array.from(families, async (family) => {
        const bytes = await unpack(family, this.#form);
        if (!this.#compiled.has(family)) this.#compiled.set(family, await WebAssembly.compile(bytes));
      }),
    );
  }

  async synchronize(): Promise<void> {
    this.#check();
    await this.#queue?.synchronize();
    this.#check();
  }

  destroy(): void {
    this.#failed = true;
    this.#error = new Error("wasm: the device is destroyed");
    this.#queue?.close();
  }

  #check(): void {
    const error = this.#error;
    if (!error) return;
    if (!this.#failed) this.#error = undefined; // reported once; a device that has failed stays so
    throw error;
  }

  /** Tells the threads what a kernel is, once: a kernel in JavaScript is its source, one of a family the family's module. */
  #describe(queue: CommandQueue, kernel: Kernel): number {
    const { name, bindings, params, cpu, family } = kernel;
    const types = params.map(({ type }) => type[0]).join("");
    let description: Description;
    if (cpu) {
      const arrays = bindings.map((_, i) => (isInteger(kernel, i) ? "u" : "f")).join("");
      if (LAYOUT.args + 2 * arrays.length + types.length > LAYOUT.slotWords)
        throw new Error(`${name}: too many arguments, ${arrays.length} buffers and ${types.length} params`);
      description = { name, types, arrays, script: cpu.toString() };
    } else {
      if (!family) throw new Error(`wasm: kernel ${name} has no function for this device`);
      let module = this.#modules.get(family);
      if (!module) {
        const bytes = this.#bytesOf(family, name);
        module = { pointer: this.#place(queue, bytes, name), bytes: bytes.length };
        this.#modules.set(family, module);
      }
      description = { name, types: "i".repeat(bindings.length) + types, module: { family: family.name, ...module } };
    }
    const text = new TextEncoder().encode(JSON.stringify(description));
    const bytes = new Uint8Array(4 + text.length);
    new Uint32Array(bytes.buffer, 0, 1)[0] = text.length;
    bytes.set(text, 4);
    const pointer = this.#place(queue, bytes, name);
    this.#descriptions.set(kernel, pointer);
    return pointer;
  }

  /** Copies bytes for the threads to memory of their own. */
  #place(queue: CommandQueue, bytes: Uint8Array, name: string): number {
    const pointer = this.#memory.fresh(bytes.length, name);
    queue.write(pointer, bytes);
    return pointer;
  }

  #bytesOf(family: Family, name: string): Uint8Array<ArrayBuffer> {
    const bytes = unpacked(family, this.#form);
    if (!bytes)
      throw new Error(
        `wasm: kernel ${name} came after the device, and its family ${family.name} is not loaded; await device.prepare([kernel])`,
      );
    return bytes;
  }

  #runInPlace(kernel: Kernel, { buffers, values }: Bound, rows: number): void {
    const run = kernel.cpu ? this.#script(kernel, buffers) : this.#function(kernel, buffers);
    try {
      run(...values, 0, rows);
    } catch (error) {
      throw new Error(`wasm: kernel ${kernel.name} failed, ${String(error)}`, { cause: error });
    }
  }

  #script(kernel: Kernel, buffers: readonly DeviceBuffer[]): (...args: number[]) => void {
    const arrays = buffers.map((buffer, i) => {
      const View = isInteger(kernel, i) ? Uint32Array : Float32Array;
      return new View(this.#memory.memory.buffer, (buffer as Block).pointer, buffer.bytes / 4);
    });
    return (...args) => (kernel.cpu as (...args: unknown[]) => void)(...arrays, ...args);
  }

  #function({ name, family, bindings, params }: Kernel, buffers: readonly DeviceBuffer[]): (...args: number[]) => void {
    if (!family) throw new Error(`wasm: kernel ${name} has no function for this device`);
    let instance = this.#instances.get(family);
    if (!instance) {
      const module = this.#compiled.get(family) ?? new WebAssembly.Module(this.#bytesOf(family, name));
      const imports = { env: { memory: this.#memory.memory }, base: this.#base! as WebAssembly.ModuleImports };
      instance = new WebAssembly.Instance(module, imports).exports as Exports;
      this.#instances.set(family, instance);
    }
    const twin = instance[name];
    const expected = bindings.length + params.length + 2;
    if (twin?.length !== expected)
      throw new Error(
        `wasm: ${name} takes ${twin?.length ?? "no"} arguments in AssemblyScript, ${expected} by its .wgsl file`,
      );
    const pointers = buffers.map((buffer) => (buffer as Block).pointer);
    return (...args) => twin(...pointers, ...args);
  }
}

/** Whether the array at binding i holds u32 or i32, by its declaration in the WGSL. */
function isInteger(kernel: Kernel, i: number): boolean {
  const { name } = kernel.bindings[i]!;
  return new RegExp(`\\b${name}\\s*:\\s*array\\s*<\\s*(u32|i32)`).test(kernel.code);
}

/** Addresses of arrays, for a kernel in JavaScript each with its length in bytes; then params. */
function fillArguments({ slot, slotFloats }: CommandQueue, kernel: Kernel, { buffers, values }: Bound): void {
  let word: number = LAYOUT.args;
  for (const buffer of buffers) {
    slot[word++] = (buffer as Block).pointer;
    if (kernel.cpu) slot[word++] = buffer.bytes;
  }
  kernel.params.forEach(({ type }, i) => {
    if (type === "f32") slotFloats[word++] = values[i]!;
    else slot[word++] = values[i]!;
  });
  slot[LAYOUT.arity] = word - LAYOUT.args;
}

function useOf({ bindings }: Kernel, { buffers }: Bound): Use {
  const use: { reads: number[]; writes: number[] } = { reads: [], writes: [] };
  bindings.forEach(({ access }, i) => (access === "read" ? use.reads : use.writes).push((buffers[i] as Block).pointer));
  return use;
}

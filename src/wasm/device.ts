import { bind, DeviceError } from "../device";
import type { Bound, Device, DeviceBuffer, KernelArgs, MemoryUsage } from "../device";
import { allKernels } from "../kernel";
import type { CpuTwin, Kernel, Params } from "../kernel";
import { turn } from "../turn";
import { compileKernels, hasRelaxedSimd, hasSimd, threadCount } from "./engine";
import { LinearMemory } from "./memory";
import { PostedQueue } from "./posted-queue";
import { SharedQueue } from "./shared-queue";
import type { CommandQueue, Use } from "./shared-queue";
import { LAYOUT, STAGES } from "./thread";

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

/** How a thread tells the params of a user's kernel apart. */
const PARAM_CODES = { i32: 0, f32: 1, u32: 2 } as const;

type Exports = Record<string, (...args: number[]) => void>;

const SCRATCH_BYTES = 4 << 20;

/** Kernels on SIMD WebAssembly, run by worker threads. */
export class WasmDevice implements Device {
  readonly type = "wasm";
  readonly description: string;
  readonly maxBufferBytes: number;
  readonly threads: number;
  readonly #memory: LinearMemory;
  readonly #exports: Exports;
  /** Where commands go; undefined where they run in place. */
  readonly #queue: CommandQueue | undefined;
  readonly #known: number;
  readonly #scripts = new Map<number, { pointer: number; length: number }>();
  /** Memory for operands that kernels lay out. */
  readonly #places = [
    { pointer: 0, bytes: 0 },
    { pointer: 0, bytes: 0 },
  ];
  #nextId = 1;
  #error: Error | undefined;
  #failed = false;

  private constructor(module: WebAssembly.Module, simd: string, options: WasmOptions) {
    const { workerUrl, createWorker = workerUrl === undefined ? undefined : () => new Worker(workerUrl) } = options;
    const { threads, shared } = threadCount(options.threads, createWorker !== undefined);
    this.threads = threads;
    const count = `${threads} thread${threads === 1 ? "" : "s"}${shared ? "" : " without shared memory"}`;
    this.description = `WebAssembly, ${simd}, ${threads === 0 ? "on the calling thread" : count}`;
    this.#memory = new LinearMemory(options.maxBytes, threads > 0 && !shared);
    this.maxBufferBytes = this.#memory.maxBlock;
    this.#exports = new WebAssembly.Instance(module, { env: { memory: this.#memory.memory } }).exports as Exports;
    for (const kernel of allKernels) if (!kernel.cpu) checkTwins(kernel, this.#exports);
    this.#known = allKernels.length;
    const onError = (error: Error): void => {
      this.#error ??= error;
      if (error instanceof DeviceError) this.#failed = true;
    };
    const queued = { module, memory: this.#memory, createWorker, onError };
    if (threads === 0) this.#exports["set_scratch"]!(this.#memory.fresh(SCRATCH_BYTES, "requestDevice"));
    else this.#queue = shared ? new SharedQueue(threads, queued) : new PostedQueue(queued);
  }

  /** @throws when the engine has no WebAssembly SIMD or the memory cannot be reserved. */
  static async request(options: WasmOptions = {}): Promise<WasmDevice> {
    if (!hasSimd())
      throw new Error("wasm: this engine has no WebAssembly SIMD; use a browser or runtime of 2023 or later");
    const relaxed = !options.deterministic && hasRelaxedSimd();
    const module = await compileKernels(relaxed);
    await turn(); // a page may want to draw between compiling, starting threads, and what the caller does next
    const made = new WasmDevice(module, relaxed ? "relaxed SIMD" : "SIMD", options);
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
    this.#memory.free((buffer as Block).pointer, buffer.bytes);
  }

  write(buffer: DeviceBuffer, data: ArrayBufferView, byteOffset = 0): void {
    this.#check();
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const pointer = (buffer as Block).pointer + byteOffset;
    if (this.#queue) this.#queue.write(pointer, bytes);
    else this.#memory.view(pointer, bytes.byteLength).set(bytes);
  }

  async read(buffer: DeviceBuffer, byteOffset = 0, bytes = buffer.bytes - byteOffset): Promise<ArrayBuffer> {
    this.#check();
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
    if (!kernel.cpu && kernel.id >= this.#known) checkTwins(kernel, {});
    const queue = this.#queue;
    if (!queue) return this.#runInPlace(kernel, bound, rows);
    const grain = typeof kernel.grain === "function" ? kernel.grain(args as Params) : (kernel.grain ?? 1);
    const { slot } = queue;
    if (kernel.cpu) this.#fillScript(queue, kernel, kernel.cpu, bound);
    else fillArguments(queue, kernel, bound);
    slot[LAYOUT.kernel] = kernel.id;
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

  /** A kernel in JavaScript goes to the workers as source text, once. */
  #fillScript(queue: CommandQueue, kernel: Kernel, cpu: CpuTwin, { buffers, values }: Bound): void {
    let source = this.#scripts.get(kernel.id);
    if (!source) {
      const text = new TextEncoder().encode(cpu.toString());
      source = { pointer: this.#memory.fresh(text.byteLength, kernel.name), length: text.byteLength };
      queue.write(source.pointer, text);
      this.#scripts.set(kernel.id, source);
    }
    const words: number[] = [source.pointer, source.length, buffers.length];
    buffers.forEach((buffer, i) => words.push((buffer as Block).pointer, buffer.bytes, isInteger(kernel, i) ? 1 : 0));
    const first = words.length;
    kernel.params.forEach(({ type }, i) => words.push(PARAM_CODES[type], values[i]!));
    const { slot, slotFloats } = queue;
    if (LAYOUT.args + words.length > LAYOUT.slotWords)
      throw new Error(`${kernel.name}: too many arguments, ${buffers.length} buffers and ${values.length} params`);
    slot.set(words, LAYOUT.args);
    kernel.params.forEach(({ type }, i) => {
      if (type === "f32") slotFloats[LAYOUT.args + first + 2 * i + 1] = values[i]!;
    });
    slot[LAYOUT.arity] = words.length;
  }

  #runInPlace(kernel: Kernel, { buffers, values }: Bound, rows: number): void {
    try {
      if (kernel.cpu) {
        const arrays = buffers.map((buffer, i) => {
          const View = isInteger(kernel, i) ? Uint32Array : Float32Array;
          return new View(this.#memory.memory.buffer, (buffer as Block).pointer, buffer.bytes / 4);
        });
        (kernel.cpu as (...args: unknown[]) => void)(...arrays, ...values, 0, rows);
        return;
      }
      const pointers = buffers.map((buffer) => (buffer as Block).pointer);
      this.#exports[kernel.name]!(...pointers, ...values, 0, rows);
    } catch (error) {
      throw new Error(`wasm: kernel ${kernel.name} failed, ${String(error)}`, { cause: error });
    }
  }
}

/** Whether the array at binding i holds u32 or i32, by its declaration in the WGSL. */
function isInteger(kernel: Kernel, i: number): boolean {
  const { name } = kernel.bindings[i]!;
  return new RegExp(`\\b${name}\\s*:\\s*array\\s*<\\s*(u32|i32)`).test(kernel.code);
}

function fillArguments({ slot, slotFloats }: CommandQueue, kernel: Kernel, { buffers, values }: Bound): void {
  let word: number = LAYOUT.args;
  for (const buffer of buffers) slot[word++] = (buffer as Block).pointer;
  kernel.params.forEach(({ type }, i) => {
    if (type === "f32") slotFloats[word++] = values[i]!;
    else slot[word++] = values[i]!;
  });
  slot[LAYOUT.arity] = word - LAYOUT.args;
}

/** Holds the AssemblyScript functions against the declaration in the .wgsl file. */
function checkTwins({ name, bindings, params, packing }: Kernel, exports: Exports): void {
  const declared = bindings.length + params.length + 2;
  for (const stage of packing ? STAGES : STAGES.slice(0, 1)) {
    const twin = exports[name + stage];
    const expected = declared + Number(stage !== "");
    if (!twin) throw new Error(`wasm: kernel ${name} has no AssemblyScript function${stage && ` ${name}${stage}`}`);
    if (twin.length !== expected)
      throw new Error(
        `wasm: ${name}${stage} takes ${twin.length} arguments in AssemblyScript, ${expected} by its .wgsl file`,
      );
  }
}

function useOf({ bindings }: Kernel, { buffers }: Bound): Use {
  const use: { reads: number[]; writes: number[] } = { reads: [], writes: [] };
  bindings.forEach(({ access }, i) => (access === "read" ? use.reads : use.writes).push((buffers[i] as Block).pointer));
  return use;
}

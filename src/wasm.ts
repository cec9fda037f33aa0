import { bind, DeviceError, Pool } from "./device";
import type { Bound, Device, DeviceBuffer, KernelArgs, MemoryUsage } from "./device";
import { allKernels } from "./kernel";
import type { CpuTwin, Kernel, Params } from "./kernel";
import { compileKernels, hasRelaxedSimd, hasSimd, spawn, threadCount } from "./wasm-engine";
import type { Thread } from "./wasm-engine";
import { LinearMemory } from "./wasm-memory";
import { CommandQueue } from "./wasm-queue";
import type { Use } from "./wasm-queue";
import { LAYOUT, STAGES } from "./wasm-thread";
import type { ThreadInit, ThreadMessage } from "./wasm-thread";

/** Options of the WASM device. */
export interface WasmOptions {
  /**
   * Worker threads; default: as many as the machine has. 0 runs kernels in place, on the calling thread, as does a page
   * that is not cross-origin isolated.
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
/** Rounds of polling before a thread sleeps, about 20 µs; eight times as many where it waits for another thread's chunk. */
const SPINS = 4000;
/** Kernels on SIMD WebAssembly: worker threads take them from a ring of commands in shared memory. */
export class WasmDevice implements Device {
  readonly type = "wasm";
  readonly description: string;
  readonly maxBufferBytes: number;
  readonly threads: number;
  readonly #memory: LinearMemory;
  readonly #exports: Exports;
  readonly #workers: Thread[] = [];
  readonly #queue: CommandQueue;
  readonly #known: number;
  readonly #staging = new Pool<number>();
  /** Staging blocks in use, until as many commands are complete. */
  readonly #staged: { number: number; pointer: number; size: number }[] = [];
  readonly #fences = new Map<number, () => void>();
  readonly #scripts = new Map<number, { pointer: number; length: number }>();
  /** Memory for operands that kernels lay out. */
  readonly #places = [
    { pointer: 0, bytes: 0 },
    { pointer: 0, bytes: 0 },
  ];
  #nextFence = 1;
  #nextId = 1;
  #error: Error | undefined;
  #held = false;
  #destroyed = false;

  private constructor(module: WebAssembly.Module, simd: string, options: WasmOptions) {
    this.#memory = new LinearMemory(options.maxBytes);
    this.maxBufferBytes = this.#memory.maxBlock;
    const { workerUrl, createWorker = workerUrl === undefined ? undefined : () => new Worker(workerUrl) } = options;
    this.threads = threadCount(options.threads, createWorker !== undefined);
    const where =
      this.threads === 0 ? "on the calling thread" : `${this.threads} thread${this.threads === 1 ? "" : "s"}`;
    this.description = `WebAssembly, ${simd}, ${where}`;
    this.#exports = new WebAssembly.Instance(module, { env: { memory: this.#memory.memory } }).exports as Exports;
    for (const kernel of allKernels) if (!kernel.cpu) checkTwins(kernel, this.#exports);
    this.#known = allKernels.length;
    this.#exports["set_scratch"]!(this.#memory.fresh(SCRATCH_BYTES, "requestDevice"));
    this.#queue = new CommandQueue(this.threads, () => this.#holdWorkers());
    for (let i = 0; i < this.threads; i++) this.#workers.push(this.#spawn(module, createWorker));
  }

  /** @throws when the engine has no WebAssembly SIMD or the memory cannot be reserved. */
  static async request(options: WasmOptions = {}): Promise<WasmDevice> {
    if (!hasSimd())
      throw new Error("wasm: this engine has no WebAssembly SIMD; use a browser or runtime of 2023 or later");
    const relaxed = !options.deterministic && hasRelaxedSimd();
    const module = await compileKernels(relaxed);
    return new WasmDevice(module, relaxed ? "relaxed SIMD" : "SIMD", options);
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
    if (this.#queue.idle) {
      this.#memory.view((buffer as Block).pointer + byteOffset, bytes.byteLength).set(bytes);
      return;
    }
    // commands under way may still read what the buffer's memory holds: the copy takes its turn in the queue
    const staging = this.#stage(bytes);
    this.#enqueueCopy((buffer as Block).pointer + byteOffset, staging, bytes.byteLength);
    this.#staged.push({ number: this.#queue.nextNumber, pointer: staging, size: Pool.sizeClass(bytes.byteLength) });
  }

  async read(buffer: DeviceBuffer, byteOffset = 0, bytes = buffer.bytes - byteOffset): Promise<ArrayBuffer> {
    this.#check();
    const { pointer } = buffer as Block;
    if (this.#queue.idle) return this.#memory.copyOut(pointer + byteOffset, bytes);
    // what is enqueued after this call may change the buffer before it completes: take the copy in turn
    const staging = this.alloc(bytes, "read") as Block;
    this.#enqueueCopy(staging.pointer, pointer + byteOffset, bytes);
    try {
      await this.#fence();
      return this.#memory.copyOut(staging.pointer, bytes);
    } finally {
      this.free(staging);
    }
  }

  run(kernel: Kernel, args: KernelArgs): void {
    this.#check();
    const bound = bind(kernel, args, this);
    const rows = kernel.rows(args as Params);
    if (rows === 0) return;
    if (!kernel.cpu && kernel.id >= this.#known) checkTwins(kernel, {});
    if (this.threads === 0) return this.#runInPlace(kernel, bound, rows);
    const grain = typeof kernel.grain === "function" ? kernel.grain(args as Params) : (kernel.grain ?? 1);
    const { slot } = this.#queue;
    slot[LAYOUT.kernel] = kernel.id;
    slot[LAYOUT.fence] = slot[LAYOUT.stage] = 0;
    if (kernel.cpu) this.#fillScript(kernel, kernel.cpu, bound);
    else this.#fillArguments(kernel, bound);
    const use = useOf(kernel, bound);
    const { packing } = kernel;
    const bytes = packing?.bytes(args as Params) ?? 0;
    const place = bytes > 0 ? this.#lend(bytes) : undefined;
    if (!packing || place === undefined) return this.#queue.publishRows(this.threads, rows, grain, 2, use);
    // two commands: the operand is laid out for all threads, then the rows are shared in small chunks
    slot[LAYOUT.args + slot[LAYOUT.arity]!++] = place;
    slot[LAYOUT.stage] = 1;
    const layOut = { reads: [(args[packing.operand] as Block).pointer], writes: [place] };
    this.#queue.publishRows(this.threads, packing.rows(args as Params), packing.grain(args as Params), 4, layOut);
    slot[LAYOUT.stage] = 2;
    const multiply = { reads: [...use.reads, place], writes: use.writes };
    this.#queue.publishRows(this.threads, rows, packing.packedGrain(args as Params), 8, multiply);
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

  #fillArguments(kernel: Kernel, { buffers, values }: Bound): void {
    const { slot, slotFloats } = this.#queue;
    let word: number = LAYOUT.args;
    for (const buffer of buffers) slot[word++] = (buffer as Block).pointer;
    kernel.params.forEach(({ type }, i) => {
      if (type === "f32") slotFloats[word++] = values[i]!;
      else slot[word++] = values[i]!;
    });
    slot[LAYOUT.arity] = word - LAYOUT.args;
  }

  memory(): MemoryUsage {
    return this.#memory.usage();
  }

  async synchronize(): Promise<void> {
    this.#check();
    if (!this.#queue.idle) await this.#fence();
    this.#check();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#queue.close();
    this.#error = new Error("wasm: the device is destroyed");
    for (const worker of this.#workers) worker.terminate();
    for (const resolve of this.#fences.values()) resolve();
    this.#fences.clear();
  }

  #check(): void {
    const error = this.#error;
    if (!error) return;
    if (!this.#destroyed) this.#error = undefined;
    throw error;
  }

  /**
   * Copies bytes to memory that no command under way uses. Freed buffers will not do: what is enqueued may still read them, and
   * the host does not wait its turn.
   */
  #stage(bytes: Uint8Array): number {
    const { completed } = this.#queue;
    while (this.#staged.length > 0 && ((completed - this.#staged[0]!.number) | 0) >= 0) {
      const { size, pointer } = this.#staged.shift()!;
      this.#staging.put(size, pointer);
    }
    const size = Pool.sizeClass(bytes.byteLength);
    const pointer = this.#staging.take(size) ?? this.#memory.fresh(size, "write");
    this.#memory.view(pointer, bytes.byteLength).set(bytes);
    return pointer;
  }

  /** Copies bytes in turn; a fence is posted when that is done. */
  #enqueueCopy(to: number, from: number, bytes: number, fence = 0): void {
    const { slot } = this.#queue;
    slot[LAYOUT.chunks] = slot[LAYOUT.rows] = slot[LAYOUT.chunkRows] = 1;
    slot[LAYOUT.kernel] = -1;
    slot[LAYOUT.fence] = fence;
    slot[LAYOUT.arity] = 3;
    slot.set([to, from, bytes], LAYOUT.args);
    this.#queue.publish();
  }

  /** Resolves when everything enqueued so far is complete. */
  async #fence(): Promise<void> {
    const id = this.#nextFence++;
    const reached = new Promise<void>((resolve) => this.#fences.set(id, resolve));
    this.#holdWorkers();
    this.#enqueueCopy(0, 0, 0, id);
    await reached;
    this.#check();
  }

  /** Keeps the process alive while somebody waits for the workers, and no longer. */
  #holdWorkers(): void {
    const waits = this.#fences.size > 0 || (this.#queue.waits && !this.#destroyed);
    if (waits === this.#held) return;
    this.#held = waits;
    for (const worker of this.#workers)
      if (waits) worker.ref?.();
      else worker.unref?.();
  }

  #onMessage(message: ThreadMessage): void {
    if ("fence" in message) {
      this.#fences.get(message.fence)?.();
      this.#fences.delete(message.fence);
      this.#holdWorkers();
    } else this.#fail(`wasm: kernel ${message.failed || "of a user"} failed, ${message.message}`);
  }

  #fail(message: string): void {
    this.#error ??= new Error(message);
  }

  #spawn(module: WebAssembly.Module, createWorker: WasmOptions["createWorker"]): Thread {
    const init: ThreadInit = {
      module,
      memory: this.#memory.memory,
      control: this.#queue.words.buffer as SharedArrayBuffer,
      scratch: this.#memory.fresh(SCRATCH_BYTES, "requestDevice"),
      layout: LAYOUT,
      stages: STAGES,
      kernels: allKernels.map((kernel) => (kernel.cpu ? null : { name: kernel.name, types: argumentTypes(kernel) })),
      spins: SPINS,
    };
    const onEnd = (reason: unknown): void => {
      if (this.#destroyed) return;
      this.#error ??= new DeviceError(
        `wasm: a worker thread ended, ${String(reason)}; request a new device and go on from a checkpoint`,
      );
      this.#queue.close();
      this.#destroyed = true; // the others would wait for its chunk forever
      for (const worker of this.#workers) worker.terminate();
      for (const resolve of this.#fences.values()) resolve();
    };
    return spawn(init, (message) => this.#onMessage(message), onEnd, createWorker);
  }

  #fillScript(kernel: Kernel, cpu: CpuTwin, { buffers, values }: Bound): void {
    let source = this.#scripts.get(kernel.id);
    if (!source) {
      const text = new TextEncoder().encode(cpu.toString());
      source = { pointer: this.#memory.fresh(text.byteLength, kernel.name), length: text.byteLength };
      this.#memory.view(source.pointer, source.length).set(text);
      this.#scripts.set(kernel.id, source);
    }
    const words: number[] = [source.pointer, source.length, buffers.length];
    buffers.forEach((buffer, i) => words.push((buffer as Block).pointer, buffer.bytes, isInteger(kernel, i) ? 1 : 0));
    const first = words.length;
    kernel.params.forEach(({ type }, i) => words.push(PARAM_CODES[type], values[i]!));
    const { slot, slotFloats } = this.#queue;
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

const argumentTypes = ({ bindings, params }: Kernel): string =>
  "i".repeat(bindings.length) + params.map(({ type }) => (type === "f32" ? "f" : "i")).join("");

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

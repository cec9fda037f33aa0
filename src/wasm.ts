import plainBytes from "../build/plain.wasm";
import relaxedBytes from "../build/relaxed.wasm";
import { bind, Pool } from "./device";
import type { Bound, Device, DeviceBuffer, KernelArgs, MemoryUsage } from "./device";
import { allKernels } from "./kernel";
import type { CpuTwin, Kernel, Params } from "./kernel";
import { compile, hasRelaxedSimd, hasSimd, spawn, threadCount } from "./wasm-engine";
import type { Thread } from "./wasm-engine";
import { LinearMemory } from "./wasm-memory";
import { LAYOUT } from "./wasm-thread";
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
  /** Where a content security policy forbids `blob:` workers: makes a worker of the source text. */
  createWorker?: (source: string) => Worker;
}

interface Block extends DeviceBuffer {
  readonly pointer: number;
}

/** How a thread tells the params of a user's kernel apart. */
const PARAM_CODES = { i32: 0, f32: 1, u32: 2 } as const;

type Exports = Record<string, (...args: number[]) => void>;

const SCRATCH_BYTES = 4 << 20;
/** Rounds of polling before a thread sleeps: about 20 µs. */
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
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #known: number;
  /** Commands that found the ring full, as slot words. */
  #waiting: Int32Array[] = [];
  readonly #staging = new Pool<number>();
  /** Staging blocks in use, until as many commands are complete. */
  readonly #staged: { number: number; pointer: number; size: number }[] = [];
  readonly #fences = new Map<number, () => void>();
  readonly #scripts = new Map<number, { pointer: number; length: number }>();
  readonly #slot = new Int32Array(LAYOUT.slotWords);
  readonly #slotFloats = new Float32Array(this.#slot.buffer);
  #nextFence = 1;
  #nextId = 1;
  #error: Error | undefined;
  #destroyed = false;

  private constructor(module: WebAssembly.Module, simd: string, options: WasmOptions) {
    this.#memory = new LinearMemory(options.maxBytes);
    this.maxBufferBytes = this.#memory.maxBlock;
    this.threads = threadCount(options.threads, options.createWorker !== undefined);
    const where =
      this.threads === 0 ? "on the calling thread" : `${this.threads} thread${this.threads === 1 ? "" : "s"}`;
    this.description = `WebAssembly, ${simd}, ${where}`;
    this.#exports = new WebAssembly.Instance(module, { env: { memory: this.#memory.memory } }).exports as Exports;
    for (const kernel of allKernels) if (!kernel.cpu) checkTwin(kernel, this.#exports[kernel.name]);
    this.#known = allKernels.length;
    this.#exports["set_scratch"]!(this.#memory.fresh(SCRATCH_BYTES, "requestDevice"));
    const controlWords = this.threads === 0 ? LAYOUT.ring : LAYOUT.ring + LAYOUT.slots * LAYOUT.slotWords;
    this.#words = new Int32Array(new SharedArrayBuffer(controlWords * 4));
    for (let i = 0; i < this.threads; i++) this.#workers.push(this.#spawn(module, options));
  }

  /** @throws when the engine has no WebAssembly SIMD or the memory cannot be reserved. */
  static async request(options: WasmOptions = {}): Promise<WasmDevice> {
    if (!hasSimd())
      throw new Error("wasm: this engine has no WebAssembly SIMD; use a browser or runtime of 2023 or later");
    const relaxed = !options.deterministic && hasRelaxedSimd();
    const module = await compile(relaxed ? relaxedBytes : plainBytes);
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
    if (this.#idle()) {
      this.#memory.view((buffer as Block).pointer + byteOffset, bytes.byteLength).set(bytes);
      return;
    }
    // commands under way may still read what the buffer's memory holds: the copy takes its turn in the queue
    const staging = this.#stage(bytes);
    this.#enqueueCopy((buffer as Block).pointer + byteOffset, staging, bytes.byteLength);
    this.#staged.push({ number: this.#nextNumber(), pointer: staging, size: Pool.sizeClass(bytes.byteLength) });
  }

  async read(buffer: DeviceBuffer, byteOffset = 0, bytes = buffer.bytes - byteOffset): Promise<ArrayBuffer> {
    this.#check();
    const { pointer } = buffer as Block;
    if (this.#idle()) return this.#memory.copyOut(pointer + byteOffset, bytes);
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
    if (!kernel.cpu && kernel.id >= this.#known) checkTwin(kernel, undefined);
    if (this.threads === 0) return this.#runInPlace(kernel, bound, rows);
    const grain = typeof kernel.grain === "function" ? kernel.grain(args as Params) : (kernel.grain ?? 1);
    const slot = this.#slot;
    // as many chunks as threads, or twice that where there is enough to share, in multiples of four rows
    const perThread = Math.max(1, Math.min(2, Math.floor(rows / (grain * this.threads))));
    const wanted = Math.max(1, Math.min(Math.floor(rows / grain), this.threads * perThread));
    const chunkRows = wanted === 1 ? rows : Math.ceil(rows / wanted / 4) * 4;
    slot[LAYOUT.chunks] = Math.ceil(rows / chunkRows);
    slot[LAYOUT.rows] = rows;
    slot[LAYOUT.chunkRows] = chunkRows;
    slot[LAYOUT.kernel] = kernel.id;
    slot[LAYOUT.fence] = 0;
    if (kernel.cpu) this.#fillScript(kernel, kernel.cpu, bound);
    else {
      let word: number = LAYOUT.args;
      for (const buffer of bound.buffers) slot[word++] = (buffer as Block).pointer;
      kernel.params.forEach(({ type }, i) => {
        if (type === "f32") this.#slotFloats[word++] = bound.values[i]!;
        else slot[word++] = bound.values[i]!;
      });
      slot[LAYOUT.arity] = word - LAYOUT.args;
    }
    this.#publish();
  }

  memory(): MemoryUsage {
    return this.#memory.usage();
  }

  async synchronize(): Promise<void> {
    this.#check();
    if (!this.#idle()) await this.#fence();
    this.#check();
  }

  destroy(): void {
    this.#destroyed = true;
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

  #idle(): boolean {
    if (this.threads === 0) return true;
    return (
      this.#waiting.length === 0 && Atomics.load(this.#words, LAYOUT.tail) === Atomics.load(this.#words, LAYOUT.head)
    );
  }

  /** The number that the next command will have, those that wait for room included. */
  #nextNumber(): number {
    return (Atomics.load(this.#words, LAYOUT.head) + this.#waiting.length) | 0;
  }

  /**
   * Copies bytes to memory that no command under way uses. Freed buffers will not do: what is enqueued may still read them, and
   * the host does not wait its turn.
   */
  #stage(bytes: Uint8Array): number {
    const tail = Atomics.load(this.#words, LAYOUT.tail);
    while (this.#staged.length > 0 && ((tail - this.#staged[0]!.number) | 0) >= 0) {
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
    const slot = this.#slot;
    slot[LAYOUT.chunks] = slot[LAYOUT.rows] = slot[LAYOUT.chunkRows] = 1;
    slot[LAYOUT.kernel] = -1;
    slot[LAYOUT.fence] = fence;
    slot[LAYOUT.arity] = 3;
    slot.set([to, from, bytes], LAYOUT.args);
    this.#publish();
  }

  /** Resolves when everything enqueued so far is complete. */
  async #fence(): Promise<void> {
    const id = this.#nextFence++;
    const reached = new Promise<void>((resolve) => this.#fences.set(id, resolve));
    if (this.#fences.size === 1) for (const worker of this.#workers) worker.ref?.();
    this.#enqueueCopy(0, 0, 0, id);
    await reached;
    this.#check();
  }

  /** Puts the command in `#slot` into the ring, or aside while the ring is full. */
  #publish(): void {
    if (this.#waiting.length > 0 || !this.#hasRoom()) {
      this.#waiting.push(this.#slot.slice());
      if (this.#waiting.length === 1) void this.#drainLater();
    } else this.#copyToRing(this.#slot);
  }

  #hasRoom(): boolean {
    const used = (Atomics.load(this.#words, LAYOUT.head) - Atomics.load(this.#words, LAYOUT.tail)) | 0;
    return used < LAYOUT.slots - 1;
  }

  #copyToRing(command: Int32Array): void {
    const words = this.#words;
    const number = Atomics.load(words, LAYOUT.head);
    const slot = LAYOUT.ring + (number & (LAYOUT.slots - 1)) * LAYOUT.slotWords;
    for (let i: number = LAYOUT.chunks; i < LAYOUT.args + command[LAYOUT.arity]!; i++) words[slot + i] = command[i]!;
    words[slot + LAYOUT.done] = 0;
    Atomics.store(words, slot + LAYOUT.claim, (number & 0xffff) << 16);
    Atomics.store(words, LAYOUT.head, (number + 1) | 0);
    Atomics.notify(words, LAYOUT.head);
  }

  /** Moves commands that wait into the ring as room appears, without blocking the calling thread. */
  async #drainLater(): Promise<void> {
    for (const worker of this.#workers) worker.ref?.();
    while (this.#waiting.length > 0 && !this.#destroyed) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      let moved = 0;
      while (moved < this.#waiting.length && this.#hasRoom()) this.#copyToRing(this.#waiting[moved++]!);
      this.#waiting.splice(0, moved);
    }
    if (this.#fences.size === 0) for (const worker of this.#workers) worker.unref?.();
  }

  #onMessage(message: ThreadMessage): void {
    if ("fence" in message) {
      this.#fences.get(message.fence)?.();
      this.#fences.delete(message.fence);
      if (this.#fences.size === 0 && this.#waiting.length === 0) for (const worker of this.#workers) worker.unref?.();
    } else this.#fail(`wasm: kernel ${message.failed || "of a user"} failed, ${message.message}`);
  }

  #fail(message: string): void {
    this.#error ??= new Error(message);
  }

  #spawn(module: WebAssembly.Module, options: WasmOptions): Thread {
    const init: ThreadInit = {
      module,
      memory: this.#memory.memory,
      control: this.#words.buffer,
      scratch: this.#memory.fresh(SCRATCH_BYTES, "requestDevice"),
      layout: LAYOUT,
      kernels: allKernels.map((kernel) => (kernel.cpu ? null : { name: kernel.name, types: argumentTypes(kernel) })),
      spins: SPINS,
    };
    const onEnd = (reason: unknown): void => {
      if (this.#destroyed) return;
      this.#fail(`wasm: a worker thread ended, ${String(reason)}; request a new device and go on from a checkpoint`);
      this.#destroyed = true; // the others would wait for its chunk forever
      for (const worker of this.#workers) worker.terminate();
      for (const resolve of this.#fences.values()) resolve();
    };
    return spawn(init, (message) => this.#onMessage(message), onEnd, options.createWorker);
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
    if (LAYOUT.args + words.length > LAYOUT.slotWords)
      throw new Error(`${kernel.name}: too many arguments, ${buffers.length} buffers and ${values.length} params`);
    this.#slot.set(words, LAYOUT.args);
    kernel.params.forEach(({ type }, i) => {
      if (type === "f32") this.#slotFloats[LAYOUT.args + first + 2 * i + 1] = values[i]!;
    });
    this.#slot[LAYOUT.arity] = words.length;
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

/** Holds the AssemblyScript function against the declaration in the .wgsl file. */
function checkTwin(kernel: Kernel, twin: ((...args: number[]) => void) | undefined): void {
  const expected = kernel.bindings.length + kernel.params.length + 2;
  if (!twin) throw new Error(`wasm: kernel ${kernel.name} has no AssemblyScript function`);
  if (twin.length !== expected)
    throw new Error(
      `wasm: ${kernel.name} takes ${twin.length} arguments in AssemblyScript, ${expected} by its .wgsl file`,
    );
}

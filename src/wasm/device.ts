import { bind, checkRange, checkRows, DeviceError, markFreed, Pool } from "../device";
import type { Bound, Device, DeviceBuffer, KernelArgs, MemoryUsage } from "../device";
import type { Family, Kernel, Params } from "../kernel";
import { hasRelaxedSimd, hasSimd, threadCount } from "./engine";
import { unpack, unpacked } from "./families";
import type { Form } from "./families";
import type { InPlace } from "./in-place";
import { LinearMemory } from "./memory";
import { SCRATCH_BYTES, startThread } from "./queue";
import type { CommandQueue, QueueOptions, Use } from "./queue";
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

type QueueClass = new (options: QueueOptions) => CommandQueue;

/** What the device is given by the program, which downloads it. */
export interface WasmParts {
  readonly base: Family;
  inPlace(): Promise<typeof InPlace>;
  sharedQueue(): Promise<QueueClass>;
  postedQueue(): Promise<QueueClass>;
}

interface Block extends DeviceBuffer {
  readonly pointer: number;
}

/** How a device runs its kernels: on how many threads, what takes its commands, and how a worker is made where not as usual. */
interface Running {
  readonly threads: number;
  readonly shared: boolean;
  readonly InPlace?: typeof InPlace;
  readonly Queue?: QueueClass;
  readonly createWorker: ((source: string) => Worker) | undefined;
}

/** Kernels on SIMD WebAssembly, run by worker threads. */
export class WasmDevice implements Device {
  readonly type = "wasm";
  readonly description: string;
  readonly maxBufferBytes: number;
  readonly threads: number;
  readonly #memory: LinearMemory;
  readonly #form: Form;
  /** Where commands go: to threads, or they run in place. */
  readonly #queue: CommandQueue | undefined;
  readonly #inPlace: InPlace | undefined;
  /** On threads: the addresses of what describes kernels, and of what says where the families' modules are. */
  readonly #descriptions = new Map<Kernel, number>();
  readonly #places = new Map<Family, number>();
  /** What `prepare` has compiled: engines know a module by its bytes, and give threads what is compiled already. */
  readonly #compiled = new Map<Family, WebAssembly.Module>();
  /** Memory for operands that kernels lay out. */
  readonly #lent = [
    { pointer: 0, bytes: 0 },
    { pointer: 0, bytes: 0 },
  ];
  #nextId = 1;
  #error: Error | undefined;
  #failed = false;

  private constructor(module: WebAssembly.Module, form: Form, maxBytes: number | undefined, running: Running) {
    const { threads, shared, InPlace, Queue, createWorker } = running;
    this.threads = threads;
    const count = `${threads} thread${threads === 1 ? "" : "s"}${shared ? "" : " without shared memory"}`;
    this.#form = form;
    const simd = form === "relaxed" ? "relaxed SIMD" : "SIMD";
    this.description = `WebAssembly, ${simd}, ${threads === 0 ? "on the calling thread" : count}`;
    this.#memory = new LinearMemory(maxBytes, threads > 0 && !shared);
    this.maxBufferBytes = this.#memory.maxBlock;
    const onError = (error: Error): void => {
      this.#error ??= error;
      if (error instanceof DeviceError) this.#failed = true;
    };
    const memory = this.#memory;
    if (InPlace)
      this.#inPlace = new InPlace({
        ...{ base: module, memory, scratch: memory.fresh(SCRATCH_BYTES, "requestDevice"), onError, holdsIntegers },
        moduleOf: (family) => this.#compileNow(family),
        load: (family) => this.#compile(family),
        onEnd: (error, family) => this.#lack(family, error),
      });
    const started = { module, memory, createWorker, onError };
    this.#queue =
      Queue &&
      new Queue({
        ...{ threads, memory, layout: LAYOUT, staging: new Pool() },
        start: (control, onMessage, onEnd) => startThread(started, control, onMessage, onEnd),
      });
  }

  /** @throws when the engine has no WebAssembly SIMD or the memory cannot be reserved. */
  static async request(parts: WasmParts, options: WasmOptions = {}): Promise<WasmDevice> {
    if (!hasSimd())
      throw new Error("wasm: this engine has no WebAssembly SIMD; use a browser or runtime of 2023 or later");
    const { workerUrl, createWorker = workerUrl === undefined ? undefined : () => new Worker(workerUrl) } = options;
    const { threads, shared } = threadCount(options.threads, createWorker !== undefined);
    const form = !options.deterministic && hasRelaxedSimd() ? "relaxed" : "plain";
    const [bytes, taking] = await Promise.all([unpack(parts.base, form), loadTaking(parts, threads, shared)]);
    const running = { threads, shared, createWorker, ...taking };
    return new WasmDevice(await WebAssembly.compile(bytes), form, options.maxBytes, running);
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
    (this.#queue ?? this.#inPlace!).write(pointer, bytes);
  }

  async read(buffer: DeviceBuffer, byteOffset = 0, bytes = buffer.bytes - byteOffset): Promise<ArrayBuffer> {
    this.#check();
    checkRange("read", buffer, byteOffset, bytes);
    const pointer = (buffer as Block).pointer + byteOffset;
    const data = await (this.#queue ?? this.#inPlace!).read(pointer, bytes);
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
    if (!queue) return this.#inPlace!.run(kernel, bound, rows);
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
    const place = this.#lent.shift()!;
    this.#lent.push(place);
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
    await Promise.all(Array.from(families, (family) => this.#compile(family)));
  }

  async synchronize(): Promise<void> {
    this.#check();
    await (this.#queue ? this.#queue.synchronize() : this.#inPlace!.read(0, 0));
    this.#check();
  }

  destroy(): void {
    this.#failed = true;
    this.#error = new Error("wasm: the device is destroyed");
    (this.#queue ?? this.#inPlace!).close();
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
      const arrays = bindings.map((_, i) => (holdsIntegers(kernel, i) ? "u" : "f")).join("");
      if (LAYOUT.args + 2 * arrays.length + types.length > LAYOUT.slotWords)
        throw new Error(`${name}: too many arguments, ${arrays.length} buffers and ${types.length} params`);
      description = { name, types, arrays, script: cpu.toString() };
    } else {
      if (!family) throw new Error(`wasm: kernel ${name} has no function for this device`);
      const place = this.#places.get(family) ?? this.#bring(queue, family);
      description = { name, types: "i".repeat(bindings.length) + types, module: { family: family.name, place } };
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

  /**
   * Brings a family's module to the threads. Until it is unpacked, what uses it and what comes after that is held: a launch never waits.
   * @returns where two words will say where it is and how long
   */
  #bring(queue: CommandQueue, family: Family): number {
    const place = this.#memory.fresh(8, family.name);
    this.#places.set(family, place);
    const release = queue.hold();
    const bring = (bytes: Uint8Array): void => {
      const pointer = this.#memory.fresh(bytes.length, family.name);
      const words = new Uint8Array(Uint32Array.of(pointer, bytes.length).buffer);
      release([
        { pointer, bytes },
        { pointer: place, bytes: words },
      ]);
    };
    const bytes = unpacked(family, this.#form);
    if (bytes) bring(bytes);
    else
      void unpack(family, this.#form)
        .then(bring)
        .catch((error: unknown) => {
          this.#lack(family, error);
          queue.close();
        });
    return place;
  }

  async #compile(family: Family): Promise<WebAssembly.Module> {
    const bytes = await unpack(family, this.#form);
    const module = this.#compiled.get(family) ?? (await WebAssembly.compile(bytes));
    this.#compiled.set(family, module);
    return module;
  }

  #compileNow(family: Family): WebAssembly.Module | undefined {
    const bytes = unpacked(family, this.#form);
    return this.#compiled.get(family) ?? (bytes && new WebAssembly.Module(bytes));
  }

  /** The device has failed: what was launched cannot be run. */
  #lack({ name }: Family, error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    const why = error instanceof Error ? error.message : String(error);
    this.#error = new DeviceError(
      `wasm: the kernels of family ${name} must be loaded, ${why}; request a new device and go on from a checkpoint`,
    );
  }
}

/** What takes a device's commands. */
async function loadTaking(
  { inPlace, sharedQueue, postedQueue }: WasmParts,
  threads: number,
  shared: boolean,
): Promise<Pick<Running, "InPlace" | "Queue">> {
  if (threads === 0) return { InPlace: await inPlace() };
  return { Queue: await (shared ? sharedQueue() : postedQueue()) };
}

/** Whether the array at binding i holds u32 or i32, by its declaration in the WGSL. */
function holdsIntegers(kernel: Kernel, i: number): boolean {
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

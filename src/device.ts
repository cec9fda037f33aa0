import type { Kernel } from "./kernel";

/** Memory on a device. Its contents are undefined until something is written. */
export interface DeviceBuffer {
  readonly device: Device;
  /** Identifies the buffer among those of its device. */
  readonly id: number;
  /** Usable bytes, a multiple of 4. */
  readonly bytes: number;
}

/** On every error of a device, whichever copy of this module made it: a device is a file of its own, which brings its own copy. */
const FAILED = Symbol.for("constella device failed");

/** A device has failed, not the program: training can go on from a checkpoint on another device (`trainSafely`). */
export class DeviceError extends Error {
  readonly [FAILED] = true;

  /** Whether an error is one, of whatever copy. */
  static override [Symbol.hasInstance](error: unknown): boolean {
    return typeof error === "object" && error !== null && FAILED in error;
  }
}

/** What `device.memory()` counts. */
export interface MemoryUsage {
  /** Buffers allocated and not freed. */
  buffers: number;
  /** Their bytes. */
  bytes: number;
  /** Bytes of freed buffers, kept for reuse. */
  pooled: number;
}

/**
 * A queue of kernels over buffers. `run` and `write` only enqueue and take effect in call order; `read` waits.
 * A device knows nothing of tensors, gradients or shapes.
 */
export interface Device {
  readonly type: "webgpu" | "wasm";
  /** For reports: adapter or thread count and instruction set. */
  readonly description: string;
  /** The largest buffer a kernel can take, in bytes. */
  readonly maxBufferBytes: number;
  /**
   * A buffer whose contents are undefined.
   * @param op named in the error when memory is out
   */
  alloc(bytes: number, op?: string): DeviceBuffer;
  /** Gives a buffer back, for another `alloc` to take. */
  free(buffer: DeviceBuffer): void;
  /** Copies `data` at once; the caller may change it afterwards. */
  write(buffer: DeviceBuffer, data: ArrayBufferView, byteOffset?: number): void;
  /** The only asynchronous step: the bytes `[offset, offset + bytes)` as they are after all that was enqueued before. */
  read(buffer: DeviceBuffer, byteOffset?: number, bytes?: number): Promise<ArrayBuffer>;
  /** Launches a kernel. @throws when an argument is missing or unknown */
  run(kernel: Kernel, args: KernelArgs): void;
  /**
   * Compiles kernels ahead of their first launch, without holding the calling thread: a training that names its kernels does not wait
   * for them in its first step. Kernels that nobody prepared are compiled when they are launched.
   * @throws when one does not compile (kernel, line and a caret)
   */
  prepare(kernels: readonly Kernel[]): Promise<void>;
  /** What is allocated now. */
  memory(): MemoryUsage;
  /** Waits until everything enqueued is done. */
  synchronize(): Promise<void>;
  /** Frees everything; the device cannot be used after it. */
  destroy(): void;
}

/**
 * Buffers and params of a launch by the names that the `.wgsl` file gives them.
 * @inline
 */
export type KernelArgs = Readonly<Record<string, DeviceBuffer | number>>;

/** Arguments in the kernel's own order. */
export interface Bound {
  readonly buffers: DeviceBuffer[];
  readonly values: number[];
}

/** Whether a param's type holds a number as it is. */
const HOLDS = {
  u32: (value: number): boolean => value >>> 0 === value,
  i32: (value: number): boolean => (value | 0) === value,
  f32: (): boolean => true,
} as const;

/**
 * Orders named arguments as the kernel declares them.
 * @throws on an unknown or missing name, listing what the kernel takes; on a buffer that is written and bound once more, and on a param
 * that its type does not hold
 */
export function bind(kernel: Kernel, args: KernelArgs, device: Device): Bound {
  const buffers: DeviceBuffer[] = [];
  const values: number[] = [];
  for (const { name } of kernel.bindings) {
    const value = args[name];
    if (typeof value !== "object") throw new Error(`${kernel.name}: ${name} must be a buffer, ${signature(kernel)}`);
    if (value.device !== device)
      throw new Error(
        `${kernel.name}: ${name} lives on another device; read its data() and make it with tensor() on this one`,
      );
    buffers.push(value);
  }
  for (let i = 0; i < buffers.length; i++) {
    const { name, access } = kernel.bindings[i]!;
    if (access === "read") continue;
    for (let j = 0; j < buffers.length; j++)
      if (j !== i && buffers[j] === buffers[i])
        throw new Error(
          `${kernel.name}: ${name} is written, so it needs a buffer of its own, got that of ${kernel.bindings[j]!.name}`,
        );
  }
  for (const { name, type } of kernel.params) {
    const value = args[name];
    if (typeof value !== "number") throw new Error(`${kernel.name}: ${name} must be a number, ${signature(kernel)}`);
    if (!HOLDS[type](value))
      throw new Error(`${kernel.name}: ${name} must be a whole number of type ${type}, got ${value}`);
    values.push(value);
  }
  let count = 0;
  for (const _ in args) count++;
  if (count !== buffers.length + values.length) {
    const known = new Set([...kernel.bindings, ...kernel.params].map(({ name }) => name));
    const unknown = Object.keys(args).filter((name) => !known.has(name));
    throw new Error(`${kernel.name}: unknown argument ${unknown.join(", ")}, ${signature(kernel)}`);
  }
  return { buffers, values };
}

/** @throws when the rows of a launch on threads are no whole number */
export function checkRows(kernel: Kernel, rows: number): void {
  if (!Number.isSafeInteger(rows) || rows < 0)
    throw new Error(`${kernel.name}: the launch must have a whole number of rows, got ${rows}`);
}

/** @throws when bytes from `byteOffset` on, read or written, are not all the buffer's, or start within a word */
export function checkRange(op: "read" | "write", buffer: DeviceBuffer, byteOffset: number, bytes: number): void {
  if (byteOffset % 4 !== 0 || !(byteOffset >= 0 && bytes >= 0 && byteOffset + bytes <= buffer.bytes))
    throw new Error(
      `${op}: bytes must lie within the buffer's ${buffer.bytes} and begin at a multiple of 4, got ${bytes} from ${byteOffset} on`,
    );
}

const freed = new WeakSet<DeviceBuffer>();

/** Marks a buffer as given back. @throws when it was before, or is another device's: its memory may be another buffer's by now */
export function markFreed(device: Device, buffer: DeviceBuffer): void {
  if (buffer.device !== device)
    throw new Error(`free: the buffer must be this device's, got buffer ${buffer.id} of another`);
  if (freed.has(buffer))
    throw new Error(`free: the buffer must be in use, got buffer ${buffer.id} that was freed before`);
  freed.add(buffer);
}

function signature(kernel: Kernel): string {
  return `the kernel takes ${[...kernel.bindings, ...kernel.params].map(({ name }) => name).join(", ")}`;
}

/**
 * Free lists by size class. A class is 1, 1¼, 1½ or 1¾ times a power of two, so at most a quarter of a block is unused;
 * small blocks are at least 256 bytes, WebGPU's binding alignment.
 */
export class Pool<Block> {
  readonly #free = new Map<number, Block[]>();
  readonly #rank: ((block: Block) => number) | undefined;
  pooled = 0;

  /** @param rank the block of lowest rank is given first: steps of a training that ask alike are given alike. Default: the one put last */
  constructor(rank?: (block: Block) => number) {
    this.#rank = rank;
  }

  static sizeClass(bytes: number): number {
    if (bytes <= 256) return 256;
    const power = 2 ** Math.floor(Math.log2(bytes - 1));
    const step = Math.max(power / 4, 256);
    return Math.ceil(bytes / step) * step;
  }

  take(size: number): Block | undefined {
    const block = this.#free.get(size)?.pop();
    if (block !== undefined) this.pooled -= size;
    return block;
  }

  /** The smallest free block of at least `size` bytes, for when nothing else is left. */
  takeLarger(size: number): { block: Block; size: number } | undefined {
    const sizes = [...this.#free].filter(([s, blocks]) => s >= size && blocks.length > 0).map(([s]) => s);
    if (sizes.length === 0) return undefined;
    const best = Math.min(...sizes);
    return { block: this.take(best)!, size: best };
  }

  /** Takes one block out, if it is there. */
  remove(size: number, block: Block): void {
    const blocks = this.#free.get(size) ?? [];
    const at = blocks.indexOf(block);
    if (at < 0) return;
    blocks.splice(at, 1);
    this.pooled -= size;
  }

  put(size: number, block: Block): void {
    let blocks = this.#free.get(size);
    if (!blocks) this.#free.set(size, (blocks = []));
    let at = blocks.length;
    const rank = this.#rank;
    if (rank) while (at > 0 && rank(blocks[at - 1]!) < rank(block)) at--;
    blocks.splice(at, 0, block);
    this.pooled += size;
  }

  /** Empties the pool and returns what was in it. */
  drain(): Block[] {
    const blocks = [...this.#free.values()].flat();
    this.#free.clear();
    this.pooled = 0;
    return blocks;
  }
}

/** `12.3 MB`, for messages. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let i = 0;
  while (bytes >= 1000 && i < units.length - 1) {
    bytes /= 1000;
    i++;
  }
  return `${i === 0 ? bytes : bytes.toFixed(1)} ${units[i]}`;
}

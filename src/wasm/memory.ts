import { DeviceError, formatBytes, Pool } from "../device";
import type { MemoryUsage } from "../device";

const PAGE = 65536;
/** Largest 32-bit memory. */
const MAX_PAGES = 65536;
/** Pages added at a time, at least: 16 MiB. */
const GROWTH = 256;
/** Below lie the constants of the kernels' modules, 4 KiB each; address 0 stays unused, so that a zero pointer is always a mistake. */
export const FIRST_FREE = 2 * PAGE;

/**
 * One linear memory for all tensors: blocks by size class, taken from a growing end and pooled when freed. Where it is `elsewhere`, in
 * a worker that shares none, its blocks are only counted here.
 */
export class LinearMemory {
  readonly memory: WebAssembly.Memory;
  readonly maxBytes: number;
  readonly #elsewhere: boolean;
  readonly #pool = new Pool<number>();
  readonly #live = { buffers: 0, bytes: 0 };
  #top = FIRST_FREE;

  /** Reserves address space for `wish` bytes, or for as many as the engine grants. @throws when it grants less than 64 MiB */
  constructor(wish = MAX_PAGES * PAGE, elsewhere = false) {
    this.#elsewhere = elsewhere;
    let maximum = Math.min(Math.max(3, Math.floor(wish / PAGE)), MAX_PAGES);
    for (; ; maximum = Math.floor(maximum / 2)) {
      try {
        this.memory = new WebAssembly.Memory({ initial: FIRST_FREE / PAGE, maximum, shared: true });
        break;
      } catch (error) {
        if (maximum < 1024)
          throw new Error(`wasm: cannot reserve ${formatBytes(maximum * PAGE)} of memory`, { cause: error });
      }
    }
    this.maxBytes = maximum * PAGE;
  }

  /** Bytes in use or pooled, from address 0. */
  get top(): number {
    return this.#top;
  }

  /** The largest block there can be. */
  get maxBlock(): number {
    return this.maxBytes - FIRST_FREE;
  }

  /** Bytes of the block that so many get. */
  sizeOf(bytes: number): number {
    return Pool.sizeClass(bytes);
  }

  /** A block whose contents are undefined; queued commands may still read what a freed block held. */
  alloc(bytes: number, op: string): { pointer: number; size: number } {
    let size = Pool.sizeClass(bytes);
    let pointer = this.#pool.take(size) ?? this.#extend(size);
    if (pointer === undefined) {
      const larger = this.#pool.takeLarger(size);
      if (!larger) throw this.#outOfMemory(op, bytes);
      ({ block: pointer, size } = larger);
    }
    this.#live.buffers++;
    this.#live.bytes += size;
    return { pointer, size };
  }

  free(pointer: number, size: number): void {
    this.#live.buffers--;
    this.#live.bytes -= size;
    this.#pool.put(size, pointer);
  }

  /** Memory that nothing has used before, never to be freed. */
  fresh(bytes: number, op: string): number {
    const pointer = this.#extend(Pool.sizeClass(bytes));
    if (pointer === undefined) throw this.#outOfMemory(op, bytes);
    return pointer;
  }

  /** A view that holds until the memory next grows. */
  view(pointer: number, bytes: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, pointer, bytes);
  }

  copyOut(pointer: number, bytes: number): ArrayBuffer {
    const copy = new Uint8Array(bytes);
    copy.set(this.view(pointer, bytes));
    return copy.buffer;
  }

  usage(): MemoryUsage {
    return { ...this.#live, pooled: this.#pool.pooled };
  }

  /** Moves the end by `size`; undefined when the maximum is reached. */
  #extend(size: number): number | undefined {
    const pointer = this.#top;
    if (pointer + size > this.maxBytes) return undefined;
    const have = this.memory.buffer.byteLength;
    const missing = Math.ceil((pointer + size - have) / PAGE);
    if (missing > 0 && !this.#elsewhere) {
      try {
        this.memory.grow(Math.min((this.maxBytes - have) / PAGE, Math.max(missing, GROWTH)));
      } catch {
        return undefined;
      }
    }
    this.#top = pointer + size; // only after the growth has succeeded
    return pointer;
  }

  #outOfMemory(op: string, bytes: number): Error {
    const [asked, used, most] = [bytes, this.#live.bytes, this.maxBytes].map(formatBytes);
    return new DeviceError(`${op}: out of memory, ${asked} asked for, ${used} of ${most} in use`);
  }
}

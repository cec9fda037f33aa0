// Where the commands of the WASM device go: a ring in memory that worker threads share.
import type { Pool } from "../device";
import type { Thread } from "./engine";
import type { LinearMemory } from "./memory";
import type { CommandQueue, Placed, QueueOptions, Use } from "./queue";
import type { Layout } from "./thread";

/** Commands before a command that it may overlap, at most. */
const OVERLAP = 8;
/** The fence of commands after which there is room for those that wait; a quarter of the ring lies between two. */
const REFILL = -1;

/** The ring of commands that the workers take their work from, on the side of the thread that fills it. */
export class SharedQueue implements CommandQueue {
  readonly slot: Int32Array<ArrayBuffer>;
  readonly slotFloats: Float32Array;
  readonly #layout: Layout;
  /** Shared with the workers; see LAYOUT. */
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #memory: LinearMemory;
  readonly #workers: Thread[] = [];
  /** Commands that found the ring full, or that are held, as slot words. */
  #waiting: Int32Array[] = [];
  /** What the last commands use, the latest first; undefined for one that others must not overlap. */
  readonly #recent: (Use | undefined)[] = [];
  readonly #staging: Pool<number>;
  /** Staging blocks in use, until as many commands are complete. */
  readonly #staged: { number: number; pointer: number; size: number }[] = [];
  readonly #fences = new Map<number, () => void>();
  #nextFence = 1;
  /** How many wait for something without which commands must not go on. */
  #holds = 0;
  #kept = false;
  #closed = false;

  constructor({ threads, memory, layout, staging, start }: QueueOptions) {
    this.#memory = memory;
    this.#layout = layout;
    this.#staging = staging;
    this.slot = new Int32Array(layout.slotWords);
    this.slotFloats = new Float32Array(this.slot.buffer);
    this.#words = new Int32Array(new SharedArrayBuffer(4 * (layout.ring + layout.slots * layout.slotWords)));
    const shared = { memory: memory.memory, control: this.#words.buffer };
    for (let i = 0; i < threads; i++)
      this.#workers.push(
        start(
          shared,
          (message) => "fence" in message && this.#reach(message.fence),
          () => this.close(), // the others would wait for its chunk forever
        ),
      );
  }

  publishRows(rows: number, grain: number, most: number, use: Use): void {
    const { slot } = this;
    const layout = this.#layout;
    const threads = this.#workers.length;
    const perThread = Math.max(1, Math.min(most, Math.floor(rows / (grain * threads))));
    const wanted = Math.max(1, Math.min(Math.floor(rows / grain), threads * perThread));
    const chunkRows = wanted === 1 ? rows : Math.ceil(rows / wanted / 4) * 4; // whole vectors of four rows
    slot[layout.chunks] = Math.ceil(rows / chunkRows);
    slot[layout.rows] = rows;
    slot[layout.chunkRows] = chunkRows;
    slot[layout.fence] = 0;
    this.#publish(use);
  }

  write(pointer: number, bytes: Uint8Array): void {
    if (this.#idle) return this.#memory.view(pointer, bytes.byteLength).set(bytes);
    // commands under way may still read what the buffer's memory holds: the copy takes its turn in the queue
    const staging = this.#stage(bytes);
    this.#publishCopy(pointer, staging, bytes.byteLength);
    const number = (Atomics.load(this.#words, this.#layout.head) + this.#waiting.length) | 0; // complete: this one too
    this.#staged.push({ number, pointer: staging, size: this.#memory.sizeOf(bytes.byteLength) });
  }

  async read(pointer: number, bytes: number): Promise<ArrayBuffer> {
    if (this.#idle) return this.#memory.copyOut(pointer, bytes);
    // what is published after this call may change the memory before it completes: take the copy in turn
    const staging = this.#memory.alloc(bytes, "read");
    this.#publishCopy(staging.pointer, pointer, bytes);
    try {
      await this.synchronize();
      return this.#memory.copyOut(staging.pointer, bytes);
    } finally {
      this.#memory.free(staging.pointer, staging.size);
    }
  }

  async synchronize(): Promise<void> {
    if (this.#idle || this.#closed) return;
    const fence = this.#nextFence++;
    const reached = new Promise<void>((resolve) => this.#fences.set(fence, resolve));
    this.#keepWorkers();
    this.#publishCopy(0, 0, 0, fence);
    await reached;
  }

  hold(): (found: readonly Placed[]) => void {
    this.#holds++;
    return (found) => {
      if (this.#closed) return;
      for (const { pointer, bytes } of found) this.#memory.view(pointer, bytes.byteLength).set(bytes);
      this.#holds--;
      this.#refill();
    };
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
    for (const worker of this.#workers) worker.terminate();
    for (const resolve of this.#fences.values()) resolve();
    this.#fences.clear();
  }

  /** Commands that have been completed. */
  get #completed(): number {
    return Atomics.load(this.#words, this.#layout.tail);
  }

  /** Whether nothing is under way. */
  get #idle(): boolean {
    return this.#waiting.length === 0 && this.#completed === Atomics.load(this.#words, this.#layout.head);
  }

  /**
   * Copies bytes to memory that no command under way uses. Freed buffers will not do: what is enqueued may still read them, and
   * the host does not wait its turn.
   */
  #stage(bytes: Uint8Array): number {
    const completed = this.#completed;
    while (this.#staged.length > 0 && ((completed - this.#staged[0]!.number) | 0) >= 0) {
      const { size, pointer } = this.#staged.shift()!;
      this.#staging.put(size, pointer);
    }
    const size = this.#memory.sizeOf(bytes.byteLength);
    const pointer = this.#staging.take(size) ?? this.#memory.fresh(size, "write");
    this.#memory.view(pointer, bytes.byteLength).set(bytes);
    return pointer;
  }

  /** Copies bytes in turn; a fence is posted when that is done. */
  #publishCopy(to: number, from: number, bytes: number, fence = 0): void {
    const { slot } = this;
    const layout = this.#layout;
    slot[layout.chunks] = slot[layout.rows] = slot[layout.chunkRows] = 1;
    slot[layout.kernel] = -1;
    slot[layout.fence] = fence;
    slot[layout.arity] = 3;
    slot.set([to, from, bytes], layout.args);
    this.#publish();
  }

  /**
   * Puts the command in `slot` into the ring, or aside while the ring is full. Before those are complete that it depends
   * on it does not begin; one without `use` depends on all, and all depend on it.
   */
  #publish(use?: Use): void {
    let overlap = 0;
    while (use && overlap < this.#recent.length && isIndependent(use, this.#recent[overlap])) overlap++;
    this.slot[this.#layout.overlap] = overlap;
    this.#recent.unshift(use);
    if (this.#recent.length > OVERLAP) this.#recent.pop();
    if (this.#waiting.length === 0 && this.#hasRoom()) return this.#copyToRing(this.slot);
    this.#waiting.push(this.slot.slice());
    this.#keepWorkers();
  }

  #hasRoom(): boolean {
    return this.#holds === 0 && ((Atomics.load(this.#words, this.#layout.head) - this.#completed) | 0) < this.#layout.slots - 1;
  }

  #copyToRing(command: Int32Array): void {
    const words = this.#words;
    const layout = this.#layout;
    const number = Atomics.load(words, layout.head);
    const slot = layout.ring + (number & (layout.slots - 1)) * layout.slotWords;
    for (let i: number = layout.chunks; i < layout.args + command[layout.arity]!; i++) words[slot + i] = command[i]!;
    if (number % (layout.slots / 4) === 0) words[slot + layout.fence] ||= REFILL;
    words[slot + layout.done] = 0;
    Atomics.store(words, slot + layout.claim, (number & 0xffff) << 16);
    Atomics.store(words, layout.head, (number + 1) | 0);
    Atomics.notify(words, layout.head);
  }

  /** A fence is reached: whoever waits for it goes on, and commands that wait for room get it. */
  #reach(fence: number): void {
    this.#fences.get(fence)?.();
    this.#fences.delete(fence);
    this.#refill();
  }

  #refill(): void {
    let moved = 0;
    while (moved < this.#waiting.length && this.#hasRoom()) this.#copyToRing(this.#waiting[moved++]!);
    this.#waiting.splice(0, moved);
    this.#keepWorkers();
  }

  /** Keeps the process alive while somebody waits for the workers, and no longer. */
  #keepWorkers(): void {
    const waits = this.#fences.size > 0 || this.#waiting.length > 0;
    if (waits === this.#kept) return;
    this.#kept = waits;
    for (const worker of this.#workers)
      if (waits) worker.ref?.();
      else worker.unref?.();
  }
}

const isIndependent = (use: Use, before: Use | undefined): boolean =>
  before !== undefined &&
  !use.writes.some((pointer) => before.writes.includes(pointer) || before.reads.includes(pointer)) &&
  !use.reads.some((pointer) => before.writes.includes(pointer));

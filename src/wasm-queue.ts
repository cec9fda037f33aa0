import { LAYOUT } from "./wasm-thread";

/** Addresses of the buffers that a command reads, and of those that it writes. */
export interface Use {
  readonly reads: readonly number[];
  readonly writes: readonly number[];
}

/** Commands before a command that it may overlap, at most. */
const OVERLAP = 8;

/** The ring of commands that the workers take their work from, on the side of the thread that fills it. */
export class CommandQueue {
  /** Shared with the workers; see LAYOUT. */
  readonly words: Int32Array;
  /** The words of the command to be published next, and the same as floats. */
  readonly slot = new Int32Array(LAYOUT.slotWords);
  readonly slotFloats = new Float32Array(this.slot.buffer);
  /** Commands that found the ring full, as slot words. */
  #waiting: Int32Array[] = [];
  /** What the last commands use, the latest first; undefined for one that others must not overlap. */
  readonly #recent: (Use | undefined)[] = [];
  readonly #onWait: () => void;
  #closed = false;

  /** `onWait` is called when commands begin to wait for room, and when they no longer do. */
  constructor(threads: number, onWait: () => void) {
    // a page that is not isolated has no SharedArrayBuffer, and no threads either
    const bytes = 4 * (LAYOUT.ring + LAYOUT.slots * LAYOUT.slotWords);
    this.words = new Int32Array(threads === 0 ? new ArrayBuffer(4 * LAYOUT.ring) : new SharedArrayBuffer(bytes));
    this.#onWait = onWait;
  }

  /** Commands that have been completed. */
  get completed(): number {
    return Atomics.load(this.words, LAYOUT.tail);
  }

  /** Whether commands wait for room. */
  get waits(): boolean {
    return this.#waiting.length > 0;
  }

  /** Whether nothing is under way. */
  get idle(): boolean {
    return !this.waits && this.completed === Atomics.load(this.words, LAYOUT.head);
  }

  /** The number that the next command will have, those that wait for room included. */
  get nextNumber(): number {
    return (Atomics.load(this.words, LAYOUT.head) + this.#waiting.length) | 0;
  }

  /** Nothing that waits for room gets it from now on. */
  close(): void {
    this.#closed = true;
  }

  /**
   * Publishes the command in `slot` in chunks of at least `grain` rows, as many as threads or up to `most` times that, in
   * multiples of four rows.
   */
  publishRows(threads: number, rows: number, grain: number, most: number, use: Use): void {
    const { slot } = this;
    const perThread = Math.max(1, Math.min(most, Math.floor(rows / (grain * threads))));
    const wanted = Math.max(1, Math.min(Math.floor(rows / grain), threads * perThread));
    const chunkRows = wanted === 1 ? rows : Math.ceil(rows / wanted / 4) * 4;
    slot[LAYOUT.chunks] = Math.ceil(rows / chunkRows);
    slot[LAYOUT.rows] = rows;
    slot[LAYOUT.chunkRows] = chunkRows;
    this.publish(use);
  }

  /**
   * Puts the command in `slot` into the ring, or aside while the ring is full. Before those are complete that it depends
   * on it does not begin; one without `use` depends on all, and all depend on it.
   */
  publish(use?: Use): void {
    let overlap = 0;
    while (use && overlap < this.#recent.length && isIndependent(use, this.#recent[overlap])) overlap++;
    this.slot[LAYOUT.overlap] = overlap;
    this.#recent.unshift(use);
    if (this.#recent.length > OVERLAP) this.#recent.pop();
    if (this.waits || !this.#hasRoom()) {
      this.#waiting.push(this.slot.slice());
      if (this.#waiting.length === 1) void this.#drainLater();
    } else this.#copyToRing(this.slot);
  }

  #hasRoom(): boolean {
    return ((Atomics.load(this.words, LAYOUT.head) - this.completed) | 0) < LAYOUT.slots - 1;
  }

  #copyToRing(command: Int32Array): void {
    const { words } = this;
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
    this.#onWait();
    while (this.waits && !this.#closed) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      let moved = 0;
      while (moved < this.#waiting.length && this.#hasRoom()) this.#copyToRing(this.#waiting[moved++]!);
      this.#waiting.splice(0, moved);
    }
    this.#onWait();
  }
}

const isIndependent = (use: Use, before: Use | undefined): boolean =>
  before !== undefined &&
  !use.writes.some((pointer) => before.writes.includes(pointer) || before.reads.includes(pointer)) &&
  !use.reads.some((pointer) => before.writes.includes(pointer));

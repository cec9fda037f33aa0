// Where the commands of the WASM device go: a ring in memory that worker threads share.
import { DeviceError, formatBytes, Pool } from "../device";
import { spawn } from "./engine";
import type { Thread } from "./engine";
import type { LinearMemory } from "./memory";
import { LAYOUT, STAGES } from "./thread";
import type { ThreadInit, ThreadMessage } from "./thread";

/** Addresses of the buffers that a command reads, and of those that it writes. */
export interface Use {
  readonly reads: readonly number[];
  readonly writes: readonly number[];
}

/** Bytes and where they go. */
export interface Placed {
  readonly pointer: number;
  readonly bytes: Uint8Array;
}

/** Commands on their way to worker threads; all take effect in call order. */
export interface CommandQueue {
  /** The words of the command to be published next, and the same as floats. */
  readonly slot: Int32Array;
  readonly slotFloats: Float32Array;
  /** Publishes the command in `slot` in chunks of at least `grain` rows, as many as threads or up to `most` times that. */
  publishRows(rows: number, grain: number, most: number, use: Use): void;
  /** Copies `bytes` at once; the caller may change them afterwards. */
  write(pointer: number, bytes: Uint8Array): void;
  /** The bytes as they are after all that was published before. */
  read(pointer: number, bytes: number): Promise<ArrayBuffer>;
  synchronize(): Promise<void>;
  /**
   * Puts aside what is published from now on, until the function that it returns is called, with what the threads are to find then in
   * memory that nothing has used before.
   */
  hold(): (found: readonly Placed[]) => void;
  /** Ends the threads; whoever waits for them goes on. */
  close(): void;
}

/** What a queue needs of its device. */
export interface QueueOptions {
  /** The base of the families' modules. */
  readonly module: WebAssembly.Module;
  readonly memory: LinearMemory;
  readonly createWorker: ((source: string) => Worker) | undefined;
  /** A kernel has failed; or, with a DeviceError, the device has. */
  readonly onError: (error: Error) => void;
}

const SCRATCH_BYTES = 4 << 20;
/** Rounds of polling before a thread sleeps, about 20 µs; eight times as many where it waits for another thread's chunk. */
const SPINS = 4000;
/** Commands before a command that it may overlap, at most. */
const OVERLAP = 8;
/** The fence of commands after which there is room for those that wait, one in as many. */
const REFILL = { fence: -1, every: LAYOUT.slots / 4 };

const NEEDS_EVAL = "the page's policy forbids kernels in JavaScript on threads; give requestDevice { threads: 0 }";

/** Starts a worker of the device. `onMessage` gets what it posts, but for failures. */
export function startThread(
  { module, memory, createWorker, onError }: QueueOptions,
  shared: ThreadInit["shared"],
  onMessage: (message: ThreadMessage) => void,
  onEnd: () => void,
): Thread {
  const init: ThreadInit = {
    module,
    ...(shared && { shared }),
    pages: memory.maxBytes / 65536,
    scratch: memory.fresh(SCRATCH_BYTES, "requestDevice"),
    layout: LAYOUT,
    stages: STAGES,
    spins: SPINS,
  };
  const end = (what: string): void => {
    onError(new DeviceError(`wasm: ${what}`));
    onEnd();
  };
  return spawn(
    init,
    (message) => {
      if ("failed" in message) {
        const why = message.message.startsWith("EvalError") ? NEEDS_EVAL : message.message;
        onError(new Error(`wasm: kernel ${message.failed || "of a user"} failed, ${why}`));
      } else if ("full" in message)
        end(
          `out of memory, the engine gives no more than ${formatBytes(message.full)}; take smaller batches, or go on from a checkpoint elsewhere`,
        );
      else onMessage(message);
    },
    (reason) => end(`a worker thread ended, ${String(reason)}; request a new device and go on from a checkpoint`),
    createWorker,
  );
}

/** The ring of commands that the workers take their work from, on the side of the thread that fills it. */
export class SharedQueue implements CommandQueue {
  readonly slot = new Int32Array(LAYOUT.slotWords);
  readonly slotFloats = new Float32Array(this.slot.buffer);
  /** Shared with the workers; see LAYOUT. */
  readonly #words = new Int32Array(new SharedArrayBuffer(4 * (LAYOUT.ring + LAYOUT.slots * LAYOUT.slotWords)));
  readonly #memory: LinearMemory;
  readonly #workers: Thread[] = [];
  /** Commands that found the ring full, or that are held, as slot words. */
  #waiting: Int32Array[] = [];
  /** What the last commands use, the latest first; undefined for one that others must not overlap. */
  readonly #recent: (Use | undefined)[] = [];
  readonly #staging = new Pool<number>();
  /** Staging blocks in use, until as many commands are complete. */
  readonly #staged: { number: number; pointer: number; size: number }[] = [];
  readonly #fences = new Map<number, () => void>();
  #nextFence = 1;
  /** How many wait for something without which commands must not go on. */
  #holds = 0;
  #kept = false;
  #closed = false;

  constructor(threads: number, options: QueueOptions) {
    this.#memory = options.memory;
    const shared = { memory: options.memory.memory, control: this.#words.buffer };
    for (let i = 0; i < threads; i++)
      this.#workers.push(
        startThread(
          options,
          shared,
          (message) => "fence" in message && this.#reach(message.fence),
          () => this.close(), // the others would wait for its chunk forever
        ),
      );
  }

  publishRows(rows: number, grain: number, most: number, use: Use): void {
    const { slot } = this;
    const threads = this.#workers.length;
    const perThread = Math.max(1, Math.min(most, Math.floor(rows / (grain * threads))));
    const wanted = Math.max(1, Math.min(Math.floor(rows / grain), threads * perThread));
    const chunkRows = wanted === 1 ? rows : Math.ceil(rows / wanted / 4) * 4; // whole vectors of four rows
    slot[LAYOUT.chunks] = Math.ceil(rows / chunkRows);
    slot[LAYOUT.rows] = rows;
    slot[LAYOUT.chunkRows] = chunkRows;
    slot[LAYOUT.fence] = 0;
    this.#publish(use);
  }

  write(pointer: number, bytes: Uint8Array): void {
    if (this.#idle) return this.#memory.view(pointer, bytes.byteLength).set(bytes);
    // commands under way may still read what the buffer's memory holds: the copy takes its turn in the queue
    const staging = this.#stage(bytes);
    this.#publishCopy(pointer, staging, bytes.byteLength);
    const number = (Atomics.load(this.#words, LAYOUT.head) + this.#waiting.length) | 0; // complete: this one too
    this.#staged.push({ number, pointer: staging, size: Pool.sizeClass(bytes.byteLength) });
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
    return Atomics.load(this.#words, LAYOUT.tail);
  }

  /** Whether nothing is under way. */
  get #idle(): boolean {
    return this.#waiting.length === 0 && this.#completed === Atomics.load(this.#words, LAYOUT.head);
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
    const size = Pool.sizeClass(bytes.byteLength);
    const pointer = this.#staging.take(size) ?? this.#memory.fresh(size, "write");
    this.#memory.view(pointer, bytes.byteLength).set(bytes);
    return pointer;
  }

  /** Copies bytes in turn; a fence is posted when that is done. */
  #publishCopy(to: number, from: number, bytes: number, fence = 0): void {
    const { slot } = this;
    slot[LAYOUT.chunks] = slot[LAYOUT.rows] = slot[LAYOUT.chunkRows] = 1;
    slot[LAYOUT.kernel] = -1;
    slot[LAYOUT.fence] = fence;
    slot[LAYOUT.arity] = 3;
    slot.set([to, from, bytes], LAYOUT.args);
    this.#publish();
  }

  /**
   * Puts the command in `slot` into the ring, or aside while the ring is full. Before those are complete that it depends
   * on it does not begin; one without `use` depends on all, and all depend on it.
   */
  #publish(use?: Use): void {
    let overlap = 0;
    while (use && overlap < this.#recent.length && isIndependent(use, this.#recent[overlap])) overlap++;
    this.slot[LAYOUT.overlap] = overlap;
    this.#recent.unshift(use);
    if (this.#recent.length > OVERLAP) this.#recent.pop();
    if (this.#waiting.length === 0 && this.#hasRoom()) return this.#copyToRing(this.slot);
    this.#waiting.push(this.slot.slice());
    this.#keepWorkers();
  }

  #hasRoom(): boolean {
    return this.#holds === 0 && ((Atomics.load(this.#words, LAYOUT.head) - this.#completed) | 0) < LAYOUT.slots - 1;
  }

  #copyToRing(command: Int32Array): void {
    const words = this.#words;
    const number = Atomics.load(words, LAYOUT.head);
    const slot = LAYOUT.ring + (number & (LAYOUT.slots - 1)) * LAYOUT.slotWords;
    for (let i: number = LAYOUT.chunks; i < LAYOUT.args + command[LAYOUT.arity]!; i++) words[slot + i] = command[i]!;
    if (number % REFILL.every === 0) words[slot + LAYOUT.fence] ||= REFILL.fence;
    words[slot + LAYOUT.done] = 0;
    Atomics.store(words, slot + LAYOUT.claim, (number & 0xffff) << 16);
    Atomics.store(words, LAYOUT.head, (number + 1) | 0);
    Atomics.notify(words, LAYOUT.head);
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

// Where the commands of the WASM device go when memory cannot be shared: to one worker, as messages.
import type { Thread } from "./engine";
import type { LinearMemory } from "./memory";
import type { CommandQueue, Placed, QueueOptions } from "./queue";
import type { Layout, ThreadRequest } from "./thread";

/** Commands in a message, at most; those of one turn of the calling thread travel together. */
const COMMANDS_PER_MESSAGE = 64;

type Request<T> = T extends { readonly top: number } ? Omit<T, "top"> : never;

/** One worker that owns the memory: commands and bytes are posted to it, and bytes that are read are posted back. */
export class PostedQueue implements CommandQueue {
  readonly slot: Int32Array<ArrayBuffer>;
  readonly slotFloats: Float32Array;
  readonly #layout: Layout;
  readonly #memory: LinearMemory;
  readonly #worker: Thread;
  readonly #commands: Int32Array<ArrayBuffer>;
  #count = 0;
  readonly #reads = new Map<number, (data: ArrayBuffer) => void>();
  #nextRead = 1;
  /** How many wait for something without which commands must not go on, and what has to wait. */
  #holds = 0;
  #held: { readonly request: Request<ThreadRequest>; readonly transfer: ArrayBuffer[] }[] = [];
  #closed = false;

  constructor({ memory, layout, start }: QueueOptions) {
    this.#memory = memory;
    this.#layout = layout;
    this.slot = new Int32Array(layout.slotWords);
    this.slotFloats = new Float32Array(this.slot.buffer);
    this.#commands = new Int32Array(COMMANDS_PER_MESSAGE * layout.slotWords);
    this.#worker = start(
      undefined,
      (message) => {
        if (!("id" in message)) return;
        this.#reads.get(message.id)!(message.data);
        this.#reads.delete(message.id);
        if (this.#reads.size === 0) this.#worker.unref?.();
      },
      () => this.close(),
    );
  }

  publishRows(rows: number): void {
    const { slot } = this;
    const layout = this.#layout;
    slot[layout.chunks] = 1;
    slot[layout.rows] = slot[layout.chunkRows] = rows;
    this.#commands.set(slot, this.#count++ * layout.slotWords);
    if (this.#count === COMMANDS_PER_MESSAGE) this.#flush();
    else if (this.#count === 1) queueMicrotask(() => this.#flush());
  }

  write(pointer: number, bytes: Uint8Array): void {
    const data = bytes.slice();
    this.#flush();
    this.#post({ write: pointer, data }, data.buffer);
  }

  read(pointer: number, bytes: number): Promise<ArrayBuffer> {
    if (this.#closed) return Promise.resolve(new ArrayBuffer(0));
    this.#flush();
    const id = this.#nextRead++;
    if (this.#reads.size === 0) this.#worker.ref?.(); // keeps the process alive while somebody waits, and no longer
    const read = new Promise<ArrayBuffer>((resolve) => this.#reads.set(id, resolve));
    this.#post({ read: pointer, bytes, id });
    return read;
  }

  async synchronize(): Promise<void> {
    await this.read(0, 0);
  }

  hold(): (found: readonly Placed[]) => void {
    this.#flush(); // what came before is not held
    this.#holds++;
    return (found) => {
      if (this.#closed) return;
      for (const { pointer, bytes } of found) this.#send({ write: pointer, data: bytes }, []);
      if (--this.#holds > 0) return;
      const held = this.#held;
      this.#held = [];
      for (const { request, transfer } of held) this.#send(request, transfer);
    };
  }

  close(): void {
    this.#closed = true;
    this.#held = [];
    this.#worker.terminate();
    for (const resolve of this.#reads.values()) resolve(new ArrayBuffer(0));
    this.#reads.clear();
  }

  #flush(): void {
    if (this.#count === 0) return;
    const commands = this.#commands.slice(0, this.#count * this.#layout.slotWords);
    this.#count = 0;
    this.#post({ commands }, commands.buffer);
  }

  #post(request: Request<ThreadRequest>, ...transfer: ArrayBuffer[]): void {
    if (this.#holds > 0) this.#held.push({ request, transfer });
    else this.#send(request, transfer);
  }

  #send(request: Request<ThreadRequest>, transfer: ArrayBuffer[]): void {
    this.#worker.postMessage({ ...request, top: this.#memory.top }, transfer);
  }
}

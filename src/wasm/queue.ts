// What queues of commands have in common. A program loads the one that it uses, which imports nothing: the device gives it what it needs.
import { DeviceError, formatBytes } from "../device";
import type { Pool } from "../device";
import { spawn } from "./engine";
import type { Thread } from "./engine";
import type { LinearMemory } from "./memory";
import { LAYOUT, STAGES } from "./thread";
import type { Layout, ThreadInit, ThreadMessage } from "./thread";

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
  readonly threads: number;
  readonly memory: LinearMemory;
  readonly layout: Layout;
  /** For bytes on their way. */
  readonly staging: Pool<number>;
  /** Starts a worker of the device. `onMessage` gets what it posts, but for failures. */
  start(shared: ThreadInit["shared"], onMessage: (message: ThreadMessage) => void, onEnd: () => void): Thread;
}

/** What a worker needs of its device. */
export interface ThreadOptions {
  /** The base of the families' modules. */
  readonly module: WebAssembly.Module;
  readonly memory: LinearMemory;
  readonly createWorker: ((source: string) => Worker) | undefined;
  /** A kernel has failed; or, with a DeviceError, the device has. */
  readonly onError: (error: Error) => void;
}

/** Bytes of a thread for what its kernels lay out. */
export const SCRATCH_BYTES = 4 << 20;
/** Rounds of polling before a thread sleeps, about 20 µs; eight times as many where it waits for another thread's chunk. */
const SPINS = 4000;

const NEEDS_EVAL = "the page's policy forbids kernels in JavaScript on threads; give requestDevice { threads: 0 }";

/** Starts a worker of the device. */
export function startThread(
  { module, memory, createWorker, onError }: ThreadOptions,
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

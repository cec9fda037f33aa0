// What the engine around us offers: SIMD levels, worker threads, and how to start one.
import { threadMain } from "./thread";
import type { ThreadInit, ThreadMessage } from "./thread";

/** A node:worker_threads Worker or a Worker of the web, as far as we use them. */
export interface Thread {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  terminate(): unknown;
  ref?(): void;
  unref?(): void;
}

/** A module with one `f32x4.relaxed_madd`: valid where the engine has relaxed SIMD. */
const RELAXED_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15,
  253, 128, 2, 11,
]);
/** A module with one `i32x4.splat`: valid where the engine has SIMD. */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 17, 11,
]);

const NOT_STARTED =
  "its script was not loaded; where the page's policy forbids blob: workers, give requestDevice the workerUrl of the file constella/thread";

/** Starts a worker thread from our own source text; `createWorker` replaces the `blob:` URL where a policy forbids those. */
export function spawn(
  init: ThreadInit,
  onMessage: (message: ThreadMessage) => void,
  onEnd: (reason: unknown) => void,
  createWorker?: (source: string) => Worker,
): Thread {
  const source = `(${threadMain.toString()})()`;
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  const node = process?.getBuiltinModule?.("node:worker_threads") as typeof import("node:worker_threads") | undefined;
  if (node && !createWorker) {
    const worker = new node.Worker(source, { eval: true });
    worker.on("message", onMessage);
    worker.on("error", onEnd);
    worker.on("exit", (code) => onEnd(`exit code ${code}`)); // after an error this says no more
    worker.unref();
    worker.postMessage(init, []);
    return worker;
  }
  const worker = (createWorker ?? blobWorker)(source);
  worker.onmessage = ({ data }) => onMessage(data as ThreadMessage);
  worker.onerror = ({ message }) => onEnd(message || NOT_STARTED);
  worker.postMessage(init, []);
  return worker;
}

/**
 * How many workers to start: the wish, or one per processor; one where memory cannot be shared with workers; none where there are no
 * workers.
 */
export function threadCount(
  threads: number | undefined,
  hasWorkerFactory: boolean,
): { readonly threads: number; readonly shared: boolean } {
  const { process, crossOriginIsolated } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => unknown };
    crossOriginIsolated?: boolean;
  };
  const os = process?.getBuiltinModule?.("node:os") as { availableParallelism(): number } | undefined;
  const shared = typeof SharedArrayBuffer !== "undefined" && (os !== undefined || crossOriginIsolated === true);
  if (!os && !hasWorkerFactory && (typeof Worker === "undefined" || typeof Blob === "undefined"))
    return { threads: 0, shared };
  const wish = threads ?? Math.min(os?.availableParallelism() ?? navigator.hardwareConcurrency ?? 2, 16);
  return { threads: shared ? wish : Math.min(wish, 1), shared };
}

function blobWorker(source: string): Worker {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url);
  URL.revokeObjectURL(url);
  return worker;
}

/** Node 20 has relaxed SIMD behind a flag that can be set until the first module is compiled. */
export function hasRelaxedSimd(): boolean {
  if (WebAssembly.validate(RELAXED_PROBE)) return true;
  const { process } = globalThis as {
    process?: { versions?: { node?: string }; getBuiltinModule?: (name: string) => unknown };
  };
  if (!process?.versions?.node?.startsWith("20.")) return false;
  const v8 = process.getBuiltinModule?.("node:v8") as { setFlagsFromString(flag: string): void } | undefined;
  v8?.setFlagsFromString("--experimental-wasm-relaxed-simd");
  return WebAssembly.validate(RELAXED_PROBE);
}

/** Whether the engine has the 128-bit SIMD that every kernel uses. */
export const hasSimd = (): boolean => WebAssembly.validate(SIMD_PROBE);

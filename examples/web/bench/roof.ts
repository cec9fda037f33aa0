// The roofs of this browser's devices: what it can do at most, measured as the bench in Node does.
import { measureWebGPURoof } from "../../../bench/roofs/webgpu-roof";
import { plain, relaxed } from "virtual:roof";
import type { Device } from "constella";
import { gpuDeviceOf } from "../shared/stopwatch";
import type { Roof } from "./protocol";

const ROUNDS = 10;
/** Passes of about 3 ms. */
const PASSES = 1_500_000;
const COPY_BYTES = 64 * 2 ** 20;

/** Measures a device's roof: of the adapter, or of as many WebAssembly threads as the device has. */
export async function measureRoof(device: Device): Promise<Roof> {
  const gpu = gpuDeviceOf(device);
  if (gpu) return measureWebGPURoof(gpu);
  const threads = Math.max(1, (device as { readonly threads?: number }).threads ?? 1);
  const bytes = Uint8Array.from(atob(device.description.includes("relaxed") ? relaxed : plain), (c) => c.charCodeAt(0));
  const module = await WebAssembly.compile(bytes);
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL("./roof-worker.ts", import.meta.url), { type: "module" }),
  );
  const answers = (): Promise<number[]> =>
    Promise.all(
      workers.map(
        (worker) =>
          new Promise<number>((resolve, reject) => {
            worker.onmessage = ({ data }: MessageEvent<number>) => resolve(data);
            worker.onerror = ({ message }) => reject(new Error(`roof: ${message}`));
          }),
      ),
    );
  const ready = answers();
  for (const worker of workers) worker.postMessage({ module, copyBytes: COPY_BYTES });
  await ready;
  /** Runs of the kernel per millisecond, all threads together. */
  const rate = async (kernel: "multiply_add" | "copy" | "move", passes = 0): Promise<number> => {
    const all = answers();
    for (const worker of workers) worker.postMessage({ kernel, passes });
    return (await all).reduce((sum, ms) => sum + 1 / ms, 0);
  };
  await rate("multiply_add", 1000); // leaves the baseline compiler behind
  let [compute, copy] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < 3; i++) compute = Math.max(compute, await rate("multiply_add", PASSES));
    copy = Math.max(copy, await rate("copy"), await rate("move"));
  }
  for (const worker of workers) worker.terminate();
  return { gflops: (96 * PASSES * compute) / 1e6, gbytes: (2 * COPY_BYTES * copy) / 1e6 };
}

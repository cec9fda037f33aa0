import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { sum } from "../harness";
import { measureWebGPURoof } from "./webgpu-roof";

/** Where a roof is measured: one WebAssembly thread or all, multiply and add or fused; the WebGPU adapter. */
export const ROOFS = ["wasm", "wasm relaxed", "wasm threads", "wasm relaxed threads", "webgpu"] as const;
export type Roof = (typeof ROOFS)[number];

/** What a device can do at most, measured: multiply-adds in registers, and copying memory (bytes read plus bytes written). */
export interface RoofFigures {
  gflops: number;
  gbytes: number;
  /** The adapter or the instruction set. */
  description: string;
}

/** Flags with which Node 20 offers relaxed SIMD; later versions have it on and accept the flag. */
export const RELAXED = ["--experimental-wasm-relaxed-simd"];

const ROUNDS = 15;
/** Passes of about 3 ms: other work on the machine seldom interrupts all of them. */
const PASSES = 1_500_000;
const COPY_BYTES = 64 * 2 ** 20;

/** Measures one roof. The process must run with `RELAXED` for the relaxed ones. */
export async function measureRoof(roof: Roof): Promise<RoofFigures> {
  if (roof === "webgpu") return webgpuRoof();
  return wasmRoof(roof.includes("relaxed"), roof.includes("threads") ? availableParallelism() : 1);
}

const WORKER = `
  const { parentPort, workerData } = require("node:worker_threads");
  const memory = new WebAssembly.Memory({ initial: 2 * workerData.copyBytes / 65536 + 1 });
  new Uint8Array(memory.buffer).fill(1);
  const kernels = new WebAssembly.Instance(workerData.module, { env: { memory } }).exports;
  parentPort.on("message", ({ kernel, passes }) => {
    const start = performance.now();
    if (kernel === "multiply_add") kernels.multiply_add(passes, 0.999999, 0.000001);
    else kernels[kernel](65536 + workerData.copyBytes, 65536, workerData.copyBytes);
    parentPort.postMessage(performance.now() - start);
  });
  parentPort.postMessage(0);
`;

async function wasmRoof(relaxed: boolean, threads: number): Promise<RoofFigures> {
  const { default: asc } = await import("assemblyscript/asc");
  const { binary, stderr } = await asc.compileString(readFileSync("bench/assembly/roof.ts", "utf8"), {
    runtime: "stub",
    importMemory: true,
    optimizeLevel: 3,
    enable: relaxed ? ["simd", "relaxed-simd"] : ["simd"],
  });
  if (!binary) throw new Error(stderr.toString());
  const module = new WebAssembly.Module(Uint8Array.from(binary));
  const workers = Array.from(
    { length: threads },
    () => new Worker(WORKER, { eval: true, workerData: { module, copyBytes: COPY_BYTES } }),
  );
  const answers = (): Promise<number[]> =>
    Promise.all(workers.map((worker) => new Promise<number>((resolve) => worker.once("message", resolve))));
  await answers();
  /** Runs of the kernel per millisecond, all threads together. */
  const rate = async (kernel: "multiply_add" | "copy" | "move", passes = 0): Promise<number> => {
    const all = answers();
    for (const worker of workers) worker.postMessage({ kernel, passes });
    return sum((await all).map((ms) => 1 / ms));
  };
  const [compute, copy]: [number[], number[]] = [[], []];
  await rate("multiply_add", 1000); // leaves the baseline compiler behind
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < 4; i++) compute.push(await rate("multiply_add", PASSES));
    copy.push(await rate("copy"), await rate("move"));
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  return {
    gflops: (96 * PASSES * Math.max(...compute)) / 1e6,
    gbytes: (2 * COPY_BYTES * Math.max(...copy)) / 1e6,
    description: `SIMD 128, ${relaxed ? "fused multiply-add" : "multiply and add"}, ${threads} thread${threads > 1 ? "s" : ""}`,
  };
}

async function webgpuRoof(): Promise<RoofFigures> {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const gpu = create([]);
  Object.assign(globalThis, { benchGpu: gpu }); // Dawn ends the process when this object is collected
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error("no WebGPU adapter");
  const device = await adapter.requestDevice();
  const figures = await measureWebGPURoof(device);
  device.destroy();
  const { vendor, architecture, device: name } = adapter.info;
  return { ...figures, description: [vendor, architecture, name].filter(Boolean).join(" ") };
}

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { best, sum } from "./harness";

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

/** A software adapter may lack the fused instruction, so both forms are tried. */
const multiplyAddShader = (fused: boolean): string => {
  const chain = (c: string): string => (fused ? `${c} = fma(a, ${c}, b);` : `${c} = a * ${c} + b;`);
  return /* wgsl */ `
@group(0) @binding(0) var<uniform> passes: vec4<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let a = vec4<f32>(0.999999);
  let b = vec4<f32>(0.000001);
  var c0 = vec4<f32>(f32(id.x) * 1e-9);
  var c1 = c0 + 0.1; var c2 = c0 + 0.2; var c3 = c0 + 0.3; var c4 = c0 + 0.4; var c5 = c0 + 0.5; var c6 = c0 + 0.6; var c7 = c0 + 0.7;
  for (var i = 0u; i < passes.x; i++) {
    ${["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"].map(chain).join(" ")}
  }
  out[id.x] = c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7;
}`;
};

const COPY = /* wgsl */ `
@group(0) @binding(0) var<uniform> size: vec4<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> source: array<vec4<f32>>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = id.x; i < size.x; i += size.y) { out[i] = source[i]; }
}`;

async function webgpuRoof(): Promise<RoofFigures> {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const gpu = create([]);
  Object.assign(globalThis, { benchGpu: gpu }); // Dawn ends the process when this object is collected
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error("no WebGPU adapter");
  const device = await adapter.requestDevice();
  const storage = Array.from({ length: 2 }, () =>
    device.createBuffer({ size: COPY_BYTES, usage: GPUBufferUsage.STORAGE }),
  );
  const uniform = device.createBuffer({ size: 16, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  const launch = async (
    code: string,
    workgroups: number,
    buffers: GPUBuffer[],
  ): Promise<(params: number[]) => Promise<number>> => {
    const pipeline = await device.createComputePipelineAsync({
      layout: "auto",
      compute: { module: device.createShaderModule({ code }) },
    });
    const entries = [uniform, ...buffers].map((buffer, binding) => ({ binding, resource: { buffer } }));
    const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    return async (params) => {
      device.queue.writeBuffer(uniform, 0, Uint32Array.from([...params, 0, 0, 0, 0].slice(0, 4)));
      const start = performance.now();
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(workgroups);
      pass.end();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
      return performance.now() - start;
    };
  };
  const workgroups = 1024;
  const computeRates: number[] = [];
  for (const fused of [true, false]) {
    const multiplyAdd = await launch(multiplyAddShader(fused), workgroups, [storage[0]!]);
    let passes = 32;
    while ((await multiplyAdd([passes])) < 20 && passes < 2 ** 20) passes *= 2; // long enough to hide the launch
    for (let round = 0; round < ROUNDS; round++)
      computeRates.push((64 * passes * workgroups * 64) / (await multiplyAdd([passes])) / 1e6);
  }
  const copy = await launch(COPY, workgroups, [storage[0]!, storage[1]!]);
  const copyTimes: number[] = [];
  for (let round = 0; round < ROUNDS; round++) copyTimes.push(await copy([COPY_BYTES / 16, workgroups * 64]));
  device.destroy();
  const { vendor, architecture, device: name } = adapter.info;
  return {
    gflops: Math.max(...computeRates),
    gbytes: (2 * COPY_BYTES) / best(copyTimes) / 1e6,
    description: [vendor, architecture, name].filter(Boolean).join(" "),
  };
}

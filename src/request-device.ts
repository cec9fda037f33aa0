import base from "wasm:base";
import { checkChoice, checkFlag, checkInteger } from "./checks";
import type { Device } from "./device";
import type { WasmOptions, WasmParts } from "./wasm/device";
import { yieldNow } from "./event-loop";
import { describeAdapter, findAdapter, NoAdapterError } from "./webgpu/adapter";
import type { WebGPUOptions } from "./webgpu/device";

/** Downloaded by itself: of what takes the commands of the WASM device a program uses one. */
const WASM_PARTS: WasmParts = {
  base,
  inPlace: async () => (await import("./wasm/in-place")).InPlace,
  sharedQueue: async () => (await import("./wasm/shared-queue")).SharedQueue,
  postedQueue: async () => (await import("./wasm/posted-queue")).PostedQueue,
};

/**
 * A device to compute on. Without a type: a hardware WebGPU adapter if there is one, else WebAssembly. The code of a device is loaded when
 * it is asked for.
 * @throws when the wanted device is not there
 */
export async function requestDevice(
  type?: "webgpu" | "wasm",
  options: WebGPUOptions & WasmOptions = {},
): Promise<Device> {
  if (type !== undefined) checkChoice("requestDevice", { type }, ["webgpu", "wasm"]);
  const { threads = 0, firstSubmit = 1, deterministic, hardwareOnly } = options;
  checkFlag("requestDevice", { deterministic, hardwareOnly });
  checkInteger("wasm", { threads }, 0, 64);
  checkInteger("webgpu", { firstSubmit }, 1, 256); // as many as the device keeps params for
  if (type !== "wasm") {
    const { device } = options;
    const adapter = device ? undefined : await adapterFor(type, options);
    const description = adapter ? describeAdapter(adapter.info) : "external GPUDevice";
    const from = adapter ?? device;
    if (from) return (await import("./webgpu/device")).WebGPUDevice.request(from, description, options);
  }
  const { WasmDevice } = await import("./wasm/device");
  const device = await WasmDevice.request(WASM_PARTS, options);
  await yieldNow(); // a page may want to draw between the start of threads and what the caller does next
  return device;
}

/** Where any device will do, only a hardware adapter, or none. */
async function adapterFor(type: "webgpu" | undefined, options: WebGPUOptions): Promise<GPUAdapter | undefined> {
  if (type) return findAdapter(options);
  return findAdapter({ ...options, hardwareOnly: true }).catch((error: unknown) => {
    if (error instanceof NoAdapterError) return undefined;
    throw error;
  });
}

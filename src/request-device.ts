import { checkChoice } from "./checks";
import type { Device } from "./device";
import type { WasmOptions } from "./wasm/device";
import { yieldNow } from "./event-loop";
import { describeAdapter, findAdapter, NoAdapterError } from "./webgpu/adapter";
import type { WebGPUOptions } from "./webgpu/device";

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
  if (type !== "wasm") {
    const { device } = options;
    const adapter = device ? undefined : await adapterFor(type, options);
    const description = adapter ? describeAdapter(adapter.info) : "external GPUDevice";
    const from = adapter ?? device;
    if (from) return (await import("./webgpu/device")).WebGPUDevice.request(from, description, options);
  }
  const { WasmDevice } = await import("./wasm/device");
  const device = await WasmDevice.request(options);
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

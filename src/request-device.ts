import type { Device } from "./device";
import { WasmDevice } from "./wasm/device";
import type { WasmOptions } from "./wasm/device";
import { NoAdapterError } from "./webgpu/adapter";
import { WebGPUDevice } from "./webgpu/device";
import type { WebGPUOptions } from "./webgpu/device";

/**
 * A device to compute on. Without a type: a hardware WebGPU adapter if there is one, else WebAssembly.
 * @throws when the wanted device is not there, or one of its kernels does not compile
 */
export async function requestDevice(
  type?: "webgpu" | "wasm",
  options: WebGPUOptions & WasmOptions = {},
): Promise<Device> {
  if (type === "webgpu") return WebGPUDevice.request(options);
  if (type === "wasm") return WasmDevice.request(options);
  if (type !== undefined) throw new Error(`requestDevice: the types are webgpu and wasm, ${String(type)}`);
  const hardware = await WebGPUDevice.request({ ...options, hardwareOnly: true }).catch((error: unknown) => {
    if (error instanceof NoAdapterError) return undefined;
    throw error;
  });
  return hardware ?? WasmDevice.request(options);
}

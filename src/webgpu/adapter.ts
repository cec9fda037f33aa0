// Where a GPU comes from, and what it says of itself.

/** There is no WebGPU here, or none of the wanted kind: the one failure after which another device may do. */
export class NoAdapterError extends Error {}

/** Vendor, architecture, device and description of an adapter, as far as it tells. */
export const describeAdapter = ({ vendor, architecture, device, description }: GPUAdapterInfo): string =>
  [...new Set([vendor, architecture, device, description])].filter(Boolean).join(" ") || "unnamed adapter";

/** Whether an adapter computes on the CPU. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  const names = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(names);
}

/** Which adapter is wanted. */
export interface AdapterOptions {
  /** A GPU object to use instead of the runtime's own (`navigator.gpu`, or npm's `webgpu` in Node). */
  gpu?: GPU;
  powerPreference?: GPUPowerPreference;
  /** Refuse adapters that compute on the CPU. */
  hardwareOnly?: boolean;
}

/** An adapter. @throws NoAdapterError when there is no WebGPU, or no adapter of the wanted kind */
export async function findAdapter({ gpu, powerPreference, hardwareOnly }: AdapterOptions): Promise<GPUAdapter> {
  const found = gpu ?? (await findGPU());
  const adapter = await found.requestAdapter({ powerPreference: powerPreference ?? "high-performance" });
  if (!adapter)
    throw new NoAdapterError("webgpu: no adapter, the machine offers none to this runtime; use requestDevice('wasm')");
  if (hardwareOnly && isSoftware(adapter.info))
    throw new NoAdapterError(`webgpu: ${describeAdapter(adapter.info)} is a software adapter`);
  return adapter;
}

/** `navigator.gpu`, or npm's `webgpu` (Dawn) where the runtime has none and the user installed it. */
export async function findGPU(packageName = "webgpu"): Promise<GPU> {
  if (typeof navigator !== "undefined" && navigator.gpu) return navigator.gpu;
  const held = globalThis as { constellaGPU?: GPU };
  if (held.constellaGPU) return held.constellaGPU;
  // a parameter, so that bundlers for the browser do not look for the package
  const dawn = (await import(/* @vite-ignore */ packageName).catch(() => {
    throw new NoAdapterError("webgpu: this runtime has no WebGPU; in Node install it with `npm install webgpu`");
  })) as { create(options: string[]): GPU; globals: object };
  Object.assign(globalThis, dawn.globals);
  held.constellaGPU = dawn.create([]); // the process ends when this object is collected, so it stays reachable
  return held.constellaGPU;
}

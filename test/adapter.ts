import { SLOW_ON_SWIFTSHADER } from "../scripts/runtimes/vulkan.mjs";

/**
 * Makes the GPU of this process, which the library then finds (`findGPU`), without what SwiftShader takes most of its compiling for. Where there is
 * another adapter the library makes it, as it does for its users.
 */
export async function compileFast(): Promise<void> {
  const held = globalThis as { constellaGPU?: GPU };
  if (held.constellaGPU || !process.env["VK_ICD_FILENAMES"]?.includes("swiftshader")) return;
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  held.constellaGPU = create([`disable-dawn-features=${SLOW_ON_SWIFTSHADER}`]);
}

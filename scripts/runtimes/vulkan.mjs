// A WebGPU adapter for every machine: the hardware's where there is one, else SwiftShader, which ships inside @sparticuz/chromium.
import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { root } from "../root.mjs";

/**
 * Dawn's feature that leaves the zeros of workgroup memory to the driver. SwiftShader unrolls them, an instruction a number in every shader, and takes
 * 25 s of the processor to compile all kernels. Without it Dawn writes the loop, with the same zeros, and it takes 5 s.
 */
export const SLOW_ON_SWIFTSHADER = "use_vulkan_zero_initialize_workgroup_memory_extension";

const PROBE = `
  const { create, globals } = await import("webgpu");
  globalThis.gpu = create([]);
  const adapter = await globalThis.gpu.requestAdapter();
  const info = adapter?.info;
  const software = !info || info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|software/i.test(info.architecture + info.device + info.description);
  console.log(software ? "software" : "hardware");
`;

/** Whether Dawn finds a hardware adapter as the environment stands. Asked in a child, since a driver's failure can end a process. */
async function hasHardwareAdapter() {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", PROBE], {
    cwd: root,
  }).catch(() => ({ stdout: "" }));
  return stdout.includes("hardware");
}

/** Unpacks SwiftShader once and returns the environment that makes Vulkan loaders find it. */
export async function softwareVulkan() {
  const cache = join(root, "node_modules/.cache/constella");
  const folder = join(cache, "swiftshader");
  const icd = join(folder, "vk_swiftshader_icd.json");
  const unpacked = await access(icd).then(
    () => true,
    () => false,
  );
  if (!unpacked) {
    const { extract } = await import("tar");
    await mkdir(cache, { recursive: true });
    const temporary = await mkdtemp(join(cache, "swiftshader-"));
    const packed = await readFile(join(root, "node_modules/@sparticuz/chromium/bin/swiftshader.tar.br"));
    await writeFile(join(temporary, "swiftshader.tar"), await promisify(brotliDecompress)(packed));
    await extract({ file: join(temporary, "swiftshader.tar"), cwd: temporary });
    await rm(join(temporary, "swiftshader.tar"));
    await rename(temporary, folder).catch(() => rm(temporary, { recursive: true, force: true }));
  }
  const libraries = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  return { VK_ICD_FILENAMES: icd, LD_LIBRARY_PATH: libraries };
}

/** The environment for a process that uses WebGPU: nothing to add with a hardware adapter, else SwiftShader's. */
export async function gpuEnvironment() {
  if (process.env.VK_ICD_FILENAMES || (await hasHardwareAdapter())) return {};
  return softwareVulkan();
}

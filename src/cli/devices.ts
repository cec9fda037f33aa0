import { availableParallelism, totalmem } from "node:os";
import { Command } from "commander";
import { formatBytes } from "../device";
import { requestDevice } from "../request-device";
import { WasmDevice } from "../wasm";
import { hasRelaxedSimd, hasSimd } from "../wasm-engine";
import { WebGPUDevice } from "../webgpu";

/** One kind of device: what there is of it, or why there is none. */
interface Found {
  readonly type: "webgpu" | "wasm";
  readonly available: boolean;
  readonly description: string;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

/** `constella devices`: what there is to compute on, and which of it is taken by default. */
export function devicesCommand(print: (text: string) => void): Command {
  return new Command("devices")
    .description("show what there is to compute on, and what is taken by default")
    .option("--json", "print one JSON object")
    .action(async ({ json }: { json?: boolean }) => {
      const devices = [await findWebGPU(), await findWasm()];
      const best = await requestDevice().catch(() => undefined);
      best?.destroy();
      if (json) return print(JSON.stringify({ default: best?.type ?? null, devices }, null, 2));
      for (const { type, available, description, facts } of devices) {
        print(`${type}${type === best?.type ? " (default)" : ""}: ${available ? description : `none, ${description}`}`);
        for (const [name, value] of Object.entries(facts)) print(`  ${name.padEnd(36)} ${value}`);
      }
    });
}

async function findWebGPU(): Promise<Found> {
  try {
    const device = await WebGPUDevice.request();
    const { limits, features } = device.gpuDevice;
    const facts = {
      maxBufferSize: formatBytes(limits.maxBufferSize),
      maxStorageBufferBindingSize: formatBytes(limits.maxStorageBufferBindingSize),
      maxComputeWorkgroupStorageSize: formatBytes(limits.maxComputeWorkgroupStorageSize),
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      features: [...features].sort().join(", ") || "none",
    };
    device.destroy();
    return { type: "webgpu", available: true, description: device.description, facts };
  } catch (error) {
    return { type: "webgpu", available: false, description: (error as Error).message, facts: {} };
  }
}

async function findWasm(): Promise<Found> {
  try {
    const device = await WasmDevice.request();
    const facts = {
      threads: device.threads,
      processors: availableParallelism(),
      simd: hasSimd(),
      "relaxed SIMD": hasRelaxedSimd(),
      "largest memory": formatBytes(device.maxBufferBytes),
      "memory of the machine": formatBytes(totalmem()),
    };
    device.destroy();
    return { type: "wasm", available: true, description: device.description, facts };
  } catch (error) {
    return { type: "wasm", available: false, description: (error as Error).message, facts: {} };
  }
}

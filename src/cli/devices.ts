import { availableParallelism, totalmem } from "node:os";
import { Command } from "commander";
import { formatBytes, type Device } from "../device";
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
      const best = await requestDevice().catch(() => undefined);
      const devices = [await describe("webgpu", best), await describe("wasm", best)];
      if (json) return print(JSON.stringify({ default: best?.type ?? null, devices }, null, 2));
      for (const { type, available, description, facts } of devices) {
        print(`${type}${type === best?.type ? " (default)" : ""}: ${available ? description : `none, ${description}`}`);
        for (const [name, value] of Object.entries(facts)) print(`  ${name.padEnd(36)} ${value}`);
      }
    });
}

async function describe(type: Found["type"], best: Device | undefined): Promise<Found> {
  try {
    const device = best?.type === type ? best : await requestDevice(type);
    const facts = device instanceof WebGPUDevice ? factsOfAdapter(device.gpuDevice) : factsOfEngine(device);
    device.destroy();
    return { type, available: true, description: device.description, facts };
  } catch (error) {
    return { type, available: false, description: (error as Error).message.replace(`${type}: `, ""), facts: {} };
  }
}

const factsOfAdapter = ({ limits, features }: GPUDevice): Found["facts"] => ({
  maxBufferSize: formatBytes(limits.maxBufferSize),
  maxStorageBufferBindingSize: formatBytes(limits.maxStorageBufferBindingSize),
  maxComputeWorkgroupStorageSize: formatBytes(limits.maxComputeWorkgroupStorageSize),
  maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
  maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
  maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
  features: [...features].sort().join(", ") || "none",
});

const factsOfEngine = (device: Device): Found["facts"] => ({
  threads: device instanceof WasmDevice ? device.threads : 0,
  processors: availableParallelism(),
  simd: hasSimd(),
  "relaxed SIMD": hasRelaxedSimd(),
  "largest buffer": formatBytes(device.maxBufferBytes),
  "memory of the machine": formatBytes(totalmem()),
});

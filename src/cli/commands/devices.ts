import { availableParallelism, totalmem } from "node:os";
import { Command } from "commander";
import { formatBytes } from "../../device";
import { requestDevice } from "../../request-device";
import type { WasmDevice } from "../../wasm/device";
import { hasRelaxedSimd, hasSimd } from "../../wasm/engine";
import { describeAdapter, findGPU, isSoftware } from "../../webgpu/adapter";

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
      const devices = [await orWhyNot("webgpu", findAdapter), await orWhyNot("wasm", findEngine)];
      const best = devices.find(({ available, facts }) => available && facts["software"] !== true)?.type;
      if (json) return print(JSON.stringify({ default: best ?? null, devices }, null, 2));
      for (const { type, available, description, facts } of devices) {
        print(`${type}${type === best ? " (default)" : ""}: ${available ? description : `none, ${description}`}`);
        for (const [name, value] of Object.entries(facts)) print(`  ${name.padEnd(36)} ${value}`);
      }
    });
}

async function orWhyNot(
  type: Found["type"],
  find: () => Promise<Pick<Found, "description" | "facts">>,
): Promise<Found> {
  try {
    return { type, available: true, ...(await find()) };
  } catch (error) {
    return { type, available: false, description: (error as Error).message.replace(`${type}: `, ""), facts: {} };
  }
}

/** The adapter alone: a device would compile every kernel. */
async function findAdapter(): Promise<Pick<Found, "description" | "facts">> {
  const adapter = await (await findGPU()).requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("no adapter, the machine offers none to this runtime");
  const { limits, features, info } = adapter;
  return {
    description: describeAdapter(info),
    facts: {
      software: isSoftware(info),
      maxBufferSize: formatBytes(limits.maxBufferSize),
      maxStorageBufferBindingSize: formatBytes(limits.maxStorageBufferBindingSize),
      maxComputeWorkgroupStorageSize: formatBytes(limits.maxComputeWorkgroupStorageSize),
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      features: [...features].sort().join(", ") || "none",
    },
  };
}

async function findEngine(): Promise<Pick<Found, "description" | "facts">> {
  const device = (await requestDevice("wasm")) as WasmDevice;
  const { description, threads, maxBufferBytes } = device;
  device.destroy();
  return {
    description,
    facts: {
      threads,
      processors: availableParallelism(),
      simd: hasSimd(),
      "relaxed SIMD": hasRelaxedSimd(),
      "largest buffer": formatBytes(maxBufferBytes),
      "memory of the machine": formatBytes(totalmem()),
    },
  };
}

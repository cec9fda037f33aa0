import type { Device } from "../device";
import { requestDevice } from "../request-device";
import { choice, integer, type OptionSpec } from "./option";

/** What commands that compute take. */
export interface DeviceOptions {
  readonly device?: "webgpu" | "wasm";
  readonly threads?: number;
}

/** Options of every command that computes. */
export const DEVICE_OPTIONS: readonly OptionSpec[] = [
  {
    name: "device",
    rule: choice("webgpu", "wasm"),
    help: "default: a hardware WebGPU adapter if there is one, else wasm",
  },
  { name: "threads", rule: integer(0), help: "of the wasm device (default: as many as processors)" },
];

/** @throws for options that do not belong together */
export function checkDevice({ device, threads }: DeviceOptions): void {
  if (threads !== undefined && device === "webgpu") throw new Error("--threads is for --device wasm");
}

/** The device that was asked for. */
export async function openDevice(given: DeviceOptions): Promise<Device> {
  checkDevice(given);
  return requestDevice(given.device, given.threads === undefined ? {} : { threads: given.threads });
}

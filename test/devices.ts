import { describe, expect } from "vitest";
import { requestDevice } from "constella";
import type { Device } from "constella";
import { DEVICES } from "./device-types";

const made = new Map<string, Promise<Device>>();

/**
 * The device of that type, made once per process: vitest keeps modules from file to file (`isolate: false`), since on a software
 * adapter the kernels take longer to compile than most files of tests to run. Tests that harm a device make their own.
 */
export async function deviceOf(type: (typeof DEVICES)[number]): Promise<Device> {
  const device = made.get(type) ?? requestDevice(type);
  made.set(type, device);
  return device;
}

/** Describes the same tests once per device. A device that cannot be had fails its tests. */
export function describeDevices(
  name: string,
  body: (device: () => Promise<Device>, type: (typeof DEVICES)[number]) => void,
): void {
  for (const type of DEVICES) describe(`${name} on ${type}`, () => body(() => deviceOf(type), type));
}

/**
 * Holds that a training goes on the device as on WebAssembly: losses of its epochs within a hundredth. For trainings that the software adapter would take
 * minutes for, whose numbers are tested on WebAssembly.
 */
export async function expectAlike(
  device: Device,
  fit: (device: Device) => Promise<readonly { readonly loss: number }[]>,
): Promise<void> {
  const [here, there] = [await fit(device), await fit(await deviceOf("wasm"))];
  expect(here.length).toBeGreaterThan(0);
  expect(here.length).toBe(there.length);
  here.forEach(({ loss }, i) => expect(Math.abs(loss / there[i]!.loss - 1), `epoch ${i}`).toBeLessThan(0.01));
}

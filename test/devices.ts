import { afterAll, describe } from "vitest";
import { requestDevice } from "constella";
import type { Device } from "constella";

/** One description per device: the same tests on WebGPU and WASM. A device that cannot be had fails its tests. */
export const DEVICES = ["wasm", "webgpu"] as const;

const made = new Map<string, Promise<Device>>();

/** The device of that type, made once per test file. */
export function deviceOf(type: (typeof DEVICES)[number]): Promise<Device> {
  const device = made.get(type) ?? requestDevice(type);
  made.set(type, device);
  return device;
}

/** Describes tests once per device. */
export function describeDevices(
  name: string,
  body: (device: () => Promise<Device>, type: (typeof DEVICES)[number]) => void,
): void {
  for (const type of DEVICES)
    describe(`${name} on ${type}`, () => {
      body(() => deviceOf(type), type);
      afterAll(async () => {
        (await made.get(type))?.destroy();
        made.delete(type);
      });
    });
}

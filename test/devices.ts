import { afterAll, describe } from "vitest";
import { requestDevice } from "constella";
import type { Device } from "constella";
import { DEVICES } from "./device-types";

const made = new Map<string, Promise<Device>>();

/** The device of that type, made once per test file. */
export function deviceOf(type: (typeof DEVICES)[number]): Promise<Device> {
  const device = made.get(type) ?? requestDevice(type);
  made.set(type, device);
  return device;
}

/** Describes the same tests once per device. A device that cannot be had fails its tests. */
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

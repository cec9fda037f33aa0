import { requestDevice } from "constella";
import type { Device } from "constella";
import { afterAll, vi } from "vitest";
import type { WasmDevice, WasmOptions } from "../../src/wasm/device";

interface OwnDevices {
  /** A device of the test's own, that it may harm. */
  own<D extends Device>(...args: Parameters<typeof requestDevice>): Promise<D>;
  /** A WASM device as a page has it that is not cross-origin isolated. */
  ownUnshared(options?: WasmOptions): Promise<WasmDevice>;
}

/** What requests devices for the tests of a file, after which they are destroyed. */
export function ownDevices(): OwnDevices {
  const made: Device[] = [];
  afterAll(() => made.forEach((device) => device.destroy()));
  async function own<D extends Device>(...args: Parameters<typeof requestDevice>): Promise<D> {
    const device = await requestDevice(...args);
    made.push(device);
    return device as D;
  }
  async function ownUnshared(options: WasmOptions = {}): Promise<WasmDevice> {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    try {
      return await own<WasmDevice>("wasm", options);
    } finally {
      vi.unstubAllGlobals();
    }
  }
  return { own, ownUnshared };
}

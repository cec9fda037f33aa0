import type { Device, DeviceBuffer } from "constella";

/**
 * Makes every buffer that the device hands out hold NaN from its first byte to its last, as words 0x7fc00000, so that a kernel
 * that does not write all of its output, or uses what lies behind the end of an input, gives NaN. Returns what undoes it.
 */
export function fillWithGarbage(device: Device): () => void {
  const original = device.alloc.bind(device);
  let filling = false; // the device may allocate to stage a write
  device.alloc = (bytes: number, op?: string): DeviceBuffer => {
    const buffer = original(bytes, op);
    if (filling) return buffer;
    filling = true;
    device.write(buffer, new Uint32Array(buffer.bytes / 4).fill(0x7fc00000));
    filling = false;
    return buffer;
  };
  return () => {
    device.alloc = original;
  };
}

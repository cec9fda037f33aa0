// Devices while something computes on them: a run stays on its own when another is chosen for the next.
import type { Device } from "constella";

/** How many have a device; one that nobody has any more is destroyed. */
const users = new Map<Promise<Device>, number>();

/** From now on there is one more that has the device. */
export function hold(device: Promise<Device>): Promise<Device> {
  users.set(device, (users.get(device) ?? 0) + 1);
  return device;
}

/** One of those that had it has it no more. */
export function leave(device: Promise<Device>): void {
  const left = users.get(device)! - 1;
  if (left > 0) return void users.set(device, left);
  users.delete(device);
  void device.then(
    (of) => of.destroy(),
    () => undefined, // it never was; whoever asked for it was told
  );
}

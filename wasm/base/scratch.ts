// Each instance's own work area: 4 MiB that the device hands it once. Instances share memory, but no globals.

/** Address of the work area of this instance. */
export let scratch: usize = 0;

/** Called by the device, once per instance, before any kernel; `pointer` is 64-byte aligned. */
export function set_scratch(pointer: usize): void {
  scratch = pointer;
}

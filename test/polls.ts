// npm's webgpu asks the adapter by global setImmediate, over and over, whether what is awaited is done: a processor is busy with asking
// while the software adapter computes on it. In tests it asks every millisecond, for half the processor time.
const immediately = globalThis.setImmediate;

/** Whether a native library made it: its functions have no names, bound ones have. */
const isNative = (call: (...args: unknown[]) => void): boolean =>
  call.name === "" && Function.prototype.toString.call(call).includes("[native code]");

const seldom = (call: (...args: unknown[]) => void, ...args: unknown[]): unknown =>
  isNative(call) ? setTimeout(call, 1, ...args) : immediately(call, ...args);

/** Has native libraries poll every millisecond, in this process. */
export function pollSeldom(): void {
  if (globalThis.setImmediate !== immediately) return;
  globalThis.setImmediate = Object.assign(seldom, immediately) as typeof setImmediate;
}

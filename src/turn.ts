/** Milliseconds that the library holds the calling thread at a stretch: half a frame of a page. */
const STRETCH = 8;

/** Gives the event loop a turn, at once: a timer would wait a second and more in a tab in the background. */
export function turn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => unknown };
  return new Promise((resolve) => {
    if (setImmediate) return void setImmediate(resolve); // Node and Deno: a twentieth of what a channel takes there
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

/** For loops on the calling thread: `await pause()` gives the event loop a turn when the last was 8 ms ago. */
export function pauses(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < STRETCH) return undefined;
    return turn().then(() => void (last = performance.now()));
  };
}

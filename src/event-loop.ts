/** Milliseconds that the library holds the calling thread at a stretch: half a frame of a page. */
const STRETCH = 8;

/** When the event loop was last given a turn. */
let last = 0;

/** Gives the event loop a turn, at once: a timer would wait a second and more in a tab in the background. */
export async function yieldNow(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => unknown };
  await new Promise<void>((resolve) => {
    if (setImmediate) return void setImmediate(resolve); // Node and Deno: a twentieth of what a channel takes there
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
  last = performance.now();
}

/** For loops on the calling thread: `await yieldWhenDue()` gives the event loop a turn when the last was 8 ms ago. */
export const yieldWhenDue = (): Promise<void> | undefined =>
  performance.now() - last < STRETCH ? undefined : yieldNow();

/** Work that can be done piece by piece, each well below a millisecond. */
export type Cooperative<R> = Generator<void, R>;

/** All of it at once. */
export function runAtOnce<R>(work: Cooperative<R>): R {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** The same, letting the calling thread go on every few milliseconds; `onYield` has its say each time. */
export async function runCooperatively<R>(work: Cooperative<R>, onYield?: () => Promise<void>): Promise<R> {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    const turned = yieldWhenDue();
    if (!turned) continue; // to wait for nothing would cost more than many a piece
    await turned;
    await onYield?.();
  }
}

/** `make`, once at a time: whoever asks while it runs gets what that run gives. */
export function shared<R>(make: () => Promise<R>): () => Promise<R> {
  let running: Promise<R> | undefined;
  return () => (running ??= make().finally(() => (running = undefined)));
}

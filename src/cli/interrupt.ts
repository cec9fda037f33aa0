/** What a shell reports of a program that Ctrl-C ended. */
export const INTERRUPTED = 130;

/** Thrown where Ctrl-C ended the work; the message says what is left of it. */
export class Interrupted extends Error {}

/** Ctrl-C as an AbortSignal. A second Ctrl-C ends the program at once. `release` restores what Ctrl-C does by itself. */
export function interruptible(announce: (text: string) => void): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    announce("stopping (Ctrl-C again to end at once) …");
    controller.abort(new Interrupted("interrupted"));
  };
  process.on("SIGINT", stop);
  return { signal: controller.signal, release: () => process.off("SIGINT", stop) };
}

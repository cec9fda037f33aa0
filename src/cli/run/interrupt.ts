import { AtomicFile } from "../../data/formats/atomic-file";

/** Signals that end a program, and what a shell reports of it then: Ctrl-C, `kill` and batch systems, a closed terminal. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type SignalName = keyof typeof SIGNALS;

/** Thrown where a signal ended the work; the message says what is left of it. */
export class Interrupted extends Error {
  /** What a shell reports. */
  readonly code: number;

  constructor(message: string, reason?: unknown) {
    super(message);
    this.code = reason instanceof Interrupted ? reason.code : SIGNALS.SIGINT;
  }
}

/** What Ctrl-C, SIGTERM and SIGHUP do to a program while it trains. */
export interface Interruption {
  /** Aborts at the first of them. */
  readonly signal: AbortSignal;
  /** Restores what they do by themselves. */
  release(): void;
}

/** Ctrl-C, SIGTERM and SIGHUP as an AbortSignal. A second one ends the program at once, without unfinished files. */
export function interruptible(announce: (text: string) => void): Interruption {
  const controller = new AbortController();
  const listeners = (Object.keys(SIGNALS) as SignalName[]).map((name) => {
    const stop = (): void => {
      if (controller.signal.aborted) {
        AtomicFile.discardAll();
        process.exit(SIGNALS[name]);
      }
      announce(name === "SIGINT" ? "stopping (Ctrl-C again to end at once) …" : `stopping, ${name} …`);
      controller.abort(Object.assign(new Interrupted("interrupted"), { code: SIGNALS[name] }));
    };
    process.on(name, stop);
    return [name, stop] as const;
  });
  const release = (): void => {
    for (const [name, stop] of listeners) process.off(name, stop);
  };
  return { signal: controller.signal, release };
}

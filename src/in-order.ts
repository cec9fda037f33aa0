// Calls of a device that take effect in their order, though some have to wait for code that is on its way.

/** A call to be made in turn. */
export interface Call {
  /** Brings what it cannot be made without; undefined where all is there. */
  missing?(): Promise<unknown> | undefined;
  make(): void;
  /** The device ends before its turn comes. */
  drop?(): void;
}

/** Makes calls at once or, from one on that waits for something, as soon as that is there. */
export class InOrder {
  readonly #onError: (error: Error) => void;
  #waiting: Call[] = [];

  /** @param onError is told what a call throws that had to wait */
  constructor(onError: (error: Error) => void) {
    this.#onError = onError;
  }

  /** Whether calls wait: what comes now waits too. */
  get waits(): boolean {
    return this.#waiting.length > 0;
  }

  /** @throws what the call throws where it is made at once */
  add(next: Call): void {
    const missing = this.waits ? undefined : next.missing?.();
    if (!this.waits && !missing) return next.make();
    this.#waiting.push(next);
    if (missing) void this.#proceed(missing);
  }

  /** Drops what waits. */
  close(): void {
    const dropped = this.#waiting;
    this.#waiting = [];
    for (const { drop } of dropped) drop?.();
  }

  /** Makes one call after the other; what cannot be brought is the end of all that wait. */
  async #proceed(missing: Promise<unknown> | undefined): Promise<void> {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0], missing = next?.missing?.()) {
      try {
        await missing;
      } catch {
        return this.close();
      }
      if (this.#waiting[0] !== next) return; // closed meanwhile
      try {
        next.make();
      } catch (error) {
        this.#onError(error as Error);
      }
      this.#waiting.shift();
    }
  }
}

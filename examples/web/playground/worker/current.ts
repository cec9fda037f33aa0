// The run that the page shows: while somebody uses it, it and its device stay.
import type { Device } from "constella";
import { hold, leave } from "./devices";
import type { Run } from "./run";
import type { Session } from "./session";

/** The device of a run, which changes only where it fails. */
export interface Place {
  on: Promise<Device>;
}

/** A run that goes on until another begins or other data come. What it has on its device goes when the last that uses it has done so. */
export class Current {
  readonly run: Run;
  readonly place: Place;
  readonly #session: Session;
  #users = 1;

  /** @param place held by the caller, who leaves it to this */
  constructor(run: Run, session: Session, place: Place) {
    [this.run, this.#session, this.place] = [run, session, place];
  }

  /** Does something with the run, whose device stays meanwhile. */
  async use(work: (run: Run) => Promise<void>): Promise<void> {
    const on = hold(this.place.on); // where it fails, another takes its place
    this.#users++;
    try {
      await work(this.run);
    } finally {
      leave(on);
      await this.#release();
    }
  }

  /** Ends the run. */
  async end(): Promise<void> {
    this.run.end();
    await this.#release();
  }

  async #release(): Promise<void> {
    if (--this.#users > 0) return;
    try {
      await this.#session.dispose();
    } finally {
      leave(this.place.on);
    }
  }
}

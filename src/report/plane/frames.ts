// Work of the page's own thread in pieces that a frame has room for.
import type { Cooperative } from "../../event-loop";

/** Milliseconds of a frame that all pictures of a page together work on, of the 16 that there are. */
const SHARE = 6;

let [frame, until] = [-1, 0];

/** When the work of the frame that began at `now` has to end. All that is worked on in one frame ends at the same time. */
export function endOfWork(now: number): number {
  if (now !== frame) [frame, until] = [now, performance.now() + SHARE];
  return until;
}

/** Goes on with work until then, by one piece at least, so that nothing waits for ever for what comes before it. */
export function goOn<R>(work: Cooperative<R>, end: number): IteratorResult<void, R> {
  for (;;) {
    const piece = work.next();
    if (piece.done || performance.now() >= end) return piece;
  }
}

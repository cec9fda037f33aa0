import { afterEach, beforeEach, vi } from "vitest";
import { yieldNow } from "../src/event-loop";

/** In the tests of a file the calling thread goes on after every piece of work, however fast it is. */
export function pauseAfterEachPiece(): void {
  beforeEach(() => {
    let time = performance.now();
    vi.spyOn(performance, "now").mockImplementation(() => (time += 10));
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await yieldNow(); // which keeps the time of the last turn
  });
}

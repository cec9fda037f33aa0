import { expect } from "vitest";
import { firstMismatch } from "./close";
import type { Tolerance } from "./close";
import { compileFast } from "./adapter";
import { pollSeldom } from "./polls";

pollSeldom();
await compileFast();

expect.extend({
  /** Element by element |got − want| ≤ atol + rtol·|want|; NaN equals NaN. */
  toBeCloseToArray(got: ArrayLike<number>, want: ArrayLike<number>, tolerance: Tolerance) {
    const mismatch = firstMismatch(got, want, tolerance);
    return { pass: mismatch === undefined, message: () => mismatch ?? "the arrays agree" };
  },
});

declare module "vitest" {
  interface Matchers {
    toBeCloseToArray(want: ArrayLike<number>, tolerance: Tolerance): void;
  }
}

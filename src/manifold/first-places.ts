// First places that are given: their rule as an option, as they begin, and as JSON holds them.
import { toContiguous } from "../matrix";
import type { MatrixLike } from "../matrix";
import { choice, either } from "../options";
import type { Rule } from "../options";
import { mapTo } from "../typed-arrays";

/** A way to find them, or a matrix. */
export const placesRule = (...ways: readonly string[]): Rule =>
  either(choice(...ways), {
    words: "a matrix of places",
    holds: (value) => typeof value === "object" && value !== null,
  });

/** Those of n points; undefined where a way to find them is named. @throws unless they are a finite matrix [n, dim] */
export function givenPlaces(
  init: string | MatrixLike,
  n: number,
  dim: number,
  op: string,
): Float32Array<ArrayBuffer> | undefined {
  if (typeof init === "string") return undefined;
  const { data, shape } = toContiguous(init, op, "init");
  if (shape.join() !== [n, dim].join())
    throw new Error(`${op}: init must be [${n}, ${dim}], got [${shape.join(", ")}]`);
  const given = mapTo(Float32Array, data as ArrayLike<number>, Number);
  if (!given.every(Number.isFinite)) throw new Error(`${op}: init must be finite`);
  return given;
}

/** What settings of a checkpoint hold of them. */
export function keptPlaces<Way extends string>(init: Way | MatrixLike, op: string): Way | MatrixLike {
  if (typeof init === "string") return init;
  const { data, shape } = toContiguous(init, op, "init");
  return { data: Array.from(data as ArrayLike<number>, Number), shape };
}

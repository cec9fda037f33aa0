import { checkChoice } from "../checks";

/** How a value falls from its start s to its end e over T steps. */
export type Decay = "linear" | "exponential" | "asymptotic" | "constant";

/**
 * A value for each step: one number for all; a list of them, one a step; or a start and how it falls from there. At step t of T
 *
 * - `linear`: s − (s − e) t / (T − 1)
 * - `exponential`: s (e / s)^(t / (T − 1))
 * - `asymptotic`: s / (1 + 2 t / T), a third of s at last; `end` plays no part
 * - `constant`: s
 */
export type Schedule =
  number | ArrayLike<number> | { readonly start: number; readonly end?: number; readonly decay: Decay };

const DECAYS: Readonly<Record<Decay, (s: number, e: number, t: number, steps: number) => number>> = {
  linear: (s, e, t, steps) => (steps > 1 ? s - ((s - e) * t) / (steps - 1) : s),
  exponential: (s, e, t, steps) => (steps > 1 ? s * (e / s) ** (t / (steps - 1)) : s),
  asymptotic: (s, _, t, steps) => s / (1 + (2 * t) / steps),
  constant: (s) => s,
};

/**
 * The values of a schedule, one for each of `steps` steps.
 * @throws for a list of another length, an unknown decay, and a value that is not positive and finite
 */
export function scheduled(op: string, name: string, schedule: Schedule, steps: number): Float64Array {
  const values = unchecked(op, name, schedule, steps);
  values.forEach((value, t) => {
    if (!(value > 0 && value < Infinity)) throw new Error(`${op}: ${name} must be positive, ${value} at step ${t}`);
  });
  return values;
}

function unchecked(op: string, name: string, schedule: Schedule, steps: number): Float64Array {
  if (typeof schedule === "number") return new Float64Array(steps).fill(schedule);
  if ("length" in schedule) {
    if (schedule.length !== steps)
      throw new Error(`${op}: ${name} must have one value for each of ${steps} steps, it has ${schedule.length}`);
    return Float64Array.from(schedule);
  }
  const { start, end = start, decay } = schedule;
  checkChoice(op, { [`${name}.decay`]: decay }, Object.keys(DECAYS));
  return Float64Array.from({ length: steps }, (_, t) => DECAYS[decay](start, end, t, steps));
}

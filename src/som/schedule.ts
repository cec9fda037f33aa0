import { show, checkChoice, isObject } from "../checks";
import type { Rule } from "../options";

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

const DECAYS: Readonly<Record<Decay, (s: number, e: number, share: number, t: number, steps: number) => number>> = {
  linear: (s, e, share) => s - (s - e) * share,
  exponential: (s, e, share) => s * (e / s) ** share,
  asymptotic: (s, _e, _share, t, steps) => s / (1 + (2 * t) / steps),
  constant: (s) => s,
};

/**
 * The value of a schedule at each of `steps` steps.
 * @throws for a list of another length, an unknown decay, and values that are not positive and finite
 */
export function scheduled(op: string, name: string, schedule: Schedule, steps: number): (t: number) => number {
  const check = (value: number, where: string): void => {
    if (!(typeof value === "number" && value > 0 && value < Infinity))
      throw new Error(`${op}: ${name} must be positive, got ${show(value)}${where}`);
  };
  if (typeof schedule === "number") {
    check(schedule, "");
    return () => schedule;
  }
  if ("length" in schedule) {
    if (schedule.length !== steps)
      throw new Error(`${op}: ${name} must have one value for each of ${steps} steps, got ${schedule.length}`);
    for (let t = 0; t < steps; t++) check(schedule[t]!, ` at step ${t}`);
    return (t) => schedule[t]!;
  }
  const { start, end = start, decay } = schedule;
  checkChoice(op, { [`${name}.decay`]: decay }, Object.keys(DECAYS));
  check(start, " at the start");
  check(end, " at the end");
  return (t) => DECAYS[decay](start, end, steps > 1 ? t / (steps - 1) : 0, t, steps);
}

const isList = (schedule: unknown): schedule is ArrayLike<number> =>
  Array.isArray(schedule) || (ArrayBuffer.isView(schedule) && "length" in schedule);

/** What a schedule may be; its values are looked at by `checkSchedule`. */
export const SCHEDULE: Rule = {
  words: "a number, a list of numbers, or an object with start, end and decay",
  holds: (value) =>
    typeof value === "number" || isList(value) || (isObject(value) && "start" in value && "decay" in value),
};

/** A schedule as JSON keeps it. */
export const keptSchedule = (schedule: Schedule): Schedule => (isList(schedule) ? Array.from(schedule) : schedule);

/** @throws as `scheduled`; of a list whose steps are not known yet, nothing is asked */
export function checkSchedule(op: string, name: string, schedule: Schedule, steps: number | undefined): void {
  if (steps !== undefined || !isList(schedule)) scheduled(op, name, schedule, steps ?? 1);
}

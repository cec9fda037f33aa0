import { checkPositive } from "../checks";
/** A learning rate as a function of the steps taken: `optimizer.lr = schedule(optimizer.steps)` before each step. */
export type Schedule = (step: number) => number;

/** Always lr. */
export const constantSchedule =
  (lr: number): Schedule =>
  () =>
    lr;

/** lr·factor^⌊step / every⌋ */
export function stepSchedule(lr: number, every: number, factor = 0.1): Schedule {
  checkPositive("stepSchedule", { every });
  return (step) => lr * factor ** Math.floor(step / every);
}

/** lr·factor^(step / every): the decay of `stepSchedule` without its jumps. */
export function exponentialSchedule(lr: number, every: number, factor = 0.1): Schedule {
  checkPositive("exponentialSchedule", { every });
  return (step) => lr * factor ** (step / every);
}

/** From lr to `final` in a straight line over `steps`, and `final` after that. */
export function linearSchedule(lr: number, steps: number, final = 0): Schedule {
  checkPositive("linearSchedule", { steps });
  return (step) => lr + (final - lr) * Math.min(step / steps, 1);
}

/**
 * Half a cosine from lr to `final` over `steps` (Loshchilov and Hutter 2017, eq. 5), after `warmup` of these steps in which the
 * rate rises in a straight line, from lr / warmup at step 0.
 */
export function cosineSchedule(lr: number, steps: number, { warmup = 0, final = 0 } = {}): Schedule {
  checkPositive("cosineSchedule", { steps });
  if (!(warmup >= 0 && warmup < steps))
    throw new Error(`cosineSchedule: warmup must be from 0 to less than the ${steps} steps, got ${warmup}`);
  return (step) => {
    if (step < warmup) return (lr * (step + 1)) / warmup;
    const progress = Math.min((step - warmup) / (steps - warmup), 1);
    return final + ((lr - final) * (1 + Math.cos(Math.PI * progress))) / 2;
  };
}

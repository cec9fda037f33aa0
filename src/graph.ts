// The graph of a computation as it is noted: what `grad` of autodiff.ts, above the ops, goes back through.
import type { Tensor } from "./tensor";

/** How a tensor was made: its inputs, and what turns its gradient into theirs. */
export interface Node {
  readonly op: string;
  readonly inputs: readonly Tensor[];
  readonly backward: Backward;
}

/**
 * From the gradient of the output to one thunk per input; only those on the way to a parameter run. A thunk may return the
 * gradient in the broadcast shape: it is summed back to the input's.
 */
export type Backward = (dy: Tensor) => readonly (() => Tensor)[];

let recording = true;

/**
 * Whether a gradient may pass through a tensor.
 * @internal
 */
export const needsGradient = (tensor: Tensor): boolean => tensor.tracked || tensor.node !== undefined;

/** Notes how `out` came from `inputs`, when a gradient may pass; returns `out`. */
export function record(op: string, out: Tensor, inputs: readonly Tensor[], backward: Backward): Tensor {
  if (recording && inputs.some(needsGradient)) out.node = { op, inputs, backward };
  return out;
}

/** Runs `fn` without noting anything: for evaluation, and for updates of parameters. */
export function noGrad<T>(fn: () => T): T {
  const outer = recording;
  recording = false;
  try {
    return fn();
  } finally {
    recording = outer;
  }
}

// What the kernel's page and its worker tell each other.
import type { Timing } from "../shared/stopwatch";

/** One of the two kernels. */
export interface Side {
  readonly code: string;
  /** Workgroups in x, y, z: expressions. */
  readonly grid: string;
}

/** What the user wrote. */
export interface KernelSpec {
  readonly name: string;
  readonly forward: Side;
  readonly backward?: Side;
  /** Sizes with two values each, for the check and for the timing: "N 131 / 1048576, D 5 / 32". */
  readonly sizes: string;
  /** Shapes of inputs and output, and values of params, by name: expressions. */
  readonly fields: Readonly<Record<string, string>>;
  /** Of the inputs: "−2, 2". */
  readonly range: string;
}

/** What the gradient of an input came to. */
export interface GradientCheck {
  readonly input: string;
  /** Entries that were checked, of how many. */
  readonly checked: number;
  readonly of: number;
  /** The entry that is farthest off. */
  readonly at: number;
  readonly got: number;
  readonly expected: number;
  readonly passed: boolean;
}

/** A kernel's time at the larger sizes. */
export interface SideTiming extends Timing {
  readonly side: "forward" | "backward";
  /** Each buffer moved once. */
  readonly gbytes: number;
}

export type KernelRequest =
  { readonly type: "compile"; readonly spec: KernelSpec } | { readonly type: "run"; readonly spec: KernelSpec };

export type KernelAnswer =
  | { readonly type: "device"; readonly description: string }
  | { readonly type: "nothing"; readonly message: string }
  | { readonly type: "compiled"; readonly problems: string; readonly ok: boolean }
  | { readonly type: "at"; readonly text: string }
  | {
      readonly type: "checked";
      readonly output: string;
      readonly gradients: readonly GradientCheck[];
      readonly passed: boolean;
    }
  | { readonly type: "timed"; readonly timings: readonly SideTiming[] }
  | { readonly type: "done" }
  | { readonly type: "error"; readonly message: string };

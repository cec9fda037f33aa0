import type { Roof } from "./roofs/roof";

/** What a program hands to the validator. */
export type Result = Readonly<Record<string, Float32Array | readonly number[]>>;

/** One workload loaded into one library: its data are on the device, the next call computes. */
export interface Program {
  /** Computes once, completely. Resolves to the milliseconds if it measures them itself, else it is timed from outside. */
  run(): Promise<number | void>;
  /** The result of the runs so far, outside any timing. */
  result(): Promise<Result>;
}

/** A way to solve `Problem`. */
export interface Contender<Problem> {
  readonly name: string;
  /** `ours` is held against the fastest `peer`; an `anchor` (a native library) is shown beside them. */
  readonly kind: "ours" | "peer" | "anchor";
  /** The measured limit that its figure is a share of. */
  readonly roof?: Roof;
  /** It needs a Python of the user's own: it takes part with `--python` only. */
  readonly python?: boolean;
  /** How many times faster than the fastest peer it must be. */
  readonly target?: number;
  /** Flags of its Node process. */
  readonly execArgv?: readonly string[];
  load(problem: Problem): Promise<Program>;
}

/** What is measured: a problem, its cost, its validator and who solves it. */
export interface Workload<Problem> {
  readonly name: string;
  readonly title: string;
  readonly device: "wasm" | "webgpu";
  /** Part of `--quick`. */
  readonly quick: boolean;
  /** What it measures at several sizes, and this one: the table of growth puts them together. */
  readonly size?: { readonly of: string; readonly n: number };
  /** The same numbers at every call, in every process. */
  problem(): Problem | Promise<Problem>;
  /** Floating-point operations of a run; 0 when it is bound by memory. */
  readonly flops: number;
  /** Bytes that a run must read and write. */
  readonly bytes: number;
  /** Runs before the result is validated; 1 unless a sequence is checked. */
  readonly validationRuns: number;
  /** Runs after these that are not timed (default 2): so many steps of a training until an engine has compiled all of one. */
  readonly warmup?: number;
  /** Resolves to a remark such as `max error 2.1e-6`. @throws when the result is wrong, with the figure and the tolerance */
  check(problem: Problem, result: Result): string | Promise<string>;
  readonly contenders: readonly Contender<Problem>[];
}

/** A workload whose problem type has been closed over, so that different ones fit in one list. */
export interface AnyWorkload extends Omit<Workload<unknown>, "problem" | "check" | "contenders"> {
  readonly contenders: readonly Omit<Contender<unknown>, "load">[];
  /** Loads the problem into a contender; the check is bound to the problem. */
  open(contender: string): Promise<{ program: Program; check: (result: Result) => string | Promise<string> }>;
}

/** Closes over the problem type. */
export function workload<Problem>(definition: Workload<Problem>): AnyWorkload {
  return {
    ...definition,
    open: async (name) => {
      const contender = definition.contenders.find((candidate) => candidate.name === name);
      if (!contender) throw new Error(`${definition.name}: no contender ${name}`);
      const problem = await definition.problem();
      return { program: await contender.load(problem), check: (result) => definition.check(problem, result) };
    },
  };
}

/** Uniform numbers in [low, high) from a 32-bit seed (mulberry32), rounded to float32. */
export function uniform(length: number, seed: number, low: number, high: number): Float32Array {
  const values = new Float32Array(length);
  let state = seed >>> 0;
  for (let i = 0; i < length; i++) {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    values[i] = low + ((high - low) * ((t ^ (t >>> 14)) >>> 0)) / 2 ** 32;
  }
  return values;
}

/** The named array of a result. @throws when it is missing or has another length */
export function array(result: Result, name: string, length: number): Float32Array | readonly number[] {
  const values = result[name];
  if (values?.length !== length)
    throw new Error(`${name}: ${length} numbers expected, got ${values?.length ?? "none"}`);
  return values;
}

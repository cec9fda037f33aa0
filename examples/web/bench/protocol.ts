// What the bench's page and its worker tell each other.
import type { Timing } from "../shared/stopwatch";
import type { Sizes } from "./workload";

/** What a device can do at most, as measured. */
export interface Roof {
  /** Multiply-adds in registers. */
  readonly gflops: number;
  /** Copying memory, bytes read plus bytes written. */
  readonly gbytes: number;
}

/** One kernel at one size. */
export interface BenchRow {
  readonly kernel: string;
  readonly workload: string;
  /** Params of the launch in words. */
  readonly params: string;
  /** What its result was held against, and how near it came. */
  readonly validation: string;
  /** Why it was not timed. */
  readonly error?: string;
  readonly timing?: Timing;
  readonly gflops?: number;
  readonly gbytes?: number;
}

/** A run as it is copied, saved and compared. */
export interface BenchRun {
  readonly constella: string;
  readonly date: string;
  readonly browser: string;
  readonly device: string;
  readonly roof: Roof;
  readonly rows: readonly BenchRow[];
}

/** What the page asks for. */
export interface BenchRequest {
  readonly device: "webgpu" | "wasm";
  readonly work: readonly { readonly name: string; readonly sizes: Sizes }[];
}

/** What the worker answers. */
export type BenchAnswer =
  | { readonly type: "device"; readonly description: string; readonly against: string }
  | { readonly type: "roof"; readonly roof: Roof }
  | { readonly type: "at"; readonly text: string; readonly share: number }
  | { readonly type: "row"; readonly row: BenchRow }
  | { readonly type: "done" }
  | { readonly type: "error"; readonly message: string };

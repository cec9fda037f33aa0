// Which of Lloyd's passes pay, where others than `Lloyd` may: loaded there. It brings its own copy of what it imports, so it is handed what the program tells
// tensors by.
import * as largeKernels from "../../kernels/large-k";
import * as sortingKernels from "../../kernels/sorting";
import type { empty, run, Tensor } from "../../tensor";
import { boundedLloyd } from "./bounded-lloyd";
import { isLarge, LargeLloyd } from "./large-lloyd";
import type { Lloyd, LloydPasses } from "./lloyd";

/** What it is handed of the program. */
export interface LloydTools {
  readonly empty: typeof empty;
  readonly run: typeof run;
  readonly Lloyd: typeof Lloyd;
}

/** Multiply-adds of a pass from which on bounds are kept: below, loading their kernel takes longer than they save. */
const WORK = 2 ** 24;

/** The passes that pay for k centres of points x [n, d], ready to run: on WebGPU for many centres, on WASM for few of wide points. */
export async function passesOf(x: Tensor, k: number, tools: LloydTools): Promise<LloydPasses> {
  const [n, d] = x.shape as [number, number];
  if (x.device.type === "wasm" && n * d * k >= WORK) return boundedLloyd(x, k, tools);
  if (x.device.type === "wasm" || !isLarge(n, d, k)) return new tools.Lloyd(x, k);
  await x.device.prepare([...Object.values(largeKernels), ...Object.values(sortingKernels)]);
  return new LargeLloyd(x, k, tools);
}

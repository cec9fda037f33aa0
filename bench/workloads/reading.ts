import * as reading from "../contenders/reading";
import { workload } from "../workload";
import type { AnyWorkload } from "../workload";

/** Reading alone: one shuffled pass over images in an npy file. */
export function readNpy(rows: number): AnyWorkload {
  return workload({
    name: "read-npy",
    title: `a shuffled pass over ${rows.toLocaleString("en-US")} images of 45 × 45 in an npy file, batch 64`,
    device: "wasm",
    quick: true,
    problem: () => reading.readingProblem(rows, rows / 64),
    flops: 0,
    bytes: reading.readingBytes(rows / 64),
    validationRuns: 1,
    check: reading.checkReading,
    contenders: [{ name: "constella, reading alone", kind: "ours", load: reading.read }],
  });
}

/** Of training from memory, what training from a file must reach: the rest is noise. */
const NEVER_STARVES = 0.95;

/** The same batches, each trained on: what the reading must keep up with. The images lie in memory (the peer) or in a file. */
export function trainFromNpy(steps: number): AnyWorkload {
  return workload({
    name: `train-from-npy-${steps * 64}`,
    title: `${steps} SGD steps of a two-block VGG on ${(steps * 64).toLocaleString("en-US")} images of 45 × 45, batch 64, CPU`,
    device: "wasm",
    quick: false,
    problem: () => reading.readingProblem(steps * 64, steps),
    flops: 0,
    bytes: reading.readingBytes(steps),
    validationRuns: 2,
    check: reading.checkReading,
    contenders: [
      { name: "constella, images in memory", kind: "peer", load: reading.train("memory") },
      { name: "constella, images in a file", kind: "ours", target: NEVER_STARVES, load: reading.train("file") },
    ],
  });
}

// Who takes part in more than one workload.
import { availableParallelism } from "node:os";
import type * as constella from "../contenders/constella";
import type * as torch from "../contenders/torch";
import type { Roof } from "../roofs/roof";
import type { Contender, Program } from "../workload";

/** Where a device computes, in titles. */
export const PLACE = { wasm: "CPU", webgpu: "WebGPU" } as const;

/**
 * Constella on the wasm device: one worker thread and all, without and with relaxed SIMD. `targets` are what it promises over the fastest peer, on
 * one thread and, with relaxed SIMD, on all: the device as it is by default.
 */
export function ours<Problem>(
  load: (setup: constella.Setup) => (problem: Problem) => Promise<Program>,
  targets: { plain?: number; relaxed?: number; allThreads?: number } = {},
): Contender<Problem>[] {
  const all = availableParallelism();
  const variants: { threads: number; relaxed: boolean; roof: Roof; target?: number }[] = [
    { threads: 1, relaxed: false, roof: "wasm", target: targets.plain },
    { threads: 1, relaxed: true, roof: "wasm relaxed", target: targets.relaxed },
  ];
  if (all > 1)
    variants.push(
      { threads: all, relaxed: false, roof: "wasm threads" },
      { threads: all, relaxed: true, roof: "wasm relaxed threads", target: targets.allThreads },
    );
  return variants.map(({ threads, relaxed, roof, target }) => ({
    name: `constella wasm, ${threads} thread${threads > 1 ? "s" : ""}, ${relaxed ? "relaxed" : "plain"}`,
    kind: "ours",
    roof,
    target,
    load: load({ threads, relaxed }),
  }));
}

/** Constella on the calling thread alone, without a queue; `target` is what it promises over the fastest peer. */
export const oursInPlace = <Problem>(
  load: (setup: constella.Setup) => (problem: Problem) => Promise<Program>,
  target?: number,
): Contender<Problem> => ({
  name: "constella wasm, calling thread, plain",
  kind: "ours",
  roof: "wasm",
  target,
  load: load({ threads: 0, relaxed: false }),
});

/** Constella on two threads of the wasm device, beside peers that have as many; `target` is what both promise over the fastest of them. */
export const oursOnTwo = <Problem>(
  load: (setup: constella.Setup) => (problem: Problem) => Promise<Program>,
  target?: number,
): Contender<Problem>[] =>
  [false, true].map((relaxed) => ({
    name: `constella wasm, 2 threads, ${relaxed ? "relaxed" : "plain"}`,
    kind: "ours",
    roof: relaxed ? "wasm relaxed threads" : "wasm threads",
    target,
    load: load({ threads: 2, relaxed }),
  }));

/** Constella on the WebGPU adapter; `target` is what it promises over the fastest peer. */
export const oursWebGPU = <Problem>(
  load: (setup: constella.Setup) => (problem: Problem) => Promise<Program>,
  target?: number,
): Contender<Problem> => ({
  name: "constella webgpu",
  kind: "ours",
  roof: "webgpu",
  target,
  load: load({ device: "webgpu" }),
});

/** PyTorch beside them: on the CPU with one thread, or on the GPU where it has CUDA. */
export const torchAnchor = <Problem>(
  device: torch.TorchDevice,
  load: (device: torch.TorchDevice) => (problem: Problem) => Promise<Program>,
): Contender<Problem> => ({
  name: device === "cpu" ? "PyTorch CPU, 1 thread" : "PyTorch CUDA, float32",
  kind: "anchor",
  python: true,
  load: load(device),
});

import * as constella from "../contenders/constella";
import * as jax from "../contenders/jax";
import * as tfjs from "../contenders/tfjs";
import * as torch from "../contenders/torch";
import { RELAXED } from "../roofs/roof";
import { workload } from "../workload";
import type { AnyWorkload, Contender } from "../workload";
import { ours, oursWebGPU, torchAnchor } from "./entrants";
import { addProblem, checkAdd, checkGemm, gemmProblem } from "./problems";
import type { AddProblem, GemmProblem } from "./problems";

const F32 = 4;

/** Square float32 products on one WebAssembly thread and on all. */
export function gemm(n: number, quick: boolean): AnyWorkload {
  const contenders: Contender<GemmProblem>[] = [
    ...ours(constella.gemm, n === 1024 ? { plain: 1.3, relaxed: 1.8 } : {}),
    { name: "tfjs wasm", kind: "peer", roof: "wasm", load: tfjs.gemm("wasm") },
    { name: "jax-js wasm", kind: "peer", roof: "wasm", load: jax.gemm },
    { name: "jax-js wasm, relaxed", kind: "peer", roof: "wasm relaxed", execArgv: RELAXED, load: jax.gemm },
    torchAnchor("cpu", torch.gemm),
  ];
  if (n <= 256) contenders.push({ name: "tfjs cpu", kind: "peer", load: tfjs.gemm("cpu") });
  return workload({
    name: `gemm-${n}`,
    title: `GEMM ${n} × ${n} × ${n}, float32, CPU`,
    device: "wasm",
    quick,
    problem: () => gemmProblem(n),
    flops: 2 * n ** 3,
    bytes: 3 * n * n * F32,
    validationRuns: 1,
    check: checkGemm,
    contenders,
  });
}

/** Square float32 products on the WebGPU adapter, as many as given, the last one read back. */
export function gemmWebGPU(n: number, quick: boolean, repeats = 1): AnyWorkload {
  return workload({
    name: `gemm-${n}-webgpu`,
    title: `GEMM ${n} × ${n} × ${n}, float32, ${repeats > 1 ? `${repeats} times, ` : ""}WebGPU`,
    device: "webgpu",
    quick,
    problem: () => gemmProblem(n, repeats),
    flops: repeats * 2 * n ** 3,
    bytes: repeats * 3 * n * n * F32,
    validationRuns: 1,
    check: checkGemm,
    contenders: [
      oursWebGPU(constella.gemm, 3),
      { name: "tfjs webgpu", kind: "peer", roof: "webgpu", load: tfjs.gemm("webgpu") },
      torchAnchor("cuda", torch.gemm),
    ] satisfies Contender<GemmProblem>[],
  });
}

/** A sum of vectors that do not fit the caches: bound by memory. */
export function add(length: number): AnyWorkload {
  return workload({
    name: "add",
    title: `x + y, ${length.toLocaleString("en-US")} elements, float32, CPU`,
    device: "wasm",
    quick: true,
    problem: () => addProblem(length),
    flops: 0,
    bytes: 3 * length * F32,
    validationRuns: 1,
    check: checkAdd,
    contenders: [
      ...ours(constella.add),
      { name: "tfjs wasm", kind: "peer", roof: "wasm", load: tfjs.add("wasm") },
      { name: "jax-js wasm", kind: "peer", roof: "wasm", load: jax.add },
    ] satisfies Contender<AddProblem>[],
  });
}

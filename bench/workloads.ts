import { availableParallelism } from "node:os";
import * as constella from "./contenders/constella";
import * as jax from "./contenders/jax";
import * as mlKMeans from "./contenders/ml-kmeans";
import * as reading from "./contenders/reading";
import * as tfjs from "./contenders/tfjs";
import * as tfjsRbdlstm from "./contenders/tfjs-rbdlstm";
import * as tfjsVgg from "./contenders/tfjs-vgg";
import * as torch from "./contenders/torch";
import {
  addProblem,
  AUTOENCODER,
  checkAdd,
  checkGemm,
  checkKMeans,
  checkSinkhorn,
  checkStep,
  gemmProblem,
  kmeansProblem,
  sinkhornProblem,
  stepFlops,
  stepParameters,
  stepProblem,
  type AddProblem,
  type GemmProblem,
  type KMeansProblem,
  type SinkhornProblem,
  type StepProblem,
} from "./problems";
import { checkRbdlstm, rbdlstmFlops, rbdlstmProblem, type RbdlstmProblem } from "./rbdlstm";
import { RELAXED, type Roof } from "./roof";
import { checkVgg, vggFlops, vggProblem, type VggProblem } from "./vgg";
import { workload, type AnyWorkload, type Contender, type Program } from "./workload";

const F32 = 4;
/** Where a device computes, in titles. */
const PLACE = { wasm: "CPU", webgpu: "WebGPU" } as const;

/**
 * Constella on the wasm device: one worker thread and all, without and with relaxed SIMD. `targets` are what it promises over the fastest peer, on
 * one thread and, with relaxed SIMD, on all: the device as it is by default.
 */
function ours<Problem>(
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

/** Constella on the WebGPU adapter; `target` is what it promises over the fastest peer. */
const oursWebGPU = <Problem>(
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
const torchAnchor = <Problem>(
  device: torch.TorchDevice,
  load: (device: torch.TorchDevice) => (problem: Problem) => Promise<Program>,
): Contender<Problem> => ({
  name: device === "cpu" ? "PyTorch CPU, 1 thread" : "PyTorch CUDA, float32",
  kind: "anchor",
  load: load(device),
});

/** Square float32 products on one WebAssembly thread and on all. */
function gemm(n: number, quick: boolean): AnyWorkload {
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
function gemmWebGPU(n: number, quick: boolean, repeats = 1): AnyWorkload {
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
function add(length: number): AnyWorkload {
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

/** One training step of the autoencoder of Deep Embedded Clustering. */
function step(device: "wasm" | "webgpu"): AnyWorkload {
  const batch = 256;
  const contenders: Contender<StepProblem>[] =
    device === "wasm"
      ? [
          ...ours(constella.step, { allThreads: 4 }),
          { name: "tfjs wasm", kind: "peer", roof: "wasm", load: tfjs.step("wasm") },
          { name: "jax-js wasm", kind: "peer", roof: "wasm", load: jax.step },
          { name: "jax-js wasm, relaxed", kind: "peer", roof: "wasm relaxed", execArgv: RELAXED, load: jax.step },
          torchAnchor("cpu", torch.step),
        ]
      : [oursWebGPU(constella.step), torchAnchor("cuda", torch.step)];
  return workload({
    name: device === "wasm" ? "autoencoder-step" : "autoencoder-step-webgpu",
    title: `SGD step (momentum) of ${AUTOENCODER.join("-")}, batch ${batch}, ${PLACE[device]}`,
    device,
    quick: device === "wasm",
    problem: () => stepProblem(AUTOENCODER, batch),
    flops: stepFlops(AUTOENCODER, batch),
    bytes: 4 * stepParameters(AUTOENCODER) * F32,
    validationRuns: 3,
    check: checkStep,
    contenders,
  });
}

/** One training step of the two-block convolutional network for camera images of 45 × 45 pixels. */
function vgg(device: "wasm" | "webgpu"): AnyWorkload {
  const contenders: Contender<VggProblem>[] =
    device === "wasm"
      ? [
          ...ours(constella.vgg, { plain: 100, relaxed: 100 }),
          { name: "tfjs cpu", kind: "peer", load: tfjsVgg.vgg("cpu") },
          torchAnchor("cpu", torch.vgg),
        ]
      : [
          oursWebGPU(constella.vgg, 3),
          { name: "tfjs webgpu", kind: "peer", roof: "webgpu", load: tfjsVgg.vgg("webgpu") },
          torchAnchor("cuda", torch.vgg),
        ];
  return workload({
    name: device === "wasm" ? "vgg-step" : "vgg-step-webgpu",
    title: `SGD step (momentum) of a two-block VGG, 45 × 45 × 1, batch 64, 256 clusters, ${PLACE[device]}`,
    device,
    quick: false,
    problem: vggProblem,
    flops: vggFlops(),
    bytes: 0,
    validationRuns: 1,
    check: checkVgg,
    contenders,
  });
}

/** One training step of the recurrent core of "Learning to Cluster": one kernel for all steps of both directions of a layer. */
function rbdlstm(device: "wasm" | "webgpu"): AnyWorkload {
  const contenders: Contender<RbdlstmProblem>[] =
    device === "wasm"
      ? [
          ...ours(constella.rbdlstm, { allThreads: 25 }),
          { name: "tfjs wasm", kind: "peer", roof: "wasm", load: tfjsRbdlstm.rbdlstm("wasm") },
          torchAnchor("cpu", torch.rbdlstm),
        ]
      : [oursWebGPU(constella.rbdlstm), torchAnchor("cuda", torch.rbdlstm)];
  return workload({
    name: device === "wasm" ? "rbdlstm-step" : "rbdlstm-step-webgpu",
    title: `SGD step (momentum) of four residual bidirectional LSTM layers, 288 features, 72 steps, batch 25, ${PLACE[device]}`,
    device,
    quick: false,
    problem: rbdlstmProblem,
    flops: rbdlstmFlops(),
    bytes: 0,
    validationRuns: 1,
    check: checkRbdlstm,
    contenders,
  });
}

/** Twenty Lloyd iterations from the same centres on MNIST. */
function kmeans(rows: number, quick: boolean): AnyWorkload {
  return workload({
    name: `kmeans-${rows}`,
    title: `k-means, MNIST ${rows.toLocaleString("en-US")} × 784, k = 10, 20 iterations, CPU`,
    device: "wasm",
    quick,
    problem: () => kmeansProblem(rows),
    flops: 20 * 2 * rows * 784 * 10,
    bytes: 20 * rows * 784 * F32,
    validationRuns: 1,
    check: checkKMeans,
    contenders: [
      ...ours(constella.kmeans, { allThreads: 30 }),
      { name: "ml-kmeans", kind: "peer", load: mlKMeans.kmeans },
    ] satisfies Contender<KMeansProblem>[],
  });
}

/** Sinkhorn's scaling of a matrix that does not fit the caches: bound by memory, read once an iteration. */
function sinkhorn(device: "wasm" | "webgpu", iterations: number): AnyWorkload {
  const [rows, columns] = [65_536, 256];
  return workload({
    name: device === "wasm" ? "sinkhorn" : "sinkhorn-webgpu",
    title: `Sinkhorn, ${rows.toLocaleString("en-US")} × ${columns}, ${iterations} iterations, ${PLACE[device]}`,
    device,
    quick: false,
    problem: () => sinkhornProblem(rows, columns, iterations),
    flops: 0,
    bytes: iterations * rows * columns * F32,
    validationRuns: 1,
    check: checkSinkhorn,
    contenders: (device === "wasm"
      ? ours(constella.sinkhorn)
      : [oursWebGPU(constella.sinkhorn)]) satisfies Contender<SinkhornProblem>[],
  });
}

/** Reading alone: one shuffled pass over images in an npy file. */
function readNpy(rows: number): AnyWorkload {
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

/** The same batches, each trained on: what the reading must keep up with. */
function trainFromNpy(steps: number): AnyWorkload {
  return workload({
    name: "train-from-npy",
    title: `${steps} SGD steps of a two-block VGG on images of 45 × 45, batch 64, CPU`,
    device: "wasm",
    quick: false,
    problem: () => reading.readingProblem(steps * 64, steps),
    flops: 0,
    bytes: reading.readingBytes(steps),
    validationRuns: 2,
    check: reading.checkReading,
    contenders: [
      { name: "constella, images in memory", kind: "ours", load: reading.train("memory") },
      { name: "constella, images in a file", kind: "ours", load: reading.train("file") },
    ],
  });
}

/** All workloads, in the order of the table. */
export const WORKLOADS: readonly AnyWorkload[] = [
  gemm(256, true),
  gemm(512, false),
  gemm(1024, true),
  step("wasm"),
  vgg("wasm"),
  rbdlstm("wasm"),
  kmeans(10_000, true),
  kmeans(70_000, false),
  add(16 * 2 ** 20),
  readNpy(8192),
  trainFromNpy(12),
  sinkhorn("wasm", 200),
  sinkhorn("webgpu", 20),
  gemmWebGPU(256, true),
  gemmWebGPU(512, false),
  gemmWebGPU(1024, false, 8),
  step("webgpu"),
  vgg("webgpu"),
  rbdlstm("webgpu"),
];

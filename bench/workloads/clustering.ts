import * as constella from "../contenders/constella";
import * as mlKMeans from "../contenders/ml-kmeans";
import { sklearnKMeans } from "../contenders/neighbours";
import { workload } from "../workload";
import type { AnyWorkload, Contender } from "../workload";
import { ours, oursOnTwo, oursWebGPU, PLACE } from "./entrants";
import { checkKMeans, checkSinkhorn, kmeansProblem, manyCentersProblem, sinkhornProblem } from "./problems";
import type { KMeansProblem, SinkhornProblem } from "./problems";

const F32 = 4;

/** Lloyd's algorithm by scikit-learn, on as many threads as it is held against. */
const SKLEARN: Contender<KMeansProblem> = {
  name: "scikit-learn, 2 threads",
  kind: "anchor",
  python: true,
  load: sklearnKMeans,
};

/** Twenty Lloyd iterations from the same centres on MNIST. */
export function kmeans(rows: number, quick: boolean): AnyWorkload {
  return workload({
    name: `kmeans-${rows}`,
    title: `k-means, MNIST ${rows.toLocaleString("en-US")} × 784, k = 10, 20 iterations, CPU`,
    device: "wasm",
    quick,
    size: { of: "k-means, 784 columns, k = 10", n: rows },
    problem: () => kmeansProblem(rows),
    flops: 20 * 2 * rows * 784 * 10,
    bytes: 20 * rows * 784 * F32,
    validationRuns: 1,
    check: checkKMeans,
    contenders: [
      ...ours(constella.kmeans, { allThreads: 30 }),
      { name: "ml-kmeans", kind: "peer", load: mlKMeans.kmeans },
      SKLEARN,
    ] satisfies Contender<KMeansProblem>[],
  });
}

/** Ten Lloyd iterations with many centres from the same beginning. */
export function manyCenters(device: "wasm" | "webgpu", rows: number, k: number): AnyWorkload {
  const contenders =
    device === "wasm" ? [...oursOnTwo(constella.kmeans, 1.5), SKLEARN] : [oursWebGPU(constella.kmeans)];
  return workload({
    name: `kmeans-${rows}-${k}${device === "wasm" ? "" : "-webgpu"}`,
    title: `k-means, ${rows.toLocaleString("en-US")} × 45, k = ${k}, 10 iterations, ${PLACE[device]}`,
    device,
    quick: false,
    problem: () => manyCentersProblem(rows, k),
    flops: 10 * 2 * rows * 45 * k,
    bytes: 10 * rows * 45 * F32,
    validationRuns: 1,
    check: checkKMeans,
    contenders: contenders satisfies Contender<KMeansProblem>[],
  });
}

/** Sinkhorn's scaling of a matrix that does not fit the caches: bound by memory, read once an iteration. */
export function sinkhorn(device: "wasm" | "webgpu", iterations: number): AnyWorkload {
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

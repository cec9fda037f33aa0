import { kmeans, manyCenters, sinkhorn } from "./clustering";
import { gemm, gemmWebGPU, add } from "./dense";
import { step, vae, vgg, rbdlstm } from "./networks";
import { readNpy, trainFromNpy } from "./reading";
import { NEIGHBOURS } from "./neighbours";
import { FEATURES } from "./features";
import { PCA_WORKLOADS } from "./pca";
import { SEGMENTS } from "./segments";
import { SKY } from "./sky";
import type { AnyWorkload } from "../workload";

/** All workloads, in the order of the table. */
export const WORKLOADS: readonly AnyWorkload[] = [
  gemm(256, true),
  gemm(512, false),
  gemm(1024, true),
  step("wasm"),
  vgg("wasm"),
  rbdlstm("wasm"),
  vae("convVae"),
  vae("conditionalVae"),
  kmeans(10_000, true),
  kmeans(70_000, false),
  manyCenters("wasm", 200_000, 1024),
  manyCenters("wasm", 100_000, 4096),
  manyCenters("webgpu", 200_000, 1024),
  manyCenters("webgpu", 100_000, 4096),
  add(16 * 2 ** 20),
  readNpy(8192),
  trainFromNpy(16),
  trainFromNpy(64),
  trainFromNpy(256),
  sinkhorn("wasm", 200),
  sinkhorn("webgpu", 20),
  ...SKY,
  ...SEGMENTS,
  ...FEATURES,
  ...PCA_WORKLOADS,
  ...NEIGHBOURS,
  gemmWebGPU(256, true),
  gemmWebGPU(512, false),
  gemmWebGPU(1024, false, 8),
  step("webgpu"),
  vgg("webgpu"),
  rbdlstm("webgpu"),
];

// The kernels of the WASM device: one export per kernel, named as its .wgsl file.
export { set_scratch } from "./scratch";
export * from "./elementwise";
export * from "./indexing";
export * from "./optimizers";
export * from "./random";
export * from "./kmeans";
export * from "./reduce";
export * from "./matmul";
export { squared_distance, weighted_difference } from "./distance";
export * from "./dec";
export * from "./losses";
export { softmax, softmax_backward } from "./softmax";
export * from "./cross-entropy";
export * from "./normalization";
export * from "./arg-extremum";
export * from "./sinkhorn";
export * from "./batch-norm";
export * from "./pooling";

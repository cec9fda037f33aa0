// The public names.
export { requestDevice } from "./request-device";
export type { Device, DeviceBuffer, MemoryUsage } from "./device";
export type { WasmOptions } from "./wasm";
export type { WebGPUOptions } from "./webgpu";
export { defineKernel, grid1d } from "./kernel";
export type { Kernel, KernelDefinition } from "./kernel";
export { Tensor, tidy, keep, tensor, indices, parameter, empty, full, zeros, ones, run } from "./tensor";
export type { Shape, DType, TypedArray } from "./tensor";
export { grad, noGrad, record } from "./autodiff";
export type { Backward } from "./autodiff";
export { Random } from "./random";
export type { RandomState } from "./random";
export * from "./ops";
export * from "./nn";
export * from "./metrics";
export * from "./optim";

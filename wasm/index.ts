// The kernels of the WASM device by family: one export per kernel, named as its .wgsl file.
export { set_scratch } from "./base/scratch";
export * from "./clustering";
export * from "./elementwise";
export * from "./images";
export * from "./indexing";
export * from "./linear-algebra";
export * from "./losses";
export * from "./neighbours";
export * from "./normalization";
export * from "./optimizers";
export * from "./random";
export * from "./reduction";
export * from "./segmentation";
export * from "./sequences";
export * from "./softmax";
export * from "./som";

export * from "./cross-entropy";
export * from "./dec";
export * from "./elementwise";
export * from "./losses";
export * from "./matmul";
export * from "./reduce";
export * from "./shape";
export { softmax, logSoftmax } from "./softmax";

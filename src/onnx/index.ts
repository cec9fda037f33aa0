/**
 * Networks as files of ONNX, for other programs to compute what they make of items.
 * @module constella/onnx
 */
export { toOnnx } from "./to-onnx";
export type { OnnxOptions } from "./to-onnx";

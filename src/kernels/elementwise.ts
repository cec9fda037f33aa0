import binaryWgsl from "../../kernels/elementwise/binary.wgsl";
import unaryWgsl from "../../kernels/elementwise/unary.wgsl";
import unaryBackwardWgsl from "../../kernels/elementwise/unary_backward.wgsl";
import { grid1d, kernel } from "../kernel";
import { elementwise } from "./launches";

export const unary = /* @__PURE__ */ kernel(unaryWgsl, elementwise);

export const unaryBackward = /* @__PURE__ */ kernel(unaryBackwardWgsl, elementwise);

export const binary = /* @__PURE__ */ kernel(binaryWgsl, {
  grid: ({ n }, [size]) => grid1d(n, size),
  rows: ({ n }) => n,
  grain: 16384,
});

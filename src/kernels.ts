// The kernel table: one import and one launch per kernel. A kernel that nothing uses leaves the bundle with its WGSL.
import binaryWgsl from "../kernels/binary.wgsl";
import matmulWgsl from "../kernels/matmul.wgsl";
import reduceWgsl from "../kernels/reduce.wgsl";
import unaryWgsl from "../kernels/unary.wgsl";
import unaryBackwardWgsl from "../kernels/unary_backward.wgsl";
import { grid1d, kernel } from "./kernel";
import type { Launch } from "./kernel";

const vectors = (n: number): number => Math.ceil(n / 4);

/** n elements in vectors of four, one a WebGPU invocation. */
const elementwise: Launch = {
  grid: ({ n }, [size]) => grid1d(vectors(n!), size),
  rows: ({ n }) => vectors(n!),
  grain: 4096,
};

export const unary = /* @__PURE__ */ kernel(unaryWgsl, elementwise);
export const unaryBackward = /* @__PURE__ */ kernel(unaryBackwardWgsl, elementwise);

export const binary = /* @__PURE__ */ kernel(binaryWgsl, {
  grid: ({ n }, [size]) => grid1d(n!, size),
  rows: ({ n }) => n!,
  grain: 16384,
});

export const reduce = /* @__PURE__ */ kernel(reduceWgsl, {
  grid: ({ outer, inner, chunks, columns }) => grid1d(outer! * chunks! * Math.ceil(inner! / columns!), 1),
  rows: ({ outer, inner, chunks }) => outer! * chunks! * inner!,
  grain: ({ length }) => Math.max(1, Math.ceil(16384 / length!)),
});

export const matmul = /* @__PURE__ */ kernel(matmulWgsl, {
  grid: ({ m, n, batch }, [x, y]) => [Math.ceil(n! / (8 * x)), Math.ceil(m! / (8 * y)), batch!],
  rows: ({ m, batch }) => m! * batch!,
  grain: ({ n, k }) => Math.max(4, Math.ceil(131072 / (n! * k!)), Math.min(64, Math.ceil((n! * k!) / 8192))),
});

// Kernels of generative models: sorting with its permutation, the distance of full covariances.
import buresWgsl from "../../kernels/generative/bures.wgsl";
import permuteSeriesWgsl from "../../kernels/generative/permute_series.wgsl";
import sortBlocksWgsl from "../../kernels/generative/sort_blocks.wgsl";
import sortExchangeWgsl from "../../kernels/generative/sort_exchange.wgsl";
import { grid1d, kernel } from "../kernel";

/** Pairs of matrices, one an invocation. */
export const bures = /* @__PURE__ */ kernel(buresWgsl, {
  grid: ({ n }, [size]) => grid1d(n, size),
  rows: ({ n }) => n,
  grain: ({ d }) => Math.max(1, Math.ceil(4096 / d ** 3)),
});

/** Keys that a workgroup sorts in its memory; a thread sorts a whole series. */
const BLOCK = 1024;

export const sortBlocks = /* @__PURE__ */ kernel(sortBlocksWgsl, {
  grid: ({ series, padded, block }) => grid1d((series * padded) / block, 1),
  rows: ({ series }) => series,
  grain: ({ padded }) => Math.max(1, Math.ceil(1024 / padded)),
  parts: { webgpu: ({ padded }) => Math.max(1, padded / BLOCK), wasm: () => 1 },
});
export const sortExchange = /* @__PURE__ */ kernel(sortExchangeWgsl, {
  grid: ({ series, padded }, [size]) => grid1d((series * padded) / 2, size),
  rows: ({ series, padded }) => (series * padded) / 2,
  grain: 4096,
});
export const permuteSeries = /* @__PURE__ */ kernel(permuteSeriesWgsl, {
  grid: ({ series, n }, [size]) => grid1d(series * n, size),
  rows: ({ series }) => series,
  grain: ({ n }) => Math.max(1, Math.ceil(8192 / n)),
});

import batchNormWgsl from "../../kernels/normalization/batch_norm.wgsl";
import batchNormBackwardWgsl from "../../kernels/normalization/batch_norm_backward.wgsl";
import batchNormBackwardParametersWgsl from "../../kernels/normalization/batch_norm_backward_parameters.wgsl";
import batchNormMomentsWgsl from "../../kernels/normalization/batch_norm_moments.wgsl";
import batchNormStatisticsWgsl from "../../kernels/normalization/batch_norm_statistics.wgsl";
import l2NormalizeWgsl from "../../kernels/normalization/l2_normalize.wgsl";
import l2NormalizeBackwardWgsl from "../../kernels/normalization/l2_normalize_backward.wgsl";
import layerNormWgsl from "../../kernels/normalization/layer_norm.wgsl";
import layerNormBackwardWgsl from "../../kernels/normalization/layer_norm_backward.wgsl";
import layerNormBackwardParametersWgsl from "../../kernels/normalization/layer_norm_backward_parameters.wgsl";
import { grid1d, kernel } from "../kernel";
import type { Launch } from "../kernel";
import { vectors } from "./launches";

/** Rows of d elements, `lanes` invocations of 256 each. */
const rowwise: Launch<"n" | "lanes" | "d"> = {
  grid: ({ n, lanes }) => grid1d(n, 256 / lanes),
  rows: ({ n }) => n,
  grain: ({ d }) => Math.max(4, Math.ceil(8192 / d)),
};

export const layerNorm = /* @__PURE__ */ kernel(layerNormWgsl, rowwise);

export const layerNormBackward = /* @__PURE__ */ kernel(layerNormBackwardWgsl, rowwise);

export const layerNormBackwardParameters = /* @__PURE__ */ kernel(layerNormBackwardParametersWgsl, {
  grid: ({ d, columns, chunks }) => grid1d(Math.ceil(d / columns) * chunks, 1),
  rows: ({ chunks }) => chunks,
  grain: ({ length, d }) => Math.max(1, Math.ceil(8192 / (length * d))),
});

export const l2Normalize = /* @__PURE__ */ kernel(l2NormalizeWgsl, rowwise);

export const l2NormalizeBackward = /* @__PURE__ */ kernel(l2NormalizeBackwardWgsl, rowwise);

/** Sums over all but the channels of [n, c, s], in chunks of images. */
const channelSums: Launch<"c" | "s" | "columns" | "chunks" | "length"> = {
  grid: ({ c, columns, chunks }) => grid1d(Math.ceil(c / columns) * chunks, 1),
  rows: ({ c, s, chunks }) => (s === 1 ? chunks : chunks * c),
  grain: ({ c, s, length }) => Math.max(1, Math.ceil(16384 / (length * (s === 1 ? c : s)))),
};

/** [n, c, s] in vectors of four; on WASM by images where s is 1, else by planes. */
const channelwise: Launch<"n" | "c" | "s"> = {
  grid: ({ n, c, s }, [size]) => grid1d(vectors(n * c * s), size),
  rows: ({ n, c, s }) => (s === 1 ? n : n * c),
  grain: ({ c, s }) => Math.max(1, Math.ceil(16384 / (s === 1 ? c : s))),
};

export const batchNormMoments = /* @__PURE__ */ kernel(batchNormMomentsWgsl, channelSums);

export const batchNormStatistics = /* @__PURE__ */ kernel(batchNormStatisticsWgsl, {
  grid: ({ c }, [size]) => grid1d(c, size),
  rows: ({ c }) => c,
  grain: ({ chunks }) => Math.ceil(4096 / (chunks + 1)),
});

export const batchNorm = /* @__PURE__ */ kernel(batchNormWgsl, channelwise);

export const batchNormBackwardParameters = /* @__PURE__ */ kernel(batchNormBackwardParametersWgsl, channelSums);

export const batchNormBackward = /* @__PURE__ */ kernel(batchNormBackwardWgsl, channelwise);

// The kernel table: one import and one launch per kernel. A kernel that nothing uses leaves the bundle with its WGSL.
import decTargetWgsl from "../kernels/clustering/dec_target.wgsl";
import kmeansAssignWgsl from "../kernels/clustering/kmeans_assign.wgsl";
import kmeansCentersWgsl from "../kernels/clustering/kmeans_centers.wgsl";
import kmeansDistancesWgsl from "../kernels/clustering/kmeans_distances.wgsl";
import kmeansUpdateWgsl from "../kernels/clustering/kmeans_update.wgsl";
import sinkhornWgsl from "../kernels/clustering/sinkhorn.wgsl";
import sinkhornLabelsWgsl from "../kernels/clustering/sinkhorn_labels.wgsl";
import sinkhornScaleWgsl from "../kernels/clustering/sinkhorn_scale.wgsl";
import sinkhornUpdateWgsl from "../kernels/clustering/sinkhorn_update.wgsl";
import studentTWgsl from "../kernels/clustering/student_t.wgsl";
import studentTBackwardWgsl from "../kernels/clustering/student_t_backward.wgsl";
import binaryWgsl from "../kernels/elementwise/binary.wgsl";
import unaryWgsl from "../kernels/elementwise/unary.wgsl";
import unaryBackwardWgsl from "../kernels/elementwise/unary_backward.wgsl";
import avgPoolWgsl from "../kernels/images/avg_pool.wgsl";
import avgPoolBackwardWgsl from "../kernels/images/avg_pool_backward.wgsl";
import colorJitterWgsl from "../kernels/images/color_jitter.wgsl";
import conv2dWgsl from "../kernels/images/conv2d.wgsl";
import conv2dBackwardWeightWgsl from "../kernels/images/conv2d_backward_weight.wgsl";
import maxPoolWgsl from "../kernels/images/max_pool.wgsl";
import maxPoolBackwardWgsl from "../kernels/images/max_pool_backward.wgsl";
import upsampleWgsl from "../kernels/images/upsample.wgsl";
import upsampleBackwardWgsl from "../kernels/images/upsample_backward.wgsl";
import warpWgsl from "../kernels/images/warp.wgsl";
import copyWgsl from "../kernels/indexing/copy.wgsl";
import fillWgsl from "../kernels/indexing/fill.wgsl";
import gatherRowsWgsl from "../kernels/indexing/gather_rows.wgsl";
import scatterAddRowsWgsl from "../kernels/indexing/scatter_add_rows.wgsl";
import transposeWgsl from "../kernels/indexing/transpose.wgsl";
import matmulWgsl from "../kernels/linear-algebra/matmul.wgsl";
import principalAxesWgsl from "../kernels/linear-algebra/principal_axes.wgsl";
import squaredDistanceWgsl from "../kernels/linear-algebra/squared_distance.wgsl";
import weightedDifferenceWgsl from "../kernels/linear-algebra/weighted_difference.wgsl";
import crossEntropyWgsl from "../kernels/losses/cross_entropy.wgsl";
import crossEntropyBackwardWgsl from "../kernels/losses/cross_entropy_backward.wgsl";
import pairLossWgsl from "../kernels/losses/pair_loss.wgsl";
import pairLossBackwardWgsl from "../kernels/losses/pair_loss_backward.wgsl";
import pairwiseLossWgsl from "../kernels/losses/pairwise_loss.wgsl";
import pairwiseLossBackwardWgsl from "../kernels/losses/pairwise_loss_backward.wgsl";
import batchNormWgsl from "../kernels/normalization/batch_norm.wgsl";
import batchNormBackwardWgsl from "../kernels/normalization/batch_norm_backward.wgsl";
import batchNormBackwardParametersWgsl from "../kernels/normalization/batch_norm_backward_parameters.wgsl";
import batchNormMomentsWgsl from "../kernels/normalization/batch_norm_moments.wgsl";
import batchNormStatisticsWgsl from "../kernels/normalization/batch_norm_statistics.wgsl";
import l2NormalizeWgsl from "../kernels/normalization/l2_normalize.wgsl";
import l2NormalizeBackwardWgsl from "../kernels/normalization/l2_normalize_backward.wgsl";
import layerNormWgsl from "../kernels/normalization/layer_norm.wgsl";
import layerNormBackwardWgsl from "../kernels/normalization/layer_norm_backward.wgsl";
import layerNormBackwardParametersWgsl from "../kernels/normalization/layer_norm_backward_parameters.wgsl";
import adadeltaWgsl from "../kernels/optimizers/adadelta.wgsl";
import adamWgsl from "../kernels/optimizers/adam.wgsl";
import rmspropWgsl from "../kernels/optimizers/rmsprop.wgsl";
import sgdWgsl from "../kernels/optimizers/sgd.wgsl";
import sgdMomentumWgsl from "../kernels/optimizers/sgd_momentum.wgsl";
import dropoutWgsl from "../kernels/random/dropout.wgsl";
import randomWgsl from "../kernels/random/random.wgsl";
import argExtremumWgsl from "../kernels/reduction/arg_extremum.wgsl";
import chunkReduceWgsl from "../kernels/reduction/chunk_reduce.wgsl";
import reduceWgsl from "../kernels/reduction/reduce.wgsl";
import lstmWgsl from "../kernels/sequences/lstm.wgsl";
import lstmBackwardWgsl from "../kernels/sequences/lstm_backward.wgsl";
import powerSpectrumWgsl from "../kernels/sequences/power_spectrum.wgsl";
import softmaxWgsl from "../kernels/softmax/softmax.wgsl";
import softmaxBackwardWgsl from "../kernels/softmax/softmax_backward.wgsl";
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
  // a thread packs all of b for its rows: many rows a thread where b is large
  grain: ({ n, k }) => Math.max(4, Math.ceil(131072 / (n! * k!)), Math.min(128, Math.ceil((n! * k!) / 2048))),
  packing: {
    operand: "b",
    bytes: ({ m, n, k, batch }) => {
      const bytes = Math.ceil(n! / 8) * 32 * k!;
      // the kernel's own function is for few rows or columns; two commands cost a small product more than they save
      const suits = batch === 1 && m! > 8 && n! > 12 && m! * n! * k! >= 2 ** 21;
      return suits && bytes <= 2 ** 24 ? bytes : 0;
    },
    rows: ({ n }) => Math.ceil(n! / 8),
    grain: ({ k }) => Math.ceil(4096 / k!),
    packedGrain: ({ n, k }) => Math.max(16, Math.ceil(131072 / (n! * k!))),
  },
});

/** Channels and pixels of a workgroup's tile, of which each invocation has 64 elements: what wastes least of it. */
function convolutionTile(channels: number, invocations: number): readonly [number, number] {
  const tall = channels <= 16 ? 2 : channels <= 32 ? 4 : 8;
  return [8 * tall, (8 * invocations) / tall];
}

export const conv2d = /* @__PURE__ */ kernel(conv2dWgsl, {
  grid: ({ n, m, rows, columns }, [size]) => {
    const [tall, wide] = convolutionTile(m!, size);
    const [x, y] = grid1d(n! * rows! * columns!, wide);
    return [x, y, Math.ceil(m! / tall)];
  },
  rows: ({ n, rows }) => n! * rows!,
  // a thread packs the weights, and the rows above and below its own
  grain: ({ columns, m, c, taps_y, taps_x }) =>
    Math.max(4, Math.ceil(262144 / (columns! * m! * (c! * taps_y! * taps_x! + 1)))),
});
export const conv2dBackwardWeight = /* @__PURE__ */ kernel(conv2dBackwardWeightWgsl, {
  grid: ({ o, c, kh, kw, chunks }, [size]) => {
    const [tall, wide] = convolutionTile(o!, size);
    return [Math.ceil((c! * kh! * kw!) / wide), Math.ceil(o! / tall), chunks!];
  },
  rows: ({ chunks }) => chunks!,
  grain: ({ length, ow, o, c, kh, kw }) => Math.ceil(65536 / (length! * ow! * o! * c! * kh! * kw!)),
});

/** n rows of k columns, sixteen lanes a row; d is the depth of an element's work, where it has one. */
const tiledRows: Launch = {
  grid: ({ n }) => grid1d(n!, 16),
  rows: ({ n }) => n!,
  grain: ({ k, d = 1 }) => Math.max(4, Math.ceil(16384 / (k! * d))),
};

export const studentT = /* @__PURE__ */ kernel(studentTWgsl, tiledRows);
export const studentTBackward = /* @__PURE__ */ kernel(studentTBackwardWgsl, tiledRows);
export const decTarget = /* @__PURE__ */ kernel(decTargetWgsl, tiledRows);

export const weightedDifference = /* @__PURE__ */ kernel(weightedDifferenceWgsl, {
  grid: ({ n, d, chunks }) => grid1d(Math.ceil(n! / 16) * Math.ceil(d! / 16) * chunks!, 1),
  rows: ({ n, chunks }) => n! * chunks!,
  grain: ({ length, d }) => Math.max(1, Math.ceil(16384 / (length! * d!))),
});

export const pairLoss = /* @__PURE__ */ kernel(pairLossWgsl, {
  grid: ({ n, length }) => grid1d(n!, length!),
  rows: ({ n, length }) => Math.ceil(n! / length!),
  grain: 4,
});
export const pairLossBackward = /* @__PURE__ */ kernel(pairLossBackwardWgsl, elementwise);

/** Series along an axis, `lanes` invocations of 256 each. */
const alongAxis: Launch = {
  grid: ({ series, lanes }) => grid1d(series!, 256 / lanes!),
  rows: ({ series }) => series!,
  grain: ({ n }) => Math.max(4, Math.ceil(4096 / n!)),
};

export const softmax = /* @__PURE__ */ kernel(softmaxWgsl, alongAxis);
export const softmaxBackward = /* @__PURE__ */ kernel(softmaxBackwardWgsl, alongAxis);

export const crossEntropy = /* @__PURE__ */ kernel(crossEntropyWgsl, {
  grid: ({ n, lanes }) => grid1d(n!, 256 / lanes!),
  rows: ({ n }) => n!,
  grain: ({ k }) => Math.max(4, Math.ceil(4096 / k!)),
});
export const crossEntropyBackward = /* @__PURE__ */ kernel(crossEntropyBackwardWgsl, {
  grid: ({ n, k }, [size]) => grid1d(n! * k!, size),
  rows: ({ n }) => n!,
  grain: ({ k }) => Math.max(4, Math.ceil(4096 / k!)),
});

export const fill = /* @__PURE__ */ kernel(fillWgsl, elementwise);

export const copy = /* @__PURE__ */ kernel(copyWgsl, {
  grid: ({ n }, [size]) => grid1d(n!, size),
  rows: ({ n }) => n!,
  grain: 16384,
});

export const transpose = /* @__PURE__ */ kernel(transposeWgsl, {
  grid: ({ batch, rows, columns }) => grid1d(batch! * Math.ceil(rows! / 32) * Math.ceil(columns! / 32), 1),
  rows: ({ batch, columns }) => batch! * Math.ceil(columns! / 16),
  grain: ({ rows }) => Math.max(1, Math.ceil(1024 / rows!)),
});

export const gatherRows = /* @__PURE__ */ kernel(gatherRowsWgsl, {
  grid: ({ m, width }, [size]) => grid1d(m! * width!, size),
  rows: ({ m }) => m!,
  grain: ({ width }) => Math.max(1, Math.ceil(16384 / width!)),
});

export const scatterAddRows = /* @__PURE__ */ kernel(scatterAddRowsWgsl, {
  grid: ({ width, columns, owners }, [size]) =>
    grid1d(Math.ceil(width! / columns!) * Math.ceil(owners! / (size / columns!)), 1),
  rows: ({ n }) => n!,
  grain: ({ m, n, width }) => Math.max(1, Math.ceil((16384 * n!) / Math.max(1, m! * width!))),
});

/** Numbers from Threefry: four to an invocation, eight to a row. */
const drawn: Launch = {
  grid: ({ n }, [size]) => grid1d(vectors(n!), size),
  rows: ({ n }) => Math.ceil(n! / 8),
  grain: 512,
};

export const random = /* @__PURE__ */ kernel(randomWgsl, drawn);
export const dropout = /* @__PURE__ */ kernel(dropoutWgsl, drawn, {
  rows: ({ n, width }) => Math.ceil(n! / (8 * width!)),
  grain: ({ width }) => Math.max(1, Math.ceil(512 / width!)),
});

export const sgd = /* @__PURE__ */ kernel(sgdWgsl, elementwise);
export const sgdMomentum = /* @__PURE__ */ kernel(sgdMomentumWgsl, elementwise);
export const adam = /* @__PURE__ */ kernel(adamWgsl, elementwise);
export const rmsprop = /* @__PURE__ */ kernel(rmspropWgsl, elementwise);
export const adadelta = /* @__PURE__ */ kernel(adadeltaWgsl, elementwise);

export const kmeansAssign = /* @__PURE__ */ kernel(kmeansAssignWgsl, {
  grid: ({ n }) => grid1d(n!, 128),
  rows: ({ n }) => n!,
  grain: ({ k, d }) => Math.max(4, Math.ceil(131072 / (k! * d!))),
});

export const kmeansUpdate = /* @__PURE__ */ kernel(kmeansUpdateWgsl, {
  grid: ({ chunks, d, width }) => grid1d(chunks! * Math.ceil(d! / width!), 1),
  rows: ({ chunks, d, width }) => chunks! * Math.ceil(d! / width!),
  grain: ({ length, width }) => Math.max(1, Math.ceil(32768 / (length! * width!))),
});

export const kmeansCenters = /* @__PURE__ */ kernel(kmeansCentersWgsl, {
  grid: ({ k }) => grid1d(k!, 1),
  rows: ({ k }) => k!,
  grain: ({ d, chunks }) => Math.max(1, Math.ceil(32768 / (d! * (chunks! + 4)))),
});

export const kmeansDistances = /* @__PURE__ */ kernel(kmeansDistancesWgsl, {
  grid: ({ n, m }) => {
    const [x, y] = grid1d(n!, 64);
    return [x, y, Math.ceil(m! / 16)];
  },
  rows: ({ n }) => n!,
  grain: ({ m, d }) => Math.max(4, Math.ceil(65536 / (m! * d!))),
});

export const chunkReduce = /* @__PURE__ */ kernel(chunkReduceWgsl, {
  grid: ({ n, length }) => grid1d(Math.ceil(n! / length!), 1),
  rows: ({ n, length }) => Math.ceil(n! / length!),
  grain: 4,
});

export const argExtremum = /* @__PURE__ */ kernel(argExtremumWgsl, alongAxis);

/** Rows of d elements, `lanes` invocations of 256 each. */
const rowwise: Launch = {
  grid: ({ n, lanes }) => grid1d(n!, 256 / lanes!),
  rows: ({ n }) => n!,
  grain: ({ d }) => Math.max(4, Math.ceil(8192 / d!)),
};

export const layerNorm = /* @__PURE__ */ kernel(layerNormWgsl, rowwise);
export const layerNormBackward = /* @__PURE__ */ kernel(layerNormBackwardWgsl, rowwise);
export const layerNormBackwardParameters = /* @__PURE__ */ kernel(layerNormBackwardParametersWgsl, {
  grid: ({ d, columns, chunks }) => grid1d(Math.ceil(d! / columns!) * chunks!, 1),
  rows: ({ chunks }) => chunks!,
  grain: ({ length, d }) => Math.max(1, Math.ceil(8192 / (length! * d!))),
});
export const l2Normalize = /* @__PURE__ */ kernel(l2NormalizeWgsl, rowwise);
export const l2NormalizeBackward = /* @__PURE__ */ kernel(l2NormalizeBackwardWgsl, rowwise);

export const squaredDistance = /* @__PURE__ */ kernel(squaredDistanceWgsl, {
  grid: ({ n, m }) => grid1d(Math.ceil(n! / 64) * Math.ceil(m! / 64), 1),
  rows: ({ n }) => n!,
  grain: ({ m, d }) => Math.max(4, Math.ceil(16384 / (m! * d!))),
});

/** Chunks of `length` rows of k columns. */
const chunkedRows: Launch = {
  grid: ({ n, length }) => grid1d(Math.ceil(n! / length!), 1),
  rows: ({ n, length }) => Math.ceil(n! / length!),
  grain: ({ length, k }) => Math.max(1, Math.ceil(16384 / (length! * k!))),
};

export const sinkhorn = /* @__PURE__ */ kernel(sinkhornWgsl, chunkedRows);
export const sinkhornScale = /* @__PURE__ */ kernel(sinkhornScaleWgsl, chunkedRows);
export const sinkhornUpdate = /* @__PURE__ */ kernel(sinkhornUpdateWgsl, {
  grid: ({ k }) => grid1d(Math.ceil(k! / 16), 1),
  rows: ({ k }) => k!,
  grain: ({ chunks }) => Math.max(1, Math.ceil(16384 / chunks!)),
});
export const sinkhornLabels = /* @__PURE__ */ kernel(sinkhornLabelsWgsl, {
  grid: ({ n }) => grid1d(n!, 16),
  rows: ({ n }) => n!,
  grain: ({ k }) => Math.max(4, Math.ceil(16384 / k!)),
});

/** Sums over all but the channels of [n, c, s], in chunks of images. */
const channelSums: Launch = {
  grid: ({ c, columns, chunks }) => grid1d(Math.ceil(c! / columns!) * chunks!, 1),
  rows: ({ c, s, chunks }) => (s === 1 ? chunks! : chunks! * c!),
  grain: ({ c, s, length }) => Math.max(1, Math.ceil(16384 / (length! * (s === 1 ? c! : s!)))),
};

/** [n, c, s] in vectors of four; on WASM by images where s is 1, else by planes. */
const channelwise: Launch = {
  grid: ({ n, c, s }, [size]) => grid1d(vectors(n! * c! * s!), size),
  rows: ({ n, c, s }) => (s === 1 ? n! : n! * c!),
  grain: ({ c, s }) => Math.max(1, Math.ceil(16384 / (s === 1 ? c! : s!))),
};

export const batchNormMoments = /* @__PURE__ */ kernel(batchNormMomentsWgsl, channelSums);
export const batchNormStatistics = /* @__PURE__ */ kernel(batchNormStatisticsWgsl, {
  grid: ({ c }, [size]) => grid1d(c!, size),
  rows: ({ c }) => c!,
  grain: ({ chunks }) => Math.ceil(4096 / (chunks! + 1)),
});
export const batchNorm = /* @__PURE__ */ kernel(batchNormWgsl, channelwise);
export const batchNormBackwardParameters = /* @__PURE__ */ kernel(batchNormBackwardParametersWgsl, channelSums);
export const batchNormBackward = /* @__PURE__ */ kernel(batchNormBackwardWgsl, channelwise);

/** Windows of planes: WebGPU an invocation for each element written, WASM by planes. */
const pooled: Launch = {
  grid: ({ planes, oh, ow }, [size]) => grid1d(planes! * oh! * ow!, size),
  rows: ({ planes }) => planes!,
  grain: ({ h, w }) => Math.max(1, Math.ceil(8192 / (h! * w!))),
};
/** Their gradients: an invocation for each element read. */
const unpooled: Partial<Launch> = { grid: ({ planes, h, w }, [size]) => grid1d(planes! * h! * w!, size) };

export const maxPool = /* @__PURE__ */ kernel(maxPoolWgsl, pooled);
export const maxPoolBackward = /* @__PURE__ */ kernel(maxPoolBackwardWgsl, pooled, unpooled);
export const avgPool = /* @__PURE__ */ kernel(avgPoolWgsl, pooled);
export const avgPoolBackward = /* @__PURE__ */ kernel(avgPoolBackwardWgsl, pooled, unpooled);

export const upsample = /* @__PURE__ */ kernel(upsampleWgsl, pooled, {
  grid: ({ planes, h, w, rows, columns }, [size]) => grid1d(planes! * h! * rows! * w! * columns!, size),
});
export const upsampleBackward = /* @__PURE__ */ kernel(upsampleBackwardWgsl, pooled, unpooled);

export const warp = /* @__PURE__ */ kernel(warpWgsl, {
  grid: ({ n, oh, ow }, [size]) => grid1d(n! * oh! * ow!, size),
  rows: ({ n, oh }) => n! * oh!,
  grain: ({ c, ow }) => Math.max(1, Math.ceil(2048 / (c! * ow!))),
});
export const colorJitter = /* @__PURE__ */ kernel(colorJitterWgsl, {
  grid: ({ n }) => grid1d(n!, 1),
  rows: ({ n }) => n!,
  grain: ({ c, s }) => Math.max(1, Math.ceil(8192 / (c! * s!))),
});

/** Sequences of an LSTM: WebGPU four a workgroup; WASM those of a direction rounded up to a multiple of four. */
const sequences: Launch = {
  grid: ({ n, directions }) => grid1d(Math.ceil(n! / 4) * directions!, 1),
  rows: ({ n, directions }) => Math.ceil(n! / 4) * 4 * directions!,
  grain: ({ t, h }) => Math.max(4, Math.ceil(65536 / (t! * h! * h!))),
};

export const lstm = /* @__PURE__ */ kernel(lstmWgsl, sequences);
export const lstmBackward = /* @__PURE__ */ kernel(lstmBackwardWgsl, sequences);

/** All pairs within sets of n items of d features. */
const pairs: Launch = {
  grid: ({ batch, n }, [size]) => grid1d(batch! * n!, size),
  rows: ({ batch, n }) => batch! * n!,
  grain: ({ n, d }) => Math.max(4, Math.ceil(65536 / (n! * (d! + 8)))),
};

export const pairwiseLoss = /* @__PURE__ */ kernel(pairwiseLossWgsl, pairs);
export const pairwiseLossBackward = /* @__PURE__ */ kernel(pairwiseLossBackwardWgsl, pairs, {
  grid: ({ batch, n, d }, [size]) => grid1d(batch! * n! * Math.ceil(d! / 16), size),
});

/** Frames of signals: WebGPU one a workgroup, WASM four neighbours a row. */
export const powerSpectrum = /* @__PURE__ */ kernel(powerSpectrumWgsl, {
  grid: ({ batch, frames }) => grid1d(batch! * frames!, 1),
  rows: ({ batch, frames }) => batch! * Math.ceil(frames! / 4),
  grain: ({ fft, stages }) => Math.max(1, Math.ceil(16384 / (fft! * (stages! + 2)))),
});

/** Sets of n vectors: WebGPU one a workgroup. */
export const principalAxes = /* @__PURE__ */ kernel(principalAxesWgsl, {
  grid: ({ sets }) => grid1d(sets!, 1),
  rows: ({ sets }) => sets!,
  grain: ({ n, d, count, rounds }) => Math.max(1, Math.ceil(65536 / (n! * d! * count! * rounds!))),
});

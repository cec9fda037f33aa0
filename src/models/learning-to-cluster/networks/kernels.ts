import type { Kernel } from "../../../kernel";
import * as elementwise from "../../../kernels/elementwise";
import { conv2d, conv2dBackwardWeight, maxPool, maxPoolBackward } from "../../../kernels/images";
import * as indexing from "../../../kernels/indexing";
import { matmul } from "../../../kernels/linear-algebra";
import { pairwiseLoss, pairwiseLossBackward } from "../../../kernels/losses";
import * as normalization from "../../../kernels/normalization";
import * as optimizers from "../../../kernels/optimizers";
import { dropout } from "../../../kernels/random";
import { chunkReduce, reduce } from "../../../kernels/reduction";
import { lstm, lstmBackward } from "../../../kernels/sequences";
import { softmax, softmaxBackward } from "../../../kernels/softmax";
import { augmentKernels } from "../../../ops/images/augmentation";
import type { SetSettings } from "../options";

/** What training launches whatever the network is. */
const KERNELS: readonly Kernel[] = [
  elementwise.binary,
  elementwise.unary,
  elementwise.unaryBackward,
  indexing.copy,
  indexing.fill,
  indexing.gatherRows,
  matmul,
  pairwiseLoss,
  pairwiseLossBackward,
  normalization.batchNorm,
  normalization.batchNormBackward,
  normalization.batchNormBackwardParameters,
  normalization.batchNormMoments,
  normalization.batchNormStatistics,
  dropout,
  chunkReduce,
  reduce,
  softmax,
  softmaxBackward,
];

/** What training launches with these settings. */
export function setKernels({ model, embedding, optimizer, augment }: SetSettings): readonly Kernel[] {
  const type = typeof embedding === "string" ? embedding : embedding.type;
  const isRecurrent = model !== "iterative" || type === "blstm" || type === "cnn-lstm";
  const isConvolutional = type === "cnn" || type === "cnn-lstm";
  return [
    ...KERNELS,
    ...(isRecurrent ? [indexing.transpose, lstm, lstmBackward] : []),
    ...(model === "iterative-lstm" ? [indexing.scatterAddRows] : []),
    ...(isConvolutional ? [conv2d, conv2dBackwardWeight, maxPool, maxPoolBackward] : []),
    ...augmentKernels(augment),
    optimizers[optimizer.type],
  ];
}

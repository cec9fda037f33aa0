import * as c from "constella";
import type { Tensor } from "constella";
import { tensors } from "../adapter";
import type { Adapters, TensorAdapter } from "../adapter";

interface Windows {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

const pooling = (pool: typeof c.maxPool2d): TensorAdapter =>
  tensors<{ x: Tensor }, Windows>(({ x }, { kernel, stride, padding }) => ({
    y: pool(x, kernel, { stride, padding }),
  }));

type BatchNormInputs = Readonly<Record<"x" | "gamma" | "beta" | "running_mean" | "running_var", Tensor>>;

const batchNorm = tensors<BatchNormInputs, { training: boolean; momentum: number; eps: number }>(
  ({ x, gamma, beta, running_mean: mean, running_var: variance }, attrs) => ({
    y: c.batchNorm(x, { gamma, beta, running: { mean, variance }, ...attrs }),
    new_running_mean: mean,
    new_running_var: variance,
  }),
);

export const IMAGES: Adapters = {
  batch_norm1d: batchNorm,
  batch_norm2d: batchNorm,
  max_pool2d: pooling(c.maxPool2d),
  avg_pool2d: pooling(c.avgPool2d),
  upsample_nearest: tensors<{ x: Tensor }, { scale: number }>(({ x }, { scale }) => ({
    y: c.upsampleNearest(x, scale),
  })),
  upsample_bilinear: tensors<{ x: Tensor }, { scale: number }>(({ x }, { scale }) => ({
    y: c.upsampleBilinear(x, scale),
  })),
};

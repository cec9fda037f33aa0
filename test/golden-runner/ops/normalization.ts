import * as c from "constella";
import type { Tensor } from "constella";
import { tensors } from "../adapter";
import type { Adapters } from "../adapter";

export const NORMALIZATION: Adapters = {
  layer_norm: tensors<{ x: Tensor; gamma: Tensor; beta: Tensor }, { eps: number }>(({ x, gamma, beta }, { eps }) => ({
    y: c.layerNorm(x, gamma, beta, eps),
  })),
  l2_normalize: tensors<{ x: Tensor }, { eps: number }>(({ x }, { eps }) => ({ y: c.l2Normalize(x, eps) })),
  pairwise_sqdist: tensors<{ a: Tensor; b?: Tensor }>(({ a, b = a }) => ({ y: c.pairwiseSquaredDistance(a, b) })),
};

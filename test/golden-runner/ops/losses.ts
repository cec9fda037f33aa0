import * as c from "constella";
import type { RowReduction, Tensor } from "constella";
import { tensors } from "../adapter";
import type { Adapters } from "../adapter";

const pair = (f: (pred: Tensor, target: Tensor) => Tensor) =>
  tensors<{ pred: Tensor; target: Tensor }>(({ pred, target }) => ({ loss: f(pred, target) }));

const alongAxis = (f: (x: Tensor, axis: number) => Tensor) =>
  tensors<{ x: Tensor }, { axis: number }>(({ x }, { axis }) => ({ y: f(x, axis) }));

export const LOSSES: Adapters = {
  mse: pair(c.mse),
  mae: pair(c.mae),
  bce: tensors<{ p: Tensor; target: Tensor }>(({ p, target }) => ({ loss: c.bce(p, target) })),
  bce_with_logits: tensors<{ logits: Tensor; target: Tensor }>(({ logits, target }) => ({
    loss: c.bceWithLogits(logits, target),
  })),
  kl_div_pq: tensors<{ p: Tensor; q: Tensor }, { reduction: RowReduction }>(({ p, q }, { reduction }) => ({
    loss: c.klDivergence(p, q, reduction),
  })),
  student_t: tensors<{ z: Tensor; mu: Tensor }, { alpha: number }>(({ z, mu }, { alpha }) => ({
    q: c.studentT(z, mu, alpha),
  })),
  dec_target: tensors<{ q: Tensor }>(({ q }) => ({ p: c.decTarget(q) })),
  dec_kl: tensors<{ z: Tensor; mu: Tensor; p: Tensor }, { alpha: number; reduction: RowReduction }>(
    ({ z, mu, p }, { alpha, reduction }) => ({
      q: c.studentT(z, mu, alpha),
      loss: c.decLoss(z, mu, p, { alpha, reduction }),
    }),
  ),
  softmax: alongAxis(c.softmax),
  log_softmax: alongAxis(c.logSoftmax),
  cross_entropy: tensors<{ logits: Tensor; target: Tensor }>(({ logits, target }) => ({
    loss: c.crossEntropy(logits, target),
  })),
  cross_entropy_soft: tensors<{ logits: Tensor; target: Tensor }>(({ logits, target }) => ({
    loss: c.crossEntropySoft(logits, target),
  })),
  cross_entropy_weighted: tensors<
    { logits: Tensor; target: Tensor; weight: Tensor },
    { normalization: "sum_weights" | "mean" }
  >(({ logits, target, weight }, { normalization }) => ({
    loss: c.crossEntropy(logits, target, { weights: weight, normalization }),
  })),
};

import * as c from "constella";
import type { RowReduction, Tensor } from "constella";
import { exported, tensors } from "./adapter";
import type { Adapters } from "./adapter";

const pair = (f: (pred: Tensor, target: Tensor) => Tensor) =>
  tensors<{ pred: Tensor; target: Tensor }>(({ pred, target }) => ({ loss: f(pred, target) }));

const alongAxis = (name: string) =>
  tensors<{ x: Tensor }, { axis: number }>(
    ({ x }, { axis }) => ({ y: exported<(x: Tensor, axis: number) => Tensor>(name)(x, axis) }),
    name,
  );

interface CrossEntropyOptions {
  weight?: Tensor;
  normalization?: string;
}
const crossEntropy = (logits: Tensor, target: Tensor, options?: CrossEntropyOptions): Tensor =>
  exported<(logits: Tensor, target: Tensor, options?: CrossEntropyOptions) => Tensor>("crossEntropy")(
    logits,
    target,
    options,
  );

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
  softmax: alongAxis("softmax"),
  log_softmax: alongAxis("logSoftmax"),
  cross_entropy: tensors<{ logits: Tensor; target: Tensor }>(
    ({ logits, target }) => ({ loss: crossEntropy(logits, target) }),
    "crossEntropy",
  ),
};

import { checkRange, checkNames } from "../checks";
import * as kernels from "../kernels/optimizers";
import { run } from "../tensor";
import type { Tensor } from "../tensor";
import { Optimizer } from "./optimizer";

/** Options of `RMSprop`. */
export interface RMSpropOptions {
  /** Learning rate; default 0.01. */
  readonly lr?: number;
  /** Decay of the average of g²; default 0.99. */
  readonly alpha?: number;
  /** Added to the root; default 1e-8. */
  readonly eps?: number;
  /** Share of the last step that is kept; default 0. */
  readonly momentum?: number;
  /** L2 penalty, added to the gradient; default 0. */
  readonly weightDecay?: number;
}

/**
 * RMSprop (Tieleman and Hinton 2012, lecture 6.5): v ← αv + (1 − α)g²; b ← momentum·b + g / (√v + eps); p ← p − lr·b. As in
 * PyTorch, `eps` is outside the root.
 */
export class RMSprop extends Optimizer {
  readonly #options: Required<Omit<RMSpropOptions, "lr">>;

  constructor(params: readonly Tensor[], options: RMSpropOptions = {}) {
    checkNames<RMSpropOptions>("RMSprop", options, {
      lr: true,
      alpha: true,
      eps: true,
      momentum: true,
      weightDecay: true,
    });
    const { lr = 0.01, alpha = 0.99, eps = 1e-8, momentum = 0, weightDecay = 0 } = options;
    checkRange("RMSprop", { alpha, momentum }, 0, 1);
    checkRange("RMSprop", { eps, weightDecay }, 0);
    super("RMSprop", params, lr, ["square", "velocity"]);
    this.#options = { alpha, eps, momentum, weightDecay };
  }

  protected override update(p: Tensor, grad: Tensor, [v, velocity]: readonly [Tensor, Tensor]): void {
    const { alpha, eps, momentum, weightDecay } = this.#options;
    const state = { grad, p, v, velocity, n: p.size };
    run(kernels.rmsprop, { ...state, lr: this.lr, alpha, rest: 1 - alpha, eps, momentum, decay: weightDecay });
  }
}

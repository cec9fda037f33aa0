import { checkRange, checkNames } from "../checks";
import * as kernels from "../kernels/optimizers";
import { run } from "../tensor";
import type { Tensor } from "../tensor";
import { Optimizer } from "./optimizer";

/** Options of `Adam` and `AdamW`. */
export interface AdamOptions {
  /** Learning rate; default 0.001. */
  readonly lr?: number;
  /** Decay of the averages of g and g²; default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the average of g²; default 1e-8. */
  readonly eps?: number;
  /** Default 0 for Adam (L2, added to the gradient), 0.01 for AdamW (decoupled). */
  readonly weightDecay?: number;
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1): m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²;
 * p ← p − lr·m̂ / (√v̂ + eps) with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ). Weight decay is L2: g ← g + weightDecay·p.
 */
export class Adam extends Optimizer {
  readonly #options: Required<Omit<AdamOptions, "lr">>;
  readonly #decoupled: boolean;

  constructor(params: readonly Tensor[], options: AdamOptions = {}, decoupled = false) {
    const name = decoupled ? "AdamW" : "Adam";
    checkNames<AdamOptions>(name, options, { lr: true, betas: true, eps: true, weightDecay: true });
    const { lr = 0.001, betas = [0.9, 0.999], eps = 1e-8, weightDecay = decoupled ? 0.01 : 0 } = options;
    checkRange(name, { "betas[0]": betas[0], "betas[1]": betas[1] }, 0, 1 - 2 ** -24);
    checkRange(name, { eps, weightDecay }, 0);
    super(name, params, lr, ["average", "square"]);
    this.#options = { betas, eps, weightDecay };
    this.#decoupled = decoupled;
  }

  protected override update(p: Tensor, grad: Tensor, [m, v]: readonly [Tensor, Tensor], step: number): void {
    const { betas, eps, weightDecay } = this.#options;
    const [beta1, beta2] = betas;
    run(kernels.adam, {
      grad,
      p,
      m,
      v,
      n: p.size,
      beta1,
      beta2,
      rest1: 1 - beta1,
      rest2: 1 - beta2,
      eps,
      rate: this.lr / (1 - beta1 ** step),
      correction: 1 / Math.sqrt(1 - beta2 ** step),
      l2: this.#decoupled ? 0 : weightDecay,
      keep: this.#decoupled ? 1 - this.lr * weightDecay : 1,
    });
  }
}

/** Adam with decoupled weight decay: p ← p − lr·weightDecay·p before the step (Loshchilov and Hutter 2019, algorithm 2). */
export class AdamW extends Adam {
  constructor(params: readonly Tensor[], options: AdamOptions = {}) {
    super(params, options, true);
  }
}

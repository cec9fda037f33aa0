import { checkRange, checkNames } from "../checks";
import * as kernels from "../kernels/optimizers";
import { run } from "../tensor";
import type { Tensor } from "../tensor";
import { Optimizer } from "./optimizer";

/** Options of `Adadelta`. */
export interface AdadeltaOptions {
  /** Factor of the whole step; default 1. */
  readonly lr?: number;
  /** Decay of both averages; default 0.95. */
  readonly rho?: number;
  /** Added inside both roots; default 1e-7 (Keras 2.1; PyTorch has 1e-6). */
  readonly eps?: number;
  /** L2 penalty, added to the gradient; default 0. */
  readonly weightDecay?: number;
}

/**
 * Adadelta (Zeiler 2012, algorithm 1): v ← ρv + (1 − ρ)g²; u = g·√(d + eps) / √(v + eps) with the old d; p ← p − lr·u;
 * d ← ρd + (1 − ρ)u². The learning rate is not in d (Keras 2.1 and PyTorch agree).
 */
export class Adadelta extends Optimizer {
  readonly #options: Required<Omit<AdadeltaOptions, "lr">>;

  constructor(params: readonly Tensor[], options: AdadeltaOptions = {}) {
    checkNames<AdadeltaOptions>("Adadelta", options, { lr: true, rho: true, eps: true, weightDecay: true });
    const { lr = 1, rho = 0.95, eps = 1e-7, weightDecay = 0 } = options;
    checkRange("Adadelta", { rho }, 0, 1);
    checkRange("Adadelta", { eps, weightDecay }, 0);
    super("Adadelta", params, lr, ["square", "delta"]);
    this.#options = { rho, eps, weightDecay };
  }

  protected override update(p: Tensor, grad: Tensor, [v, d]: readonly [Tensor, Tensor]): void {
    const { rho, eps, weightDecay } = this.#options;
    run(kernels.adadelta, { grad, p, v, d, n: p.size, lr: this.lr, rho, rest: 1 - rho, eps, decay: weightDecay });
  }
}

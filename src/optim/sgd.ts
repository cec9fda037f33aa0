import { checkNames, checkRange } from "../checks";
import * as kernels from "../kernels/optimizers";
import { run } from "../tensor";
import type { Tensor } from "../tensor";
import { Optimizer } from "./optimizer";

/** Options of `SGD`. */
export interface SGDOptions {
  /** Learning rate. */
  readonly lr: number;
  /** Share of the last velocity that is kept; default 0. */
  readonly momentum?: number;
  /** L2 penalty, added to the gradient as weightDecay·p; default 0. */
  readonly weightDecay?: number;
  /** Look ahead along the velocity (Nesterov); default false. */
  readonly nesterov?: boolean;
  /** Parameters that go another way than the rest. */
  readonly groups?: readonly SGDGroup[];
}

/** Parameters with a learning rate of their own, or without momentum. */
export interface SGDGroup {
  readonly params: readonly Tensor[];
  /** Factor of the learning rate; default 1. */
  readonly lrScale?: number;
  /** Default: as the rest. 0 takes the gradient alone. */
  readonly momentum?: number;
}

/**
 * Stochastic gradient descent: g ← g + weightDecay·p; v ← momentum·v + g; p ← p − lr·v, or p − lr·(g + momentum·v) with
 * Nesterov's form (Sutskever et al. 2013, as PyTorch has it: the learning rate multiplies the velocity as a whole, so that
 * a change of it acts at once).
 */
export class SGD extends Optimizer {
  readonly #options: Required<Omit<SGDOptions, "groups">>;
  readonly #groups = new Map<Tensor, SGDGroup>();

  constructor(params: readonly Tensor[], options: SGDOptions) {
    const names = { lr: true, momentum: true, weightDecay: true, nesterov: "flag", groups: true } as const;
    checkNames<SGDOptions>("SGD", options, names, ["lr"]);
    const { lr, momentum = 0, weightDecay = 0, nesterov = false } = options;
    checkRange("SGD", { momentum }, 0, 1);
    checkRange("SGD", { weightDecay }, 0);
    if (nesterov && momentum === 0) throw new Error("SGD: nesterov needs a momentum above 0, 0");
    super("SGD", params, lr, momentum === 0 ? [] : ["velocity"]);
    this.#options = { lr, momentum, weightDecay, nesterov };
    for (const group of options.groups ?? []) {
      checkRange("SGD", { lrScale: group.lrScale ?? 1 }, 0);
      checkRange("SGD", { momentum: group.momentum ?? momentum }, 0, momentum === 0 ? 0 : 1);
      for (const param of group.params) this.#groups.set(param, group);
    }
  }

  protected override update(p: Tensor, grad: Tensor, [velocity]: readonly Tensor[]): void {
    const { weightDecay, nesterov } = this.#options;
    const { lrScale = 1, momentum = this.#options.momentum } = this.#groups.get(p) ?? {};
    const lr = this.lr * lrScale;
    if (velocity && momentum > 0)
      run(kernels.sgdMomentum, {
        grad,
        p,
        velocity,
        n: p.size,
        nesterov: Number(nesterov),
        lr,
        momentum,
        decay: weightDecay,
      });
    else run(kernels.sgd, { grad, p, n: p.size, lr, decay: weightDecay });
  }
}

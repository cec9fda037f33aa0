/// <reference lib="esnext.disposable" preserve="true" />
import { checkRange, checkInteger } from "../checks";
import { fillWith, zeros } from "../ops/layout";
import { format, sameShape, untidied } from "../tensor";
import type { Tensor } from "../tensor";

/** What an optimizer carries from step to step. */
export interface OptimizerState {
  /** Steps taken. */
  readonly step: number;
  readonly lr: number;
  /** By kind and number of the parameter: `velocity.0`. The optimizer's own tensors, not copies. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** The same with values read back, to go on from. */
export interface OptimizerValues {
  readonly step: number;
  readonly lr: number;
  readonly tensors: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>>;
}

/** Changes parameters in place, by one kernel each. Its state lies on the parameters' device until `dispose()`. */
export abstract class Optimizer {
  /** Learning rate; may be changed between steps. */
  lr: number;
  readonly params: readonly Tensor[];
  readonly #kinds: readonly string[];
  readonly #state: readonly (readonly Tensor[])[];
  #steps = 0;

  /** @param kinds names of the state tensors that each parameter has, all zero at first */
  protected constructor(name: string, params: readonly Tensor[], lr: number, kinds: readonly string[]) {
    if (params.length === 0) throw new Error(`${name}: parameters must be one or more, got none`);
    params.forEach((param, i) => {
      if (!param.tracked)
        throw new Error(`${name}: parameter ${i} of shape ${format(param)} is not tracked, make it with parameter()`);
    });
    if (new Set(params).size !== params.length) throw new Error(`${name}: a parameter was given twice`);
    checkRange(name, { lr }, 0);
    this.params = [...params];
    this.lr = lr;
    this.#kinds = kinds;
    this.#state = params.map((param) => kinds.map(() => untidied(() => zeros(param.device, param.shape))));
  }

  /** Steps taken. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * One step down the gradients, which are in the order of the parameters and are left as they are.
   * @throws when there is not one of the parameter's shape for each
   */
  step(grads: readonly Tensor[]): void {
    if (grads.length !== this.params.length)
      throw new Error(`step: ${this.params.length} parameters, but ${grads.length} gradients`);
    grads.forEach((grad, i) => {
      const param = this.params[i]!;
      if (!sameShape(grad.shape, param.shape))
        throw new Error(`step: parameter ${i} is ${format(param)}, its gradient ${format(grad)}`);
    });
    this.#steps++;
    grads.forEach((grad, i) => this.update(this.params[i]!, grad, this.#state[i]!, this.#steps));
  }

  /** Changes one parameter; `state` in the order of the kinds, `step` counts from 1. */
  protected abstract update(p: Tensor, grad: Tensor, state: readonly Tensor[], step: number): void;

  /** What to save, to go on from here. */
  stateDict(): OptimizerState {
    const tensors: Record<string, Tensor> = {};
    this.#kinds.forEach((kind, k) => this.#state.forEach((state, i) => (tensors[`${kind}.${i}`] = state[k]!)));
    return { step: this.#steps, lr: this.lr, tensors };
  }

  /** Goes on from a saved state. @throws when a name is missing or unknown, or a shape differs; nothing is changed then */
  loadStateDict({ step, lr, tensors }: OptimizerValues): void {
    const own = this.stateDict().tensors;
    checkInteger("loadStateDict", { step }, 0);
    checkRange("loadStateDict", { lr }, 0);
    for (const name of Object.keys(tensors))
      if (!own[name])
        throw new Error(
          `loadStateDict: unknown tensor ${name}, the optimizer has ${Object.keys(own).join(", ") || "none"}`,
        );
    for (const [name, tensor] of Object.entries(own)) {
      const value = tensors[name];
      if (!value) throw new Error(`loadStateDict: ${name} is missing`);
      if (!sameShape(tensor.shape, value.shape) || value.data.length !== tensor.size)
        throw new Error(
          `loadStateDict: ${name} must be of shape ${format(tensor)}, got ${format(value)} with ${value.data.length} elements`,
        );
    }
    for (const [name, tensor] of Object.entries(own))
      tensor.device.write(tensor.buffer, Float32Array.from(tensors[name]!.data));
    this.#steps = step;
    this.lr = lr;
  }

  /** Forgets averages and velocities and counts from 0 again, as when training begins anew. */
  reset(): void {
    this.#steps = 0;
    for (const tensor of this.#state.flat()) fillWith(tensor, 0);
  }

  /** Frees the state. The parameters are not the optimizer's. */
  dispose(): void {
    for (const tensor of this.#state.flat()) tensor.dispose();
  }

  /** `dispose()` at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

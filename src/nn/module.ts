import { format, sameShape, Tensor } from "../tensor";
import { mapTo } from "../typed-arrays";

/** Named tensors of a module, by the path of properties that leads to each: `layers.0.weight`. */
export type NamedTensors = Record<string, Tensor>;

export type { NamedArrays } from "../lifecycle/checkpoint";

/** The same as files have them, where whole numbers may be of 64 bits (`readSafetensors`). */
export type NamedValues = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> | ArrayLike<bigint> }>
>;

/**
 * A part of a network: its tensors and modules are its properties, and arrays of them. Tensors that are tracked are
 * parameters; the others (running statistics) are state that is saved with them.
 */
export abstract class Module {
  /** Set by `train()` and `eval()`: what dropout and batch normalization go by. */
  training = true;

  /** The output for x, recorded for gradients. */
  abstract forward(x: Tensor): Tensor;

  /** Every tensor of the module and of those inside it, by path. */
  stateDict(): NamedTensors {
    const named: NamedTensors = {};
    const visit = (value: unknown, path: string): void => {
      if (value instanceof Tensor) named[path] = value;
      else if (value instanceof Module)
        for (const [name, tensor] of Object.entries(value.stateDict())) named[`${path}.${name}`] = tensor;
      else if (Array.isArray(value)) value.forEach((item, i) => visit(item, `${path}.${i}`));
    };
    for (const [name, value] of Object.entries(this)) visit(value, name);
    return named;
  }

  /** The tensors that training changes, in the order of the state dict. */
  parameters(): Tensor[] {
    return Object.values(this.stateDict()).filter((tensor) => tensor.tracked);
  }

  /**
   * Overwrites the module's tensors.
   * @throws when a name is missing or unknown, or a shape differs; nothing is written then
   */
  loadStateDict(values: NamedValues): void {
    const own = this.stateDict();
    const names = new Set([...Object.keys(own), ...Object.keys(values)]);
    for (const name of names) {
      const [tensor, value] = [own[name], values[name]];
      if (!tensor)
        throw new Error(`loadStateDict: unknown tensor ${name}, the module has ${Object.keys(own).join(", ")}`);
      if (!value) throw new Error(`loadStateDict: ${name} is missing`);
      if (!sameShape(tensor.shape, value.shape))
        throw new Error(`loadStateDict: ${name} must be of shape ${format(tensor)}, got ${format(value)}`);
    }
    for (const [name, tensor] of Object.entries(own)) {
      const data = values[name]!.data as ArrayLike<number | bigint>;
      const typed = tensor.dtype === "f32" ? mapTo(Float32Array, data, Number) : mapTo(Uint32Array, data, Number);
      tensor.device.write(tensor.buffer, typed);
    }
  }

  /** Puts the module and those inside it in training mode. */
  train(): this {
    return this.#setTraining(true);
  }

  /** Puts the module and those inside it in evaluation mode. */
  eval(): this {
    return this.#setTraining(false);
  }

  #setTraining(training: boolean): this {
    this.training = training;
    const visit = (value: unknown): void => {
      if (value instanceof Module) value.#setTraining(training);
      else if (Array.isArray(value)) value.forEach(visit);
    };
    Object.values(this).forEach(visit);
    return this;
  }

  /** The module and all those inside it. */
  modules(): Module[] {
    const inside = (value: unknown): Module[] =>
      value instanceof Module ? value.modules() : Array.isArray(value) ? value.flatMap(inside) : [];
    return [this, ...Object.values(this).flatMap(inside)];
  }

  /** Frees every tensor of the module. */
  dispose(): void {
    for (const tensor of Object.values(this.stateDict())) tensor.dispose();
  }
}

/** Modules one after the other. */
export class Sequential extends Module {
  readonly layers: readonly Module[];

  constructor(layers: readonly Module[]) {
    super();
    this.layers = layers;
  }

  override forward(x: Tensor): Tensor {
    return this.layers.reduce((y, layer) => layer.forward(y), x);
  }
}

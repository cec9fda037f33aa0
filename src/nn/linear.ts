import { checkFlag } from "../checks";
import type { Device } from "../device";
import { linear } from "../ops/matmul";
import type { Activation } from "../ops/elementwise";
import type { Tensor } from "../tensor";
import { constant, drawnParameter, glorotUniform } from "./init";
import type { Initializer, RandomSource } from "./init";
import { Module } from "./module";

/** Options of `Linear`. */
export interface LinearOptions {
  readonly bias?: boolean;
  readonly activation?: Activation;
  readonly weightInit?: Initializer;
  readonly biasInit?: Initializer;
}

/** act(x Wᵀ + b) over the last axis; W [out, in], b [out]. */
export class Linear extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
  readonly activation: Activation | undefined;

  constructor(device: Device, inputs: number, outputs: number, random: RandomSource, options: LinearOptions = {}) {
    super();
    const { bias = true, activation, weightInit = glorotUniform, biasInit = constant(0) } = options;
    checkFlag("Linear", { bias });
    this.weight = drawnParameter(device, weightInit, [outputs, inputs], random);
    this.bias = bias ? drawnParameter(device, biasInit, [outputs], random) : undefined;
    this.activation = activation;
  }

  override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias, this.activation && { activation: this.activation });
  }
}

import { checkFlag } from "../checks";
import type { Device } from "../device";
import { conv2d, convTranspose2d } from "../ops/images/convolution";
import type { Conv2dCall, ConvTranspose2dCall } from "../ops/images/convolution";
import { pairOf } from "../ops/images/pair";
import type { Pair } from "../ops/images/pair";
import { sizeOf } from "../ndarray";
import type { Tensor } from "../tensor";
import { drawnParameter, fanInUniform } from "./init";
import type { Initializer, RandomSource } from "./init";
import { Module } from "./module";
import { generate } from "../typed-arrays";

/** Initial values of convolutional layers; the defaults are PyTorch's. */
interface ConvolutionInit {
  readonly bias?: boolean;
  /** Default U(±1 / √fan_in), fan_in the sizes of the weight's second and following axes multiplied. */
  readonly weightInit?: Initializer;
  /** Default U(±1 / √fan_in) with the weight's fan_in. */
  readonly biasInit?: Initializer;
}

/** Options of `Conv2d`. */
export interface Conv2dOptions extends Conv2dCall, ConvolutionInit {}

/** Options of `ConvTranspose2d`. */
export interface ConvTranspose2dOptions extends ConvTranspose2dCall, ConvolutionInit {}

/** Weight and bias of a layer. */
function initialized(
  op: string,
  device: Device,
  shape: readonly number[],
  outputs: number,
  random: RandomSource,
  { bias = true, weightInit = fanInUniform, biasInit }: ConvolutionInit,
): { weight: Tensor; bias: Tensor | undefined } {
  checkFlag(op, { bias });
  const weight = drawnParameter(device, weightInit, shape, random);
  if (!bias) return { weight, bias: undefined };
  const limit = 1 / Math.sqrt(sizeOf(shape.slice(1)));
  const within: Initializer = ([size = 0]) => generate(Float32Array, size, () => limit * (2 * random.uniform() - 1));
  return { weight, bias: drawnParameter(device, biasInit ?? within, [outputs], random) };
}

/** act(x ⋆ W + b) on images [n, c, h, w]; W [out, c, kh, kw], b [out]. */
export class Conv2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
  readonly options: Conv2dCall;

  /** @param kernel side of the kernel, or its height and width */
  constructor(
    device: Device,
    inputs: number,
    outputs: number,
    kernel: Pair,
    random: RandomSource,
    options: Conv2dOptions = {},
  ) {
    super();
    const shape = [outputs, inputs, ...pairOf(kernel)];
    ({ weight: this.weight, bias: this.bias } = initialized("Conv2d", device, shape, outputs, random, options));
    this.options = options;
  }

  override forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.options);
  }
}

/** Transposed convolution of images [n, c, h, w], then act(· + b); W [c, out, kh, kw], b [out]. */
export class ConvTranspose2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
  readonly options: ConvTranspose2dCall;

  /** @param kernel side of the kernel, or its height and width */
  constructor(
    device: Device,
    inputs: number,
    outputs: number,
    kernel: Pair,
    random: RandomSource,
    options: ConvTranspose2dOptions = {},
  ) {
    super();
    const shape = [inputs, outputs, ...pairOf(kernel)];
    ({ weight: this.weight, bias: this.bias } = initialized(
      "ConvTranspose2d",
      device,
      shape,
      outputs,
      random,
      options,
    ));
    this.options = options;
  }

  override forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, this.bias, this.options);
  }
}

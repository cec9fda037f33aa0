import { checkSizes } from "../../checks";
import type { Device } from "../../device";
import { sizeOf } from "../../ndarray";
import { Conv2d, ConvTranspose2d } from "../../nn/convolution";
import type { RandomSource } from "../../nn/init";
import { fanInUniform } from "../../nn/init";
import { Linear } from "../../nn/linear";
import { Module, Sequential } from "../../nn/module";
import { add } from "../../ops/elementwise";
import { slice } from "../../ops/layout";
import { linear } from "../../ops/matmul";
import { reshape } from "../../ops/shape";
import type { Tensor } from "../../tensor";
import { ResidualBlock } from "./residual";
import { generate } from "../../typed-arrays";

/** Fully connected layers of these sizes, from the input inwards; the decoder mirrors them. */
export interface DenseSpec {
  readonly type: "dense";
  readonly sizes: readonly number[];
}

/** Convolutions of these channels, each halving the image, from the input inwards; the decoder mirrors them with transposed convolutions. */
export interface ConvolutionalSpec {
  readonly type: "convolutional";
  readonly channels: readonly number[];
}

/** The same with so many residual blocks after each convolution but the last. */
export interface ResidualSpec {
  readonly type: "residual";
  readonly channels: readonly number[];
  readonly depth: number;
}

/** What stands on either side of a code. */
export type CoderSpec = DenseSpec | ConvolutionalSpec | ResidualSpec;

/** Slope of the rectifiers on their negative side. */
const SLOPE = 0.1;

/** Options of convolutions but the last. */
const RECTIFIED = { activation: "leakyRelu", slope: SLOPE } as const;

/** A convolution, and the residual blocks on what it makes. */
function withBlocks(
  convolution: Module,
  spec: CoderSpec,
  device: Device,
  channels: number,
  random: RandomSource,
): Module {
  if (spec.type !== "residual" || spec.depth === 0) return convolution;
  const blocks = Array.from({ length: spec.depth }, () => new ResidualBlock(device, channels, random, SLOPE));
  return new Sequential([convolution, ...blocks]);
}

/** A fully connected layer with PyTorch's initial values, rectified unless it is the last. */
function dense(device: Device, inputs: number, outputs: number, random: RandomSource, last = false): Dense {
  return new Dense(device, inputs, outputs, random, last ? 1 : SLOPE);
}

/** leakyRelu(x Wᵀ + b) with its slope; slope 1 is linear. */
export class Dense extends Module {
  readonly linear: Linear;
  readonly slope: number;

  constructor(device: Device, inputs: number, outputs: number, random: RandomSource, slope: number) {
    super();
    const limit = 1 / Math.sqrt(inputs);
    const biasInit = ([size = 0]: readonly number[]): Float32Array =>
      generate(Float32Array, size, () => limit * (2 * random.uniform() - 1));
    this.linear = new Linear(device, inputs, outputs, random, { weightInit: fanInUniform, biasInit });
    this.slope = slope;
  }

  override forward(x: Tensor): Tensor {
    const { weight, bias } = this.linear;
    return linear(x, weight, bias, this.slope === 1 ? {} : { activation: "leakyRelu", slope: this.slope });
  }
}

/** What an encoder ends in, by name: [n, size] of each. */
export type CodeSizes = Readonly<Record<string, number>>;

/** Items [n, …inputShape] to the named parts of a code. */
export class Encoder extends Module {
  readonly inputShape: readonly number[];
  readonly convolutions: readonly Module[];
  readonly layers: readonly Dense[];
  readonly head: Dense;
  readonly codes: readonly (readonly [name: string, size: number])[];

  constructor(device: Device, spec: CoderSpec, inputShape: readonly number[], codes: CodeSizes, random: RandomSource) {
    super();
    this.inputShape = inputShape;
    const { channels, planes, size } = shapesOf(spec, inputShape);
    this.convolutions = channels.slice(1).map((outputs, i) => {
      const convolution = new Conv2d(device, channels[i]!, outputs, 3, random, { stride: 2, padding: 1, ...RECTIFIED });
      return withBlocks(convolution, spec, device, outputs, random);
    });
    const sizes = spec.type === "dense" ? [size, ...spec.sizes] : [planes];
    this.layers = sizes.slice(1).map((outputs, i) => dense(device, sizes[i]!, outputs, random));
    this.codes = Object.entries(codes).filter(([, count]) => count > 0);
    this.head = dense(
      device,
      sizes.at(-1)!,
      this.codes.reduce((sum, [, count]) => sum + count, 0),
      random,
      true,
    );
  }

  /** What each convolution makes of items, from the input inwards: [n, c, h, w]; none of dense layers. */
  planes(x: Tensor): Tensor[] {
    let h = this.convolutions.length > 0 ? reshape(x, [x.size / sizeOf(this.inputShape), ...this.inputShape]) : x;
    return this.convolutions.map((layer) => (h = layer.forward(h)));
  }

  /** The last layer before the code, rectified, of items and their planes: [n, features]. */
  features(x: Tensor, planes = this.planes(x)): Tensor {
    const n = x.size / sizeOf(this.inputShape);
    return this.layers.reduce<Tensor>((h, layer) => layer.forward(h), reshape(planes.at(-1) ?? x, [n, -1]));
  }

  override forward(x: Tensor): Tensor {
    return this.head.forward(this.features(x));
  }

  /** The code's parts by name. */
  encode(x: Tensor): Readonly<Record<string, Tensor>> {
    const code = this.forward(x);
    const n = code.shape[0]!;
    let at = 0;
    const parts = this.codes.map(([name, count]) => {
      at += count;
      return [name, this.codes.length === 1 ? code : slice(code, [0, at - count], [n, at])] as const;
    });
    return Object.fromEntries(parts);
  }
}

/** Codes [n, size] back to items, flattened: [n, width]. The mirror image of an encoder. */
export class Decoder extends Module {
  readonly layers: readonly Dense[];
  readonly convolutions: readonly Module[];
  readonly #start: readonly number[];

  constructor(device: Device, spec: CoderSpec, inputShape: readonly number[], code: number, random: RandomSource) {
    super();
    const { channels, planes, size, sides } = shapesOf(spec, inputShape);
    const sizes = spec.type === "dense" ? [code, ...[...spec.sizes].reverse(), size] : [code, planes];
    const isLast = (i: number): boolean => spec.type === "dense" && i === sizes.length - 2;
    this.layers = sizes.slice(1).map((outputs, i) => dense(device, sizes[i]!, outputs, random, isLast(i)));
    const outwards = [...channels].reverse();
    const steps = [...sides].reverse();
    this.convolutions = outwards.slice(1).map((outputs, i) => {
      const [from, to] = [steps[i]!, steps[i + 1]!];
      const outputPadding = [to[0] - (2 * from[0] - 1), to[1] - (2 * from[1] - 1)] as const;
      const last = i === outwards.length - 2;
      const convolution = new ConvTranspose2d(device, outwards[i]!, outputs, 3, random, {
        stride: 2,
        padding: 1,
        outputPadding,
        ...(last ? {} : RECTIFIED),
      });
      return last ? convolution : withBlocks(convolution, spec, device, outputs, random);
    });
    this.#start = [outwards[0] ?? 0, ...(steps[0] ?? [])];
  }

  override forward(z: Tensor): Tensor {
    const h = this.layers.reduce<Tensor>((x, layer) => layer.forward(x), z);
    if (this.convolutions.length === 0) return h;
    return reshape(this.#outwards(h).at(-1)!, [z.shape[0]!, -1]);
  }

  /** What each convolution makes of codes, outwards, where the encoder's planes of the same size are added (`skips`, inwards): [n, c, h, w]. */
  planes(z: Tensor, skips: readonly Tensor[] = []): Tensor[] {
    return this.#outwards(
      this.layers.reduce<Tensor>((x, layer) => layer.forward(x), z),
      skips,
    );
  }

  #outwards(flat: Tensor, skips: readonly Tensor[] = []): Tensor[] {
    let h = reshape(flat, [flat.shape[0]!, ...this.#start]);
    return this.convolutions.map((layer, i) => {
      const skip = skips[skips.length - 2 - i];
      h = layer.forward(h);
      return (h = skip ? add(h, skip) : h);
    });
  }
}

interface Shapes {
  /** Channels from the image inwards; empty for dense layers. */
  readonly channels: readonly number[];
  /** Height and width at each of them. */
  readonly sides: readonly (readonly [number, number])[];
  /** Elements of the innermost planes, and of an item. */
  readonly planes: number;
  readonly size: number;
}

function shapesOf(spec: CoderSpec, inputShape: readonly number[]): Shapes {
  const size = sizeOf(inputShape);
  if (spec.type === "dense") {
    checkSizes("coders", { sizes: [size, ...spec.sizes] });
    return { channels: [], sides: [], planes: size, size };
  }
  const [channels, height, width] = inputShape as [number, number, number];
  checkSizes("coders", { channels: spec.channels });
  if (inputShape.length !== 3 || !(channels > 0 && height > 0 && width > 0))
    throw new Error(`coders: convolutions need items of [channels, height, width], got [${inputShape.join(", ")}]`);
  const sides: (readonly [number, number])[] = [[height, width]];
  for (const _ of spec.channels) {
    const [h, w] = sides.at(-1)!;
    sides.push([Math.ceil(h / 2), Math.ceil(w / 2)]);
  }
  const [h, w] = sides.at(-1)!;
  return { channels: [channels, ...spec.channels], sides, planes: spec.channels.at(-1)! * h * w, size };
}

// What makes a vector of each item of a set, before the items are seen together.
import { checkShare, checkInteger } from "../../../checks";
import type { Device } from "../../../device";
import { sizeOf } from "../../../ndarray";
import { BatchNorm1d, BatchNorm2d } from "../../../nn/batch-norm";
import { Conv2d } from "../../../nn/convolution";
import { constant, glorotUniform } from "../../../nn/init";
import type { RandomSource } from "../../../nn/init";
import { Linear } from "../../../nn/linear";
import { LSTM } from "../../../nn/lstm";
import type { LSTMModuleOptions } from "../../../nn/lstm";
import { Module } from "../../../nn/module";
import { KERAS_BATCH_NORM } from "../../../ops/normalization/batch-norm";
import { cos, leakyRelu, scale, sin } from "../../../ops/elementwise";
import { concat, slice, transpose } from "../../../ops/layout";
import { maxPool2d } from "../../../ops/images/pooling";
import { dropout } from "../../../ops/random";
import { reshape } from "../../../ops/shape";
import { choice, either, list, optional, record, share, sizes, integer } from "../../../options";
import type { Rule } from "../../../options";
import type { Random } from "../../../random";
import type { Tensor } from "../../../tensor";

/** Slope of every leaky rectifier of the method, Keras's default. */
export const SLOPE = 0.3;

/** Layers after convolutions or recurrence: each Dense → leaky ReLU → batch normalisation → dropout. */
interface DenseSpec {
  /** Default [256, 256]. */
  readonly dense?: readonly number[];
  /** Share that training drops after each of them. Default 0. */
  readonly dropout?: number;
}

/** Blocks of convolution 3 × 3 → leaky ReLU → batch normalisation → max-pooling 2 × 2, then dense layers (Table 2); images of any size. */
export interface CNNEmbedding extends DenseSpec {
  readonly type: "cnn";
  /** Channels of each block. Default [32, 64, 128]. */
  readonly blocks?: readonly number[];
}

/** Bidirectional LSTM layers over an item that is a sequence; the states that both directions end with go on (Table 3). */
export interface BLSTMEmbedding extends DenseSpec {
  readonly type: "blstm";
  /** Units of each direction of each layer. Default [128]. */
  readonly units?: readonly number[];
}

/** Blocks as of `cnn`, then bidirectional LSTM layers along the last axis. */
export interface CNNLSTMEmbedding extends DenseSpec {
  readonly type: "cnn-lstm";
  readonly blocks?: readonly number[];
  readonly units?: readonly number[];
}

/**
 * The item's own numbers x, and beside them sin(2^f π/2 · x) and cos(2^f π/2 · x) for f = 0 … frequencies − 1, nothing of it learned:
 * gates of an LSTM tell near values apart by these long before they would by x alone (Tancik et al. 2020, "Fourier features").
 * For numbers of the order of 1.
 */
export interface FourierEmbedding {
  readonly type: "fourier";
  /** Default 4. */
  readonly frequencies?: number;
}

/** Which embedding, as plain data. */
export type EmbeddingSpec = "identity" | FourierEmbedding | CNNEmbedding | BLSTMEmbedding | CNNLSTMEmbedding;

/** What sizes of layers of an embedding must be. @internal */
export const EMBEDDING_SIZES = { blocks: sizes(), dense: list(integer(1)), units: sizes() };

const LAYERS = { dense: optional(EMBEDDING_SIZES.dense), dropout: optional(share) };
const [BLOCKS, UNITS] = [optional(EMBEDDING_SIZES.blocks), optional(EMBEDDING_SIZES.units)];

/** What an embedding's description must be. */
export const EMBEDDING_RULE: Rule = either(
  choice("identity"),
  record({ type: choice("fourier"), frequencies: optional(integer(1)) }),
  record({ type: choice("cnn"), blocks: BLOCKS, ...LAYERS }),
  record({ type: choice("blstm"), units: UNITS, ...LAYERS }),
  record({ type: choice("cnn-lstm"), blocks: BLOCKS, units: UNITS, ...LAYERS }),
);

/** Maps items [m, …itemShape] to vectors [m, size]. */
export abstract class Embedding extends Module {
  abstract readonly size: number;
  /**
   * The vectors of items.
   * @param random drops where it is given
   */
  abstract embed(x: Tensor, random?: Random): Tensor;

  override forward(x: Tensor): Tensor {
    return this.embed(x);
  }
}

class Identity extends Embedding {
  override readonly size: number;

  constructor(itemShape: readonly number[]) {
    super();
    this.size = sizeOf(itemShape);
  }

  override embed(x: Tensor): Tensor {
    return reshape(x, [x.shape[0]!, this.size]);
  }
}

class Fourier extends Embedding {
  override readonly size: number;
  readonly frequencies: number;

  constructor({ frequencies = 4 }: FourierEmbedding, itemShape: readonly number[]) {
    super();
    checkInteger("embedding fourier", { frequencies }, 1);
    this.frequencies = frequencies;
    this.size = sizeOf(itemShape) * (1 + 2 * frequencies);
  }

  override embed(x: Tensor): Tensor {
    const flat = reshape(x, [x.shape[0]!, -1]);
    const angles = Array.from({ length: this.frequencies }, (_, f) => scale(flat, 2 ** f * (Math.PI / 2)));
    return concat([flat, ...angles.map(sin), ...angles.map(cos)], 1);
  }
}

/** Convolution, leaky ReLU, batch normalisation, max-pooling: half the height and width. */
class ConvolutionBlock extends Module {
  readonly convolution: Conv2d;
  readonly norm: BatchNorm2d;

  constructor(device: Device, inputs: number, outputs: number, random: RandomSource) {
    super();
    const activation = { activation: "leakyRelu", slope: SLOPE } as const;
    const init = { weightInit: glorotUniform, biasInit: constant(0) };
    this.convolution = new Conv2d(device, inputs, outputs, 3, random, { padding: "same", ...activation, ...init });
    this.norm = new BatchNorm2d(device, outputs, KERAS_BATCH_NORM);
  }

  override forward(x: Tensor): Tensor {
    return maxPool2d(this.norm.forward(this.convolution.forward(x)), 2);
  }
}

/** Dense, leaky ReLU, batch normalisation. */
class DenseBlock extends Module {
  readonly dense: Linear;
  readonly norm: BatchNorm1d;

  constructor(device: Device, inputs: number, outputs: number, random: RandomSource) {
    super();
    this.dense = new Linear(device, inputs, outputs, random);
    this.norm = new BatchNorm1d(device, outputs, KERAS_BATCH_NORM);
  }

  override forward(x: Tensor): Tensor {
    return this.norm.forward(leakyRelu(this.dense.forward(x), SLOPE));
  }
}

/** Channels, height and width of an item that is an image: [h, w] has one channel. @throws when it is none */
export function imageShape(name: string, itemShape: readonly number[]): [number, number, number] {
  const [a = 0, b = 0, c = 0] = itemShape;
  if (itemShape.length === 2) return [1, a, b];
  if (itemShape.length === 3) return [a, b, c];
  throw new Error(`${name}: items must be [height, width] or [channels, height, width], got [${itemShape}]`);
}

/** The last output of either direction: the forward one's of the last step, the backward one's of the first. */
export function finalStates(y: Tensor): Tensor {
  const [n = 0, t = 0, width = 0] = y.shape;
  const half = width / 2;
  const last = reshape(slice(y, [0, t - 1, 0], [n, t, half]), [n, half]);
  const first = reshape(slice(y, [0, 0, half], [n, 1, width]), [n, half]);
  return concat([last, first], 1);
}

class LayeredEmbedding extends Embedding {
  override readonly size: number;
  readonly blocks: readonly ConvolutionBlock[];
  readonly recurrent: readonly LSTM[];
  readonly dense: readonly DenseBlock[];
  readonly dropout: number;
  readonly #image: readonly [number, number, number];

  constructor(
    device: Device,
    spec: CNNEmbedding | BLSTMEmbedding | CNNLSTMEmbedding,
    itemShape: readonly number[],
    gates: LSTMModuleOptions["gates"],
    random: RandomSource,
  ) {
    super();
    const { type, dense = [256, 256], dropout: drop = 0 } = spec;
    checkShare(`embedding ${type}`, { dropout: drop });
    const blocks = type === "blstm" ? [] : (spec.blocks ?? [32, 64, 128]);
    const units = type === "cnn" ? [] : (spec.units ?? [128]);
    for (const size of [...blocks, ...units, ...dense])
      checkInteger(`embedding ${type}`, { "size of a layer": size }, 1);
    let [channels, height, width] = (this.#image = imageShape(`embedding ${type}`, itemShape));
    this.blocks = blocks.map((outputs) => {
      const block = new ConvolutionBlock(device, channels, outputs, random);
      [channels, height, width] = [outputs, Math.floor(height / 2), Math.floor(width / 2)];
      return block;
    });
    if (height * width === 0)
      throw new Error(`embedding ${type}: items [${itemShape}] are too small for ${blocks.length} halvings`);
    let features = channels * height;
    this.recurrent = units.map((size) => {
      const layer = new LSTM(device, features, size, random, {
        bidirectional: true,
        init: "keras",
        ...(gates && { gates }),
      });
      features = 2 * size;
      return layer;
    });
    if (units.length === 0) features *= width;
    this.dense = dense.map((size) => {
      const block = new DenseBlock(device, features, size, random);
      features = size;
      return block;
    });
    this.size = features;
    this.dropout = drop;
  }

  override embed(x: Tensor, random?: Random): Tensor {
    const m = x.shape[0]!;
    let y = this.blocks.reduce((y, block) => block.forward(y), reshape(x, [m, ...this.#image]));
    if (this.recurrent.length > 0) {
      const [, channels = 0, height = 0, width = 0] = y.shape;
      const sequence = reshape(transpose(y, [0, 3, 1, 2]), [m, width, channels * height]);
      y = finalStates(this.recurrent.reduce((y, layer) => layer.forward(y), sequence));
    } else y = reshape(y, [m, -1]);
    for (const block of this.dense) {
      y = block.forward(y);
      if (random) y = dropout(y, this.dropout, random);
    }
    return y;
  }
}

/** Makes the embedding of a description. @throws when it does not fit the items, or its type is unknown */
export function buildEmbedding(
  device: Device,
  spec: EmbeddingSpec,
  itemShape: readonly number[],
  gates: LSTMModuleOptions["gates"],
  random: RandomSource,
): Embedding {
  if (spec === "identity") return new Identity(itemShape);
  const { type } = spec as { type?: unknown };
  if (spec.type === "fourier") return new Fourier(spec, itemShape);
  if (type === "cnn" || type === "blstm" || type === "cnn-lstm")
    return new LayeredEmbedding(device, spec, itemShape, gates, random);
  throw new Error(
    `embedding must be identity, or of type fourier, cnn, blstm or cnn-lstm, got ${String(type ?? spec)}`,
  );
}

import { checkInteger, isWhole } from "../checks";
import type { Device } from "../device";
import { sizeOf } from "../ndarray";
import { flatten } from "../ops/shape";
import type { Tensor } from "../tensor";
import { BatchNorm1d, BatchNorm2d } from "./batch-norm";
import { Conv2d } from "./convolution";
import { FeatureNetwork, noLayer } from "./feature-network";
import { fanInUniform, normal } from "./init";
import type { RandomSource } from "./init";
import { Linear } from "./linear";
import { Sequential } from "./module";
import { MaxPool2d } from "./pooling";

/** Options of `VGG`. */
export interface VGGOptions {
  /** Blocks of two convolutions and a pooling; default 2. */
  readonly blocks?: number;
  /** Channels of the first block; each further block has twice as many. Default 16. */
  readonly channels?: number;
  /** Sizes of one image, [channels, height, width]; default [1, 45, 45]. */
  readonly input?: readonly [number, number, number];
  /** Width of the two fully connected layers, the features among them; default 512. */
  readonly hidden?: number;
}

/** A `VGG` as plain data. */
export interface VGGSpec extends VGGOptions {
  readonly type: "vgg";
}

/**
 * A small network of the VGG kind (Simonyan and Zisserman 2015) for telescope images: blocks of [3×3 convolution, batch normalisation,
 * rectifier] twice and 2×2 maximum pooling (45 × 45 → 22 × 22 → 11 × 11), then a fully connected layer with batch normalisation and
 * rectifier, and one that gives the features, rectified by the classifier. Convolutions begin at N(0, 2 / (9 · channels out)) as in
 * DeepCluster's code, fully connected layers at U(±1 / √inputs).
 */
export class VGG extends FeatureNetwork {
  override readonly inputShape: readonly number[];
  override readonly featureSize: number;
  readonly blocks: readonly Sequential[];
  readonly hidden: Linear;
  readonly hiddenNorm: BatchNorm1d;
  readonly output: Linear;

  /** @throws when an option is no whole number in its range, or the image is smaller than the poolings need */
  constructor(device: Device, options: VGGOptions, random: RandomSource) {
    super();
    const { blocks = 2, channels = 16, input = [1, 45, 45], hidden = 512 } = options;
    checkInteger("VGG", { blocks, channels, hidden }, 1);
    if (input.length !== 3 || !input.every((size) => isWhole(size, 1)))
      throw new Error(`VGG: input must be [channels, height, width], got [${input.join(", ")}]`);
    const [, height, width] = input;
    if (Math.min(height, width) < 2 ** blocks)
      throw new Error(`VGG: ${blocks} blocks need images of ${2 ** blocks} pixels a side, got ${height} × ${width}`);
    const convolution = (from: number, to: number): (Conv2d | BatchNorm2d)[] => [
      new Conv2d(device, from, to, 3, random, {
        padding: 1,
        bias: false,
        weightInit: normal(Math.sqrt(2 / (9 * to))),
      }),
      new BatchNorm2d(device, to, { activation: "relu" }),
    ];
    this.inputShape = input;
    this.blocks = Array.from({ length: blocks }, (_, b) => {
      const [from, to] = [b === 0 ? input[0] : channels * 2 ** (b - 1), channels * 2 ** b];
      return new Sequential([...convolution(from, to), ...convolution(to, to), new MaxPool2d(2)]);
    });
    const pooled = [channels * 2 ** (blocks - 1), height >> blocks, width >> blocks];
    const uniform = { weightInit: fanInUniform };
    this.hidden = new Linear(device, sizeOf(pooled), hidden, random, uniform);
    this.hiddenNorm = new BatchNorm1d(device, hidden, { activation: "relu" });
    this.output = new Linear(device, hidden, hidden, random, uniform);
    this.featureSize = hidden;
  }

  /** block1, block2, …: what each block leaves, pooled; hidden: the first fully connected layer, rectified. */
  override get layerNames(): readonly string[] {
    return [...this.blocks.map((_, b) => `block${b + 1}`), "hidden"];
  }

  override read(x: Tensor, layer: string): Tensor {
    const at = this.layerNames.indexOf(layer);
    if (at < 0) throw noLayer(layer, this.layerNames);
    const maps = this.blocks.slice(0, at + 1).reduce((h, stage) => stage.forward(h), x);
    return layer === "hidden" ? this.hiddenNorm.forward(this.hidden.forward(flatten(maps))) : maps;
  }

  /** x [n, channels, height, width] → features before their rectifier [n, hidden] */
  override forward(x: Tensor): Tensor {
    const maps = this.blocks.reduce((h, stage) => stage.forward(h), x);
    return this.output.forward(this.hiddenNorm.forward(this.hidden.forward(flatten(maps))));
  }
}

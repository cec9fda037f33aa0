// Stacked denoising autoencoder: each layer is first trained to reconstruct its corrupted input, then all of them together.
// Vincent et al., "Stacked denoising autoencoders", JMLR 11 (2010); as the initialisation of DEC: Xie et al. 2016, section 3.2.
import { noGrad } from "../../graph";
import type { Kernel } from "../../kernel";
import * as elementwise from "../../kernels/elementwise";
import * as indexing from "../../kernels/indexing";
import * as linearAlgebra from "../../kernels/linear-algebra";
import * as losses from "../../kernels/losses";
import * as optimizers from "../../kernels/optimizers";
import * as random from "../../kernels/random";
import * as reduction from "../../kernels/reduction";
import { isObject } from "../../checks";
import type { Rows } from "../../lifecycle/rows";
import type { Autoencoder } from "../../nn/autoencoder";
import type { Module } from "../../nn/module";
import { mse } from "../../ops/losses/elementwise";
import type { AugmentOptions } from "../../ops/images/augment-options";
import { dropout } from "../../ops/random";
import { Adam, SGD } from "../../optim";
import { callable, optional, sizes } from "../../options";
import type { Rules } from "../../options";
import { stream } from "../../random";
import type { Random } from "../../random";
import type { Tensor } from "../../tensor";
import type { Stage } from "../../training/training";

/** How a network is trained to give back its input. */
export interface Pretraining {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  /** What changes the rows of a batch at random, [b, d] to [b, d]; the network learns to give back what it is shown. */
  readonly augment?: RowsAugmentation | undefined;
  /** Default "adam". */
  readonly optimizer?: AutoencoderOptimizer;
}

/** What an autoencoder is trained by. @inline */
export type AutoencoderOptimizer = "adam" | "sgd";

/** How a stacked autoencoder is trained. */
export interface AutoencoderTraining extends Pretraining {
  readonly layerEpochs: number;
  readonly corruption: number;
  readonly hiddenDropout: number;
}

/** Rows of images, changed at random. */
export type RowsAugmentation = (x: Tensor, random: Random) => Tensor;

/** What makes one: `augmentRows`. */
export type RowsAugmenter = (
  options: AugmentOptions,
  itemShape: readonly number[] | undefined,
  width: number,
) => RowsAugmentation;

/** How the rows of an autoencoder are seen as images, and changed. */
export interface ImageRowsOptions {
  /**
   * What changes the images at random in training: options of `augment` that leave their size. Default: nothing does. Guo, Zhu, Liu and Yin, "Deep
   * embedded clustering with data augmentation", ACML 2018.
   */
  readonly augment?: AugmentOptions | undefined;
  /** `augmentRows`, handed in so that only pages that change images download it; `load` wants it again. Needed with `augment`. */
  readonly augmentWith?: RowsAugmenter | undefined;
  /** Sizes of an image, [height, width] or [channels, height, width], whose product is `layers[0]`: needed with `augment`. */
  readonly itemShape?: readonly number[] | undefined;
}

/** Rules of those, as far as they can be told without the code that changes images. */
export const IMAGE_ROWS_RULES = {
  augment: optional({ words: "an object", holds: isObject }),
  augmentWith: optional(callable),
  itemShape: optional(sizes()),
} satisfies Rules<ImageRowsOptions>;

/** The settings of a file with the op that `load` was given, where they ask for it. */
export const forImages = <S extends Pick<ImageRowsOptions, "augment" | "augmentWith">>(settings: S): S =>
  settings.augment ? settings : { ...settings, augmentWith: undefined };

/** What the options ask for. @throws where they do not belong together */
export function augmentationOf(
  op: string,
  { augment, augmentWith }: Pick<ImageRowsOptions, "augment" | "augmentWith">,
  itemShape: readonly number[] | undefined,
  width: number,
): RowsAugmentation | undefined {
  if (!augment) return undefined;
  if (!augmentWith) throw new Error(`${op}: augment needs augmentWith`);
  return augmentWith(augment, itemShape, width);
}

/** Settings where the caller gives none. */
export const AUTOENCODER_DEFAULTS = {
  layerEpochs: 5,
  epochs: 20,
  corruption: 0.2,
  hiddenDropout: 0,
  autoencoderOptimizer: "adam",
  autoencoderInit: "glorot",
  batchSize: 256,
  learningRate: 1e-3,
  seed: 0,
} as const;

/** What its training launches. */
export const AUTOENCODER_KERNELS: readonly Kernel[] = [
  elementwise.binary,
  elementwise.unaryBackward,
  indexing.fill,
  indexing.gatherRows,
  linearAlgebra.matmul,
  losses.pairLoss,
  losses.pairLossBackward,
  optimizers.adam,
  random.dropout,
  reduction.chunkReduce,
  reduction.reduce,
];

/** Share of the learning rate in force at a share of the stage. */
const warmUpAndCosine = (share: number): number =>
  (Math.min(1, (share + 0.001) / 0.02) * (1 + Math.cos(Math.PI * share))) / 2;

/** The momentum of SGD, as Xie et al. 2016 have it. */
const MOMENTUM = 0.9;

/** A tenth in the second third of a stage, a hundredth in the last: Xie et al. 2016 divide by ten every 20,000 of 50,000 and 100,000 steps. */
const tenths = (share: number): number => 0.1 ** Math.floor(3 * share);

/** By what parameters are trained, and at which rate. */
const descent = ({
  optimizer = "adam",
  learningRate: lr,
}: Pick<Pretraining, "optimizer" | "learningRate">): Pick<Stage, "optimizer" | "learningRate"> =>
  optimizer === "adam"
    ? { optimizer: (list) => new Adam(list, { lr }), learningRate: (share) => lr * warmUpAndCosine(share) }
    : { optimizer: (list) => new SGD(list, { lr, momentum: MOMENTUM }), learningRate: (share) => lr * tenths(share) };

/**
 * A stage that trains parameters by the loss of shuffled batches: by Adam under a rate that warms up and falls to nothing, or by SGD with momentum under one that
 * falls by steps.
 */
export function pretrainingStage(
  rows: Rows,
  name: string,
  parameters: readonly Tensor[],
  pretraining: Pretraining,
  loss: (x: Tensor, noise: Random) => Tensor,
): Stage {
  const { epochs, batchSize, seed, augment } = pretraining;
  const order = rows.order(stream(seed, `${name}.order`).state(), batchSize);
  return {
    ...{ name, epochs, steps: order.steps, parameters },
    ...descent(pretraining),
    load: order.load,
    loss: ({ epoch, step, random }) => {
      const x = rows.at(order.batch(epoch, step));
      return loss(augment ? augment(x, random) : x, random);
    },
  };
}

/** The stage of a whole network. */
export const wholeStage = (rows: Rows, network: Module, pretraining: Pretraining): Stage =>
  pretrainingStage(rows, "autoencoder", network.parameters(), pretraining, (x) => mse(network.forward(x), x));

/** A stage for each layer by itself, and one for all of them together. */
export function autoencoderStages(rows: Rows, network: Autoencoder, training: AutoencoderTraining): Stage[] {
  const { layerEpochs: epochs, corruption, hiddenDropout } = training;
  const { encoder, decoder } = network;
  const last = encoder.length - 1;
  const layerwise = encoder.map((layer, i) => {
    const back = decoder[last - i]!;
    const parameters = [...layer.parameters(), ...back.parameters()];
    return pretrainingStage(rows, `layer ${i + 1}`, parameters, { ...training, epochs }, (x, noise) => {
      const input = noGrad(() => encoder.slice(0, i).reduce((h, earlier) => earlier.forward(h), x));
      const code = layer.forward(dropout(input, corruption, noise));
      return mse(back.forward(dropout(code, hiddenDropout, noise)), input);
    });
  });
  return [...layerwise, wholeStage(rows, network, training)];
}

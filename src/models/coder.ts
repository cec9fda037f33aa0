// The networks between items and codes, as the methods that cluster codes make and pretrain them.
import type { Device } from "../device";
import type { Rows } from "../lifecycle/rows";
import { Autoencoder } from "../nn/autoencoder";
import type { CodeNetwork } from "../nn/code-network";
import { integer, share, sizes } from "../options";
import type { Rules } from "../options";
import type { Random } from "../random";
import type { Stage } from "../training/training";
import { autoencoderStages, IMAGE_ROWS_RULES } from "./autoencoder-stages";
import type { ImageRowsOptions, Pretraining } from "./autoencoder-stages";

/** How a network of a kind is made and trained by itself. */
export interface Coder<S, N extends CodeNetwork> {
  /** Sizes of the network's input. */
  input(settings: S): readonly number[];
  /** Those of an image, where rows are to be seen as images. */
  image(settings: S): readonly number[] | undefined;
  /** Numbers of a code. */
  code(settings: S): number;
  /** Whether the network tells pictures from rows, and is to be given few at a time. */
  readonly pictures: boolean;
  make(device: Device, settings: S, random: Random): N;
  stages(rows: Rows, network: N, settings: S, pretraining: Pretraining): Stage[];
  /** How many those are. */
  count(network: N): number;
}

/** Options of a fully connected autoencoder and its training. */
export interface DenseOptions extends Pick<ImageRowsOptions, "itemShape"> {
  /** Sizes of the encoder from the input to the embedding, [784, 500, 500, 2000, 10]. */
  readonly layers: readonly number[];
  /** Passes over the data for each layer by itself before clustering. */
  readonly layerEpochs?: number;
  /** Share of inputs set to zero while a layer is trained by itself. */
  readonly corruption?: number;
}

/** @inline */
type DenseSettings = Required<Omit<DenseOptions, "itemShape">> & Pick<DenseOptions, "itemShape">;

/** Rules of those. @internal */
export const DENSE_RULES = {
  ...{ layers: sizes(2), layerEpochs: integer(0), corruption: share, itemShape: IMAGE_ROWS_RULES.itemShape },
} satisfies Rules<DenseSettings>;

/** The fully connected autoencoder of DEC's paper. @internal */
export const DENSE: Coder<DenseSettings, Autoencoder> = {
  input: ({ layers }) => layers.slice(0, 1),
  image: ({ itemShape }) => itemShape,
  code: ({ layers }) => layers.at(-1)!,
  pictures: false,
  make: (device, { layers }, random) => new Autoencoder(device, layers, random),
  stages: (rows, network, { layerEpochs, corruption }, pretraining) =>
    autoencoderStages(rows, network, { ...pretraining, layerEpochs, corruption }),
  count: ({ encoder }) => encoder.length + 1,
};

/** Items that a network of pictures is given at a time: its activations are large. @internal */
export const PICTURES = 512;

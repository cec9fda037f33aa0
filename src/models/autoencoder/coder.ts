// The networks between items and codes, as the methods that cluster codes make and pretrain them.
import type { Device } from "../../device";
import type { Kernel } from "../../kernel";
import { sgdMomentum } from "../../kernels/optimizers";
import type { Rows } from "../../lifecycle/rows";
import { Autoencoder } from "../../nn/autoencoder";
import type { CodeNetwork } from "../../nn/code-network";
import { normal } from "../../nn/init";
import { choice, integer, share, sizes } from "../../options";
import type { Rules } from "../../options";
import type { Random } from "../../random";
import type { Stage } from "../../training/training";
import { AUTOENCODER_DEFAULTS, autoencoderStages, IMAGE_ROWS_RULES } from "./autoencoder-stages";
import type { AutoencoderOptimizer, ImageRowsOptions, Pretraining } from "./autoencoder-stages";

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
  /** Share of a layer's own outputs set to zero while it is trained by itself: 0.2 in the paper, for every layer. Default 0. */
  readonly hiddenDropout?: number;
  /**
   * By what the autoencoder is trained: "adam" (default), its step size reached within the first 2 % of each stage and then falling along a half cosine; or "sgd" with
   * momentum 0.9, its rate a tenth and a hundredth in the second and last third of each stage. The loss is the mean over items and their d values, as `mse` has it: the
   * rate of 0.1 of Xie et al. 2016 is of ½ ‖x̂ − x‖², and would be 0.1 d / 2 here; public code with the mean takes 0.1 to 1.
   */
  readonly autoencoderOptimizer?: AutoencoderOptimizer;
  /** What weights begin as: "glorot" (default), U(±√(6 / (fan_in + fan_out))); or "normal", N(0, 0.01²), as in the paper. */
  readonly autoencoderInit?: "glorot" | "normal";
}

/** @inline */
type DenseSettings = Required<Omit<DenseOptions, "itemShape">> & Pick<DenseOptions, "itemShape">;

/** Rules of those. @internal */
export const DENSE_RULES = {
  ...{ layers: sizes(2), layerEpochs: integer(0), corruption: share, hiddenDropout: share },
  ...{ autoencoderOptimizer: choice("adam", "sgd"), autoencoderInit: choice("glorot", "normal") },
  itemShape: IMAGE_ROWS_RULES.itemShape,
} satisfies Rules<DenseSettings>;

const { layerEpochs, corruption, hiddenDropout, autoencoderOptimizer, autoencoderInit } = AUTOENCODER_DEFAULTS;

/** Their defaults. @internal */
export const DENSE_DEFAULTS = {
  ...{ layerEpochs, corruption, hiddenDropout, autoencoderOptimizer, autoencoderInit },
} satisfies Partial<DenseSettings>;

/** What their training launches beside `AUTOENCODER_KERNELS`. @internal */
export const denseKernels = ({ autoencoderOptimizer }: Pick<DenseSettings, "autoencoderOptimizer">): Kernel[] =>
  autoencoderOptimizer === "sgd" ? [sgdMomentum] : [];

/** Of weights at the beginning: Xie et al. 2016, section 4.3. */
const PAPER_DEVIATION = 0.01;

/** The fully connected autoencoder of DEC's paper. @internal */
export const DENSE: Coder<DenseSettings, Autoencoder> = {
  input: ({ layers }) => layers.slice(0, 1),
  image: ({ itemShape }) => itemShape,
  code: ({ layers }) => layers.at(-1)!,
  pictures: false,
  make: (device, { layers, autoencoderInit }, random) =>
    new Autoencoder(device, layers, random, autoencoderInit === "normal" ? normal(PAPER_DEVIATION) : undefined),
  stages: (rows, network, { layerEpochs, corruption, hiddenDropout, autoencoderOptimizer }, pretraining) => {
    const how = { layerEpochs, corruption, hiddenDropout, optimizer: autoencoderOptimizer };
    return autoencoderStages(rows, network, { ...pretraining, ...how });
  },
  count: ({ encoder }) => encoder.length + 1,
};

/** Items that a network of pictures is given at a time: its activations are large. @internal */
export const PICTURES = 512;

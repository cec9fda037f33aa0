import { EPOCHS } from "../../lifecycle/progress";
import { DEC } from "../../models/embedded/dec";
import { CLUSTERING_EPOCHS, DEC_OPTIONS } from "../../models/embedded/dec-options";
import type { DECLoadOptions, DECOptions } from "../../models/embedded/dec-options";
import { augmentRows } from "../../models/autoencoder/augment-rows";
import { IMAGE_ROWS_FLAGS, suitImages, withAugment } from "../vision/feature-network";
import type { ImageRowsMethodOptions } from "../vision/feature-network";
import type { DataSummary, Method } from "../method";
import { described } from "../schema";
import type { Described, OptionSpec } from "../schema";

/** Options of DEC with those of its `fit`. */
export interface DECMethodOptions extends ImageRowsMethodOptions<DECOptions> {
  readonly epochs?: number;
}

/** Between the input and the embedding: the network of the paper, for items of more values than `NARROW`. */
const HIDDEN = [500, 500, 2000];
const EMBEDDING = 10;

/** Items of so few values are no pictures but rows of a table: a small network holds what there is to learn of them. */
const NARROW = 32;
const NARROW_HIDDEN = [64, 64, 128];

/** How the sizes are chosen, in words. @param last what the last one is */
const sizesInWords = (last: string | number): string =>
  `input,${HIDDEN.join(",")},${last}; up to ${NARROW} values input,${NARROW_HIDDEN.join(",")}, and as many as the input if those are fewer`;

const widthOf = ({ itemShape }: DataSummary): number => itemShape.reduce((product, size) => product * size, 1);

/** Sizes of the encoder for items of so many values. @param last the last one, if the items have as many values */
export function encoderFor(data: DataSummary, last = EMBEDDING): number[] {
  const width = widthOf(data);
  return width > NARROW ? [width, ...HIDDEN, last] : [width, ...NARROW_HIDDEN, Math.min(width, last)];
}

/** Steps that the autoencoder of a table is given at least, and passes between two looks at a table at most. */
const [STEPS, PASSES] = [500, 10];

/** What suits data, of the options that are not given: of a small table many passes are few steps. */
export function suitDEC(data: DataSummary, given: Partial<DECMethodOptions>): Partial<DECMethodOptions> {
  const steps = (batchSize: number | undefined): number => Math.ceil(data.n / (batchSize ?? 256));
  const isTable = widthOf(data) <= NARROW && data.n > 0;
  return {
    ...(!given.layers && { layers: encoderFor(data) }),
    ...suitImages(data, given),
    ...(isTable &&
      given.pretrainEpochs === undefined && {
        pretrainEpochs: Math.max(20, Math.ceil(STEPS / steps(given.pretrainBatchSize))),
      }),
    ...(isTable &&
      given.updateInterval === undefined && {
        updateInterval: Math.min(140, PASSES * steps(given.batchSize)),
      }),
  };
}

/** What options mean of methods that cluster codes while the network learns. */
export const CODE_CLUSTERING_WORDS = {
  pretrainEpochs: `passes over the data for the whole autoencoder; for items of up to ${NARROW} values as many as make ${STEPS} steps`,
  pretrainBatchSize: "items a step before clustering",
  pretrainLearningRate: { help: "step size of the autoencoder's training before clustering", resumable: true },
  updateInterval: `steps between two looks at all the data; for items of up to ${NARROW} values those of ${PASSES} passes at most`,
  tolerance: "ends when fewer than this share of labels changed",
  batchSize: "items a step while clustering",
  nInit: "runs of the k-means that places the centres",
} as const satisfies Partial<Record<keyof DECOptions, Described>>;

/** The same of those by Student's t distribution. */
export const STUDENT_WORDS = {
  ...CODE_CLUSTERING_WORDS,
  target: "over what p sharpens q: all the data, or each minibatch",
  learningRate: { help: "of SGD while clustering", resumable: true },
  momentum: "of SGD while clustering",
  alpha: "degrees of freedom of Student's t distribution",
  freezeEncoder: "trains the centres alone: the pretrained network stays as it is",
} as const satisfies Partial<Record<keyof DECOptions, Described>>;

/** The same of fully connected autoencoders. @param last the last of the sizes, where none are given */
export const denseWords = (last: string | number) =>
  ({
    layers: { unset: sizesInWords(last), help: "sizes of the encoder from the input to the code" },
    layerEpochs: "passes over the data for each layer by itself",
    corruption: "share of inputs set to 0 while a layer is trained by itself",
    hiddenDropout: "share of a layer's outputs set to 0 while it is trained by itself",
    autoencoderOptimizer:
      "by what the autoencoder is trained: adam; or sgd with momentum 0.9, its rate, of about 0.1, divided by 10 after each third of a stage",
    autoencoderInit: "weights at the beginning: by the size of layers, or of the deviation 0.01, as in the paper",
  }) as const satisfies Partial<Record<keyof DECOptions, Described>>;

/** What options of DEC mean, and of IDEC beside its own. */
export const DEC_WORDS = { ...denseWords(EMBEDDING), ...STUDENT_WORDS } as const;

/** Passes of clustering, of all of them. */
export const DEC_EPOCHS: OptionSpec<number> = {
  ...{ rule: EPOCHS, default: CLUSTERING_EPOCHS, of: "fit", resumable: true },
  help: "passes over the data while clustering, at most",
};

/** What `load` of all of them takes of a resumed training. */
export const resumedClustering = ({
  device,
  learningRate,
  pretrainLearningRate,
}: Pick<DECLoadOptions, "device" | "learningRate" | "pretrainLearningRate">): DECLoadOptions => ({
  ...{ device, learningRate, pretrainLearningRate, augmentWith: augmentRows },
});

/** `dec`. */
export const dec: Method<DECMethodOptions> = {
  name: "dec",
  title: "DEC",
  summary: "an autoencoder learns codes, then codes and centres sharpen each other",
  paper: "Xie, Girshick and Farhadi, Unsupervised deep embedding for clustering analysis, ICML 2016",
  takes: ["rows", "images"],
  target: "none",
  streams: true,
  clusters: "given",
  network: true,
  options: { ...described(DEC_OPTIONS, DEC_WORDS), ...IMAGE_ROWS_FLAGS, epochs: DEC_EPOCHS },
  suit: suitDEC,
  make: ({ epochs: _, ...options }) => new DEC(withAugment(options)),
  load: (bytes, options) => DEC.load(bytes, resumedClustering(options)),
};

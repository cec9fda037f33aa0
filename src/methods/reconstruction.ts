// Options that the methods share which learn to give back their items: coders, how stamps are prepared, and the training, by plain options.
import { PREPARATION_RULES } from "../generative/preparation-options";
import type { PreparationOptions } from "../generative/preparation-options";
import { RECONSTRUCTION_DEFAULTS, RECONSTRUCTION_RULES } from "../generative/models/trained";
import type { ReconstructionOptions } from "../generative/models/trained";
import type { CoderSpec } from "../generative/networks/coders";
import { choice, sizes } from "../options";
import type { DataSummary } from "./method";
import { described } from "./schema";
import type { OptionSpec, Schema } from "./schema";

/** Options of `prepareStamps` by themselves, in place of `preparation`. */
export type FlatPreparation = PreparationOptions;

/** How stamps are prepared where nothing is said, in words. */
interface PreparationWords {
  readonly crop: string;
  readonly normalize: string;
}

/** Flags of those. */
export const preparationFlags = ({ crop, normalize }: PreparationWords): Schema<FlatPreparation> => ({
  normalize: {
    rule: PREPARATION_RULES.normalize,
    single: true,
    unset: normalize,
    help: "what is divided out of each stamp: its peak, its flux in r, or the peak of the mean of g, r and i, which is kept alone (white)",
  },
  stretch: { rule: PREPARATION_RULES.stretch, default: "none", help: "asinh of the values of stamps" },
  crop: { rule: PREPARATION_RULES.crop, single: true, unset: crop, help: "side of the middle of stamps that is kept" },
  center: {
    rule: PREPARATION_RULES.center,
    single: true,
    default: false,
    help: "moves the brightest pixel near the middle of stamps into it",
  },
  neighbours: {
    rule: PREPARATION_RULES.neighbours,
    single: true,
    default: "keep",
    help: "sources beside that in the middle of stamps: what is apart from it becomes sky (blank), or what is brighter than its opposite as that (mirror)",
  },
  skySigma: {
    rule: PREPARATION_RULES.skySigma as OptionSpec<readonly number[]>["rule"],
    unset: "stamps are in these units",
    help: "standard deviation of the sky in u, g, r, i and z",
  },
});

const PREPARATION = ["normalize", "stretch", "crop", "center", "neighbours", "skySigma"] as const;

/** The options with those of the preparation together; without any where none is given. */
export function withPreparation<O extends FlatPreparation>(
  options: O,
): Omit<O, keyof FlatPreparation> & Pick<ReconstructionOptions, "preparation"> {
  const { normalize: _n, stretch: _s, crop: _c, center: _m, neighbours: _b, skySigma: _k, ...own } = options;
  const preparation = Object.fromEntries(
    PREPARATION.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  );
  return { ...own, ...(Object.keys(preparation).length > 0 && { preparation }) };
}

/** Training of every method that reconstructs. */
export const RECONSTRUCTION_FLAGS: Schema<Omit<ReconstructionOptions, "preparation" | "seed" | "device">> = {
  inputShape: { rule: RECONSTRUCTION_RULES.inputShape, unset: "that of the data", help: "sizes of an item: 5,32,32" },
  ...described<
    Required<Omit<ReconstructionOptions, "preparation" | "device">>,
    "epochs" | "batchSize" | "learningRate" | "sigma"
  >(
    { rules: RECONSTRUCTION_RULES, defaults: RECONSTRUCTION_DEFAULTS },
    {
      epochs: { help: "passes over the data", of: "fit", resumable: true },
      batchSize: "items a step",
      learningRate: "Adam's largest step size, of one cycle",
      sigma: "what a reconstruction may be off: squared errors count ½/σ²",
    },
  ),
};

/** Coders by plain options, in place of `network`. */
export interface FlatCoders {
  readonly hidden?: readonly number[] | undefined;
  readonly channels?: readonly number[] | undefined;
}

/** Flags of those. */
export const CODER_FLAGS: Schema<FlatCoders> = {
  hidden: { rule: sizes(), unset: "64,64", help: "sizes of fully connected layers from the input to the code" },
  channels: { rule: sizes(), unset: "16,24", help: "of convolutions, each of which halves the image" },
};

/** Which of the two. */
export const CODER_KIND: OptionSpec<"dense" | "convolutional"> = {
  rule: choice("dense", "convolutional"),
  default: "dense",
  help: "fully connected, or of convolutions, for images",
};

/** The network of the options. */
export const coderOf = (
  type: "dense" | "convolutional",
  { hidden = [64, 64], channels = [16, 24] }: FlatCoders,
): CoderSpec => (type === "dense" ? { type, sizes: hidden } : { type, channels });

/** Images as [channels, height, width], which convolutions take. */
export const imageShape = ({ itemShape }: DataSummary): readonly number[] =>
  itemShape.length === 2 ? [1, ...itemShape] : itemShape;

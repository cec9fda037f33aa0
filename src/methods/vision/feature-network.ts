// Options that the methods on a feature network share: which network, what changes its images, and how it is trained.
import type { Device } from "../../device";
import { EPOCHS } from "../../lifecycle/progress";
import { NETWORK_DEFAULTS, NETWORK_EPOCHS, NETWORK_RULES } from "../../models/vision/network-options";
import type { LoadOptions, NetworkOptions, NetworkSettings } from "../../models/vision/network-options";
import type { ImageRowsOptions } from "../../models/autoencoder/autoencoder-stages";
import { sizeOf } from "../../ndarray";
import type { MLPSpec } from "../../nn/feature-network";
import { MLP_RULES, VGG_RULES } from "../../nn/network-spec";
import type { VGGSpec } from "../../nn/vgg";
import { PROBABILITY, ROTATION } from "../../ops/images/augment-options";
import { augmentRows } from "../../models/autoencoder/augment-rows";
import type { AugmentOptions } from "../../ops/images/augment-options";
import { choice, integer, sizes } from "../../options";
import type { DataSummary } from "../method";
import { described } from "../schema";
import type { Schema } from "../schema";

/** An augmentation by plain options, in place of `augment`. */
export interface FlatAugmentOptions {
  readonly flip?: number;
  readonly rotate?: number;
  readonly crop?: number;
}

/** Flags of those. */
export const AUGMENT_FLAGS: Schema<FlatAugmentOptions> = {
  flip: { rule: PROBABILITY, default: 0, help: "chance that an image is mirrored in training" },
  rotate: {
    rule: ROTATION,
    default: 0,
    help: "degrees that an image is turned by at most, either way, in training",
  },
  crop: { rule: integer(0), default: 0, help: "pixels that an image is shifted by at most, either way, in training" },
};

/** A network and an augmentation by plain options, in place of `network` and `augment`. */
export interface FlatNetworkOptions extends FlatAugmentOptions {
  readonly itemShape?: readonly number[];
  readonly network?: "vgg" | "mlp";
  readonly blocks?: number;
  readonly channels?: number;
  readonly hidden?: number;
  readonly layers?: readonly number[];
  readonly epochs?: number;
}

/** Options of a model on a feature network, with those of its `fit`. */
export type NetworkMethodOptions<O extends NetworkOptions> = Omit<O, "network" | "augment"> & FlatNetworkOptions;

/** Layers of the fully connected network between an item and its features. */
const MLP = [256, 64];

/** The network of the comparison on telescope images. */
const VGG = { blocks: 2, channels: 16, hidden: 512 };

/** Options of every method on a feature network. */
export const NETWORK_METHOD_OPTIONS: Schema<NetworkMethodOptions<NetworkOptions>> = {
  network: {
    rule: choice("vgg", "mlp"),
    unset: "vgg for images, mlp for tables",
    help: "convolutional, for images; or fully connected",
  },
  blocks: { rule: VGG_RULES.blocks, unset: `${VGG.blocks}`, help: "of the vgg: two convolutions and a pooling each" },
  channels: {
    rule: VGG_RULES.channels,
    unset: `${VGG.channels}`,
    help: "of the first block of the vgg; each further one has twice as many",
  },
  hidden: {
    rule: VGG_RULES.hidden,
    unset: `${VGG.hidden}`,
    help: "width of the fully connected layers of the vgg, the features among them",
  },
  layers: {
    rule: MLP_RULES.layers,
    unset: `input,${MLP.join(",")}`,
    help: "sizes of the mlp from the input to the features",
  },
  itemShape: { rule: sizes(), unset: "that of the data", help: "sizes of one item: 28,28" },
  epochs: { rule: EPOCHS, default: NETWORK_EPOCHS, help: "passes over the data", of: "fit", resumable: true },
  ...described<NetworkSettings, "learningRate" | "momentum" | "weightDecay" | "batchSize" | "statisticsBatches">(
    { rules: NETWORK_RULES, defaults: NETWORK_DEFAULTS },
    {
      learningRate: { help: "of SGD", resumable: true },
      momentum: "of SGD",
      weightDecay: "of SGD",
      batchSize: "items a step",
      statisticsBatches: "that batch normalisation's statistics are taken from; 0: running",
    },
  ),
  ...AUGMENT_FLAGS,
};

/** What the options ask to do to images; undefined where that is nothing. */
export function augmentationOf({ flip = 0, rotate = 0, crop = 0 }: FlatAugmentOptions): AugmentOptions | undefined {
  if (flip === 0 && rotate === 0 && crop === 0) return undefined;
  return { flip, rotate, ...(crop !== 0 && { crop: { padding: crop } }) };
}

/** The network that suits data where the options say little: convolutional where items are images, else fully connected. */
export function suitNetwork(data: DataSummary, given: FlatNetworkOptions): FlatNetworkOptions {
  const itemShape = given.itemShape ?? data.itemShape;
  const network = given.network ?? (itemShape.length >= 2 ? "vgg" : "mlp");
  if (network === "mlp") return { itemShape, network, ...(!given.layers && { layers: [sizeOf(itemShape), ...MLP] }) };
  return { itemShape, network, ...VGG };
}

/** The same options as the model takes them. @throws where they do not belong together, naming the option */
export function withNetwork<O extends NetworkOptions>(
  method: string,
  options: NetworkMethodOptions<O>,
): Omit<NetworkMethodOptions<O>, keyof FlatNetworkOptions> & Pick<NetworkOptions, "network" | "augment"> {
  const { itemShape, network, blocks, channels, hidden, layers, flip, rotate, crop, epochs: _, ...own } = options;
  const augment = augmentationOf({
    ...(flip !== undefined && { flip }),
    ...(rotate !== undefined && { rotate }),
    ...(crop !== undefined && { crop }),
  });
  if (network === "mlp" || (network === undefined && layers)) {
    if (augment) throw new Error(`${method}: flip, rotate and crop are for network vgg`);
    if (!layers) throw new Error(`${method}: layers is missing, network mlp needs the sizes of its layers`);
    const spec: MLPSpec = { type: "mlp", layers };
    return { ...own, network: spec };
  }
  if (layers !== undefined) throw new Error(`${method}: layers is for network mlp`);
  if (!itemShape || (itemShape.length !== 2 && itemShape.length !== 3))
    throw new Error(
      `${method}: network vgg takes images [height, width] or [channels, height, width], items are [${(itemShape ?? []).join(", ")}]`,
    );
  const [c, h, w] = (itemShape.length === 2 ? [1, ...itemShape] : itemShape) as [number, number, number];
  const spec: VGGSpec = {
    ...{ type: "vgg", ...VGG, input: [c, h, w] },
    ...(blocks !== undefined && { blocks }),
    ...(channels !== undefined && { channels }),
    ...(hidden !== undefined && { hidden }),
  };
  return { ...own, network: spec, ...(augment && { augment }) };
}

/** What `load` of these models takes of a resumed training: a learning rate that was changed. */
export const resumed = ({
  device,
  learningRate,
}: {
  readonly device?: Device;
  readonly learningRate?: number;
}): LoadOptions => ({ ...(device && { device }), ...(learningRate !== undefined && { learningRate }) });

/** The same of models whose rows may be images that are changed at random. */
export const resumedImages = (
  options: Parameters<typeof resumed>[0],
): Pick<LoadOptions, "device" | "learningRate"> & Pick<ImageRowsOptions, "augmentWith"> => ({
  ...resumed(options),
  augmentWith: augmentRows,
});

/** Options of a model whose rows may be images, its augmentation by plain ones. */
export type ImageRowsMethodOptions<O> = Omit<O, "augment" | "augmentWith"> & FlatAugmentOptions;

/** Flags of those. */
export const IMAGE_ROWS_FLAGS: Schema<FlatAugmentOptions & { readonly itemShape?: readonly number[] }> = {
  ...AUGMENT_FLAGS,
  itemShape: { rule: sizes(), unset: "that of the data", help: "sizes of an image: 28,28" },
};

/** The sizes of images that are to be changed. */
export const suitImages = (
  { itemShape }: DataSummary,
  given: FlatAugmentOptions & { readonly itemShape?: readonly number[] | undefined },
): { readonly itemShape?: readonly number[] } =>
  given.itemShape === undefined && augmentationOf(given) && itemShape.length > 1 ? { itemShape } : {};

/** The same options as the model takes them. */
export function withAugment<O extends FlatAugmentOptions>({
  flip = 0,
  rotate = 0,
  crop = 0,
  ...own
}: O): Omit<O, keyof FlatAugmentOptions> & Pick<ImageRowsOptions, "augment" | "augmentWith"> {
  const options = augmentationOf({ flip, rotate, crop });
  return { ...own, ...(options && { augment: options, augmentWith: augmentRows }) };
}

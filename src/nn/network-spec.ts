import type { Device } from "../device";
import type { Kernel } from "../kernel";
import * as images from "../kernels/images";
import * as normalization from "../kernels/normalization";
import { MLP } from "./feature-network";
import type { FeatureNetwork, MLPSpec } from "./feature-network";
import type { RandomSource } from "./init";
import { callable, choice, either, optional, record, sizes, integer } from "../options";
import type { Rule } from "../options";
import { VGG } from "./vgg";
import type { VGGSpec } from "./vgg";

/** A function that makes a network of the user's own. It is not part of a checkpoint: `load` wants it again. */
export type NetworkFactory = (device: Device, random: RandomSource) => FeatureNetwork;

/** Which network: one of the library's, as plain data, or a function that makes one. */
export type NetworkSpec = MLPSpec | VGGSpec | NetworkFactory;

/** What the options of a fully connected network must be. */
export const MLP_RULES = { type: choice("mlp"), layers: sizes() };

/** What the options of a convolutional network must be. */
export const VGG_RULES = {
  ...{ type: choice("vgg"), input: optional(sizes(3)), blocks: optional(integer(1, 16)) },
  ...{ channels: optional(integer(1)), hidden: optional(integer(1)) },
};

/** What a description must be. */
export const NETWORK_RULE: Rule = either(callable, record(MLP_RULES), record(VGG_RULES));

/** What training a network launches beside products and sums: nothing is known of one that a function makes. */
export function networkKernels(spec: NetworkSpec): readonly Kernel[] {
  if (typeof spec === "function" || spec.type !== "vgg") return [];
  return [
    images.conv2d,
    images.conv2dBackwardWeight,
    images.maxPool,
    images.maxPoolBackward,
    normalization.batchNorm,
    normalization.batchNormBackward,
    normalization.batchNormBackwardParameters,
    normalization.batchNormMoments,
    normalization.batchNormStatistics,
  ];
}

/** Makes the network of a description. @throws when its type is unknown or an option is out of its range */
export function buildNetwork(spec: NetworkSpec, device: Device, random: RandomSource): FeatureNetwork {
  if (typeof spec === "function") return spec(device, random);
  if (spec.type === "mlp") return new MLP(device, spec, random);
  if (spec.type === "vgg") return new VGG(device, spec, random);
  throw new Error(`network: type must be mlp or vgg, got ${String((spec as { type?: unknown }).type)}`);
}

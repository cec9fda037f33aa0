import type { Device } from "../device";
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

/** What a description must be. */
export const NETWORK_RULE: Rule = either(
  callable,
  record({ type: choice("mlp"), layers: sizes() }),
  record({
    ...{ type: choice("vgg"), input: optional(sizes(3)), blocks: optional(integer(1, 16)) },
    ...{ channels: optional(integer(1)), hidden: optional(integer(1)) },
  }),
);

/** Makes the network of a description. @throws when its type is unknown or an option is out of its range */
export function buildNetwork(spec: NetworkSpec, device: Device, random: RandomSource): FeatureNetwork {
  if (typeof spec === "function") return spec(device, random);
  if (spec.type === "mlp") return new MLP(device, spec, random);
  if (spec.type === "vgg") return new VGG(device, spec, random);
  throw new Error(`network: the types are mlp and vgg, ${String((spec as { type?: unknown }).type)}`);
}

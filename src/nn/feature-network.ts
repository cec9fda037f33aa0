import { checkSizes } from "../checks";
import type { Device } from "../device";
import type { Tensor } from "../tensor";
import { heUniform } from "./init";
import type { RandomSource } from "./init";
import { Linear } from "./linear";
import { Module } from "./module";

/**
 * A network that maps items to features, for a classifier to be put on top. `forward` takes rows [n, …] that hold
 * `inputShape` each, and gives features [n, featureSize] as they are before the last rectifier.
 */
export abstract class FeatureNetwork extends Module {
  /** Sizes of one item: [1, 45, 45]. */
  abstract readonly inputShape: readonly number[];
  abstract readonly featureSize: number;
  /** Whether the classifier sees max(features, 0). */
  readonly rectified: boolean = true;

  /** Names of the layers that `read` reads, from the input up; none where a network of your own does not say. */
  get layerNames(): readonly string[] {
    return [];
  }

  /** What the layer of a name makes of rows x, as the next one takes it: [n, …]. @throws when the network has no such layer */
  read(_x: Tensor, layer: string): Tensor {
    throw noLayer(layer, this.layerNames);
  }
}

/** What is said of a layer that is not there. */
export const noLayer = (layer: string, names: readonly string[]): Error =>
  new Error(`read: the network's layers are ${names.length > 0 ? names.join(", ") : "not named"}, got ${layer}`);

/** A fully connected network; rectifiers between its layers. One size alone is the identity: the features are the items. */
export interface MLPSpec {
  readonly type: "mlp";
  /** From the input to the features: [64, 128, 32]. */
  readonly layers: readonly number[];
}

/** What `MLPSpec` describes. */
export class MLP extends FeatureNetwork {
  override readonly inputShape: readonly number[];
  override readonly featureSize: number;
  override readonly rectified: boolean;
  readonly layers: readonly Linear[];

  /** @throws when a size is no positive whole number */
  constructor(device: Device, { layers: sizes }: Omit<MLPSpec, "type">, random: RandomSource) {
    super();
    checkSizes("MLP", { layers: sizes });
    this.inputShape = [sizes[0]!];
    this.featureSize = sizes.at(-1)!;
    this.rectified = sizes.length > 1;
    this.layers = sizes.slice(1).map(
      (size, i) =>
        new Linear(device, sizes[i]!, size, random, {
          weightInit: heUniform,
          ...(i < sizes.length - 2 && { activation: "relu" }),
        }),
    );
  }

  /** hidden1, hidden2, …: the rectified layers below the features. */
  override get layerNames(): readonly string[] {
    return this.layers.slice(0, -1).map((_, i) => `hidden${i + 1}`);
  }

  override read(x: Tensor, layer: string): Tensor {
    const at = this.layerNames.indexOf(layer);
    if (at < 0) throw noLayer(layer, this.layerNames);
    return this.layers.slice(0, at + 1).reduce((h, part) => part.forward(h), x);
  }

  override forward(x: Tensor): Tensor {
    return this.layers.reduce((h, layer) => layer.forward(h), x);
  }
}

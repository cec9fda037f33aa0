// The network of "Learning to Cluster": items seen together, a head for the number of clusters and heads for the assignments.
import { checkFlag, checkInteger } from "../../../checks";
import type { Device } from "../../../device";
import { BatchNorm1d } from "../../../nn/batch-norm";
import { glorotUniform } from "../../../nn/init";
import type { Initializer, RandomSource } from "../../../nn/init";
import { Linear } from "../../../nn/linear";
import { LSTM } from "../../../nn/lstm";
import { Module } from "../../../nn/module";
import { augment } from "../../../ops/images/augmentation";
import type { AugmentOptions } from "../../../ops/images/augment-options";
import { KERAS_BATCH_NORM } from "../../../ops/normalization/batch-norm";
import { leakyRelu, sub } from "../../../ops/elementwise";
import { ones, slice } from "../../../ops/layout";
import { matmul } from "../../../ops/matmul";
import { principalAxes } from "../../../ops/principal-axes";
import { dropout } from "../../../ops/random";
import { mean } from "../../../ops/reduce";
import { reshape } from "../../../ops/shape";
import { softmax } from "../../../ops/softmax";
import type { Random } from "../../../random";
import { format, tidy } from "../../../tensor";
import type { Tensor } from "../../../tensor";
import { buildEmbedding, finalStates, imageShape, SLOPE } from "./embedding";
import type { Embedding } from "./embedding";
import type { SetSettings } from "../options";

/** What the network says of sets of n items. */
export interface SetOutput {
  /** P(k) for k = 1 … kMax: [sets, kMax]. */
  readonly counts: Tensor;
  /** P(l|x_i, k) for k = 1 … kMax: [sets, n, k] each. */
  readonly assignments: readonly Tensor[];
  /** Of the items by themselves: [sets, n, size]. */
  readonly embedding: Tensor;
  /** Of the items among the others, the last layer's: [sets, n, units]. */
  readonly features: Tensor;
}

/** How a pass is made. */
export interface PassOptions {
  /** Drops features, and augments items unless that is not wanted, where it is given. */
  readonly random?: Random;
  /** Whether items are augmented, as in training; default true. */
  readonly augment?: boolean;
  /** Frees what each layer made as soon as the next one has it: for passes without gradients. */
  readonly lean?: boolean;
}

/** How a pass makes one of its parts: lean, it frees all but what the part gives. */
export const partBy = ({ lean = false }: PassOptions): (<T>(make: () => T) => T) => (lean ? tidy : (make) => make());

/** Outputs of the divergence regulariser's softmax. */
const DIVERGENCE_OUTPUTS = 128;

/** Embeds items, and gives P(k) and assignments for every k. */
export abstract class SetNetwork extends Module {
  readonly embedding: Embedding;
  /** Logits of the divergence regulariser, where there is one. */
  readonly divergence: Linear | undefined;
  /** The layer under it, where there is one. */
  readonly divergenceHidden: Linear | undefined;
  readonly itemShape: readonly number[];
  readonly #axes: number | undefined;
  readonly #augment: AugmentOptions | undefined;

  constructor(device: Device, settings: SetSettings, random: RandomSource) {
    super();
    const { itemShape, embedding, gates, regularizers } = settings;
    this.itemShape = itemShape;
    this.embedding = buildEmbedding(device, embedding, itemShape, gates, random);
    if (settings.principalAxes !== undefined)
      checkInteger("LearningToCluster", { principalAxes: settings.principalAxes }, 1, this.embedding.size);
    this.#axes = settings.principalAxes;
    if (settings.augment) imageShape("LearningToCluster with augment", itemShape);
    this.#augment = settings.augment;
    if ((regularizers.divergence ?? 0) > 0) {
      const { size } = this.embedding;
      const { divergenceHidden: hidden } = regularizers;
      if (hidden !== undefined) this.divergenceHidden = new Linear(device, size, hidden, random);
      this.divergence = new Linear(device, hidden ?? size, DIVERGENCE_OUTPUTS, random);
    }
  }

  /** Logits of the divergence regulariser, from vectors of items. @throws where there is none */
  divergenceLogits(embedding: Tensor): Tensor {
    if (!this.divergence) throw new Error("LearningToCluster: there is no divergence regulariser");
    if (!this.divergenceHidden) return leakyRelu(this.divergence.forward(embedding), SLOPE);
    return this.divergence.forward(leakyRelu(this.divergenceHidden.forward(embedding), SLOPE));
  }

  /** Numbers of an item where items are seen together. */
  protected get itemSize(): number {
    return this.#axes ?? this.embedding.size;
  }

  /** Items [m, …itemShape] as training sees them. */
  #augmented(items: Tensor, random: Random | undefined): Tensor {
    if (!this.#augment || !random) return items;
    const images = reshape(items, [items.shape[0]!, ...imageShape("augment", this.itemShape)]);
    const made = augment(images, this.#augment, random);
    if (made.size !== items.size)
      throw new Error(`LearningToCluster: augment must leave the size of images as it is, got ${format(made)}`);
    return reshape(made, items.shape);
  }

  /** Vectors of each set on its principal axes: [sets, n, itemSize]. */
  #project(z: Tensor): Tensor {
    if (this.#axes === undefined) return z;
    const centered = sub(z, mean(z, 1, true));
    return matmul(centered, principalAxes(centered, this.#axes), { transB: true });
  }

  /** From vectors of items, [sets, n, itemSize]. */
  protected abstract cluster(z: Tensor, options: PassOptions): Omit<SetOutput, "embedding">;

  /** Sets of items [sets, n, …itemShape] at once. */
  run(items: Tensor, options: PassOptions = {}): SetOutput {
    checkFlag("SetNetwork", { augment: options.augment, lean: options.lean });
    const [sets = 0, n = 0] = items.shape;
    const flat = reshape(items, [sets * n, ...this.itemShape]);
    const embed = (): Tensor => {
      const items = options.augment === false ? flat : this.#augmented(flat, options.random);
      const vectors = this.embedding.embed(items, options.random);
      return reshape(vectors, [sets, n, this.embedding.size]);
    };
    const part = partBy(options);
    const embedding = part(embed);
    const z = part(() => this.#project(embedding));
    return { embedding, ...this.cluster(z, options) };
  }

  /** P(k) of sets of items. */
  override forward(items: Tensor): Tensor {
    return this.run(items).counts;
  }
}

/** P(k) from a sequence: bidirectional LSTM → batch normalisation → dense, leaky ReLU → batch normalisation → dropout → softmax. */
export class CountHead extends Module {
  readonly lstm: LSTM;
  readonly norm: BatchNorm1d;
  readonly dense: Linear;
  readonly denseNorm: BatchNorm1d;
  readonly output: Linear;
  readonly dropout: number;

  constructor(
    device: Device,
    { units, countUnits, kMax, gates, memory, dropout: drop }: SetSettings,
    random: RandomSource,
  ) {
    super();
    const width = 2 * countUnits;
    this.lstm = new LSTM(device, units, countUnits, random, {
      bidirectional: true,
      init: "keras",
      memory,
      ...(gates && { gates }),
    });
    this.norm = new BatchNorm1d(device, width, KERAS_BATCH_NORM);
    this.dense = new Linear(device, width, width, random);
    this.denseNorm = new BatchNorm1d(device, width, KERAS_BATCH_NORM);
    this.output = new Linear(device, width, kMax, random);
    this.dropout = drop;
  }

  probabilities(x: Tensor, random?: Random): Tensor {
    const state = this.norm.forward(finalStates(this.lstm.forward(x)));
    const hidden = this.denseNorm.forward(leakyRelu(this.dense.forward(state), SLOPE));
    return softmax(this.output.forward(random ? dropout(hidden, this.dropout, random) : hidden));
  }

  override forward(x: Tensor): Tensor {
    return this.probabilities(x);
  }
}

/** First column of the assignment among k clusters, those of fewer before it; one cluster has no column. */
const firstColumn = (k: number): number => ((k - 1) * k) / 2 - 1;

/** Glorot uniform for each k by itself. */
const byCount =
  (kMax: number): Initializer =>
  ([, inputs = 0], random) => {
    const parts = Array.from({ length: kMax - 1 }, (_, i) => glorotUniform([i + 2, inputs], random));
    return Float32Array.from(parts.flatMap((part) => [...part]));
  };

/** P(l|x_i, k) for every k: a dense layer and a softmax each, the same for all items; all the layers are one product. */
export class AssignmentHeads extends Module {
  readonly dense: Linear;
  readonly kMax: number;

  constructor(device: Device, units: number, kMax: number, random: RandomSource) {
    super();
    this.kMax = kMax;
    this.dense = new Linear(device, units, firstColumn(kMax + 1), random, { weightInit: byCount(kMax) });
  }

  /** From [sets, n, units], for k = 1 … kMax: [sets, n, k]. */
  assignments(x: Tensor): Tensor[] {
    const [sets = 0, n = 0] = x.shape;
    const logits = this.dense.forward(x);
    return Array.from({ length: this.kMax }, (_, i) => {
      const k = i + 1;
      if (k === 1) return ones(x.device, [sets, n, 1]);
      return softmax(slice(logits, [0, 0, firstColumn(k)], [sets, n, firstColumn(k + 1)]));
    });
  }

  override forward(x: Tensor): Tensor {
    return this.dense.forward(x);
  }
}

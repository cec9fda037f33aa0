// Residual bidirectional LSTM layers under the heads, and the variant of chapter 4 with k-means in place of the assignment heads.
import type { Device } from "../../../device";
import { drawn, filled } from "../../../nn/init";
import { Linear } from "../../../nn/linear";
import { LSTM, ResidualBLSTM } from "../../../nn/lstm";
import { Module } from "../../../nn/module";
import { broadcastTo, leakyRelu } from "../../../ops/elementwise";
import { ones, slice } from "../../../ops/layout";
import { softKMeans } from "../../../ops/clustering/soft-kmeans";
import type { Random } from "../../../random";
import { empty, untidied, written } from "../../../tensor";
import type { Tensor } from "../../../tensor";
import { SLOPE } from "./embedding";
import { AssignmentHeads, CountHead, partBy, SetNetwork } from "./network";
import type { PassOptions, SetOutput } from "./network";
import type { SetSettings } from "../options";

/** y = BLSTM(x), for the ablation without the identity beside it. */
class PlainBLSTM extends Module {
  readonly lstm: LSTM;

  constructor(device: Device, features: number, random: Random, { gates, memory }: SetSettings) {
    super();
    this.lstm = new LSTM(device, features, features / 2, random, {
      bidirectional: true,
      init: "keras",
      memory,
      ...(gates && { gates }),
    });
  }

  override forward(x: Tensor): Tensor {
    return this.lstm.forward(x);
  }
}

/** Dense, then bidirectional LSTM layers; the count head sees the input of the last one. */
abstract class RecurrentNetwork extends SetNetwork {
  readonly input: Linear;
  readonly layers: readonly Module[];
  readonly count: CountHead;

  constructor(device: Device, settings: SetSettings, random: Random) {
    super(device, settings, random);
    const { units, layers, residual, gates, memory } = settings;
    this.input = new Linear(device, this.itemSize, units, random);
    this.layers = Array.from({ length: layers }, () =>
      residual
        ? new ResidualBLSTM(device, units, random, { init: "keras", memory, ...(gates && { gates }) })
        : new PlainBLSTM(device, units, random, settings),
    );
    this.count = new CountHead(device, settings, random);
  }

  /** Features of every item before the last layer and after it. */
  protected recur(z: Tensor, lean: boolean): { before: Tensor; features: Tensor } {
    const part = partBy({ lean });
    let before = part(() => leakyRelu(this.input.forward(z), SLOPE));
    for (const layer of this.layers.slice(0, -1)) {
      const next = part(() => layer.forward(before));
      if (lean) before.dispose();
      before = next;
    }
    return { before, features: part(() => this.layers.at(-1)!.forward(before)) };
  }

  protected override cluster(z: Tensor, { random, lean = false }: PassOptions): Omit<SetOutput, "embedding"> {
    const { before, features } = this.recur(z, lean);
    const counts = this.count.probabilities(before, random);
    return { counts, assignments: this.assign(features), features };
  }

  /** P(l|x_i, k) for every k from the last layer's features. */
  protected abstract assign(features: Tensor): Tensor[];
}

/** The network of the thesis, section 5: a softmax for each k. */
export class ResidualNetwork extends RecurrentNetwork {
  readonly heads: AssignmentHeads;

  constructor(device: Device, settings: SetSettings, random: Random) {
    super(device, settings, random);
    this.heads = new AssignmentHeads(device, settings.units, settings.kMax, random);
  }

  protected override assign(features: Tensor): Tensor[] {
    return this.heads.assignments(features);
  }
}

/** Soft k-means of a projection of the features for each k, from centres drawn once, U[0, 1]: section 4.1, which fails above four clusters. */
export class SoftKMeansNetwork extends RecurrentNetwork {
  readonly projection: Linear;
  /** First centres, the same for every k and set: [kMax, d]; not trained. */
  readonly centers: Tensor;
  readonly #iterations: number;

  constructor(device: Device, settings: SetSettings, random: Random) {
    super(device, settings, random);
    const { units, kMax, softKMeansFeatures: d, softKMeansIterations } = settings;
    this.projection = new Linear(device, units, d, random);
    const centers = (this.centers = untidied(() => empty(device, [kMax, d])));
    drawn(
      (function* () {
        yield* written(centers, yield* filled(kMax * d, () => random.uniform()));
      })(),
    );
    this.#iterations = softKMeansIterations;
  }

  protected override assign(features: Tensor): Tensor[] {
    const [sets = 0, n = 0] = features.shape;
    const points = this.projection.forward(features);
    const [kMax = 0, d = 0] = this.centers.shape;
    return Array.from({ length: kMax }, (_, i) => {
      if (i === 0) return ones(features.device, [sets, n, 1]);
      const first = broadcastTo(slice(this.centers, [0], [i + 1]), [sets, i + 1, d]);
      return softKMeans(points, first, { iterations: this.#iterations }).assignments;
    });
  }
}

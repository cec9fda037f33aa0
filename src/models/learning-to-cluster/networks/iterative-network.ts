import type { Device } from "../../../device";
import { BatchNorm1d } from "../../../nn/batch-norm";
import { Linear } from "../../../nn/linear";
import { KERAS_BATCH_NORM } from "../../../ops/normalization/batch-norm";
import { add, broadcastTo, leakyRelu } from "../../../ops/elementwise";
import { concat, zeros } from "../../../ops/layout";
import { dropout } from "../../../ops/random";
import { mean } from "../../../ops/reduce";
import { reshape } from "../../../ops/shape";
import { softmax } from "../../../ops/softmax";
import type { Random } from "../../../random";
import type { Tensor } from "../../../tensor";
import { SLOPE } from "./embedding";
import { AssignmentHeads, partBy, SetNetwork } from "./network";
import type { PassOptions, SetOutput } from "./network";
import type { SetSettings } from "../options";

/** States of the items [sets, n, units] and of the set [sets, units]. */
interface States {
  readonly items: Tensor;
  readonly whole: Tensor;
}

/**
 * Every item and the set have a state; in each of `layers` rounds with the same weights, an item takes in the mean of what it and each
 * other item make of the pair, φ(A s_i + B s_j), and the set's state that of the mean item: s_i ← s_i + φ(W [s_i, m_i, g]),
 * g ← g + φ(V [g, mean s]), φ the leaky rectifier. The order of the items has no influence; time and memory grow with n². Section 4.2.
 */
export class IterativeNetwork extends SetNetwork {
  readonly input: Linear;
  /** A and B of the messages. */
  readonly from: Linear;
  readonly to: Linear;
  readonly update: Linear;
  readonly updateWhole: Linear;
  readonly norm: BatchNorm1d;
  readonly count: Linear;
  readonly heads: AssignmentHeads;
  readonly #rounds: number;
  readonly #dropout: number;

  constructor(device: Device, settings: SetSettings, random: Random) {
    super(device, settings, random);
    const { units, kMax, layers, dropout: drop } = settings;
    this.input = new Linear(device, this.itemSize, units, random);
    this.from = new Linear(device, units, units, random);
    this.to = new Linear(device, units, units, random, { bias: false });
    this.update = new Linear(device, 3 * units, units, random);
    this.updateWhole = new Linear(device, 2 * units, units, random);
    this.norm = new BatchNorm1d(device, units, KERAS_BATCH_NORM);
    this.count = new Linear(device, units, kMax, random);
    this.heads = new AssignmentHeads(device, units, kMax, random);
    this.#rounds = layers;
    this.#dropout = drop;
  }

  #round({ items, whole }: States): States {
    const [sets = 0, n = 0, units = 0] = items.shape;
    const rows = reshape(this.from.forward(items), [sets, n, 1, units]);
    const columns = reshape(this.to.forward(items), [sets, 1, n, units]);
    const messages = mean(leakyRelu(add(rows, columns), SLOPE), 2);
    const shared = broadcastTo(reshape(whole, [sets, 1, units]), [sets, n, units]);
    const change = leakyRelu(this.update.forward(concat([items, messages, shared], 2)), SLOPE);
    const next = add(items, change);
    const grown = leakyRelu(this.updateWhole.forward(concat([whole, mean(next, 1)], 1)), SLOPE);
    return { items: next, whole: add(whole, grown) };
  }

  protected override cluster(z: Tensor, { random, lean = false }: PassOptions): Omit<SetOutput, "embedding"> {
    const part = partBy({ lean });
    const items = part(() => leakyRelu(this.input.forward(z), SLOPE));
    let states: States = { items, whole: zeros(z.device, [z.shape[0]!, items.shape[2]!]) };
    for (let round = 0; round < this.#rounds; round++) {
      const next = part(() => this.#round(states));
      if (lean) for (const state of [states.items, states.whole]) state.dispose();
      states = next;
    }
    const hidden = this.norm.forward(states.whole);
    const counts = softmax(this.count.forward(random ? dropout(hidden, this.#dropout, random) : hidden));
    return { counts, assignments: this.heads.assignments(states.items), features: states.items };
  }
}

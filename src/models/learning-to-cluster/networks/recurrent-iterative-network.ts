import type { Device } from "../../../device";
import { BatchNorm1d } from "../../../nn/batch-norm";
import { Linear } from "../../../nn/linear";
import { LSTM } from "../../../nn/lstm";
import { KERAS_BATCH_NORM } from "../../../ops/normalization/batch-norm";
import { add, broadcastTo, leakyRelu } from "../../../ops/elementwise";
import { gatherRows } from "../../../ops/indexing";
import { concat, zeros } from "../../../ops/layout";
import { dropout } from "../../../ops/random";
import { reshape } from "../../../ops/shape";
import { softmax } from "../../../ops/softmax";
import type { Random } from "../../../random";
import { indices } from "../../../tensor";
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
 * The iterative model as section 4.2 prints it: items e_i have states s_i and the set has a state g, all zero at first. In each of `layers` rounds with the
 * same weights, an item is compared with every other, c_ij = φ(A [e_i, s_i] + B [e_j, s_j] + C g) for j ≠ i; a bidirectional LSTM runs over these
 * c_ij in the order of the items, and a dense layer makes the new s_i of the states that it ends with; another LSTM over [s, e, g] makes the new g.
 * The number of clusters is read from g, the assignments from s. Time and memory grow with n².
 */
export class RecurrentIterativeNetwork extends SetNetwork {
  readonly input: Linear;
  /** A, B and C of the comparison. */
  readonly own: Linear;
  readonly other: Linear;
  readonly shared: Linear;
  readonly compared: LSTM;
  readonly update: Linear;
  readonly gathered: LSTM;
  readonly updateWhole: Linear;
  readonly norm: BatchNorm1d;
  readonly count: Linear;
  readonly heads: AssignmentHeads;
  readonly #rounds: number;
  readonly #dropout: number;

  constructor(device: Device, settings: SetSettings, random: Random) {
    super(device, settings, random);
    const { units, kMax, layers, gates, memory, dropout: drop } = settings;
    const lstm = (features: number): LSTM =>
      new LSTM(device, features, units / 2, random, {
        bidirectional: true,
        init: "keras",
        memory,
        ...(gates && { gates }),
      });
    this.input = new Linear(device, this.itemSize, units, random);
    this.own = new Linear(device, 2 * units, units, random);
    this.other = new Linear(device, 2 * units, units, random, { bias: false });
    this.shared = new Linear(device, units, units, random, { bias: false });
    this.compared = lstm(units);
    this.update = new Linear(device, units, units, random);
    this.gathered = lstm(3 * units);
    this.updateWhole = new Linear(device, units, units, random);
    this.norm = new BatchNorm1d(device, units, KERAS_BATCH_NORM);
    this.count = new Linear(device, units, kMax, random);
    this.heads = new AssignmentHeads(device, units, kMax, random);
    this.#rounds = layers;
    this.#dropout = drop;
  }

  /** What the LSTM makes of the comparisons of each item with all others, [sets · n, units]; zeros where there is no other. */
  #comparisons(e: Tensor, { items, whole }: States): Tensor {
    const [sets = 0, n = 0, units = 0] = e.shape;
    if (n === 1) return zeros(e.device, [sets, units]);
    const known = reshape(concat([e, items], 2), [sets * n, 2 * units]);
    const shared = broadcastTo(reshape(this.shared.forward(whole), [sets, 1, units]), [sets, n, units]);
    const own = add(this.own.forward(known), reshape(shared, [sets * n, units]));
    const { first, second } = pairsOf(sets, n);
    const a = gatherRows(own, indices(e.device, first));
    const b = gatherRows(this.other.forward(known), indices(e.device, second));
    const compared = reshape(leakyRelu(add(a, b), SLOPE), [sets * n, n - 1, units]);
    return this.compared.encode(compared);
  }

  #round(e: Tensor, states: States): States {
    const [sets = 0, n = 0, units = 0] = e.shape;
    const next = leakyRelu(this.update.forward(this.#comparisons(e, states)), SLOPE);
    const items = reshape(next, [sets, n, units]);
    const shared = broadcastTo(reshape(states.whole, [sets, 1, units]), [sets, n, units]);
    const seen = this.gathered.encode(concat([items, e, shared], 2));
    return { items, whole: leakyRelu(this.updateWhole.forward(seen), SLOPE) };
  }

  protected override cluster(z: Tensor, { random, lean = false }: PassOptions): Omit<SetOutput, "embedding"> {
    const part = partBy({ lean });
    const e = part(() => leakyRelu(this.input.forward(z), SLOPE));
    let states: States = { items: zeros(z.device, e.shape), whole: zeros(z.device, [z.shape[0]!, e.shape[2]!]) };
    for (let round = 0; round < this.#rounds; round++) {
      const next = part(() => this.#round(e, states));
      if (lean) for (const state of [states.items, states.whole]) state.dispose();
      states = next;
    }
    const hidden = this.norm.forward(states.whole);
    const counts = softmax(this.count.forward(random ? dropout(hidden, this.#dropout, random) : hidden));
    return { counts, assignments: this.heads.assignments(states.items), features: states.items };
  }
}

/** Rows i and j of all pairs j ≠ i of each set, those of an item one after the other. */
function pairsOf(sets: number, n: number): { first: Uint32Array; second: Uint32Array } {
  const first = new Uint32Array(sets * n * (n - 1));
  const second = new Uint32Array(first.length);
  for (let set = 0, at = 0; set < sets; set++)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        if (j !== i) {
          first[at] = set * n + i;
          second[at++] = set * n + j;
        }
  return { first, second };
}

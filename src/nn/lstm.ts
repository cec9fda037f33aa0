import { checkFlag, checkInteger } from "../checks";
import type { Device } from "../device";
import { add } from "../ops/elementwise";
import { transpose } from "../ops/layout";
import { lstm, lstmStates } from "../ops/sequences/recurrent";
import type { LSTMOptions, LSTMStates } from "../ops/sequences/recurrent";
import { reshape } from "../ops/shape";
import { written } from "../tensor";
import type { Tensor } from "../tensor";
import type { Cooperative } from "../event-loop";
import { drawing, drawn, filled, glorotUniform, orthogonal, undrawn } from "./init";
import type { RandomSource } from "./init";
import { Module } from "./module";
import { generate } from "../typed-arrays";

/** Options of `LSTM` and what is made of it. */
export interface LSTMModuleOptions {
  /** A second, independent direction from the last step to the first; its outputs follow the first's. Default false. */
  readonly bidirectional?: boolean;
  /** Gates i, f, o. Default `sigmoid`; Keras before 2.3 had `hardSigmoid`. */
  readonly gates?: LSTMOptions["gates"];
  /**
   * `pytorch` (the default): everything U(±1 / √units), the bias as the sum of PyTorch's two. `keras`: Glorot uniform for the
   * input weight, with all four gates as its outputs; orthogonal across the four gates for the recurrent weight; bias 1 for
   * the forget gate, else 0.
   */
  readonly init?: "pytorch" | "keras";
  /**
   * Steps over which cells are to remember from the start, 3 or more: biases of the forget gates ln U(1, memory − 1), those of the
   * input gates the same below 0 (Tallec and Ollivier 2018, "Can recurrent neural networks warp time?", eq. 16). Default: as `init`
   * has them, by which a cell forgets within a few steps.
   */
  readonly memory?: number | undefined;
}

type Values = readonly [w: Float32Array, u: Float32Array, b: Float32Array];

/** Weights of one direction, [4h, e], [4h, h] and [4h]. */
function* initialize(init: "pytorch" | "keras", e: number, h: number, random: RandomSource): Cooperative<Values> {
  if (init === "keras") {
    const bias = generate(Float32Array, 4 * h, (row) => Number(row >= h && row < 2 * h));
    const w = yield* drawing(glorotUniform, [4 * h, e], random);
    return [w, yield* drawing(orthogonal, [4 * h, h], random), bias];
  }
  const limit = 1 / Math.sqrt(h);
  const draw = (): number => limit * (2 * random.uniform() - 1);
  const w = yield* filled(4 * h * e, draw);
  return [w, yield* filled(4 * h * h, draw), yield* filled(4 * h, () => draw() + draw())];
}

/** Biases of the input and forget gates of one direction by the steps to remember. */
function remember(bias: Float32Array, h: number, memory: number, random: RandomSource): void {
  for (let unit = 0; unit < h; unit++) {
    const time = Math.log(1 + (memory - 2) * random.uniform());
    bias[h + unit] = time;
    bias[unit] = -time;
  }
}

/** Long short-term memory over sequences, x [n, t, features] → [n, t, units], or [n, t, 2·units] in both directions; see `lstm`. */
export class LSTM extends Module {
  /** [d, 4·units, features], blocks i, f, g, o; d directions. */
  readonly inputWeight: Tensor;
  /** [d, 4·units, units] */
  readonly recurrentWeight: Tensor;
  /** [d, 4·units] */
  readonly bias: Tensor;
  readonly gates: LSTMOptions["gates"];

  /** @throws when features or units are no positive whole numbers, or memory is below 3 */
  constructor(
    device: Device,
    features: number,
    units: number,
    random: RandomSource,
    { bidirectional = false, gates = "sigmoid", init = "pytorch", memory }: LSTMModuleOptions = {},
  ) {
    super();
    checkFlag("LSTM", { bidirectional });
    checkInteger("LSTM", { features, units }, 1);
    const directions = bidirectional ? 2 : 1;
    if (memory !== undefined && !(memory >= 3 && memory < Infinity))
      throw new Error(`LSTM: memory must be 3 steps or more, got ${memory}`);
    const parts = [
      undrawn(device, [directions, 4 * units, features]),
      undrawn(device, [directions, 4 * units, units]),
      undrawn(device, [directions, 4 * units]),
    ] as const;
    [this.inputWeight, this.recurrentWeight, this.bias] = parts;
    this.gates = gates;
    drawn(
      (function* () {
        const values: Values[] = [];
        while (values.length < directions) values.push(yield* initialize(init, features, units, random));
        if (memory !== undefined) for (const [, , bias] of values) remember(bias, units, memory, random);
        for (const [d, direction] of values.entries())
          for (const [i, part] of direction.entries()) yield* written(parts[i]!, part, d * part.length);
      })(),
    );
  }

  override forward(x: Tensor): Tensor {
    return lstm(x, this.inputWeight, this.recurrentWeight, this.bias, { gates: this.gates });
  }

  /** Outputs of all steps, and the states that each direction ends with. */
  states(x: Tensor, initial: Pick<LSTMOptions, "h0" | "c0"> = {}): LSTMStates {
    return lstmStates(x, this.inputWeight, this.recurrentWeight, this.bias, { ...initial, gates: this.gates });
  }

  /** A sequence as one vector: the last output of each direction side by side, [n, d·units]. */
  encode(x: Tensor): Tensor {
    const { h } = this.states(x);
    return reshape(transpose(h, [1, 0, 2]), [h.shape[1]!, -1]);
  }
}

/** y = x + BLSTM(x), x [n, t, features]: the block of "Learning to Cluster" (Meier et al. 2018). */
export class ResidualBLSTM extends Module {
  readonly lstm: LSTM;

  /** @param features even: half of them are the units of each direction. @throws when they are not */
  constructor(
    device: Device,
    features: number,
    random: RandomSource,
    options: Omit<LSTMModuleOptions, "bidirectional"> = {},
  ) {
    super();
    if (features % 2 !== 0)
      throw new Error(`ResidualBLSTM: features must be even, half for each direction, got ${features}`);
    this.lstm = new LSTM(device, features, features / 2, random, { ...options, bidirectional: true });
  }

  override forward(x: Tensor): Tensor {
    return add(x, this.lstm.forward(x));
  }
}

/** Residual bidirectional layers one after the other. */
export class ResidualBLSTMStack extends Module {
  readonly layers: readonly ResidualBLSTM[];

  /** @throws when `layers` is no positive whole number or `features` is odd */
  constructor(
    device: Device,
    layers: number,
    features: number,
    random: RandomSource,
    options: Omit<LSTMModuleOptions, "bidirectional"> = {},
  ) {
    super();
    checkInteger("ResidualBLSTMStack", { layers }, 1);
    this.layers = Array.from({ length: layers }, () => new ResidualBLSTM(device, features, random, options));
  }

  override forward(x: Tensor): Tensor {
    return this.layers.reduce((y, layer) => layer.forward(y), x);
  }

  /** The output of every layer, the last one's last. */
  outputs(x: Tensor): Tensor[] {
    const made: Tensor[] = [];
    for (const layer of this.layers) made.push(layer.forward(made.at(-1) ?? x));
    return made;
  }
}

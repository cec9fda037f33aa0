import { PER_DIRECTION, type RbdlstmProblem } from "../workloads/rbdlstm";
import type { Program } from "../workload";
import { start, training, type Backend, type Tensor } from "./tfjs";

/** One training step by `train.momentum`; the products with the input of all steps as one, the recurrence step by step. */
export const rbdlstm =
  (backend: Backend) =>
  async ({
    batch,
    steps,
    features,
    layers,
    learningRate,
    momentum,
    x,
    parameters,
  }: RbdlstmProblem): Promise<Program> => {
    const tf = await start(backend);
    const h = features / 2;
    const values = parameters.map(({ shape, values }, p) =>
      tf.variable(tf.tensor(values, shape), true, `parameter ${p}`),
    );
    const input = tf.tensor(x, [batch, steps, features]);
    const optimizer = tf.train.momentum(learningRate, momentum);
    /** Outputs of a direction in the order of time, each [batch, h]. */
    const outputs = (y: Tensor, first: number, reversed: boolean): Tensor[] => {
      const [w, u, b] = [values[first]!, values[first + 1]!, values[first + 2]!];
      const rows = tf.reshape(y, [batch * steps, features]);
      const z = tf.reshape(tf.add(tf.matMul(rows, w, false, true), b), [batch, steps, 4 * h]);
      const inputs = reversed ? [...tf.unstack(z, 1)].reverse() : tf.unstack(z, 1); // the tape keeps the array as it is
      const made: Tensor[] = [];
      let cell: Tensor | undefined;
      for (const own of inputs) {
        const before = made.at(-1);
        const total = before ? tf.add(own, tf.matMul(before, u, false, true)) : own;
        const [i, f, g, o] = tf.split(total, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
        const fresh = tf.mul(tf.sigmoid(i), tf.tanh(g));
        cell = cell ? tf.add(tf.mul(tf.sigmoid(f), cell), fresh) : fresh;
        made.push(tf.mul(tf.sigmoid(o), tf.tanh(cell)));
      }
      return reversed ? [...made].reverse() : made;
    };
    const loss = (): Tensor => {
      let y = input;
      for (let l = 0; l < layers; l++) {
        const both = [0, 1].map((d) => tf.stack(outputs(y, (2 * l + d) * PER_DIRECTION, d === 1), 1));
        y = tf.add(y, tf.concat(both, 2));
      }
      // by rows first: in one sum of 518,400 squares float32 loses the fourth digit
      return tf.mean(tf.mean(tf.square(y), 2));
    };
    return training(optimizer, loss, () => values.map((value) => value.data()));
  };

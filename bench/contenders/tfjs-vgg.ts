import { CONVOLUTIONS, type VggProblem } from "../workloads/vgg";
import type { Program } from "../workload";
import { start, training, type Backend, type Tensor } from "./tfjs";

/** One training step by `train.momentum`, in the layout that TensorFlow.js is made for: images [n, h, w, c], kernels [kh, kw, in, out]. */
export const vgg =
  (backend: Backend) =>
  async ({ batch, side, classes, learningRate, momentum, x, labels, parameters }: VggProblem): Promise<Program> => {
    const tf = await start(backend);
    const values = parameters.map(({ shape, values }, p) => {
      const given = tf.tensor(values, shape);
      const own = shape.length === 4 ? tf.transpose(given, [2, 3, 1, 0]) : given;
      return tf.variable(own, true, `parameter ${p}`);
    });
    const input = tf.tensor(x, [batch, side, side, 1]);
    const goal = tf.oneHot(tf.cast(tf.tensor(Float32Array.from(labels), [batch]), "int32"), classes);
    const optimizer = tf.train.momentum(learningRate, momentum);
    const loss = (): Tensor => {
      const rest = values.values();
      const take = (): Tensor => rest.next().value!;
      const normalized = (y: Tensor): Tensor => {
        const { mean, variance } = tf.moments(
          y,
          y.shape.slice(1).map((_, axis) => axis),
        );
        const [gamma, beta] = [take(), take()];
        return tf.relu(tf.batchNorm(y, mean, variance, beta, gamma, 1e-5));
      };
      const linear = (y: Tensor): Tensor => {
        const [weight, bias] = [take(), take()];
        return tf.add(tf.matMul(y, weight, false, true), bias);
      };
      let h = input;
      CONVOLUTIONS.forEach((_, i) => {
        h = normalized(tf.conv2d(h, take(), 1, "same"));
        if (i % 2 === 1) h = tf.maxPool(h, 2, 2, "valid");
      });
      h = tf.reshape(tf.transpose(h, [0, 3, 1, 2]), [batch, 32 * 11 * 11]);
      return tf.losses.softmaxCrossEntropy(goal, linear(tf.relu(linear(normalized(linear(h))))));
    };
    return training(optimizer, loss, () =>
      values.map((value, p) => {
        const kernel = parameters[p]!.shape.length === 4;
        return (kernel ? tf.transpose(value, [3, 2, 0, 1]) : value).data();
      }),
    );
  };

import type { AddProblem, GemmProblem, StepProblem } from "../workloads/problems";
import type { Program } from "../workload";
import { loadPeer } from "./load";

export interface Tensor {
  readonly shape: number[];
  data(): Promise<Float32Array>;
  dispose(): void;
  assign?(value: Tensor): void;
}

/** The part of `@tensorflow/tfjs` that is used here. */
export interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  tensor(values: Float32Array, shape: readonly number[]): Tensor;
  variable(value: Tensor, trainable: boolean, name: string): Tensor;
  add(a: Tensor, b: Tensor): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  relu(x: Tensor): Tensor;
  sigmoid(x: Tensor): Tensor;
  tanh(x: Tensor): Tensor;
  mul(a: Tensor, b: Tensor): Tensor;
  concat(tensors: readonly Tensor[], axis: number): Tensor;
  split(x: Tensor, parts: number, axis: number): Tensor[];
  stack(tensors: readonly Tensor[], axis: number): Tensor;
  unstack(x: Tensor, axis: number): Tensor[];
  sub(a: Tensor, b: Tensor): Tensor;
  square(x: Tensor): Tensor;
  mean(x: Tensor, axis?: number): Tensor;
  transpose(x: Tensor, axes: readonly number[]): Tensor;
  reshape(x: Tensor, shape: readonly number[]): Tensor;
  oneHot(labels: Tensor, depth: number): Tensor;
  cast(x: Tensor, dtype: string): Tensor;
  conv2d(x: Tensor, filter: Tensor, strides: number, padding: string): Tensor;
  maxPool(x: Tensor, size: number, strides: number, padding: string): Tensor;
  moments(x: Tensor, axes: readonly number[]): { mean: Tensor; variance: Tensor };
  batchNorm(x: Tensor, mean: Tensor, variance: Tensor, offset: Tensor, scale: Tensor, epsilon: number): Tensor;
  losses: { softmaxCrossEntropy(labels: Tensor, logits: Tensor): Tensor };
  tidy<T>(compute: () => T): T;
  train: {
    momentum(learningRate: number, momentum: number): { minimize(loss: () => Tensor, returnCost: true): Tensor };
  };
}

export type Backend = "cpu" | "wasm" | "webgpu";

/** TensorFlow.js with one of its backends. WebGPU runs on npm's `webgpu`, as a browser would offer it. */
export async function start(backend: Backend): Promise<TensorFlow> {
  if (backend === "webgpu") {
    const { create, globals } = await import("webgpu");
    Object.assign(globalThis, globals);
    const gpu = create([]);
    Object.assign(globalThis, { benchGpu: gpu }); // Dawn ends the process when this object is collected
    Object.defineProperty(globalThis, "navigator", { value: { gpu, userAgent: "node" }, configurable: true });
  }
  const tf = await loadPeer<TensorFlow>("@tensorflow/tfjs"); // the core alone has no gradients
  if (backend !== "cpu") await loadPeer<object>(`@tensorflow/tfjs-backend-${backend}`);
  if (!(await tf.setBackend(backend))) throw new Error(`the ${backend} backend of TensorFlow.js did not start`);
  return tf;
}

/** C = A B. Waiting for the device is part of a run, the read-back that it takes too. */
export const gemm =
  (backend: Backend) =>
  async ({ n, a, b, repeats }: GemmProblem): Promise<Program> => {
    const tf = await start(backend);
    const [left, right] = [tf.tensor(a, [n, n]), tf.tensor(b, [n, n])];
    let c: Float32Array;
    return {
      run: async () => {
        for (let i = 1; i < repeats; i++) tf.matMul(left, right).dispose();
        const product = tf.matMul(left, right);
        c = await product.data();
        product.dispose();
      },
      result: async () => ({ c }),
    };
  };

/** z = x + y */
export const add =
  (backend: Backend) =>
  async ({ length, x, y }: AddProblem): Promise<Program> => {
    const tf = await start(backend);
    const [left, right] = [tf.tensor(x, [length]), tf.tensor(y, [length])];
    return {
      run: async () => tf.add(left, right).dispose(), // the wasm backend computes at once
      result: async () => ({ z: await tf.add(left, right).data() }),
    };
  };

type Optimizer = ReturnType<TensorFlow["train"]["momentum"]>;

/** A training: one step a run; at the end its losses, and its parameters one after another. */
export function training(
  optimizer: Optimizer,
  loss: () => Tensor,
  parameters: () => readonly Promise<Float32Array>[],
): Program {
  const losses: number[] = [];
  return {
    run: async () => {
      const cost = optimizer.minimize(loss, true);
      losses.push((await cost.data())[0]!);
      cost.dispose();
    },
    result: async () => ({ losses, parameters: concatenate(await Promise.all(parameters())) }),
  };
}

/** One training step by `train.momentum`. */
export const step =
  (backend: Backend) =>
  async ({ sizes, batch, learningRate, momentum, x, weights, biases, code }: StepProblem): Promise<Program> => {
    const tf = await start(backend);
    const layers = weights.map((weight, l) => ({
      weight: tf.variable(tf.tensor(weight, [sizes[l]!, sizes[l + 1]!]), true, `weight ${l}`),
      bias: tf.variable(tf.tensor(biases[l]!, [sizes[l + 1]!]), true, `bias ${l}`),
    }));
    const input = tf.tensor(x, [batch, sizes[0]!]);
    const optimizer = tf.train.momentum(learningRate, momentum);
    const loss = (): Tensor => {
      let h = input;
      layers.forEach(({ weight, bias }, l) => {
        h = tf.add(tf.matMul(h, weight), bias);
        if (l !== code && l !== layers.length - 1) h = tf.relu(h);
      });
      return tf.mean(tf.square(tf.sub(h, input)));
    };
    return training(optimizer, loss, () => layers.flatMap(({ weight, bias }) => [weight.data(), bias.data()]));
  };

/** The arrays one after another. */
export function concatenate(arrays: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(arrays.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const values of arrays) {
    all.set(values, offset);
    offset += values.length;
  }
  return all;
}

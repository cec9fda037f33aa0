import {
  add as sum,
  batchNorm,
  conv2d,
  crossEntropy,
  flatten,
  indices,
  KMeans,
  grad,
  linear,
  lstm,
  matmul,
  maxPool2d,
  mean,
  mse,
  parameter,
  requestDevice,
  SGD,
  sinkhorn as scale,
  square,
  tensor,
  tidy,
  type Device,
  type Tensor,
} from "constella";
import type { AddProblem, GemmProblem, KMeansProblem, SinkhornProblem, StepProblem } from "../workloads/problems";
import { PER_DIRECTION, type RbdlstmProblem } from "../workloads/rbdlstm";
import { CONVOLUTIONS, type VggProblem } from "../workloads/vgg";
import type { Program } from "../workload";
import { concatenate } from "./tfjs";

/** How constella computes: on WebGPU, or on as many WebAssembly workers as given, with or without fused multiply-add. */
export interface Setup {
  device?: "wasm" | "webgpu";
  threads?: number;
  relaxed?: boolean;
}

/** The device of a setup. */
export async function start({ device = "wasm", threads, relaxed }: Setup): Promise<Device> {
  return requestDevice(device, { threads, deterministic: !relaxed });
}

/** C = A B. On WebGPU the read-back is part of a run, as it is for the peer. */
export const gemm =
  (setup: Setup) =>
  async ({ n, a, b, repeats }: GemmProblem): Promise<Program> => {
    const device = await start(setup);
    const [left, right] = [tensor(device, a, [n, n]), tensor(device, b, [n, n])];
    const product = async (): Promise<Float32Array> => {
      for (let i = 1; i < repeats; i++) matmul(left, right).dispose();
      using c = matmul(left, right);
      return (await c.data()) as Float32Array;
    };
    return {
      run: async () => {
        if (device.type === "webgpu") await product();
        else {
          matmul(left, right).dispose();
          await device.synchronize();
        }
      },
      result: async () => ({ c: await product() }),
    };
  };

/** z = x + y */
export const add =
  (setup: Setup) =>
  async ({ length, x, y }: AddProblem): Promise<Program> => {
    const device = await start(setup);
    const [left, right] = [tensor(device, x, [length]), tensor(device, y, [length])];
    return {
      run: async () => {
        sum(left, right).dispose();
        await device.synchronize();
      },
      result: async () => ({ z: (await tidy(() => sum(left, right)).data()) as Float32Array }),
    };
  };

/** One training step: forward with bias and ReLU in the product, `grad`, one fused momentum update per parameter. */
export const step =
  (setup: Setup) =>
  async ({ sizes, batch, learningRate, momentum, x, weights, biases, code }: StepProblem): Promise<Program> => {
    const device = await start(setup);
    const layers = weights.map((weight, l) => ({
      weight: parameter(device, weight, [sizes[l]!, sizes[l + 1]!]),
      bias: parameter(device, biases[l]!),
    }));
    const parameters = layers.flatMap(({ weight, bias }) => [weight, bias]);
    const optimizer = new SGD(parameters, { lr: learningRate, momentum });
    const input = tensor(device, x, [batch, sizes[0]!]);
    const losses: number[] = [];
    return {
      run: async () => {
        using loss = tidy(() => {
          let h = input;
          layers.forEach(({ weight, bias }, l) => {
            const activation = l === code || l === layers.length - 1 ? undefined : "relu";
            h = matmul(h, weight, activation ? { bias, activation } : { bias });
          });
          const loss = mse(h, input);
          optimizer.step(grad(loss, parameters));
          return loss;
        });
        losses.push(await loss.item());
      },
      result: async () => {
        const arrays = await Promise.all(parameters.map((p) => p.data()));
        return { losses, parameters: concatenate(arrays as Float32Array[]) };
      },
    };
  };

/** Lloyd's algorithm from the given centres; the points are on the device, as the peer has them in its own form. */
export const kmeans =
  (setup: Setup) =>
  async ({ rows, columns, k, iterations, x, centers }: KMeansProblem): Promise<Program> => {
    const device = await start(setup);
    const points = tensor(device, x, [rows, columns]);
    const init = { data: centers, shape: [k, columns] };
    let found: Float32Array;
    return {
      run: async () => {
        const fitted = await new KMeans({ nClusters: k, init, maxIter: iterations, tolerance: 0, device }).fit(points);
        if (fitted.nIter !== iterations) throw new Error(`${fitted.nIter} iterations, not ${iterations}`);
        found = Float32Array.from(fitted.clusterCenters.data);
      },
      result: async () => ({ centers: found }),
    };
  };

/** Balanced assignment; the log-probabilities are on the device. */
export const sinkhorn =
  (setup: Setup) =>
  async ({ rows, columns, lambda, iterations, logp }: SinkhornProblem): Promise<Program> => {
    const device = await start(setup);
    const matrix = tensor(device, logp, [rows, columns]);
    const options = { lambda, tolerance: 0, maxIterations: iterations, checkEvery: iterations };
    let found: { logRow: Float32Array; logColumn: Float32Array };
    return {
      run: async () => {
        const { logRow, logColumn } = await scale(matrix, options);
        found = { logRow, logColumn };
      },
      result: async () => found,
    };
  };

/** One training step of the convolutional network: ReLU in the pass of the normalization or of the product before it. */
export const vgg =
  (setup: Setup) =>
  async ({ batch, side, learningRate, momentum, x, labels, parameters: starts }: VggProblem): Promise<Program> => {
    const device = await start(setup);
    const parameters = starts.map(({ shape, values }) => parameter(device, values, shape));
    const optimizer = new SGD(parameters, { lr: learningRate, momentum });
    const input = tensor(device, x, [batch, 1, side, side]);
    const goal = indices(device, labels);
    const forward = (): Tensor => {
      const rest = parameters.values();
      const take = (): Tensor => rest.next().value!;
      const normalized = (y: Tensor): Tensor => batchNorm(y, { gamma: take(), beta: take(), activation: "relu" });
      let h = input;
      CONVOLUTIONS.forEach((_, i) => {
        h = normalized(conv2d(h, take(), undefined, { padding: 1 }));
        if (i % 2 === 1) h = maxPool2d(h, 2);
      });
      h = normalized(linear(flatten(h), take(), take()));
      h = linear(h, take(), take(), { activation: "relu" });
      return linear(h, take(), take());
    };
    const losses: number[] = [];
    return {
      run: async () => {
        using loss = tidy(() => {
          const loss = crossEntropy(forward(), goal);
          optimizer.step(grad(loss, parameters));
          return loss;
        });
        losses.push(await loss.item());
      },
      result: async () => {
        const arrays = await Promise.all(parameters.map((p) => p.data()));
        return { losses, parameters: concatenate(arrays as Float32Array[]) };
      },
    };
  };

/** One training step of residual bidirectional LSTM layers: both directions of a layer in one product and one kernel. */
export const rbdlstm =
  (setup: Setup) =>
  async ({
    batch,
    steps,
    features,
    layers,
    learningRate,
    momentum,
    x,
    parameters: starts,
  }: RbdlstmProblem): Promise<Program> => {
    const device = await start(setup);
    // a parameter of a layer: the forward direction's, then the backward direction's
    const parameters = Array.from({ length: layers * PER_DIRECTION }, (_, p) => {
      const first = Math.floor(p / PER_DIRECTION) * 2 * PER_DIRECTION + (p % PER_DIRECTION);
      const [forward, backward] = [starts[first]!, starts[first + PER_DIRECTION]!];
      return parameter(device, concatenate([forward.values, backward.values]), [2, ...forward.shape]);
    });
    const optimizer = new SGD(parameters, { lr: learningRate, momentum });
    const input = tensor(device, x, [batch, steps, features]);
    const losses: number[] = [];
    return {
      run: async () => {
        using loss = tidy(() => {
          let y = input;
          for (let p = 0; p < parameters.length; p += PER_DIRECTION)
            y = sum(y, lstm(y, parameters[p]!, parameters[p + 1]!, parameters[p + 2]!));
          const loss = mean(square(y));
          optimizer.step(grad(loss, parameters));
          return loss;
        });
        losses.push(await loss.item());
      },
      result: async () => {
        const joined = (await Promise.all(parameters.map((p) => p.data()))) as Float32Array[];
        const arrays = starts.map(({ values }, p) => {
          const layer = Math.floor(p / (2 * PER_DIRECTION));
          const half = Math.floor(p / PER_DIRECTION) % 2;
          const both = joined[layer * PER_DIRECTION + (p % PER_DIRECTION)]!;
          return both.subarray(half * values.length, (half + 1) * values.length);
        });
        return { losses, parameters: concatenate(arrays) };
      },
    };
  };

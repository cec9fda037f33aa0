import { checkFlag } from "../../checks";
import { record } from "../../graph";
import * as kernels from "../../kernels/normalization";
import { empty, format, run, sameShape, sizeOf } from "../../tensor";
import type { Shape, Tensor } from "../../tensor";
import { ones, zeros } from "../layout";
import { sum } from "../reduce";

/** Workgroups that keep a large GPU busy, and images of one pixel that a chunk has at least. */
const BUSY = 256;
const CHUNK = 64;

/** Mean and variance of each channel [c] that evaluation goes by; training moves them in place. */
export interface RunningStatistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** How statistics are kept. The defaults are PyTorch's; `KERAS_BATCH_NORM` has Keras's. */
export interface BatchNormStatistics {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Share of the new value in the running statistics. Default 0.1. */
  readonly momentum?: number;
  /** The running variance is Σ (x − mean)² / (count − correction). Default 1: unbiased. */
  readonly correction?: number;
}

/** What Keras 2.1 does otherwise than PyTorch: momentum 0.99 of the old value, ε = 1e-3, running variance by N − 1 − ε. */
export const KERAS_BATCH_NORM = {
  eps: 1e-3,
  momentum: 0.01,
  correction: 1.001,
} as const satisfies BatchNormStatistics;

/** Options of `batchNorm`. */
export interface BatchNormOptions extends BatchNormStatistics {
  /** Factors [c]; default 1. */
  readonly gamma?: Tensor | undefined;
  /** Terms [c]; default 0. */
  readonly beta?: Tensor | undefined;
  /** Needed in evaluation. */
  readonly running?: RunningStatistics | undefined;
  /** By the statistics of the batch, which move the running ones; false: by the running ones. Default true. */
  readonly training?: boolean;
  /** Applied in the same pass. */
  readonly activation?: "relu" | "leakyRelu" | undefined;
  /** Slope of `leakyRelu` for negative values. Default 0.01. */
  readonly slope?: number;
}

/** x as [n, c, s], and how its images are cut into chunks for sums over all but the channels. */
function layout(shape: Shape) {
  const [n = 0, c = 0, ...rest] = shape;
  const s = sizeOf(rest);
  const powerOfTwo = (size: number, limit: number): number => Math.min(limit, 2 ** Math.ceil(Math.log2(size)));
  const columns = s === 1 ? powerOfTwo(c, 64) : 1;
  const width = powerOfTwo(s, 256);
  const wanted = Math.min(s === 1 ? Math.ceil(n / CHUNK) : n, Math.ceil((BUSY * columns) / c));
  const length = Math.ceil(n / wanted);
  return { sizes: { n, c, s }, cut: { chunks: Math.ceil(n / length), length, columns, width } };
}

/**
 * Normalises each channel over all other axes: gamma (x − mean) / √(variance + eps) + beta, then the activation, in one pass;
 * x [n, c] or [n, c, h, w]. In training mean and biased variance are the batch's (in two passes over each chunk of images,
 * chunks joined as by Chan, Golub & LeVeque 1979), and the running statistics move: r ← (1 − momentum) r + momentum · new.
 * Gradients to x, gamma and beta. Ioffe & Szegedy 2015.
 * @throws when shapes do not fit, in evaluation without running statistics, in training with one value a channel
 */
export function batchNorm(x: Tensor, options: BatchNormOptions = {}): Tensor {
  const { eps = 1e-5, momentum = 0.1, correction = 1, running, training = true, activation } = options;
  checkFlag("batchNorm", { training });
  const { device, shape } = x;
  if (x.rank < 2 || x.size === 0) throw new Error(`batchNorm: x must be [n, c] or [n, c, h, w], got ${format(shape)}`);
  const { sizes, cut } = layout(shape);
  const { n, c, s } = sizes;
  for (const [name, tensor] of Object.entries({ ...running, gamma: options.gamma, beta: options.beta }))
    if (tensor && !sameShape(tensor.shape, [c]))
      throw new Error(`batchNorm: ${name} must be of shape [${c}], got ${format(tensor)}`);
  if (!training && !running) throw new Error("batchNorm: evaluation needs running statistics, got none");
  if (training && n * s <= correction)
    throw new Error(`batchNorm: training must have more than one value a channel, got ${format(shape)}`);
  const { gamma = ones(device, [c]), beta = zeros(device, [c]) } = options;
  const slope = activation === undefined ? 1 : activation === "relu" ? 0 : (options.slope ?? 0.01);

  const stats = empty(device, [2, c], "f32", "batchNorm");
  const { chunks = 0, length = 0 } = training ? cut : {};
  const moments = training ? empty(device, [chunks, 2, c], "f32", "batchNorm") : gamma;
  if (training) run(kernels.batchNormMoments, { x, moments, ...sizes, ...cut });
  run(kernels.batchNormStatistics, {
    ...{ moments, stats, ...sizes, chunks, length, momentum, correction, eps },
    running_mean: running?.mean ?? empty(device, [c], "f32", "batchNorm"),
    running_variance: running?.variance ?? empty(device, [c], "f32", "batchNorm"),
  });
  const y = empty(device, shape, "f32", "batchNorm");
  run(kernels.batchNorm, { x, stats, gamma, beta, y, ...sizes, slope });

  return record("batchNorm", y, [x, gamma, beta], (dy) => {
    let sums: { dgamma: Tensor; dbeta: Tensor } | undefined;
    const towardsParameters = (): { dgamma: Tensor; dbeta: Tensor } => {
      if (sums) return sums;
      const dgamma = empty(device, [cut.chunks, c], "f32", "batchNorm");
      const dbeta = empty(device, [cut.chunks, c], "f32", "batchNorm");
      run(kernels.batchNormBackwardParameters, { x, stats, gamma, beta, dy, dgamma, dbeta, ...sizes, ...cut, slope });
      return (sums = { dgamma: sum(dgamma, 0), dbeta: sum(dbeta, 0) });
    };
    return [
      () => {
        const dx = empty(device, shape, "f32", "batchNorm");
        // by constant statistics no sums are needed, and none is read
        const { dgamma, dbeta } = training ? towardsParameters() : { dgamma: gamma, dbeta: beta };
        const share = training ? 1 / (n * s) : 0;
        run(kernels.batchNormBackward, { x, stats, gamma, beta, dy, dgamma, dbeta, dx, ...sizes, slope, share });
        return dx;
      },
      () => towardsParameters().dgamma,
      () => towardsParameters().dbeta,
    ];
  });
}

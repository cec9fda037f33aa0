import { checkFlag, checkInteger } from "../checks";
import type { Device } from "../device";
import { batchNorm } from "../ops/normalization/batch-norm";
import type { BatchNormStatistics } from "../ops/normalization/batch-norm";
import { full } from "../ops/layout";
import { format, parameter, untidied } from "../tensor";
import type { Tensor } from "../tensor";
import { Module } from "./module";

/** Options of `BatchNorm1d` and `BatchNorm2d`: PyTorch's defaults, `KERAS_BATCH_NORM` for Keras's. */
export interface BatchNormModuleOptions extends BatchNormStatistics {
  /** Learn gamma and beta. Default true. */
  readonly affine?: boolean;
  /** Applied in the same pass. */
  readonly activation?: "relu" | "leakyRelu";
  /** Slope of `leakyRelu` for negative values. Default 0.01. */
  readonly slope?: number;
}

/**
 * act(gamma (x − mean) / √(variance + eps) + beta) by channel. In training by the batch's statistics, which move the running
 * ones; after `eval()` by the running ones. These are saved with the parameters, as `runningMean` and `runningVariance`.
 */
export abstract class BatchNorm extends Module {
  readonly gamma: Tensor | undefined;
  readonly beta: Tensor | undefined;
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
  readonly options: BatchNormModuleOptions;
  /** While it is a number, how many batches the running statistics are the plain mean of: the next one counts as much as each of them. */
  averaged: number | undefined;
  protected abstract readonly rank: number;

  constructor(device: Device, channels: number, options: BatchNormModuleOptions = {}) {
    super();
    const { affine = true } = options;
    checkFlag(this.constructor.name, { affine });
    checkInteger(this.constructor.name, { channels }, 1);
    this.gamma = affine ? parameter(device, new Float32Array(channels).fill(1)) : undefined;
    this.beta = affine ? parameter(device, new Float32Array(channels)) : undefined;
    this.runningMean = untidied(() => full(device, [channels], 0));
    this.runningVariance = untidied(() => full(device, [channels], 1));
    this.options = options;
  }

  override forward(x: Tensor): Tensor {
    if (x.rank !== this.rank)
      throw new Error(`${this.constructor.name}: x must have ${this.rank} axes, got ${format(x)}`);
    const { gamma, beta, training } = this;
    const running = { mean: this.runningMean, variance: this.runningVariance };
    const share = this.averaged === undefined ? {} : { momentum: 1 / ++this.averaged };
    return batchNorm(x, { ...this.options, ...share, gamma, beta, running, training });
  }
}

/** Batch normalisation of features, x [n, c]: act(gamma (x − mean) / √(variance + eps) + beta) by column. Ioffe & Szegedy 2015. */
export class BatchNorm1d extends BatchNorm {
  protected override readonly rank = 2;
}

/** Batch normalisation of images, x [n, c, h, w]: each channel over images and positions. Ioffe & Szegedy 2015. */
export class BatchNorm2d extends BatchNorm {
  protected override readonly rank = 4;
}

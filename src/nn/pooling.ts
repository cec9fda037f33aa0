import { avgPool2d, globalAvgPool2d, maxPool2d } from "../ops/images/pooling";
import type { Pair } from "../ops/images/pair";
import type { PoolOptions } from "../ops/images/pooling";
import type { Tensor } from "../tensor";
import { Module } from "./module";

abstract class WindowPool extends Module {
  readonly kernel: Pair;
  readonly options: PoolOptions;

  constructor(kernel: Pair, options: PoolOptions = {}) {
    super();
    this.kernel = kernel;
    this.options = options;
  }
}

/** The largest value of each window, [n, c, h, w] → [n, c, oh, ow]; the stride defaults to the kernel. */
export class MaxPool2d extends WindowPool {
  override forward(x: Tensor): Tensor {
    return maxPool2d(x, this.kernel, this.options);
  }
}

/** The mean of each window, [n, c, h, w] → [n, c, oh, ow]; the stride defaults to the kernel. */
export class AvgPool2d extends WindowPool {
  override forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernel, this.options);
  }
}

/** The mean of each plane, [n, c, h, w] → [n, c]. */
export class GlobalAvgPool2d extends Module {
  override forward(x: Tensor): Tensor {
    return globalAvgPool2d(x);
  }
}

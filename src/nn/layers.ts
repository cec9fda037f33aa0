import { leakyRelu, relu } from "../ops/elementwise";
import { flatten } from "../ops/shape";
import type { Tensor } from "../tensor";
import { Module } from "./module";

/** All axes from the given one on in one: [n, c, h, w] → [n, c·h·w]. */
export class Flatten extends Module {
  readonly from: number;

  constructor(from = 1) {
    super();
    this.from = from;
  }

  override forward(x: Tensor): Tensor {
    return flatten(x, this.from);
  }
}

/** max(x, 0) as a layer of its own. `Linear` and batch normalization apply it in their own pass, as an option. */
export class ReLU extends Module {
  override forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** x for x > 0, else slope·x, as a layer of its own. */
export class LeakyReLU extends Module {
  readonly slope: number;

  constructor(slope = 0.01) {
    super();
    this.slope = slope;
  }

  override forward(x: Tensor): Tensor {
    return leakyRelu(x, this.slope);
  }
}

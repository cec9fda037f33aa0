import type { Device } from "../../device";
import { Conv2d } from "../../nn/convolution";
import type { RandomSource } from "../../nn/init";
import { Module } from "../../nn/module";
import { add, leakyRelu } from "../../ops/elementwise";
import type { Tensor } from "../../tensor";

/** leakyRelu(x + conv(leakyRelu(conv(x)))) on images [n, channels, h, w], 3 × 3 each: He, Zhang, Ren and Sun, CVPR 2016, without normalisation. */
export class ResidualBlock extends Module {
  readonly first: Conv2d;
  readonly second: Conv2d;
  readonly slope: number;

  constructor(device: Device, channels: number, random: RandomSource, slope: number) {
    super();
    this.first = new Conv2d(device, channels, channels, 3, random, { padding: 1, activation: "leakyRelu", slope });
    this.second = new Conv2d(device, channels, channels, 3, random, { padding: 1 });
    this.slope = slope;
  }

  override forward(x: Tensor): Tensor {
    return leakyRelu(add(x, this.second.forward(this.first.forward(x))), this.slope);
  }
}

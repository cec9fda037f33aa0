import { isWhole } from "../checks";
import type { Device } from "../device";
import type { Tensor } from "../tensor";
import { CodeNetwork } from "./code-network";
import type { Initializer, RandomSource } from "./init";
import { Linear } from "./linear";

/**
 * A symmetric fully connected autoencoder: rectifiers throughout, except that the code and the reconstruction are linear
 * (Xie et al. 2016, section 4.1).
 */
export class Autoencoder extends CodeNetwork {
  readonly encoder: readonly Linear[];
  /** From the code outwards. */
  readonly decoder: readonly Linear[];

  /** @param sizes from the input to the code: [784, 500, 500, 2000, 10] */
  constructor(device: Device, sizes: readonly number[], random: RandomSource, weightInit?: Initializer) {
    super();
    if (sizes.length < 2 || !sizes.every((size) => isWhole(size, 1)))
      throw new Error(`Autoencoder: layers must be two or more positive whole numbers, got [${sizes.join(", ")}]`);
    const layer = (inputs: number, outputs: number, linear: boolean): Linear =>
      new Linear(device, inputs, outputs, random, {
        ...(weightInit && { weightInit }),
        ...(!linear && { activation: "relu" }),
      });
    const last = sizes.length - 2;
    this.encoder = sizes.slice(1).map((size, i) => layer(sizes[i]!, size, i === last));
    this.decoder = this.encoder.map((_, i) => layer(sizes[last + 1 - i]!, sizes[last - i]!, i === last));
  }

  /** x [n, input] → z [n, code] */
  override encode(x: Tensor): Tensor {
    return this.encoder.reduce((h, layer) => layer.forward(h), x);
  }

  /** z [n, code] → x̂ [n, input] */
  override decode(z: Tensor): Tensor {
    return this.decoder.reduce((h, layer) => layer.forward(h), z);
  }

  override encoderParameters(): Tensor[] {
    return this.encoder.flatMap((layer) => layer.parameters());
  }
}

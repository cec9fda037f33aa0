// Improved deep embedded clustering: Guo, Gao, Liu and Yin, "Improved deep embedded clustering with local structure preservation",
// IJCAI 2017.
import { checkRange } from "../checks";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import { mse } from "../ops/losses/elementwise";
import type { Tensor } from "../tensor";
import { decodeCheckpoint } from "../training/checkpoint";
import { DEC } from "./dec";
import type { DECOptions, SavedState } from "./dec";

/** Options of `IDEC`. */
export interface IDECOptions extends DECOptions {
  /** Weight of the clustering loss beside the reconstruction loss. */
  readonly gamma?: number;
}

/** DEC that keeps the decoder and its reconstruction loss, so that the embedding stays true to the data: L = L_r + γ L_c. */
export class IDEC extends DEC {
  constructor({ gamma = 0.1, ...options }: IDECOptions) {
    super(options, { gamma });
    checkRange("IDEC", { gamma }, 0);
  }

  override get name(): string {
    return "IDEC";
  }

  static override async load(content: Bytes, { device }: { device?: Device } = {}): Promise<IDEC> {
    const checkpoint = decodeCheckpoint<SavedState>("IDEC", content);
    const model = new IDEC({ ...checkpoint.state.settings, ...(device && { device }) });
    await model.restore(checkpoint);
    return model;
  }

  protected override penalty(x: Tensor, z: Tensor): Tensor {
    return mse(this.autoencoder.network.decode(z), x);
  }

  protected override get clusteringWeight(): number {
    return this.settings.gamma!;
  }

  protected override trained(): Tensor[] {
    return this.autoencoder.network.parameters();
  }
}

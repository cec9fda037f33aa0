// Improved deep embedded clustering: Guo, Gao, Liu and Yin, "Improved deep embedded clustering with local structure preservation",
// IJCAI 2017.
import { unary } from "../kernels/elementwise";
import type { Bytes } from "../data/formats/source";
import { Model } from "../lifecycle/model";
import { add, scale } from "../ops/elementwise";
import { mse } from "../ops/losses/elementwise";
import { range } from "../options";
import { forImages } from "./autoencoder-stages";
import { DEC } from "./dec";
import { DEC_LOAD, DEC_OPTIONS } from "./dec-options";
import type { DECLoadOptions, DECOptions, DECSettings, Objective } from "./dec-options";

/** Options of `IDEC`. */
export interface IDECOptions extends DECOptions {
  /** Weight of the clustering loss beside the reconstruction loss. */
  readonly gamma?: number;
}

/** @inline */
type Settings = DECSettings & { readonly gamma: number };

/** Its objective and options: their rules and defaults. @internal */
export const IDEC_OBJECTIVE: Objective<Settings> = {
  name: "IDEC",
  rules: { ...DEC_OPTIONS.rules, gamma: range(0) },
  defaults: { ...DEC_OPTIONS.defaults, gamma: 0.1 },
  kernels: (settings) => [...DEC_OPTIONS.kernels!(settings), unary],
  loss: (clustering, x, z, network, { gamma }) => add(scale(clustering, gamma), mse(network.decode(z), x)),
  trained: (network) => network.parameters(),
};

/** DEC that keeps the decoder and its reconstruction loss, so that the embedding stays true to the data: L = L_r + γ L_c. */
export class IDEC extends DEC<Settings> {
  constructor(options: IDECOptions) {
    super(options, IDEC_OBJECTIVE);
  }

  /** @throws when the bytes are no checkpoint of this method */
  static override async load(content: Bytes, options: DECLoadOptions = {}): Promise<IDEC> {
    return Model.restored("IDEC", content, options, (settings: IDECOptions) => new IDEC(forImages(settings)), DEC_LOAD);
  }
}

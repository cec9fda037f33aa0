// Improved deep embedded clustering: Guo, Gao, Liu and Yin, "Improved deep embedded clustering with local structure preservation",
// IJCAI 2017.
import { unary } from "../../kernels/elementwise";
import type { Bytes } from "../../data/formats/source";
import { Model } from "../../lifecycle/model";
import type { OptionSet } from "../../lifecycle/model";
import { add, scale } from "../../ops/elementwise";
import { mse } from "../../ops/losses/elementwise";
import { range } from "../../options";
import { forImages } from "../autoencoder/autoencoder-stages";
import { DENSE } from "../autoencoder/coder";
import { DEC } from "./dec";
import { DEC_LOAD, DEC_OPTIONS } from "./dec-options";
import type { DECLoadOptions, DECOptions, DECSettings, Objective, StudentSettings } from "./dec-options";

/** Options of `IDEC`. */
export interface IDECOptions extends DECOptions {
  /** Weight of the clustering loss beside the reconstruction loss. */
  readonly gamma?: number;
}

/** @inline */
type Settings = DECSettings & { readonly gamma: number };

/** γ times the clustering loss beside the reconstruction, of the whole network. @internal */
export const IDEC_OBJECTIVE: Objective<StudentSettings & { readonly gamma: number }> = {
  loss: (clustering, x, z, network, { gamma }) => add(scale(clustering, gamma), mse(network.decode(z), x)),
  trained: (network) => network.parameters(),
};

/** What IDEC adds to the options of DEC's kind. @internal */
export const GAMMA = { rule: range(0), default: 0.1 } as const;

/** Its options: their rules and defaults. @internal */
export const IDEC_OPTIONS: OptionSet<Settings> = {
  rules: { ...DEC_OPTIONS.rules, gamma: GAMMA.rule },
  defaults: { ...DEC_OPTIONS.defaults, gamma: GAMMA.default },
  kernels: (settings) => [...DEC_OPTIONS.kernels!(settings), unary],
};

/** DEC that keeps the decoder and its reconstruction loss, so that the embedding stays true to the data: L = L_r + γ L_c. */
export class IDEC extends DEC<Settings> {
  constructor(options: IDECOptions) {
    super(options, { ...IDEC_OPTIONS, name: "IDEC", objective: IDEC_OBJECTIVE, coder: DENSE });
  }

  /** @throws when the bytes are no checkpoint of this method */
  static override async load(content: Bytes, options: DECLoadOptions = {}): Promise<IDEC> {
    return Model.restored("IDEC", content, options, (settings: IDECOptions) => new IDEC(forImages(settings)), DEC_LOAD);
  }
}

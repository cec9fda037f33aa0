// Deep embedded clustering: Xie, Girshick and Farhadi, "Unsupervised deep embedding for clustering analysis", ICML 2016.
import type { Bytes } from "../../data/formats/source";
import { RowsModel } from "../../lifecycle/rows-model";
import type { Autoencoder } from "../../nn/autoencoder";
import { forImages } from "../autoencoder/autoencoder-stages";
import { DENSE } from "../autoencoder/coder";
import { DEC_LOAD, DEC_OPTIONS } from "./dec-options";
import type { DECLoadOptions, DECOptions, DECSettings, Objective, StudentSettings } from "./dec-options";
import { StudentClustering } from "./student-clustering";
import type { StudentKind } from "./student-clustering";

/** The clustering loss alone, and the encoder alone. @internal */
export const DEC_OBJECTIVE: Objective<StudentSettings> = {
  loss: (clustering) => clustering,
  trained: (network) => network.encoderParameters(),
};

/** A method of DEC's kind on its network. @internal */
export type DECKind<S extends DECSettings> = StudentKind<S, Autoencoder>;

const DEC_KIND: DECKind<DECSettings> = { ...DEC_OPTIONS, name: "DEC", objective: DEC_OBJECTIVE, coder: DENSE };

/**
 * Deep embedded clustering: an autoencoder is pretrained, k-means places centres among its codes, then encoder and centres are
 * trained together so that the soft assignment q of each item sharpens towards the target p ∝ q²/f.
 */
export class DEC<S extends DECSettings = DECSettings> extends StudentClustering<S, Autoencoder> {
  constructor(options: DECOptions);
  /** @internal */
  constructor(options: DECOptions, kind: DECKind<S>);
  constructor(options: DECOptions, kind = DEC_KIND as unknown as DECKind<S>) {
    super(options, kind);
  }

  /** @throws when the bytes are no checkpoint of this method */
  static async load(content: Bytes, options: DECLoadOptions = {}): Promise<DEC> {
    return RowsModel.restored(
      "DEC",
      content,
      options,
      (settings: DECOptions) => new DEC(forImages(settings)),
      DEC_LOAD,
    );
  }
}

// Not too deep clustering: McConville, Santos-Rodriguez, Piechocki and Craddock, "N2D: (not too) deep clustering via clustering the local manifold of an
// autoencoded embedding", ICPR 2020.
import type { Bytes } from "../../data/formats/source";
import type { DeviceOption, OptionSet } from "../../lifecycle/model";
import { RowsModel } from "../../lifecycle/rows-model";
import type { Autoencoder } from "../../nn/autoencoder";
import { forImages } from "../autoencoder/autoencoder-stages";
import { DENSE, DENSE_DEFAULTS, DENSE_RULES, denseKernels } from "../autoencoder/coder";
import type { DenseOptions } from "../autoencoder/coder";
import { PLACED_CODES_OPTIONS, PlacedCodes } from "../autoencoder/placed-codes";
import type { PlacedCodesKind, PlacedCodesOptions, PlacedCodesSettings } from "../autoencoder/placed-codes";

/** Options of `N2D`: the paper's code has as many values as there are clusters, and no layer is trained by itself. */
export interface N2DOptions extends PlacedCodesOptions, DenseOptions {}

/** @inline */
type Settings = PlacedCodesSettings & Required<Omit<DenseOptions, "itemShape">> & Pick<DenseOptions, "itemShape">;

/** Its options: their rules and defaults. @internal */
export const N2D_OPTIONS: OptionSet<Settings> = {
  rules: { ...PLACED_CODES_OPTIONS.rules, ...DENSE_RULES },
  defaults: { ...PLACED_CODES_OPTIONS.defaults, ...DENSE_DEFAULTS, layerEpochs: 0 },
  kernels: (settings) => [...PLACED_CODES_OPTIONS.kernels, ...denseKernels(settings)],
};

const N2D_KIND: PlacedCodesKind<Settings, Autoencoder> = { ...N2D_OPTIONS, name: "N2D", coder: DENSE };

/**
 * N2D: an autoencoder learns codes, UMAP places them so that neighbours stay together and groups come apart, and a mixture of Gaussians
 * clusters the places. Nothing is trained for the clusters, so that it takes little more time than the autoencoder.
 */
export class N2D extends PlacedCodes<Settings, Autoencoder> {
  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: N2DOptions) {
    super(options, N2D_KIND);
  }

  /** @throws when the bytes are no checkpoint of an N2D */
  static async load(
    content: Bytes,
    options: DeviceOption & Pick<N2DOptions, "learningRate" | "augmentWith"> = {},
  ): Promise<N2D> {
    return RowsModel.restored("N2D", content, options, (settings: N2DOptions) => new N2D(forImages(settings)), [
      "device",
      "learningRate",
      "augmentWith",
    ]);
  }
}

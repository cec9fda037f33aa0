import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import { Model } from "../lifecycle/model";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import type { SparseMatrix } from "../sparse";
import { AFFINITY_DEFAULTS, AFFINITY_RULES, affinityOf } from "./affinity-kinds";
import type { AffinityOptions, AffinitySettings } from "./affinity-kinds";
import { EIGEN_DEFAULTS, EIGEN_RULES, EigenClustering } from "./eigen-clustering";
import type { EigenClusteringOptions, EigenClusteringSettings } from "./eigen-clustering";
import { laplacianOf } from "./laplacian";
import type { Laplacian } from "./laplacian";

/** Options of `SpectralClustering`. */
export interface SpectralClusteringOptions extends EigenClusteringOptions, AffinityOptions {}

/** Its options: their rules and defaults. @internal */
export const SPECTRAL_OPTIONS: OptionSet<EigenClusteringSettings & AffinitySettings> = {
  rules: { ...EIGEN_RULES, ...AFFINITY_RULES },
  defaults: { ...EIGEN_DEFAULTS, ...AFFINITY_DEFAULTS },
};

/**
 * Spectral clustering (Shi and Malik, "Normalized cuts and image segmentation", 2000; von Luxburg 2007): k-means on as many smallest eigenvectors of
 * the random walk on a graph of the points as there are clusters, as scikit-learn's. The eigenvectors in float64. `eigenvalues` are those of the
 * normalised Laplacian: as many near 0 as there are parts that hardly touch.
 */
export class SpectralClustering extends EigenClustering<
  EigenClusteringSettings & AffinitySettings,
  Points | SparseMatrix
> {
  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: SpectralClusteringOptions) {
    super("SpectralClustering", options, SPECTRAL_OPTIONS);
  }

  /** @throws when the bytes are no checkpoint of a SpectralClustering */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<SpectralClustering> {
    return Model.restored("SpectralClustering", content, options, (settings) => new SpectralClustering(settings));
  }

  protected override async operator(
    x: Points | SparseMatrix,
    op: string,
    device: Device,
    signal: AbortSignal,
  ): Promise<Laplacian> {
    return laplacianOf(await affinityOf(x, op, this.settings, device, signal), op);
  }
}

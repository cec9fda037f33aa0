import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import { Model } from "../lifecycle/model";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import type { MatrixLike } from "../matrix";
import type { NdArray } from "../ndarray";
import { choice } from "../options";
import type { SparseMatrix } from "../sparse";
import { AFFINITY_DEFAULTS, AFFINITY_RULES, affinityOf, keepsAffinity } from "./affinity-kinds";
import type { AffinityOptions, AffinitySettings } from "./affinity-kinds";
import { assignLabels } from "./assign-labels";
import type { LabelAssignment } from "./assign-labels";
import type { RowClustering } from "./clusters";
import { EIGEN_DEFAULTS, EIGEN_RULES, EigenClustering } from "./eigen-clustering";
import type { EigenClusteringOptions, EigenClusteringSettings } from "./eigen-clustering";
import { laplacianOf } from "./laplacian";
import type { Laplacian } from "./laplacian";

/** Options of `SpectralClustering`. */
export interface SpectralClusteringOptions extends EigenClusteringOptions, AffinityOptions {
  /**
   * How the rows of the eigenvectors are clustered: "kmeans", with `nInit` runs; "discretize", by the rotation that brings them nearest to one column a
   * cluster, with `nInit` starts (Yu and Shi 2003); "cluster-qr", by QR with column pivoting, without anything random (Damle, Minden and Ying 2019).
   * The last two let clusters be of very different sizes, where k-means cuts a large one. Default "kmeans".
   */
  readonly assignLabels?: LabelAssignment;
}

/** @inline */
type Settings = EigenClusteringSettings & AffinitySettings & Required<Pick<SpectralClusteringOptions, "assignLabels">>;

/** Its options: their rules and defaults. @internal */
export const SPECTRAL_OPTIONS: OptionSet<Settings> = {
  rules: { ...EIGEN_RULES, ...AFFINITY_RULES, assignLabels: choice("kmeans", "discretize", "cluster-qr") },
  defaults: { ...EIGEN_DEFAULTS, ...AFFINITY_DEFAULTS, assignLabels: "kmeans" },
};

/**
 * Spectral clustering (Shi and Malik, "Normalized cuts and image segmentation", 2000; von Luxburg 2007): k-means, or what `assignLabels` says, on as many
 * smallest eigenvectors of the random walk on a graph of the points as there are clusters, as scikit-learn's. The eigenvectors in float64. `eigenvalues` are those of the
 * normalised Laplacian: as many near 0 as there are parts that hardly touch.
 */
export class SpectralClustering extends EigenClustering<Settings, Points | SparseMatrix, SparseMatrix | MatrixLike> {
  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: SpectralClusteringOptions) {
    super("SpectralClustering", options, SPECTRAL_OPTIONS);
  }

  /** @throws when the bytes are no checkpoint of a SpectralClustering */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<SpectralClustering> {
    return Model.restored("SpectralClustering", content, options, (settings) => new SpectralClustering(settings));
  }

  protected override graphOf(
    x: Points | SparseMatrix,
    op: string,
    device: Device,
    signal: AbortSignal,
  ): Promise<SparseMatrix | MatrixLike> {
    return affinityOf(x, op, this.settings, device, signal);
  }

  protected override operator(affinity: SparseMatrix | MatrixLike, _x: Points | SparseMatrix, op: string): Laplacian {
    return laplacianOf(affinity, op);
  }

  protected override keepsGraph(): boolean {
    return keepsAffinity(this.settings);
  }

  protected override assigned(rows: NdArray<Float64Array>, options: RowClustering): Promise<Int32Array<ArrayBuffer>> {
    return assignLabels(rows, this.settings.assignLabels, options);
  }
}

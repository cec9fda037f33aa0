import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import { Model } from "../lifecycle/model";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import type { SymmetricOperator } from "../linear-algebra/smallest-eigen";
import { takePoints } from "../neighbours/sparse-rows";
import { positive, integer } from "../options";
import type { SparseMatrix } from "../sparse";
import { EIGEN_DEFAULTS, EIGEN_RULES, EigenClustering } from "./eigen-clustering";
import type { EigenClusteringOptions, EigenClusteringSettings } from "./eigen-clustering";
import { ldmgiLaplacianOf } from "./graph-laplacians";
import type { LdmgiLaplacianOptions } from "./graph-laplacians";

/** Options of `LDMGI`. */
export interface LDMGIOptions extends EigenClusteringOptions, Pick<LdmgiLaplacianOptions, "cliqueSize" | "lambda"> {}

/** @inline */
type Settings = EigenClusteringSettings & Required<Pick<LDMGIOptions, "cliqueSize" | "lambda">>;

const OPTIONS: OptionSet<Settings> = {
  rules: { ...EIGEN_RULES, cliqueSize: integer(2), lambda: positive },
  defaults: { ...EIGEN_DEFAULTS, cliqueSize: 5, lambda: 1 },
};

/**
 * Clustering by local discriminant models and global integration (Yang, Xu, Nie, Yan and Zhuang, "Image clustering using local discriminant models and
 * global integration", IEEE Transactions on Image Processing 2010): k-means on the rows, made unit vectors, of the smallest eigenvectors of the Laplacian
 * that sums a linear discriminant over every point and its neighbours, the constant one among them; see `ldmgiLaplacian`.
 */
export class LDMGI extends EigenClustering<Settings, Points | SparseMatrix> {
  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: LDMGIOptions) {
    super("LDMGI", options, OPTIONS);
  }

  /** @throws when the bytes are no checkpoint of an LDMGI */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<LDMGI> {
    return Model.restored("LDMGI", content, options, (settings) => new LDMGI(settings));
  }

  protected override async graphOf(
    x: Points | SparseMatrix,
    op: string,
    device: Device,
    signal: AbortSignal,
  ): Promise<SparseMatrix> {
    const { cliqueSize, lambda } = this.settings;
    return ldmgiLaplacianOf(await takePoints(x, op), { cliqueSize, lambda, device, signal }, op);
  }

  protected override operator(laplacian: SparseMatrix): SymmetricOperator {
    return { n: laplacian.shape[0], apply: (v, width, out) => laplacian.multiply(v, width, out) };
  }
}

import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import { Model } from "../lifecycle/model";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import { takePoints } from "../neighbours/sparse-rows";
import { optional, positive, range, integer } from "../options";
import type { SparseMatrix } from "../sparse";
import { EIGEN_DEFAULTS, EIGEN_RULES, EigenClustering } from "./eigen-clustering";
import type { EigenClusteringOptions, EigenClusteringSettings } from "./eigen-clustering";
import { secAffinityOf, secOperatorOf } from "./graph-laplacians";
import type { SecOperator, SecOperatorOptions } from "./graph-laplacians";

/** Options of `SEC`. */
export interface SECOptions
  extends EigenClusteringOptions, Pick<SecOperatorOptions, "neighbors" | "sigma2" | "mu" | "gamma"> {}

/** @inline */
type Settings = EigenClusteringSettings &
  Required<Pick<SECOptions, "neighbors" | "mu" | "gamma">> &
  Pick<SECOptions, "sigma2">;

const OPTIONS: OptionSet<Settings> = {
  rules: { ...EIGEN_RULES, neighbors: integer(1), sigma2: optional(positive), mu: range(0), gamma: positive },
  defaults: { ...EIGEN_DEFAULTS, neighbors: 5, mu: 0.1, gamma: 1 },
};

/**
 * Spectral embedded clustering (Nie, Zeng, Tsang, Xu and Zhang, "Spectral embedded clustering", IEEE Transactions on Neural Networks 2011): spectral
 * clustering whose embedding a linear map of the points should nearly give. k-means on the rows, made unit vectors, of the smallest eigenvectors of
 * L + μ L_g; see `secOperator`.
 */
export class SEC extends EigenClustering<Settings, Points | SparseMatrix> {
  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: SECOptions) {
    super("SEC", options, OPTIONS);
  }

  /** @throws when the bytes are no checkpoint of an SEC */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<SEC> {
    return Model.restored("SEC", content, options, (settings) => new SEC(settings));
  }

  protected override async graphOf(
    x: Points | SparseMatrix,
    op: string,
    device: Device,
    signal: AbortSignal,
  ): Promise<SparseMatrix> {
    const { neighbors, sigma2 } = this.settings;
    const options = { neighbors, ...(sigma2 !== undefined && { sigma2 }), device, signal };
    return secAffinityOf(await takePoints(x, op), options, op);
  }

  protected override async operator(
    affinity: SparseMatrix,
    x: Points | SparseMatrix,
    op: string,
  ): Promise<SecOperator> {
    const { mu, gamma } = this.settings;
    return secOperatorOf(affinity, await takePoints(x, op), { mu, gamma }, op);
  }
}

import type { SymmetricOperator } from "../linear-algebra/smallest-eigen";
import type { MatrixLike } from "../matrix";
import { EigenClustering } from "./eigen-clustering";
import type { EigenClusteringOptions } from "./eigen-clustering";
import { secOperator } from "./graph-laplacians";
import type { SecOperatorOptions } from "./graph-laplacians";

/** Options of `SEC`. */
export interface SECOptions
  extends EigenClusteringOptions, Pick<SecOperatorOptions, "neighbors" | "sigma2" | "mu" | "gamma"> {}

/**
 * Spectral embedded clustering (Nie, Zeng, Tsang, Xu and Zhang, "Spectral embedded clustering", IEEE Transactions on Neural Networks 2011): spectral
 * clustering whose embedding a linear map of the points should nearly give. k-means on the rows, made unit vectors, of the smallest eigenvectors of
 * L + μ L_g; see `secOperator`.
 */
export class SEC extends EigenClustering {
  readonly #options: SECOptions;

  /** @throws when an option is out of its range */
  constructor(options: SECOptions) {
    super("SEC", options);
    this.#options = options;
  }

  protected override operator(x: MatrixLike): Promise<SymmetricOperator> {
    return secOperator(x, this.#options);
  }
}

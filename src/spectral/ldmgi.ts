import type { SymmetricOperator } from "../linear-algebra/smallest-eigen";
import type { MatrixLike } from "../matrix";
import { EigenClustering } from "./eigen-clustering";
import type { EigenClusteringOptions } from "./eigen-clustering";
import { ldmgiLaplacian } from "./graph-laplacians";
import type { LdmgiLaplacianOptions } from "./graph-laplacians";

/** Options of `LDMGI`. */
export interface LDMGIOptions extends EigenClusteringOptions, Pick<LdmgiLaplacianOptions, "cliqueSize" | "lambda"> {}

/**
 * Clustering by local discriminant models and global integration (Yang, Xu, Nie, Yan and Zhuang, "Image clustering using local discriminant models and
 * global integration", IEEE Transactions on Image Processing 2010): k-means on the rows, made unit vectors, of the smallest eigenvectors of the Laplacian
 * that sums a linear discriminant over every point and its neighbours, the constant one among them; see `ldmgiLaplacian`.
 */
export class LDMGI extends EigenClustering {
  readonly #options: LDMGIOptions;

  /** @throws when an option is out of its range */
  constructor(options: LDMGIOptions) {
    super("LDMGI", options);
    this.#options = options;
  }

  protected override async operator(x: MatrixLike): Promise<SymmetricOperator> {
    const laplacian = await ldmgiLaplacian(x, this.#options);
    return { n: laplacian.shape[0], apply: (v, width, out) => laplacian.multiply(v, width, out) };
  }
}

import type { Points } from "../cluster/points";
import type { Device } from "../device";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import { Findings } from "../lifecycle/findings";
import type { PointsOf } from "../lifecycle/findings";
import { Model } from "../lifecycle/model";
import { RUN_RULES } from "../lifecycle/progress";
import type { RunOptions } from "../lifecycle/progress";
import type { SymmetricOperator } from "../linear-algebra/smallest-eigen";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { flag, integer, seed } from "../options";
import type { Rules } from "../options";
import type { SparseMatrix } from "../sparse";
import { clusterRows, unitLength } from "./clusters";
import type { RowClustering } from "./clusters";
import { keptSearch, restoredSearch, SEARCH_STEPS, searchEigenvectors, searchStep } from "./eigen-search";
import type { StandingSearch } from "./eigen-search";
import { asColumns } from "./laplacian";

/** Options of clustering by the eigenvectors of an operator. */
export interface EigenClusteringOptions {
  readonly nClusters: number;
  /** Runs of k-means. Default 10. */
  readonly nInit?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Where to compute; default: a tensor's own device, else one requested at first need. */
  readonly device?: Device | undefined;
}

/** The same, all of them. */
export type EigenClusteringSettings = Required<Omit<EigenClusteringOptions, "device">>;

/** Rules of the options. */
export const EIGEN_RULES: Rules<EigenClusteringSettings> = { nClusters: integer(1), nInit: integer(1), seed };

/** What holds where nothing is given. */
export const EIGEN_DEFAULTS = { nInit: 10, seed: 0 };

/** An operator whose eigenvectors are divided by `roots` where it has them: those of a random walk then. */
export type ClusteringOperator = SymmetricOperator & { readonly roots?: Float64Array };

/** Eigenvectors as columns, [n, k]. */
interface Eigenvectors {
  readonly eigenvalues: Float64Array<ArrayBuffer>;
  readonly embedding: NdArray<Float64Array>;
}

interface Result extends Eigenvectors {
  readonly labels: Int32Array<ArrayBuffer>;
}

/** Where a fit stands that has its eigenvectors. */
interface StandingRows extends Eigenvectors, PointsOf {
  /** Whether they are those of a random walk. */
  readonly walk: boolean;
}

/** Where a fit stands that seeks its eigenvectors, or has them. */
type Standing = StandingSearch | StandingRows;

const hasRows = (standing: Standing): standing is StandingRows => "embedding" in standing;

const keptEigen = ({ eigenvalues, embedding }: Eigenvectors): Record<string, NdArray<TypedArray>> => ({
  eigenvalues: new NdArray<TypedArray>(eigenvalues),
  embedding,
});

function restoredEigen(saved: Checkpoint, k: number): Eigenvectors {
  const [n = 0] = saved.matrix("embedding", [-1, k])?.shape ?? [];
  return {
    eigenvalues: saved.numbers("eigenvalues", k),
    embedding: new NdArray(saved.numbers("embedding", n * k), [n, k]),
  };
}

/** k-means on the rows of the smallest eigenvectors of an operator that the points say. */
export abstract class EigenClustering<
  Settings extends EigenClusteringSettings,
  X extends Points | SparseMatrix = Points,
  Graph extends SparseMatrix | MatrixLike = SparseMatrix,
> extends Model<Settings> {
  readonly #findings = new Findings<Result, Standing>();

  get nClusters(): number {
    return this.settings.nClusters;
  }

  /** The cluster of each point. @throws before `fit`, as all these */
  get labels(): Int32Array<ArrayBuffer> {
    return this.known("labels", this.#findings.result).labels;
  }
  /** The smallest eigenvalues, ascending, [nClusters]. */
  get eigenvalues(): Float64Array<ArrayBuffer> {
    return this.known("eigenvalues", this.#findings.result).eigenvalues;
  }
  /** Their eigenvectors as columns, [n, nClusters]: what was clustered, row by row. */
  get embedding(): NdArray<Float64Array> {
    return this.known("embedding", this.#findings.result).embedding;
  }

  /**
   * Clusters points x [n, d]; where the method takes a graph, its nodes [n, n]. A fit that was stopped, saved and loaded goes on where it stood, with the same
   * points: after its graph of neighbours, amid the rounds that find the eigenvectors of more than 200 points, or after these.
   * @param options `onStep`: after the operator, before each of the rounds, of which there are 300 at most, after the eigenvectors and after the clustering of their
   * rows; the loss is the share of these steps that is left
   * @throws when x is not finite, or has fewer rows than clusters or neighbours; the signal's reason when aborted
   */
  async fit(x: X, options: RunOptions = {}): Promise<this> {
    const op = `${this.name}.fit`;
    return this.fitting(options, RUN_RULES, async (fit) => {
      const { signal } = fit;
      const { nClusters, nInit, seed } = this.settings;
      const report = (step: number): void => fit.report(searchStep(this.name, step, 1));
      const device = await this.device(x);
      const before = await this.#findings.enter(op, x);
      let standing = before && hasRows(before) ? before : undefined;
      if (!standing) {
        const { operator, eigen } = await searchEigenvectors<Graph, ClusteringOperator>(fit, {
          ...{ op, before, keepsGraph: this.keepsGraph(), report },
          graph: () => this.graphOf(x, op, device, signal),
          operator: (graph) => this.operator(graph, x, op),
          count: (n) => {
            if (n < nClusters) throw new Error(`${op}: ${nClusters} clusters need as many points, got ${n}`);
            return nClusters;
          },
          stand: (search) => {
            this.#findings.stand(search);
            this.learned(); // from now on it can say where it stands
          },
        });
        const { n, roots } = operator;
        const embedding = asColumns(eigen.vectors, nClusters, n, roots);
        standing = this.#findings.stand({ n, eigenvalues: eigen.values, embedding, walk: roots !== undefined });
      }
      const { walk, eigenvalues, embedding } = standing;
      this.learned();
      report(SEARCH_STEPS);
      await fit.between();
      const rows = walk ? embedding : unitLength(embedding);
      const labels = await this.assigned(rows, { nClusters, nInit, seed, device, signal });
      await fit.between();
      this.#findings.end({ labels, eigenvalues, embedding });
      report(SEARCH_STEPS + 1);
    });
  }

  /** `fit`, then the labels. */
  async fitPredict(x: X, options: RunOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** What the operator is made of: weights between the points, or what takes as long to find. */
  protected abstract graphOf(x: X, op: string, device: Device, signal: AbortSignal): Promise<Graph>;

  /** The operator of the graph, and of the points. The rows of eigenvectors without `roots` are made unit vectors. */
  protected abstract operator(graph: Graph, x: X, op: string): ClusteringOperator | Promise<ClusteringOperator>;

  /** Whether a checkpoint has the graph, which is sparse then. */
  protected keepsGraph(): boolean {
    return true;
  }

  /** Clusters of the rows of the eigenvectors: those of k-means. */
  protected assigned(rows: NdArray<Float64Array>, options: RowClustering): Promise<Int32Array<ArrayBuffer>> {
    return clusterRows(rows, options);
  }

  protected override own(): Learned {
    return this.#findings.kept(
      (result) => this.known("save", result),
      (result) => ({ ...keptEigen(result), labels: new NdArray<TypedArray>(result.labels) }),
      (standing) =>
        hasRows(standing) ? { arrays: keptEigen(standing), state: { walk: standing.walk } } : keptSearch(standing),
    );
  }

  protected override restore(saved: Checkpoint): void {
    const { nClusters } = this;
    const hasResult = this.#findings.restore(saved, "labels", (standing) => {
      if (!standing.arrays["embedding"]) return restoredSearch(standing, nClusters, this.keepsGraph());
      const eigen = restoredEigen(standing, nClusters);
      return { ...eigen, n: eigen.embedding.shape[0]!, walk: saved.entry<boolean>("walk", flag) };
    });
    if (!hasResult) return;
    const labels = saved.labels("labels", nClusters);
    const found = restoredEigen(saved, nClusters);
    if (!labels || labels.length !== found.embedding.shape[0])
      throw new Error("checkpoint: labels and embedding must be of the same points");
    this.#findings.restored({ labels, ...found });
  }

  protected override release(): void {
    this.#findings.release();
  }
}

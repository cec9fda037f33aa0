// Deep clustering network: Yang, Fu, Sidiropoulos and Hong, "Towards k-means-friendly spaces: simultaneous deep learning and clustering", ICML 2017.
import type { Bytes } from "../../data/formats/source";
import { noGrad } from "../../graph";
import { unary } from "../../kernels/elementwise";
import { scatterAddRows as scatterAddRowsKernel } from "../../kernels/indexing";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { OptionSet } from "../../lifecycle/model";
import { RowsModel } from "../../lifecycle/rows-model";
import type { Autoencoder } from "../../nn/autoencoder";
import { argmax } from "../../ops/arg-extremum";
import { studentT } from "../../ops/clustering/dec";
import { add, div, mul, scale } from "../../ops/elementwise";
import { squaredError } from "../../ops/generative/gaussian";
import { gatherRows, scatterAddRows } from "../../ops/indexing";
import { full, ones } from "../../ops/layout";
import { Adam } from "../../optim";
import { range } from "../../options";
import { keep, tensor } from "../../tensor";
import type { Tensor } from "../../tensor";
import type { Stage } from "../../training/training";
import { forImages } from "../autoencoder/autoencoder-stages";
import { CodeClustering } from "../autoencoder/code-clustering";
import type { Batch } from "../autoencoder/code-clustering";
import { DENSE, DENSE_DEFAULTS, DENSE_RULES, denseKernels } from "../autoencoder/coder";
import type { DenseOptions } from "../autoencoder/coder";
import { CODE_CLUSTERING_OPTIONS, DEC_LOAD } from "./dec-options";
import type { CodeClusteringOptions, CodeClusteringSettings, DECLoadOptions } from "./dec-options";

/** Options of `DCN`. */
export interface DCNOptions extends CodeClusteringOptions, DenseOptions {
  /** λ: how much codes are drawn to their centres beside the reconstruction; default 1. */
  readonly lambda?: number;
}

/** @inline */
type Settings = CodeClusteringSettings &
  Required<Omit<DenseOptions, "itemShape">> &
  Pick<DenseOptions, "itemShape"> & { readonly lambda: number };

/** Its options: their rules and defaults. @internal */
export const DCN_OPTIONS: OptionSet<Settings> = {
  rules: { ...CODE_CLUSTERING_OPTIONS.rules, ...DENSE_RULES, lambda: range(0) },
  defaults: {
    ...CODE_CLUSTERING_OPTIONS.defaults,
    ...{ learningRate: 1e-4, lambda: 1 },
    ...DENSE_DEFAULTS,
  },
  kernels: (settings) => [
    ...[...CODE_CLUSTERING_OPTIONS.kernels, unary, scatterAddRowsKernel],
    ...denseKernels(settings),
  ],
};

/** Items that each centre counts from k-means, so that the first batches do not throw it about: the authors' code. */
const FIRST_COUNT = 100;

/**
 * An autoencoder whose codes keep to the centres of k-means: L = ‖x − x̂‖² + λ/2 ‖z − m‖², m the centre nearest to the code z. Network and centres take
 * turns: in each step the batch finds its centres, the network moves towards them, and each centre to the mean of all codes that it has been given.
 */
export class DCN extends CodeClustering<Settings, Autoencoder> {
  /** Items that each centre was given, [nClusters, 1]. */
  #counts: Tensor | undefined;

  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: DCNOptions) {
    super("DCN", options, DCN_OPTIONS, DENSE);
  }

  /** @throws when the bytes are no checkpoint of a DCN */
  static load(content: Bytes, options: DECLoadOptions = {}): Promise<DCN> {
    const make = (settings: DCNOptions): DCN => new DCN(forImages(settings));
    return RowsModel.restored("DCN", content, options, make, DEC_LOAD);
  }

  protected override own(): Learned {
    const { arrays, state } = super.own();
    return { arrays: { ...arrays, ...(this.#counts && { counts: this.#counts }) }, ...(state && { state }) };
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    const counts = saved.array("counts", [this.settings.nClusters, 1]);
    await super.restore(saved);
    if (counts) this.#counts = keep(tensor(await this.device(), counts.data, counts.shape));
  }

  protected override release(): void {
    super.release();
    this.#counts?.dispose();
    this.#counts = undefined;
  }

  protected override get clusterCount(): number {
    return this.settings.nClusters;
  }

  /** Nearer centres have the larger values of Student's t distribution. */
  protected override scores(z: Tensor, centers: Tensor): Tensor {
    return studentT(z, centers);
  }

  protected override objective(): Pick<Stage, "parameters" | "optimizer"> & { loss(batch: Batch): Tensor } {
    const { learningRate, lambda } = this.settings;
    const { network } = this;
    return {
      parameters: network.parameters(),
      optimizer: (list) => new Adam(list, { lr: learningRate }),
      loss: ({ x }) => {
        const z = network.encode(x);
        const nearest = noGrad(() => this.#moveCenters(z));
        return add(squaredError(x, network.decode(z)), scale(squaredError(z, nearest), lambda / 2));
      },
    };
  }

  /** The centre of each code of a batch, as it was; then each centre is moved to the mean of all codes that it has been given, these among them. */
  #moveCenters(z: Tensor): Tensor {
    const { device, shape } = z;
    const centers = this.centers!;
    const counts = this.#counts ?? full(device, [centers.shape[0]!, 1], FIRST_COUNT);
    const own = argmax(this.scores(z, centers), 1);
    const nearest = gatherRows(centers, own);
    const more = scatterAddRows(counts, own, ones(device, [shape[0]!, 1]));
    const sums = scatterAddRows(mul(centers, counts), own, z);
    this.centers = keep(div(sums, more));
    this.#counts?.dispose();
    this.#counts = keep(more);
    centers.dispose();
    return nearest;
  }
}

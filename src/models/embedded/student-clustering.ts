// What the methods share whose soft assignments by Student's t distribution sharpen each other: of DEC's kind.
import { noGrad } from "../../graph";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { OptionSet } from "../../lifecycle/model";
import type { RowsLike } from "../../lifecycle/rows";
import type { NdArray } from "../../ndarray";
import type { CodeNetwork } from "../../nn/code-network";
import { decLoss, decTarget, studentT } from "../../ops/clustering/dec";
import { gatherRows } from "../../ops/indexing";
import { SGD } from "../../optim";
import { keep, tensor } from "../../tensor";
import type { Tensor } from "../../tensor";
import type { Stage } from "../../training/training";
import { CodeClustering } from "../autoencoder/code-clustering";
import type { Batch } from "../autoencoder/code-clustering";
import type { Coder } from "../autoencoder/coder";
import type { Objective, StudentOptions, StudentSettings } from "./dec-options";
import { gradientSizes } from "./gradient-sizes";

/** A method of DEC's kind: its name and options, what it minimises, and on which network. */
export interface StudentKind<S extends StudentSettings, N extends CodeNetwork> extends OptionSet<S> {
  readonly name: string;
  readonly objective: Objective<S>;
  readonly coder: Coder<S, N>;
}

/** Clustering by soft assignments q that sharpen towards the target p ∝ q²/f. */
export abstract class StudentClustering<S extends StudentSettings, N extends CodeNetwork> extends CodeClustering<S, N> {
  readonly #objective: Objective<S>;
  #target: Tensor | undefined;

  protected constructor(options: StudentOptions, kind: StudentKind<S, N>) {
    super(kind.name, options, kind, kind.coder);
    this.#objective = kind.objective;
  }

  /** Soft assignments q of x, [n, nClusters]; rows sum to 1. @throws before `fit` */
  async softAssignments(x: RowsLike): Promise<NdArray<Float32Array>> {
    const centers = this.known("softAssignments", this.centers);
    return this.rowsThrough(x, "softAssignments", (batch) => this.scores(this.network.encode(batch), centers));
  }

  /**
   * Soft assignments of x, and the sizes of the parts that centres have in the gradient of the loss with respect to a code, [n, nClusters] both: figure 4 of
   * Xie et al. 2016. The target is that of these items. @throws before `fit`
   */
  async gradientSizes(x: RowsLike): Promise<{ q: NdArray<Float32Array>; size: NdArray<Float32Array> }> {
    const { clusterCenters } = this;
    const [z, q] = [await this.transform(x), await this.softAssignments(x)];
    return { q, size: gradientSizes(z, clusterCenters, q, this.settings.alpha) };
  }

  protected override own(): Learned {
    const { arrays, state } = super.own();
    return { arrays: { ...arrays, ...(this.#target && { target: this.#target }) }, ...(state && { state }) };
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    const { labels } = saved.arrays;
    const target = saved.array("target", [labels?.data.length ?? 0, this.settings.nClusters]);
    await super.restore(saved);
    if (target) this.#target = keep(tensor(await this.device(), target.data, target.shape));
  }

  protected override release(): void {
    super.release();
    this.#target?.dispose();
    this.#target = undefined;
  }

  protected override get clusterCount(): number {
    return this.settings.nClusters;
  }

  protected override scores(z: Tensor, centers: Tensor): Tensor {
    return studentT(z, centers, this.settings.alpha);
  }

  protected override looked(q: Tensor): void {
    this.#target?.dispose();
    this.#target = this.settings.target === "global" ? keep(decTarget(q)) : undefined;
  }

  protected override objective(): Pick<Stage, "parameters" | "optimizer"> & { loss(batch: Batch): Tensor } {
    const { learningRate, momentum, alpha, freezeEncoder } = this.settings;
    const centers = this.centers!;
    const { network } = this;
    return {
      parameters: [...(freezeEncoder ? [] : this.#objective.trained(network)), centers],
      optimizer: (list) => new SGD(list, { lr: learningRate, momentum }),
      loss: ({ index, items, x }) => {
        const z = freezeEncoder ? noGrad(() => network.encode(x)) : network.encode(x);
        // the target is that of the items as they are
        const target = this.#target
          ? gatherRows(this.#target, index)
          : noGrad(() => decTarget(studentT(x === items ? z : network.encode(items), centers, alpha)));
        return this.#objective.loss(decLoss(z, centers, target, { alpha }), x, z, network, this.settings);
      },
    };
  }
}

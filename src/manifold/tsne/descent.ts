import { codes } from "../../../kernels/manifold/tsne_forces.wgsl";
import type { Device } from "../../device";
import { noGrad } from "../../graph";
import { tsneAttraction, tsneForces, tsneUpdate } from "../../kernels/manifold";
import { full, zeros } from "../../ops/layout";
import { sum } from "../../ops/reduce";
import { NdArray } from "../../ndarray";
import { empty, indices, run, tensor, tidy, untidied } from "../../tensor";
import type { Tensor } from "../../tensor";
import { TsneField } from "./field";
import type { Affinities, Moving } from "./kept";

/** Points in the plane from which on their repulsion is that of a field. */
const MANY = 5000;

/** How a step of the descent goes. */
export interface TsneStep {
  readonly exaggeration: number;
  readonly momentum: number;
  readonly learningRate: number;
  /** Least gain of a coordinate. */
  readonly minGain: number;
}

/** The state of t-SNE's descent on a device: places y [n, dim], their steps and gains, and the affinities. */
export class TsneDescent {
  readonly n: number;
  readonly dim: number;
  readonly #p: { readonly starts: Tensor; readonly columns: Tensor; readonly values: Tensor };
  readonly #forces: Tensor;
  readonly #attraction: Tensor;
  readonly #sums: Tensor;
  readonly #divergence: Tensor;
  readonly #steps: Tensor;
  readonly #gains: Tensor;
  readonly #field: TsneField | undefined;
  #y: Tensor;
  #spare: Tensor;

  /** @param before steps and gains where it goes on; default: 0 and 1 */
  constructor(device: Device, p: Affinities, y: Float32Array, dim: number, before?: Omit<Moving<NdArray>, "places">) {
    const n = p.indptr.length - 1;
    [this.n, this.dim] = [n, dim];
    const make = (shape: readonly number[]): Tensor => untidied(() => empty(device, shape, "f32", "TSNE"));
    this.#p = untidied(() => ({
      starts: indices(device, p.indptr),
      columns: indices(device, p.indices.length > 0 ? p.indices : new Uint32Array(1)),
      values: tensor(device, p.data.length > 0 ? p.data : new Float32Array(1)),
    }));
    [this.#forces, this.#attraction] = [make([n, 2 * dim]), make([n, dim])];
    [this.#sums, this.#divergence] = [make([n, 2]), make([n])];
    const given = (values: NdArray): Tensor => tensor(device, values.data, [n, dim]);
    this.#steps = untidied(() => (before ? given(before.steps) : zeros(device, [n, dim])));
    this.#gains = untidied(() => (before ? given(before.gains) : full(device, [n, dim], 1)));
    this.#y = untidied(() => tensor(device, y, [n, dim]));
    this.#spare = make([n, dim]);
    this.#field = n >= MANY && dim === 2 ? new TsneField(device, n) : undefined;
  }

  /** Moves every place once: gains first, then steps, as scikit-learn does. */
  async step({ exaggeration, momentum, learningRate, minGain }: TsneStep): Promise<void> {
    const { n, dim } = this;
    const z = await this.#measure(codes.ATTRACTION);
    run(tsneUpdate, {
      y: this.#y,
      attraction: this.#attraction,
      repulsion: this.#forces,
      z,
      moved: this.#spare,
      steps: this.#steps,
      gains: this.#gains,
      ...{ n, dim, stride: dim, apart: 2 * dim, shift: dim },
      ...{ exaggeration, momentum, rate: learningRate, least: minGain },
    });
    z.dispose();
    [this.#y, this.#spare] = [this.#spare, this.#y];
  }

  /** KL(P‖Q) of the places as they are, and the length of its gradient. */
  async loss(exaggeration = 1): Promise<{ readonly divergence: number; readonly gradientNorm: number }> {
    const z = await this.#measure(codes.DIVERGENCE);
    try {
      const [total, parts, pulls, forces] = await Promise.all([z.data(), this.#divergence.data(), this.#attraction.data(), this.#forces.data()]); // prettier-ignore
      let divergence = Math.log(total[0]!);
      for (const part of parts) divergence += part;
      let square = 0;
      const { n, dim } = this;
      for (let i = 0; i < n; i++)
        for (let c = 0; c < dim; c++)
          square += (4 * (exaggeration * pulls[i * dim + c]! - forces[(2 * i + 1) * dim + c]! / total[0]!)) ** 2;
      return { divergence, gradientNorm: Math.sqrt(square) };
    } finally {
      z.dispose();
    }
  }

  /** All that it moves, as it is until the next step. */
  get moving(): Moving<Tensor> {
    return { places: this.#y, steps: this.#steps, gains: this.#gains };
  }

  /** The same on the host. */
  async held(): Promise<Moving<NdArray>> {
    const host = async (values: Tensor): Promise<NdArray> =>
      new NdArray((await values.data()) as Float32Array<ArrayBuffer>, [this.n, this.dim]);
    return { places: await host(this.#y), steps: await host(this.#steps), gains: await host(this.#gains) };
  }

  dispose(): void {
    for (const made of [...Object.values(this.#p), this.#forces, this.#attraction, this.#sums, this.#divergence])
      made.dispose();
    for (const made of [this.#steps, this.#gains, this.#y, this.#spare]) made.dispose();
    this.#field?.dispose();
  }

  /** Forces of the places as they are; the sum over pairs [2], its first element. */
  async #measure(mode: number): Promise<Tensor> {
    const { n, dim } = this;
    const [y, forces, sums] = [this.#y, this.#forces, this.#sums];
    if (this.#field) await this.#field.repel(y, forces, sums);
    else run(tsneForces, { y, p: this.#attraction, forces, sums, n, dim, mode: codes.REPULSION });
    run(tsneAttraction, { y, ...this.#p, forces: this.#attraction, sums: this.#divergence, n, dim, mode });
    return untidied(() => tidy(() => noGrad(() => sum(this.#sums, 0))));
  }
}

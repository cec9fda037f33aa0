// Lloyd's passes that leave distances out by bounds (Elkan, "Using the triangle inequality to accelerate k-means", ICML 2003).
import { kmeansBounded } from "../../kernels/bounds";
import type { Tensor } from "../../tensor";
import { generate } from "../../typed-arrays";
import type { LloydTools } from "./faster-lloyd";
import type { Lloyd, Pass } from "./lloyd";

/**
 * `Lloyd` whose passes keep, of each point and centre, a bound of the distance from below, leave out the distances that bounds decide, and sum a point while it
 * is at hand: labels, centres, inertia and counts are those of `Lloyd`, to the bit on the WASM device. Takes 4 (k + 1) to 4 (k + 4) bytes a point, and
 * fewer than 32 centres: `Lloyd` adds up the products of more in another order. Passes over weighted points are those of `Lloyd`.
 */
export function boundedLloyd(x: Tensor, k: number, { Lloyd: Plain, empty }: LloydTools): Lloyd {
  const stride = 4 * Math.ceil((k + 1) / 4);
  return new (class BoundedLloyd extends Plain {
    #bounds: Tensor | undefined;
    /** Of the passes that wrote the bounds: a new one comes with other centres. */
    #origin: Float32Array | undefined;
    #weighted = false;
    /** Whether the labels are those of the pass by bounds, which keeps the distances to itself. */
    #byBounds = false;

    override setWeights(weights: Float32Array): void {
      super.setWeights(weights);
      this.#weighted = true;
    }

    override resume(centers: Float32Array, labels: Int32Array, origin?: Float32Array<ArrayBuffer>): void {
      super.resume(centers, labels, origin);
      this.#origin = undefined; // it may be the same one
    }

    override async iterate(relocate: boolean): Promise<Pass> {
      if (this.#weighted) return super.iterate(relocate);
      if (!this.#bounds) {
        await x.device.prepare([kmeansBounded]);
        this.#bounds = empty(x.device, [this.n, stride], "f32", "KMeans"); // no tidy is around what was waited for
      }
      const fresh = Number(this.#origin !== this.origin);
      this.#origin = this.origin;
      this.#byBounds = true;
      return this.update(relocate, kmeansBounded, { bounds: this.#bounds, stride, fresh });
    }

    override assign(): void {
      super.assign();
      this.#byBounds = false;
    }

    override async distances(): Promise<Float32Array<ArrayBuffer>> {
      if (!this.#byBounds) return super.distances();
      const kept = (await this.#bounds!.data()) as Float32Array;
      return generate(Float32Array, this.n, (i) => kept[i * stride + k]!);
    }

    override dispose(): void {
      super.dispose();
      this.#bounds?.dispose();
    }
  })(x, k);
}

import { KMeans, MiniBatchKMeans, NdArray, SphericalKMeans } from "constella";
import { describe, expect, test } from "vitest";
import { BayesianGaussianMixture, GaussianMixture } from "../../src/density";
import type { RunOptions } from "../../src/lifecycle/progress";
import { ArrayRows } from "../cluster/row-source";
import { uniforms } from "../uniforms";

const [N, D] = [600, 3];

/** Points of three clouds. */
function clouds(seed: number): Float32Array<ArrayBuffer> {
  const random = uniforms(seed);
  return Float32Array.from({ length: N * D }, (_, at) => (Math.floor(at / D) % 3) + 1.5 * random());
}

type X = NdArray<Float32Array> | ArrayRows;
interface Fitted {
  fit(x: X, options?: RunOptions): Promise<unknown>;
  save(): Promise<Uint8Array>;
}

const inMemory = (x: Float32Array): X => new NdArray(x, [N, D]);
const read = (x: Float32Array): X => new ArrayRows(x, D, 2 ** 12);
const own = { nClusters: 3, nInit: 2, tolerance: 0, seed: 3 };
const batches = { ...own, batchSize: 64, maxIter: 3, maxNoImprovement: 0 };
const mixture = { nComponents: 3, maxIter: 8, tolerance: null, init: "random", seed: 3 } as const;

describe.each([
  ["KMeans", inMemory, () => new KMeans({ ...own, init: "random" }), KMeans],
  ["KMeans", read, () => new KMeans({ ...own, init: "random" }), KMeans],
  ["MiniBatchKMeans", inMemory, () => new MiniBatchKMeans(batches), MiniBatchKMeans],
  ["MiniBatchKMeans", read, () => new MiniBatchKMeans(batches), MiniBatchKMeans],
  ["SphericalKMeans", inMemory, () => new SphericalKMeans({ ...own, init: "random" }), SphericalKMeans],
  ["GaussianMixture", inMemory, () => new GaussianMixture(mixture), GaussianMixture],
  ["BayesianGaussianMixture", inMemory, () => new BayesianGaussianMixture(mixture), BayesianGaussianMixture],
] as unknown as [string, (x: Float32Array) => X, () => Fitted, { load(bytes: Uint8Array): Promise<Fitted> }][])(
  "%s, %o",
  (name, given, make, Model) => {
    test("a fit that goes on refuses other points of the same size, and then goes on with its own to the same bytes", async () => {
      const [x, others] = [clouds(4), clouds(5)];
      const whole = make();
      await whole.fit(given(x));
      const stop = new AbortController();
      const stopped = make();
      let reports = 0;
      const onStep = (): void => void (++reports === 2 && stop.abort(new Error("enough")));
      await expect(stopped.fit(given(x), { signal: stop.signal, onStep })).rejects.toThrow("enough");
      const resumed = await Model.load(await stopped.save());
      await expect(resumed.fit(given(others))).rejects.toThrow(
        new Error(`${name}.fit: a fit goes on with the same points, got others of the same size`),
      );
      await resumed.fit(given(x));
      expect(await resumed.save()).toEqual(await whole.save());
    });
  },
);

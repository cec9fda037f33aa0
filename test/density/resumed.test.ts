import { NdArray } from "constella";
import { describe, expect, test } from "vitest";
import { BayesianGaussianMixture, GaussianMixture } from "../../src/density";
import { uniforms } from "../uniforms";

/** Points [n, d] of three clouds. */
function clouds(n: number, d: number): NdArray<Float64Array> {
  const random = uniforms(4);
  return new NdArray(
    Float64Array.from({ length: n * d }, (_, at) => (Math.floor(at / d) % 3) + 1.5 * random()),
    [n, d],
  );
}

interface Resumable {
  fit(x: NdArray<Float64Array>, options?: { signal?: AbortSignal; onStep?: () => void }): Promise<unknown>;
  save(): Promise<Uint8Array>;
}

/** A model that was stopped at a report, saved and loaded. */
async function stopped<M extends Resumable>(
  model: M,
  load: (bytes: Uint8Array) => Promise<M>,
  x: NdArray<Float64Array>,
  at: number,
): Promise<M> {
  const stop = new AbortController();
  let reports = 0;
  const onStep = (): void => void (++reports === at && stop.abort(new Error("enough")));
  await expect(model.fit(x, { signal: stop.signal, onStep })).rejects.toThrow("enough");
  return load(await model.save());
}

describe.each([
  ["GaussianMixture", GaussianMixture],
  ["BayesianGaussianMixture", BayesianGaussianMixture],
] as const)("%s", (name, Mixture) => {
  const x = clouds(240, 2);
  const make = (): GaussianMixture | BayesianGaussianMixture =>
    new Mixture({ nComponents: 3, nInit: 3, maxIter: 8, tolerance: null, init: "random", seed: 3 });
  const load = (bytes: Uint8Array): Promise<GaussianMixture | BayesianGaussianMixture> => Mixture.load(bytes);

  test("stopped in its runs, it goes on to the same bytes without the iterations before", async () => {
    const whole = make();
    await whole.fit(x);
    // in the first run, in the second, and twice
    for (const stops of [[3], [11], [5, 9]]) {
      let model = make();
      for (const at of stops) model = await stopped(model, load, x, at);
      expect(() => model.labels).toThrow(`${name}.labels: call fit first`);
      let reports = 0;
      await model.fit(x, { onStep: () => void reports++ });
      expect(reports).toBe(24 - stops.reduce((sum, at) => sum + at, 0));
      expect(await model.save()).toEqual(await whole.save());
    }
  });

  test("it refuses other points, and is learned anew by a fit after that", async () => {
    const model = await stopped(make(), load, x, 3);
    await expect(model.fit(clouds(200, 2))).rejects.toThrow(
      `${name}.fit: a fit goes on with the same points, [240, 2] before, [200, 2] now`,
    );
  });
});

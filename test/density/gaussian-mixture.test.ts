import { NdArray, adjustedRandIndex } from "constella";
import { expect, test } from "vitest";
import { GaussianMixture } from "../../src/density";
import type { CovarianceType } from "../../src/density";
import { describeDevices } from "../devices";

const TYPES: readonly CovarianceType[] = ["full", "tied", "diag", "spherical"];

/** Two long clouds that cross k-means' cells, and a round one. */
function cloud(n: number): NdArray<Float64Array> {
  let state = 7;
  const uniform = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const rows = Array.from({ length: n }, (_, i) => {
    if (i % 3 === 2) return [9 + 0.45 * normal(), 0.45 * normal()];
    return [3 * normal(), (i % 3 === 0 ? 0 : 3) + 0.3 * normal()];
  });
  return new NdArray(Float64Array.from(rows.flat()), [n, 2]);
}

describeDevices("GaussianMixture", (device) => {
  test.each(TYPES)(
    "%s: kernels in float32 and the host in float64 go the same way, far from the origin too",
    async (covarianceType) => {
      const x = cloud(300);
      const far = new NdArray(
        x.data.map((value) => value + 2 ** 20),
        x.shape,
      );
      const settings = { nComponents: 3, covarianceType, maxIter: 15, tolerance: null, device: await device() };
      const exact = await new GaussianMixture({ ...settings, precision: "float64" }).fit(x);
      const quick = await new GaussianMixture({ ...settings, precision: "float32" }).fit(far);
      for (const [t, bound] of exact.lowerBoundTrace.entries()) expect(quick.lowerBoundTrace[t]).toBeCloseTo(bound, 4);
      expect(quick.labels).toEqual(exact.labels);
      for (const [at, value] of exact.covariances.data.entries())
        expect(quick.covariances.data[at]).toBeCloseTo(value, 3);
      for (let t = 1; t < 15; t++)
        expect(exact.lowerBoundTrace[t]).toBeGreaterThan(exact.lowerBoundTrace[t - 1]! - 1e-9);
    },
  );

  test("long clouds that k-means cuts are told apart, and Schwarz's criterion prefers what they are", async () => {
    const x = cloud(600);
    const truth = Int32Array.from({ length: 600 }, (_, i) => i % 3);
    // most runs that begin at k-means' cells stay at them: one in twenty comes out, and the bound tells which
    const own = { device: await device(), nInit: 10, seed: 2 };
    const three = await new GaussianMixture({ nComponents: 3, ...own }).fit(x);
    expect(adjustedRandIndex(truth, three.labels)).toBeGreaterThan(0.97);
    expect(await three.predict(x)).toEqual(three.labels);
    const bic = async (nComponents: number, covarianceType: CovarianceType): Promise<number> =>
      (await new GaussianMixture({ nComponents, covarianceType, ...own }).fit(x)).bic(x);
    const best = await three.bic(x);
    for (const [k, type] of [[2, "full"], [4, "full"], [3, "spherical"]] as const) expect(await bic(k, type)).toBeGreaterThan(best); // prettier-ignore
    const drawn = three.sample(2000, 5);
    expect(await three.score(drawn.points)).toBeCloseTo(await three.score(x), 0);
    expect(three.sample(2000, 5)).toEqual(drawn);
  });
});

test("what cannot be is refused", async () => {
  const mixture = new GaussianMixture({ nComponents: 3 });
  await expect(mixture.fit([[1], [2]])).rejects.toThrow("GaussianMixture.fit: 3 components need as many points, got 2");
  expect(() => mixture.weights).toThrow("GaussianMixture.weights: call fit first");
  expect(() => new GaussianMixture({ nComponents: 2, covarianceType: "round" as "full" })).toThrow(
    /covarianceType must be one of full, tied/,
  );
  const init = { weights: [1, 1], means: [[0], [1]], covariances: [[[0]], [[1]]] };
  await expect(new GaussianMixture({ nComponents: 2, init }).fit([[0], [1], [2]])).rejects.toThrow(
    /positive definite, got a pivot of 0/,
  );
  const alike = await new GaussianMixture({ nComponents: 2 }).fit([[1], [1], [1]]);
  expect([...alike.weights].every(Number.isFinite)).toBe(true);
});

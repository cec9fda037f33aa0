// What scikit-learn 1.2.1's BayesianGaussianMixture finds from the same shares in forty iterations: bayesian.json holds points, shares, priors and answers.
import { readFileSync } from "node:fs";
import { adjustedRandIndex, NdArray } from "constella";
import { expect, test } from "vitest";
import { BayesianGaussianMixture } from "../../src/density";
import type { BayesianGaussianMixtureOptions, WeightPrior } from "../../src/density";
import type { CovarianceType } from "../../src/density/mixture/parameters";
import { digamma, logGamma } from "../../src/special-functions";
import { describeDevices } from "../devices";

interface Case {
  readonly type: CovarianceType;
  readonly prior: WeightPrior;
  readonly priors: Readonly<Partial<Record<string, number[]>>>;
  /** After each iteration. */
  readonly bounds: number[];
  readonly weights: number[];
  readonly means: number[];
  readonly covariances: number[];
  readonly dof: number[];
  readonly precision: number[];
  /** Of the first six points. */
  readonly scores: number[];
  readonly proba: number[];
  readonly labels: number[];
}

const { x, responsibilities, cases } = JSON.parse(
  readFileSync(new URL("bayesian.json", import.meta.url), "utf8"),
) as Readonly<Record<"x" | "responsibilities", number[][]>> & { readonly cases: Case[] };

const near = (found: ArrayLike<number>, want: readonly number[], digits: number): void => {
  expect(found.length).toBe(want.length);
  want.forEach((value, i) => expect(found[i]).toBeCloseTo(value, digits));
};

const optionsOf = ({ type, prior, priors, bounds }: Case): BayesianGaussianMixtureOptions => ({
  ...{ nComponents: 5, covarianceType: type, weightPrior: prior, init: { responsibilities }, tolerance: null },
  maxIter: bounds.length,
  ...(priors["mean_prior"] && {
    weightConcentrationPrior: priors["weight_concentration_prior"]![0]!,
    meanPrecisionPrior: priors["mean_precision_prior"]![0]!,
    degreesOfFreedomPrior: priors["degrees_of_freedom_prior"]![0]!,
    meanPrior: priors["mean_prior"],
    covariancePrior: priors["covariance_prior"]!,
  }),
});

const named = cases.map((each) => [each.type, each.prior, Object.keys(each.priors).length > 0, each] as const);

test.each(named)("%s covariances, %s, priors given: %s", async (_type, _prior, _given, want) => {
  const model = await new BayesianGaussianMixture({ ...optionsOf(want), precision: "float64" }).fit(x);
  near(model.lowerBoundTrace, want.bounds, 8);
  near(model.weights, want.weights, 8);
  near(model.means.data, want.means, 8);
  near(model.covariances.data, want.covariances, 8);
  near(model.degreesOfFreedom, want.dof, 8);
  near(model.meanPrecisions, want.precision, 8);
  near(await model.scoreSamples(x.slice(0, 6)), want.scores, 8);
  near((await model.softAssignments(x.slice(0, 6))).data, want.proba, 6);
  expect([...model.labels]).toEqual(want.labels);
  const loaded = await BayesianGaussianMixture.load(await model.save());
  expect(await loaded.scoreSamples(x)).toEqual(await model.scoreSamples(x));
  expect(loaded.weightConcentrations).toEqual(model.weightConcentrations);
});

describeDevices("BayesianGaussianMixture", (device) => {
  test("kernels go the way of the host, and weights of components that are not needed vanish", async () => {
    const own = { device: await device(), seed: 1, maxIter: 200 };
    const settings = { ...own, nComponents: 6, weightConcentrationPrior: 1e-3 };
    const exact = await new BayesianGaussianMixture({ ...settings, precision: "float64" }).fit(x);
    const truth = Int32Array.from(x, (_, i) => (i < 25 ? 0 : i < 45 ? 1 : 2));
    expect(adjustedRandIndex(truth, exact.labels)).toBeGreaterThan(0.95);
    expect([...exact.weights].filter((weight) => weight > 0.05)).toHaveLength(3);
    for (let t = 1; t < exact.nIter; t++)
      expect(exact.lowerBoundTrace[t]).toBeGreaterThan(exact.lowerBoundTrace[t - 1]! - 1e-8);
    const quick = await new BayesianGaussianMixture({ ...settings, precision: "float32" }).fit(x);
    expect(quick.labels).toEqual(exact.labels);
    near(quick.lowerBoundTrace.subarray(0, 10), [...exact.lowerBoundTrace.subarray(0, 10)], 2);
    // far from the origin nothing changes
    const far = await new BayesianGaussianMixture({ ...settings, precision: "float64" }).fit(
      new NdArray(
        Float64Array.from(x.flat(), (value) => value + 2 ** 20),
        [x.length, 2],
      ),
    );
    expect(far.labels).toEqual(exact.labels);
  });
});

test("the logarithm of the gamma function and its derivative", () => {
  near([0.01, 0.5, 1, 2, 3.5, 12, 1e4].map(logGamma), [4.599479878042022, 0.5723649429247, 0, 0, 1.200973602347075, 17.502307845873887, 82099.71749644238], 9); // prettier-ignore
  near([0.01, 0.5, 1, 2, 3.5, 12, 1e4].map(digamma), [-100.5608854578687, -1.963510026021423, -0.577215664901533, 0.422784335098467, 1.103156640645243, 2.442661679975802, 9.21029037114285], 9); // prettier-ignore
});

test("what cannot be is refused", async () => {
  const model = (options: object): BayesianGaussianMixture =>
    new BayesianGaussianMixture({ nComponents: 2, ...options });
  expect(() => model({ weightConcentrationPrior: 0 })).toThrow(/weightConcentrationPrior must be positive, got 0/);
  await expect(model({ degreesOfFreedomPrior: 1 }).fit(x)).rejects.toThrow(
    "BayesianGaussianMixture.fit: degreesOfFreedomPrior must be above 1, got 1",
  );
  await expect(model({ meanPrior: [1] }).fit(x)).rejects.toThrow(/meanPrior must be 2 numbers, got 1/);
  await expect(model({ covariancePrior: [1, 2, 2, 1] }).fit(x)).rejects.toThrow(/covariancePrior: .*positive definite/);
  await expect(model({ covariancePrior: [1] }).fit(x)).rejects.toThrow(/covariancePrior must be 4 numbers, got 1/);
  const bad = responsibilities.map(([, ...rest]) => rest.slice(0, 2).map(() => 0));
  await expect(model({ init: { responsibilities: bad } }).fit(x)).rejects.toThrow(/shares from 0, some above it, got 0, 0 at row 0/); // prettier-ignore
  await expect(model({ init: { responsibilities } }).fit(x)).rejects.toThrow(/responsibilities must be \[60, 2\], got \[60, 5\]/); // prettier-ignore
  await expect(model({ nComponents: 61 }).fit(x)).rejects.toThrow(/61 components need as many points, got 60/);
});

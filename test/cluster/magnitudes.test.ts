import { adjustedRandIndex, KMeans, MiniBatchKMeans, NdArray, PCA, StackedAutoencoder, tensor } from "constella";
import type { Points } from "../../src/cluster/points";
import { GaussianMixture } from "../../src/density";
import { knnGraph } from "../../src/neighbours";
import { SOM } from "../../src/som";
import { SpectralClustering } from "../../src/spectral";
import { describe, expect, test } from "vitest";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";

const TRUTH = Array.from({ length: 60 }, (_, i) => i % 2);
/** Two groups, 40 apart along the first axis, of which the second says nothing. */
const rows = (origin: number, scale = 1): number[][] =>
  TRUTH.map((k, i) => [origin + scale * (k * 40 + (i % 3)), scale * (i % 5) * 0.1]);

const ORIGINS = [0, 5.3e6, 1e7, 1.7e9, 1.7e12, -4e14];
const SCALES = [1e-30, 1e-20, 1e-7, 1e9, 1e20, 1e30];

describeDevices("numbers far from 0, very small and very large", (device) => {
  const options = async (): Promise<{
    nClusters: number;
    seed: number;
    device: Awaited<ReturnType<typeof device>>;
  }> => ({
    ...{ nClusters: 2, seed: 0, device: await device() },
  });

  test.each(ORIGINS)("k-means around %d: clusters, centres in the data's units, and new rows", async (origin) => {
    for (const make of [KMeans, MiniBatchKMeans]) {
      const x = rows(origin);
      const model = await new make(await options()).fit(x);
      expect(adjustedRandIndex(TRUTH, model.labels)).toBe(1);
      const firsts = [model.clusterCenters.get(0, 0), model.clusterCenters.get(1, 0)].sort((a, b) => a - b);
      // a batch's centre need not be the mean, but it lies among its points
      const within = make === KMeans ? 0.01 : 1;
      const exact = [0, 1].map((k) => x.filter((_, i) => TRUTH[i] === k).reduce((sum, [v]) => sum + v! / 30, 0));
      firsts.forEach((v, k) => expect(Math.abs(v - exact[k]!)).toBeLessThan(within + Math.abs(origin) * 2 ** -48));
      expect(Array.from(await model.predict(x))).toEqual(Array.from(model.labels));
      expect(model.inertia).toBeGreaterThan(10);
      expect(model.inertia).toBeLessThan(make === KMeans ? 45 : 200);
      expect(await model.score(x)).toBeCloseTo(-model.inertia, 1);
      const distances = await model.transform(x);
      expect(Math.max(...distances.data)).toBeLessThan(45);
    }
  });

  test.each(SCALES)("k-means and PCA of numbers of about %d", async (scale) => {
    const plain = await new PCA({ device: await device() }).fit(rows(0));
    for (const x of [rows(0, scale), tensor(await device(), rows(0, scale).flat(), [60, 2])] as Points[]) {
      const model = await new KMeans(await options()).fit(x);
      expect(adjustedRandIndex(TRUTH, model.labels)).toBe(1);
      expect(model.inertia / scale / scale).toBeCloseTo(41.2, 0);
      expect(Array.from(await model.predict(x))).toEqual(Array.from(model.labels));
      const pca = await new PCA({ device: await device() }).fit(x);
      expect(pca.explainedVariance[0]! / scale / scale / plain.explainedVariance[0]!).toBeCloseTo(1, 4);
      expect((await pca.transform(x)).get(0, 0) / scale).toBeCloseTo((await plain.transform(rows(0))).get(0, 0), 2);
      if ("dispose" in x) x.dispose();
    }
  });

  test.each(ORIGINS)("PCA around %d: variances, scores and the way back", async (origin) => {
    const at = await new PCA({ nComponents: 1, device: await device() }).fit(rows(0));
    const pca = await new PCA({ device: await device() }).fit(rows(origin));
    expect(pca.explainedVariance[0]! / at.explainedVariance[0]!).toBeCloseTo(1, 3);
    const scores = await pca.transform(rows(origin));
    const back = await pca.inverseTransform(scores);
    rows(origin).forEach(([v], i) =>
      expect(Math.abs(back.get(i, 0) - v!)).toBeLessThan(Math.max(1e-3, origin < 1e6 ? 0 : 0.5)),
    );
  });

  test("batches of partialFit, each far from 0, and centres that are given", async () => {
    const x = rows(1.7e9);
    const model = new MiniBatchKMeans({ ...(await options()), batchSize: 20 });
    for (let at = 0; at < 60; at += 20) await model.partialFit(x.slice(at, at + 20));
    expect(adjustedRandIndex(TRUTH, await model.predict(x))).toBe(1);
    const init = [
      [1.7e9, 0],
      [1.7e9 + 41, 0],
    ];
    const given = await new KMeans({ ...(await options()), init }).fit(x);
    expect(Array.from(given.labels)).toEqual(TRUTH);
  });

  test("what no square of float64 holds is refused in words", async () => {
    await expect(new KMeans(await options()).fit(rows(0, 1e200))).rejects.toThrow(
      "KMeans.fit: the largest of x must be between 1e-100 and 1e+100 in size",
    );
    await expect(
      new KMeans(await options()).fit([
        [1, 2],
        [NaN, 1],
        [0, 0],
      ]),
    ).rejects.toThrow("KMeans.fit: x must be finite, got NaN at row 1, column 0");
    const x = tensor(await device(), [1, NaN, 2, 3], [2, 2]);
    await expect(new KMeans(await options()).fit(x)).rejects.toThrow("KMeans.fit: x must be finite");
    x.dispose();
  });
});

describeDevices("PCA of few rows with many columns", (device) => {
  const noise = (n: number, d: number, seed: number): Float32Array => {
    const random = uniforms(seed);
    return Float32Array.from({ length: n * d }, () => random() - 0.5);
  };

  test.each([
    ["rows that differ", 20, 4000, (x: Float32Array) => x],
    ["rows that are there twice", 24, 3072, (x: Float32Array, d: number) => (x.copyWithin(d * 12, 0, d * 12), x)],
    ["constant data", 12, 500, (x: Float32Array) => x.fill(3)],
    [
      "rows that all lie on a line",
      30,
      800,
      (x: Float32Array, d: number) => x.map((_, at) => Math.floor(at / d) * (at % d)),
    ],
  ] as const)("%s", async (_, n, d, change) => {
    const data = change(noise(n, d, n), d);
    const pca = await new PCA({ device: await device() }).fit({ data, shape: [n, d] });
    expect(pca.solver).toBe("gram");
    const c = n;
    const { data: u } = pca.components;
    let worst = 0;
    for (let i = 0; i < c; i++)
      for (let j = 0; j <= i; j++) {
        let dot = 0;
        for (let t = 0; t < d; t++) dot += u[i * d + t]! * u[j * d + t]!;
        worst = Math.max(worst, Math.abs(dot - Number(i === j)));
      }
    expect(worst).toBeLessThan(1e-6);
    const back = await pca.inverseTransform(await pca.transform({ data, shape: [n, d] }));
    const size = data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    back.data.forEach((v, i) => {
      if (!(Math.abs(v - data[i]!) < 1e-5 * size)) throw new Error(`element ${i} is ${v}, expected ${data[i]}`);
    });
    const mean = Float64Array.from({ length: d }, (_, t) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += data[i * d + t]! / n;
      return sum;
    });
    const total = data.reduce((sum, v, at) => sum + (v - mean[at % d]!) ** 2, 0) / (n - 1);
    const found = pca.explainedVariance.reduce((a, b) => a + b, 0);
    expect(Math.abs(found - total)).toBeLessThanOrEqual(1e-5 * total + 1e-9);
  });

  test("a share of the variance, or null for all of it", async () => {
    const x = [8, 4, 2, 1].flatMap((size, i) => [
      Array.from({ length: 6 }, (_, t) => (t === i ? size : 0)),
      Array.from({ length: 6 }, (_, t) => (t === i ? -size : 0)),
    ]);
    const counts = [];
    for (const nComponents of [0.5, 0.76, 0.95, 0.999, null])
      counts.push((await new PCA({ nComponents, device: await device() }).fit(x)).explainedVariance.length);
    expect(counts).toEqual([1, 2, 3, 4, 6]); // 64, 16, 4 and 1 of 85
    expect(() => new PCA({ nComponents: 0 })).toThrow("PCA: nComponents must be");
    expect(() => new PCA({ nComponents: 1.5 })).toThrow("PCA: nComponents must be");
  });
});

test("PCA of many rows with many columns samples their range, and finds what the covariance gives", async () => {
  const [n, d, rank] = [1400, 1100, 6];
  const random = uniforms(5);
  const [left, right] = [n, d].map((length) => Float64Array.from({ length: length * rank }, () => random() - 0.5));
  const data = new Float32Array(n * d);
  for (let i = 0; i < n; i++)
    for (let t = 0; t < d; t++) {
      let v = 100 + 0.01 * (random() - 0.5);
      for (let r = 0; r < rank; r++) v += (left![i * rank + r]! * right![t * rank + r]!) / (r + 1);
      data[i * d + t] = v;
    }
  const sampled = await new PCA({ nComponents: rank }).fit({ data, shape: [n, d] });
  expect(sampled.solver).toBe("randomized");
  const exact = await new PCA({ nComponents: 0.99 }).fit({ data, shape: [n, d] });
  expect(exact.solver).toBe("covariance");
  for (let i = 0; i < rank; i++) {
    expect(sampled.explainedVariance[i]! / exact.explainedVariance[i]!).toBeCloseTo(1, 4);
    expect(sampled.explainedVarianceRatio[i]! / exact.explainedVarianceRatio[i]!).toBeCloseTo(1, 3);
    const [a, b] = [sampled, exact].map((p) => p.components.data.subarray(i * d, (i + 1) * d));
    expect(Math.abs(a!.reduce((sum, v, t) => sum + v * b![t]!, 0))).toBeGreaterThan(0.9999);
  }
});

test("each solver of PCA that is named finds the axes of the others", async () => {
  const [n, d] = [90, 60];
  const random = uniforms(9);
  const data = Float32Array.from({ length: n * d }, (_, at) => (random() - 0.5) * 0.8 ** (at % d));
  const first = await new PCA({ nComponents: 8, solver: "covariance" }).fit({ data, shape: [n, d] });
  for (const solver of ["gram", "randomized"] as const) {
    const other = await new PCA({ nComponents: 8, solver }).fit({ data, shape: [n, d] });
    expect(other.solver).toBe(solver);
    for (let i = 0; i < 8; i++) {
      expect(other.explainedVariance[i]! / first.explainedVariance[i]!).toBeCloseTo(1, 4);
      const [a, b] = [other, first].map(({ components }) => components.data.subarray(i * d, (i + 1) * d));
      expect(a!.reduce((sum, v, t) => sum + v * b![t]!, 0)).toBeCloseTo(1, 4);
    }
  }
  const shared = new PCA({ nComponents: 0.5, solver: "randomized" }).fit({ data, shape: [n, d] });
  await expect(shared).rejects.toThrow(
    "PCA.fit: solver randomized needs a whole number of components, got the share 0.5",
  );
});

describe("numbers that no frame is made for", () => {
  const groups = (origin: number, scale: number): NdArray<Float64Array> =>
    new NdArray(
      Float64Array.from(rows(0).flat(), (v) => origin + scale * v),
      [60, 2],
    );
  const autoencoder = { layers: [2, 4, 2], layerEpochs: 0, epochs: 1 };

  test.each([
    ["StackedAutoencoder", (x: NdArray<Float64Array>) => new StackedAutoencoder(autoencoder).fit(x)],
    ["SOM", (x: NdArray<Float64Array>) => new SOM({ rows: 2, columns: 2, epochs: 1 }).fit(x)],
  ] as const)("%s refuses what float32 does not tell apart, in words", async (name, fit) => {
    await expect(fit(groups(1.7e9, 1))).rejects.toThrow(
      `${name}.fit: x must keep its differences in float32, got 1700000000 to 1700000042 in column 0; subtract`,
    );
    const size = `${name}.fit: the largest of x must be between 6.0e-8 and 1.1e+12 in size, got `;
    for (const scale of [1e-20, 1e20]) await expect(fit(groups(0, scale))).rejects.toThrow(size);
    await fit(groups(100, 1));
  });

  test("neighbours of points of any size are those of the points", async () => {
    const plain = await knnGraph(groups(0, 1), 5);
    for (const scale of [1e-40, 1e-30, 1e30]) {
      const { indices, distances } = await knnGraph(groups(0, scale), 5);
      expect(indices.data).toEqual(plain.indices.data);
      distances.data.forEach((distance, i) => expect(distance / scale).toBeCloseTo(plain.distances.data[i]!, 4));
    }
  });

  test("a mixture whose regularisation is more than points vary, affinities that are all one: refused", async () => {
    const mixture = new GaussianMixture({ nComponents: 2 });
    await expect(mixture.fit(groups(0, 1e-6))).rejects.toThrow(
      "GaussianMixture.fit: regCovar must be at most the variance of the columns, 4.01e-10, got 0.000001; scale x, or lower it",
    );
    const small = new GaussianMixture({ nComponents: 2, regCovar: 0 });
    expect(adjustedRandIndex(TRUTH, await small.fitPredict(groups(0, 1e-30)))).toBe(1);
    for (const [scale, weight] of [
      [1e-6, 1],
      [1e6, 0],
    ] as const)
      await expect(new SpectralClustering({ nClusters: 2 }).fit(groups(0, scale))).rejects.toThrow(
        `SpectralClustering.fit: gamma must suit the squared distances, got 1, which gives every pair of points the weight ${weight}`,
      );
  });
});

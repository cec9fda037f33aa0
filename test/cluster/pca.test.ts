import { expect, test } from "vitest";
import { PCA, tensor } from "constella";
import { NdArray } from "../../src/ndarray";
import { firstMismatch } from "../close";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";
import { goldenCases } from "./golden";

describeDevices("PCA", (device) => {
  test.each(goldenCases("pca"))("$name", async ({ attrs, input, output }) => {
    const c = attrs["components"]!;
    const options = { nComponents: c, device: await device() };
    const pca = await new PCA(options).fit(input("x"));
    const components = output("components");
    const d = components.values.length / c;
    const signs = Array.from({ length: c }, (_, i) => {
      const dot = components.values
        .slice(i * d, (i + 1) * d)
        .reduce((sum, value, j) => sum + value * pca.components.data[i * d + j]!, 0);
      return Math.sign(dot);
    });
    const flipped = (values: Float32Array, component: (i: number) => number): number[] =>
      Array.from(values, (value, i) => value * signs[component(i)]!);
    const check = (name: string, got: ArrayLike<number>): void => {
      const want = output(name);
      expect(firstMismatch(got, want.values, want), name).toBeUndefined();
    };
    check("mean", pca.mean.data);
    check(
      "components",
      flipped(pca.components.data, (i) => Math.floor(i / d)),
    );
    check("explained_variance", pca.explainedVariance);
    check("explained_variance_ratio", pca.explainedVarianceRatio);
    check("singular_values", pca.singularValues);
    check(
      "transformed",
      flipped((await pca.transform(input("x"))).data, (i) => i % c),
    );
    const whitened = await new PCA({ ...options, whiten: true }).fitTransform(input("x"));
    check(
      "whitened",
      flipped(whitened.data, (i) => i % c),
    );
  });

  test.each([
    [40, 7],
    [9, 23],
    [300, 131],
  ])("components of [%i, %i] are orthonormal and give the points back", async (n, d) => {
    const random = uniforms(n);
    const x = Float32Array.from({ length: n * d }, (_, i) => 1000 + (random() - 0.5) * (1 + (i % d)));
    const points = new NdArray(x, [n, d]);
    for (const whiten of [false, true]) {
      const pca = await new PCA({ whiten, device: await device() }).fit(points);
      const c = Math.min(n, d);
      const { data } = pca.components;
      for (let i = 0; i < c; i++) {
        const row = data.subarray(i * d, (i + 1) * d);
        const largest = row.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
        expect(largest).toBeGreaterThan(0);
        for (let j = 0; j <= i; j++) {
          const dot = row.reduce((sum, value, k) => sum + value * data[j * d + k]!, 0);
          expect(Math.abs(dot - Number(i === j))).toBeLessThan(1e-6);
        }
      }
      const back = await pca.inverseTransform(await pca.transform(points));
      expect(firstMismatch(back.data, x, { rtol: 0, atol: 2e-3 })).toBeUndefined(); // float32 at 1,000 has steps of 6e-5
      expect(pca.explainedVarianceRatio.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
    }
  });

  test("data without any variance gives zeros, never NaN", async () => {
    const pca = await new PCA({ whiten: true, device: await device() }).fit([
      [2, 3, 4],
      [2, 3, 4],
      [2, 3, 4],
    ]);
    expect(Array.from(pca.explainedVarianceRatio)).toEqual([0, 0, 0]);
    expect(Array.from((await pca.transform([[2, 3, 4]])).data)).toEqual([0, 0, 0]);
    expect(Array.from((await pca.inverseTransform([[1, 1, 1]])).data)).toEqual([2, 3, 4]);
    expect(pca.components.data.every(Number.isFinite)).toBe(true);
  });

  test("a tensor is taken where it lies, and nothing stays behind", async () => {
    const on = await device();
    const x = tensor(on, Float32Array.of(1, 2, 3, 5, 4, 4), [3, 2]);
    const before = on.memory().buffers;
    const scores = await new PCA({ nComponents: 1 }).fitTransform(x);
    expect(scores.shape).toEqual([3, 1]);
    expect(on.memory().buffers).toBe(before);
    x.dispose();
  });

  test("refuses what it cannot decompose", async () => {
    const make = async (nComponents?: number): Promise<PCA> =>
      new PCA({ device: await device(), ...(nComponents === undefined ? {} : { nComponents }) });
    expect(() => new PCA({ nComponents: 0 })).toThrow(
      "PCA: nComponents must be a whole number from 1, or a share of the variance above 0 and less than 1, got 0",
    );
    await expect((await make()).fit([[1, 2]])).rejects.toThrow("PCA.fit: a variance needs two points, x has 1");
    await expect(
      (await make(3)).fit([
        [1, 2],
        [3, 5],
      ]),
    ).rejects.toThrow("PCA.fit: nComponents must be at most min(n, d) = 2, got 3 for x of shape [2, 2]");
    await expect((await make()).transform([[1]])).rejects.toThrow("PCA.transform: call fit first");
    const fitted = await (
      await make()
    ).fit([
      [1, 2],
      [3, 5],
      [4, 4],
    ]);
    await expect(fitted.transform([[1]])).rejects.toThrow("PCA.transform: x must have 2 columns, got 1");
    await expect(fitted.inverseTransform([[1]])).rejects.toThrow("PCA.inverseTransform: x must have 2 columns, got 1");
  });
});

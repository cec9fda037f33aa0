// Principal components of many rows of few columns, which one kernel goes over as they are.
import { expect, test } from "vitest";
import { PCA, tensor } from "constella";
import { NdArray } from "../../src/ndarray";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";

/** Covariance and means in float64. */
function reference(x: ArrayLike<number>, n: number, d: number): { mean: Float64Array; covariance: Float64Array } {
  const mean = new Float64Array(d);
  for (let i = 0; i < n * d; i++) mean[i % d]! += x[i]! / n;
  const covariance = new Float64Array(d * d);
  for (let i = 0; i < n; i++)
    for (let a = 0; a < d; a++)
      for (let b = 0; b < d; b++)
        covariance[a * d + b]! += ((x[i * d + a]! - mean[a]!) * (x[i * d + b]! - mean[b]!)) / (n - 1);
  return { mean, covariance };
}

describeDevices("PCA of few columns", (device) => {
  test.each([
    [2049, 1],
    [3001, 9],
    [1100, 64],
  ])("[%i, %i]: means, variances and axes of the covariance, of rows and of a tensor alike", async (n, d) => {
    const random = uniforms(n);
    const x = Float32Array.from(
      { length: n * d },
      (_, i) => 3 + (1 + (i % d)) * (random() + (i % d > 0 ? 0.3 * random() : 0)),
    );
    const { mean, covariance } = reference(x, n, d);
    const on = await device();
    const pca = await new PCA({ device: on }).fit(new NdArray(x, [n, d]));
    expect(pca.solver).toBe("covariance");
    const { data } = pca.components;
    const largest = Math.max(...pca.explainedVariance);
    Array.from(pca.mean.data, (value, c) =>
      expect(Math.abs(value - mean[c]!)).toBeLessThan(2e-6 * (1 + Math.abs(mean[c]!))),
    );
    for (let k = 0; k < d; k++) {
      // C v = λ v
      const own = data.subarray(k * d, (k + 1) * d);
      for (let a = 0; a < d; a++) {
        let sum = 0;
        for (let b = 0; b < d; b++) sum += covariance[a * d + b]! * own[b]!;
        expect(Math.abs(sum - pca.explainedVariance[k]! * own[a]!)).toBeLessThan(4e-6 * largest);
      }
    }
    using t = tensor(on, x, [n, d]);
    const again = await new PCA({ device: on }).fit(t);
    expect([...again.components.data]).toEqual([...data]);
  });

  test("numbers of which a mean in float32 would lose what they vary by, constant columns and places without a number go the way of all", async () => {
    const [n, d] = [2000, 3];
    const random = uniforms(1);
    const far = Float64Array.from({ length: n * d }, (_, i) => 1e6 + (i % d) * random());
    const { covariance } = reference(far, n, d);
    const pca = await new PCA({ nComponents: 1, device: await device() }).fit(
      new NdArray(Float32Array.from(far), [n, d]),
    );
    expect(pca.explainedVariance[0]! / covariance[8]!).toBeCloseTo(1, 1);
    const holed = Float32Array.from(far);
    holed[1234] = NaN;
    await expect(new PCA({ device: await device() }).fit(new NdArray(holed, [n, d]))).rejects.toThrow(
      "PCA.fit: x must be finite, got NaN at row 411, column 1",
    );
    const huge = Float32Array.from({ length: n * d }, () => 1e25 * random());
    expect(
      Number.isFinite((await new PCA({ device: await device() }).fit(new NdArray(huge, [n, d]))).explainedVariance[0]!),
    ).toBe(true);
  });
});

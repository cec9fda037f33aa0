// k-means of directions, beside its definition in float64.
import { accuracy, KMeans, NdArray, SphericalKMeans } from "constella";
import { expect, test } from "vitest";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";

/** n rows about k directions in d columns, of lengths from 0.01 to 100; row i is about direction i mod k. */
function rays(n: number, d: number, k: number): { readonly x: NdArray<Float64Array>; readonly truth: Int32Array } {
  const random = uniforms(3);
  const data = new Float64Array(n * d);
  for (let i = 0; i < n; i++) {
    const length = 10 ** (4 * random() - 2);
    for (let c = 0; c < d; c++) data[i * d + c] = length * (Number(c % k === i % k) + 0.7 * (random() - 0.5));
  }
  return { x: new NdArray(data, [n, d]), truth: Int32Array.from({ length: n }, (_, i) => i % k) };
}

const lengthOf = (row: ArrayLike<number>): number => Math.hypot(...Array.from(row));
const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, c) => sum + value * b[c]!, 0) / lengthOf(a) / lengthOf(b);

describeDevices("spherical k-means", (deviceOf) => {
  test("rows belong to the centre of largest cosine, centres are their rows' mean direction, and the inertia is what is left", async () => {
    const device = await deviceOf();
    const [n, d, k] = [240, 9, 4];
    const { x, truth } = rays(n, d, k);
    const row = (i: number): Float64Array => x.data.subarray(i * d, (i + 1) * d);
    const model = new SphericalKMeans({ nClusters: k, nInit: 3, tolerance: 0, seed: 1, device });
    const losses: number[] = [];
    const labels = await model.fitPredict(x, { onStep: ({ loss }) => losses.push(loss) });
    const centre = (j: number): Float32Array => model.clusterCenters.data.subarray(j * d, (j + 1) * d);
    let inertia = 0;
    for (let i = 0; i < n; i++) {
      const cosines = Array.from({ length: k }, (_, j) => cosine(row(i), centre(j)));
      expect(cosines[labels[i]!]).toBeGreaterThan(Math.max(...cosines) - 1e-6);
      inertia += 1 - cosines[labels[i]!]!;
    }
    expect(Math.abs(model.inertia / inertia - 1)).toBeLessThan(1e-5);
    for (let j = 0; j < k; j++) {
      const mean = new Float64Array(d);
      labels.forEach((label, i) => {
        if (label === j) row(i).forEach((value, c) => (mean[c]! += value / lengthOf(row(i))));
      });
      expect(Math.abs(lengthOf(centre(j)) - 1)).toBeLessThan(1e-6);
      expect(cosine(mean, centre(j))).toBeGreaterThan(1 - 1e-6);
    }
    // lengths from 0.01 to 100 mean nothing to it, and are all that plain k-means sees
    expect(accuracy(truth, labels)).toBe(1);
    const plain = await new KMeans({ nClusters: k, nInit: 3, seed: 1, device }).fitPredict(x);
    expect(accuracy(truth, plain)).toBeLessThan(0.6);
    // of one run the loss never rises
    const { history, nIter } = model;
    expect(history).toHaveLength(nIter);
    for (const [step, { loss }] of history.entries())
      expect(loss).toBeLessThanOrEqual((history[step - 1]?.loss ?? Infinity) + 1e-6);
    expect(losses.length).toBeGreaterThanOrEqual(nIter);
  });

  test("one seed gives the same bytes, lengths do not change them, and what was saved predicts the same", async () => {
    const device = await deviceOf();
    const { x } = rays(120, 5, 3);
    const options = { nClusters: 3, nInit: 2, init: "random", seed: 4, device } as const;
    const model = await new SphericalKMeans(options).fit(x);
    const bytes = await model.save();
    expect(await (await new SphericalKMeans(options).fit(x)).save()).toEqual(bytes);
    const far = new NdArray(
      x.data.map((value, at) => value * 2 ** ((Math.floor(at / 5) % 7) - 300)),
      [120, 5],
    );
    expect(await (await new SphericalKMeans(options).fit(far)).save()).toEqual(bytes);
    const loaded = await SphericalKMeans.load(bytes, { device });
    expect(await loaded.predict(x)).toEqual(model.labels);
    expect(loaded.inertia).toBe(model.inertia);
  });

  test("a row without direction, another width and fewer rows than clusters are one line; opposite rows are none", async () => {
    const device = await deviceOf();
    const { x } = rays(12, 4, 2);
    const model = new SphericalKMeans({ nClusters: 2, device });
    const gap = new NdArray(x.data.slice().fill(0, 20, 24), [12, 4]);
    await expect(model.fit(gap)).rejects.toThrow(
      "SphericalKMeans.fit: a row must have a direction, got zeros in row 5",
    );
    await expect(new SphericalKMeans({ nClusters: 13, device }).fit(x)).rejects.toThrow(
      "SphericalKMeans.fit: 13 clusters need as many points, x has 12",
    );
    await model.fit(x);
    await expect(model.predict(new NdArray(new Float32Array(6).fill(1), [2, 3]))).rejects.toThrow(
      "SphericalKMeans.predict: x must have 4 columns, got 3",
    );
    const opposite = new NdArray(Float32Array.of(1, 0, -1, 0), [2, 2]);
    const one = await new SphericalKMeans({ nClusters: 1, device }).fit(opposite);
    expect(one.inertia).toBeCloseTo(2, 5);
    expect(lengthOf(one.clusterCenters.data)).toBeCloseTo(1, 6);
  });
});

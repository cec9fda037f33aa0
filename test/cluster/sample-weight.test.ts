// Weights of points in k-means: a weight is that many points, wherever the points lie.
import { KMeans, NdArray } from "constella";
import { expect, test } from "vitest";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";
import { ArrayRows } from "./row-source";

const [n, d, k] = [700, 3, 4];

function problem() {
  const random = uniforms(11);
  const x = Float32Array.from({ length: n * d }, (_, at) => random() + (at % d === Math.floor(at / d) % k ? 2 : 0));
  const weights = Array.from({ length: n }, () => Math.floor(4 * random()));
  const rows = weights.flatMap((weight, i) => Array<number>(weight).fill(i));
  const repeated = Float32Array.from(rows.flatMap((i) => [...x.subarray(i * d, (i + 1) * d)]));
  return { x: new NdArray(x, [n, d]), weights, repeated: new NdArray(repeated, [rows.length, d]), rows };
}

const close = (a: ArrayLike<number>, b: ArrayLike<number>): void => {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i]! - b[i]!)).toBeLessThan(2e-5 * Math.max(1, Math.abs(b[i]!)));
};

describeDevices("k-means with weights", (device) => {
  test("finds what it finds of points that are there as often, of a tensor and of rows that are read", async () => {
    const { x, weights, repeated, rows } = problem();
    const init = new NdArray(x.data.slice(0, k * d), [k, d]);
    const options = { nClusters: k, init, device: await device() };
    const expected = await new KMeans(options).fit(repeated);
    const found = await new KMeans(options).fit(x, { sampleWeight: weights });
    close(found.clusterCenters.data, expected.clusterCenters.data);
    close([found.inertia], [expected.inertia]);
    expect(Array.from(rows, (i) => found.labels[i])).toEqual([...expected.labels]);
    close(found.history.map(({ loss }) => Number(loss)), expected.history.map(({ loss }) => Number(loss))); // prettier-ignore
    const twice = await new KMeans(options).fit(x, { sampleWeight: Float64Array.from(weights, (w) => 1e-9 * w) });
    close(twice.clusterCenters.data, expected.clusterCenters.data);
    const streamed = await new KMeans(options).fit(new ArrayRows(x.data, d, 4096), { sampleWeight: weights });
    close(streamed.clusterCenters.data, expected.clusterCenters.data);
    close([streamed.inertia], [expected.inertia]);
  });

  test("begins where weights are, and gives no cluster to points that count nothing", async () => {
    const x = new NdArray(
      Float32Array.from({ length: 40 }, (_, i) => (i < 20 ? i / 100 : 1000 + i)),
      [40, 1],
    );
    const sampleWeight = Array.from({ length: 40 }, (_, i) => (i < 20 ? 1 : 0));
    for (const init of ["k-means++", "random"] as const) {
      const found = await new KMeans({ nClusters: 3, init, seed: 1, device: await device() }).fit(x, { sampleWeight });
      for (const center of found.clusterCenters.data) expect(center).toBeLessThan(1);
    }
    // an empty cluster goes to the farthest point that counts
    const init = new NdArray(Float32Array.from([0.1, -5000]), [2, 1]);
    const found = await new KMeans({ nClusters: 2, init, device: await device() }).fit(x, { sampleWeight });
    for (const center of found.clusterCenters.data) expect(Math.abs(center)).toBeLessThan(1);
  });
});

test("what is no weight is refused in a line, a fit that goes on wants the same ones", async () => {
  const { x, weights } = problem();
  const fit = (sampleWeight: unknown) => new KMeans({ nClusters: k }).fit(x, { sampleWeight } as never);
  await expect(fit([1, 2])).rejects.toThrow(
    "KMeans.fit: sampleWeight must have a number for each of 700 points, got 2",
  );
  await expect(fit("all")).rejects.toThrow("sampleWeight must have a number for each of 700 points, got 3");
  await expect(fit(weights.map((w, i) => (i === 3 ? -1 : w)))).rejects.toThrow(
    "KMeans.fit: sampleWeight must be finite and not negative, got -1 at row 3",
  );
  await expect(fit(weights.map((w, i) => (i === 9 ? NaN : w)))).rejects.toThrow("got NaN at row 9");
  await expect(fit(weights.map((_, i) => (i < 3 ? 1 : 0)))).rejects.toThrow(
    "KMeans.fit: 4 clusters need as many points whose sampleWeight is positive, got 3",
  );
  await expect(fit(weights.map((w) => 1e20 * w))).rejects.toThrow(
    /KMeans.fit: the positive of sampleWeight must be from 1e-12 to 1000000000000 on average, got \d+/,
  );
  const stop = new AbortController();
  const stopped = new KMeans({ nClusters: k, nInit: 3, tolerance: 0 });
  const onStep = ({ step }: { step: number }): void => void (step === 2 && stop.abort(new Error("enough")));
  await expect(stopped.fit(x, { sampleWeight: weights, signal: stop.signal, onStep })).rejects.toThrow("enough");
  const saved = await stopped.save();
  await expect((await KMeans.load(saved)).fit(x)).rejects.toThrow(/goes on with the same sampleWeight/);
  const resumed = await (await KMeans.load(saved)).fit(x, { sampleWeight: weights });
  const whole = await new KMeans({ nClusters: k, nInit: 3, tolerance: 0 }).fit(x, { sampleWeight: weights });
  expect(resumed.clusterCenters).toEqual(whole.clusterCenters);
  expect(resumed.labels).toEqual(whole.labels);
});

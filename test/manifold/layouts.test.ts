import { NdArray } from "constella";
import type { Device } from "constella";
import { expect, test } from "vitest";
import { ClassicalMDS, Isomap, TSNE, UMAP, trustworthiness, tsneAffinities } from "../../src/manifold";
import { fitCurve } from "../../src/manifold/umap/curve";
import { memberships } from "../../src/manifold/umap/fuzzy-set";
import { knnGraph } from "../../src/neighbours";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";

/** Three blobs in six dimensions. */
function blobs(n: number): { readonly x: NdArray<Float64Array>; readonly labels: number[] } {
  const random = uniforms(3);
  const labels = Array.from({ length: n }, (_, i) => i % 3);
  const data = labels.flatMap((label) => Array.from({ length: 6 }, (_, c) => random() + (c === label ? 5 : 0)));
  return { x: new NdArray(Float64Array.from(data), [n, 6]), labels };
}

/** Share of places whose nearest place has their label. */
function purity(
  { data, shape }: { readonly data: ArrayLike<number>; readonly shape: readonly number[] },
  labels: number[],
): number {
  const [n, dim] = shape as [number, number];
  let same = 0;
  for (let i = 0; i < n; i++) {
    let [best, at] = [Infinity, -1];
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let c = 0; c < dim; c++) sum += (data[i * dim + c]! - data[j * dim + c]!) ** 2;
      if (j !== i && sum < best) [best, at] = [sum, j];
    }
    if (labels[at] === labels[i]) same++;
  }
  return same / n;
}

describeDevices("layouts", (device, type) => {
  const n = type === "wasm" ? 150 : 60;
  const methods = (own: Device, seed = 0) => ({
    UMAP: new UMAP({ seed, nEpochs: 60, nNeighbors: 10, device: own }),
    TSNE: new TSNE({ seed, perplexity: 12, maxIter: 300, exaggerationIter: 100, init: "random", device: own }),
  });

  test.each(["UMAP", "TSNE"] as const)(
    "%s keeps neighbours together, the same bytes for the same seed, others for another",
    async (name) => {
      const { x, labels } = blobs(n);
      const own = await device();
      const places = await methods(own)[name].fitTransform(x);
      expect(places.shape).toEqual([n, 2]);
      expect(purity(places, labels)).toBe(1);
      expect(await trustworthiness(x, places)).toBeGreaterThan(0.8);
      expect(await methods(own)[name].fitTransform(x)).toEqual(places);
      expect((await methods(own, 1)[name].fitTransform(x)).data).not.toEqual(places.data);
    },
  );

  test.each([
    ["UMAP", (own: Device) => new UMAP({ nNeighbors: 6, nEpochs: 20, device: own })],
    ["TSNE", (own: Device) => methods(own).TSNE],
    ["Isomap", (own: Device) => new Isomap({ nNeighbors: 6, device: own })],
  ] as const)("%s leaves nothing on the device, and places points of any size alike", async (_, make) => {
    const own = await device();
    const before = own.memory().buffers;
    const { x, labels } = blobs(60);
    for (const size of [1e-30, 1, 1e30]) {
      const places = await make(own).fitTransform(
        new NdArray(
          Float64Array.from(x.data, (v) => v * size),
          x.shape,
        ),
      );
      expect(own.memory().buffers).toBe(before);
      expect(purity(places, labels)).toBeGreaterThan(0.9);
    }
  });

  test("UMAP places new rows among those of their kind", async () => {
    const { x, labels } = blobs(n);
    const umap = await methods(await device()).UMAP.fit(x);
    const random = uniforms(8);
    const rows = Array.from({ length: 9 }, (_, i) =>
      Array.from({ length: 6 }, (_, c) => random() + (c === i % 3 ? 5 : 0)),
    );
    const places = await umap.transform(rows);
    const all = new NdArray(Float32Array.from([...umap.embedding.data, ...places.data]), [n + 9, 2]);
    expect(purity(all, [...labels, ...rows.map((_, i) => i % 3)])).toBe(1);
    await expect(umap.transform([[1, 2]])).rejects.toThrow(/columns/);
  });

  test("t-SNE lowers its loss, from given places and affinities too", async () => {
    const { x } = blobs(40);
    const { p } = await tsneAffinities(x, 8);
    const random = uniforms(1);
    const init = new NdArray(
      Float64Array.from({ length: 80 }, () => random()),
      [40, 2],
    );
    const own = { device: await device(), init, perplexity: 8 };
    const [begun, done] = [
      await new TSNE({ ...own, maxIter: 1, exaggerationIter: 0 }).fit(x, { probabilities: p }),
      await new TSNE({ ...own, maxIter: 300, exaggerationIter: 50 }).fit(x, { probabilities: p }),
    ];
    expect(done.klDivergence).toBeLessThan(0.8 * begun.klDivergence);
    expect([begun.nIter, done.nIter]).toEqual([1, 300]);
  });

  test("what cannot be is refused, and a signal ends the work", async () => {
    const own = { device: await device() };
    const { x } = blobs(12);
    await expect(new TSNE({ ...own, perplexity: 11 }).fit(x)).rejects.toThrow(
      "TSNE.fit: perplexity must be below n − 1 = 11, got 11",
    );
    await expect(new UMAP(own).fit([[1, 2]])).rejects.toThrow("UMAP.fit: neighbours need two points, got 1");
    await expect(new TSNE({ ...own, perplexity: 3 }).fit(x, { probabilities: [[0, 1], [0, 0]] })).rejects.toThrow(/probabilities must be \[12, 12\]/); // prettier-ignore
    expect(() => new UMAP({ nComponents: 0 })).toThrow(/nComponents must be a whole number from 1, got 0/);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(new UMAP(own).fit(x, { signal })).rejects.toThrow("enough");
    await expect(new TSNE({ ...own, perplexity: 3 }).fit(x, { signal })).rejects.toThrow("enough");
  });

  test("constant and doubled points are placed without NaN", async () => {
    const own = { device: await device() };
    const alike = new NdArray(new Float64Array(40), [20, 2]);
    for (const method of [
      new UMAP({ ...own, nNeighbors: 5, nEpochs: 20 }),
      new TSNE({ ...own, perplexity: 4, maxIter: 50, exaggerationIter: 20 }),
    ])
      expect([...(await method.fitTransform(alike)).data].every(Number.isFinite)).toBe(true);
  });
});

test("Isomap unrolls a spiral, places new rows, and landmarks hardly move it", async () => {
  const random = uniforms(5);
  const turns = Array.from({ length: 200 }, () => 1 + 2 * random());
  const x = turns.map((t) => [t * Math.cos(3 * t), t * Math.sin(3 * t), 0.3 * random()]);
  const isomap = await new Isomap({ nComponents: 1, nNeighbors: 8 }).fit(x);
  const order = (values: ArrayLike<number>): number[] =>
    Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = (values: ArrayLike<number>): number[] => order(order(values));
  const agreement = (values: ArrayLike<number>): number => {
    const [a, b] = [ranks(values), ranks(turns)];
    const mean = (a.length - 1) / 2;
    return Math.abs(a.reduce((sum, rank, i) => sum + (rank - mean) * (b[i]! - mean), 0) / b.reduce((sum, rank) => sum + (rank - mean) ** 2, 0)); // prettier-ignore
  };
  expect(agreement(isomap.embedding.data)).toBeGreaterThan(0.99);
  expect(
    agreement((await new Isomap({ nComponents: 1, nNeighbors: 8, nLandmarks: 40 }).fit(x)).embedding.data),
  ).toBeGreaterThan(0.99);
  const again = await isomap.transform(x);
  for (let i = 0; i < 200; i++) expect(again.data[i]).toBeCloseTo(isomap.embedding.data[i]!, 6);
});

test("classical scaling finds points with the given distances", async () => {
  const points = [[0, 0], [3, 0], [3, 4], [1, 1]]; // prettier-ignore
  const distances = points.map(([a, b]) => points.map(([c, d]) => Math.hypot(a! - c!, b! - d!)));
  const { data } = await new ClassicalMDS().fitTransform(distances);
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++)
      expect(Math.hypot(data[2 * i]! - data[2 * j]!, data[2 * i + 1]! - data[2 * j + 1]!)).toBeCloseTo(
        distances[i]![j]!,
        10,
      );
  await expect(new ClassicalMDS().fit([[0, 1], [2, 0]])).rejects.toThrow(/must be symmetric/); // prettier-ignore
});

test.each([100, 210, 400])("classical scaling finds %i points on a line, where one axis has nearly all", async (n) => {
  const rounded = (i: number, j: number): number => Math.round(100 * Math.abs(Math.sqrt(i) - Math.sqrt(j))) / 100;
  const distances = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => rounded(i, j)));
  const { embedding, eigenvalues } = await new ClassicalMDS().fit(distances);
  expect(eigenvalues[0]!).toBeGreaterThan(300 * eigenvalues[1]!);
  for (let i = 1; i < n; i++)
    expect(Math.abs(Math.abs(embedding.data[2 * i]! - embedding.data[0]!) - Math.sqrt(i))).toBeLessThan(0.01);
});

test("UMAP's curve and neighbourhoods are those of the paper", async () => {
  const { a, b } = fitCurve(1, 0.1);
  expect(a).toBeCloseTo(1.577, 2); // umap-learn's
  expect(b).toBeCloseTo(0.8951, 3);
  const strengths = await memberships(await knnGraph(blobs(60).x, 9), 10);
  for (let i = 0; i < 60; i++)
    expect(strengths.slice(9 * i, 9 * i + 9).reduce((x, y) => x + y, 0)).toBeCloseTo(Math.log2(10), 4);
});

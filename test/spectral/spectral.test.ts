import { NdArray, adjustedRandIndex } from "constella";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { smallestEigenvectors } from "../../src/linear-algebra/smallest-eigen";
import {
  SparseMatrix,
  LDMGI,
  SEC,
  SpectralClustering,
  SpectralEmbedding,
  normalizedLaplacian,
  spectralEmbedding,
} from "../../src/spectral";
import type { LabelAssignment } from "../../src/spectral";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";

/** The Laplacian of `parts` rings of `length` nodes: the eigenvalues 1 − cos(2πk / length), each for every ring. */
function rings(parts: number, length: number): SparseMatrix {
  const [rows, columns]: [number[], number[]] = [[], []];
  for (let p = 0; p < parts; p++)
    for (let i = 0; i < length; i++)
      for (const j of [(i + 1) % length, (i + length - 1) % length]) {
        rows.push(p * length + i);
        columns.push(p * length + j);
      }
  const n = parts * length;
  return SparseMatrix.fromEntries([n, n], { rows, columns, values: rows.map(() => 1) });
}

test.each([
  [4, 500],
  [7, 101],
  [1, 1200],
])("%i rings of %i nodes: the smallest eigenvalues with their multiplicity", async (parts, length) => {
  const count = 7;
  const want = Array.from({ length }, (_, k) => 1 - Math.cos((2 * Math.PI * k) / length))
    .flatMap((value) => Array<number>(parts).fill(value))
    .sort((a, b) => a - b);
  const operator = normalizedLaplacian(rings(parts, length));
  const { values, vectors } = await smallestEigenvectors(operator, count, "test");
  const n = parts * length;
  for (const [c, value] of values.entries()) {
    expect(value).toBeCloseTo(want[c]!, 9);
    const column = vectors.slice(c * n, (c + 1) * n);
    const image = new Float64Array(n);
    await operator.apply(column, 1, image);
    expect(Math.sqrt(image.reduce((sum, v, i) => sum + (v - value * column[i]!) ** 2, 0))).toBeLessThan(3e-9);
    for (let other = 0; other <= c; other++) {
      const dot = column.reduce((sum, v, i) => sum + v * vectors[other * n + i]!, 0);
      expect(dot).toBeCloseTo(other === c ? 1 : 0, 10);
    }
  }
});

test.each([
  [1, 1e2],
  [1, 1e6],
  [2, 1e4],
  [3, 1e3],
])("%i eigenvalues far below the others, %d times", async (few, far) => {
  const [n, count] = [300, 4];
  const diagonal = Float64Array.from({ length: n }, (_, i) => (i < few ? -far * (3 + i) : (i % 2 ? -i : 1) / n));
  const apply = async (x: Float64Array, width: number, out: Float64Array): Promise<void> => {
    for (let i = 0; i < x.length; i++) out[i] = diagonal[Math.floor(i / width)]! * x[i]!;
  };
  const { values, vectors } = await smallestEigenvectors({ n, apply }, count, "test", { tolerance: 1e-7 / far });
  const want = [...diagonal.keys()].sort((i, j) => diagonal[i]! - diagonal[j]!);
  for (const [c, value] of values.entries()) {
    expect(Math.abs(value / diagonal[want[c]!]! - 1)).toBeLessThan(1e-9);
    expect(Math.abs(vectors[c * n + want[c]!]!)).toBeGreaterThan(1 - 1e-6);
  }
});

/** Two rings, one inside the other: k-means cannot tell them apart. */
function circles(n: number): { readonly x: NdArray<Float64Array>; readonly labels: Int32Array } {
  const random = uniforms(2);
  const data = Array.from({ length: n }, (_, i) => {
    const [radius, angle] = [i % 2 ? 1 : 0.4, 2 * Math.PI * random()];
    return [radius * Math.cos(angle) + 0.05 * random(), radius * Math.sin(angle) + 0.05 * random()];
  });
  return {
    x: new NdArray(Float64Array.from(data.flat()), [n, 2]),
    labels: Int32Array.from({ length: n }, (_, i) => i % 2),
  };
}

describeDevices("spectral clustering", (device) => {
  test("two rings, by neighbours, by Gaussian weights and by a given graph", async () => {
    const { x, labels } = circles(300);
    const own = { nClusters: 2, device: await device() };
    const found = await new SpectralClustering({ ...own, affinity: "knn", nNeighbors: 8 }).fitPredict(x);
    expect(adjustedRandIndex(labels, found)).toBe(1);
    expect(adjustedRandIndex(labels, await new SpectralClustering({ ...own, gamma: 60 }).fitPredict(x))).toBe(1);
    const apart = await new SpectralClustering({ ...own, affinity: "precomputed" }).fit(rings(2, 150));
    expect(
      adjustedRandIndex(
        apart.labels,
        Int32Array.from({ length: 300 }, (_, i) => (i < 150 ? 0 : 1)),
      ),
    ).toBe(1);
    expect(Math.max(...apart.eigenvalues)).toBeLessThan(1e-8);
  });

  test("SEC and LDMGI: four blobs", async () => {
    const random = uniforms(9);
    const rows = Array.from({ length: 240 }, (_, i) => [8 * (i % 2) + random(), 8 * Math.floor((i % 4) / 2) + random(), random()]); // prettier-ignore
    const labels = Int32Array.from(rows, (_, i) => i % 4);
    const own = { nClusters: 4, device: await device() };
    for (const method of [new SEC({ ...own, neighbors: 12 }), new LDMGI({ ...own, cliqueSize: 12 })])
      expect(adjustedRandIndex(labels, await method.fitPredict(rows)), method.constructor.name).toBe(1);
  });
});

const peers = JSON.parse(readFileSync(new URL("../fixtures/spectral/expected.json", import.meta.url), "utf8")) as {
  readonly cases: readonly {
    readonly name: string;
    readonly x: number[][];
    readonly nClusters: number;
    readonly labels: Readonly<Record<LabelAssignment, number[]>>;
  }[];
};

test.each(peers.cases)(
  "labels are scikit-learn's, by each way to read them off the eigenvectors: $name",
  async (given) => {
    const { x, nClusters, labels } = given;
    for (const [assignLabels, want] of Object.entries(labels) as [LabelAssignment, number[]][]) {
      const model = new SpectralClustering({ nClusters, affinity: "knn", assignLabels });
      expect(adjustedRandIndex(want, await model.fitPredict(x)), assignLabels).toBe(1);
    }
  },
);

test("labels are read off where clusters are as many as points, one, or parts of a graph that do not touch", async () => {
  for (const assignLabels of ["discretize", "cluster-qr"] as const) {
    const labelsOf = (x: SparseMatrix | number[][], nClusters: number): Promise<Int32Array> =>
      new SpectralClustering({ nClusters, affinity: "precomputed", assignLabels }).fitPredict(x);
    expect(new Set(await labelsOf([[0, 1], [1, 0]], 2)).size, assignLabels).toBe(2); // prettier-ignore
    expect([...(await labelsOf(rings(1, 30), 1))], assignLabels).toEqual(Array(30).fill(0));
    const parts = await labelsOf(rings(4, 60), 4);
    const want = Int32Array.from(parts, (_, i) => Math.floor(i / 60));
    expect(adjustedRandIndex(want, parts), assignLabels).toBe(1);
    // more clusters than eigenvectors that differ: every row of the graph without edges is one of zeros
    expect(
      (await labelsOf(new SparseMatrix([5, 5], new Uint32Array(6), new Uint32Array(0), new Float64Array(0)), 3)).length,
    ).toBe(5);
  }
  expect(() => new SpectralClustering({ nClusters: 2, assignLabels: "qr" as "kmeans" })).toThrow(
    /assignLabels must be one of kmeans, discretize, cluster-qr/,
  );
});

test("an embedding drops the constant vector, and a node without edges has a row of zeros", async () => {
  const path = [0, 1, 2, 3].flatMap((i) => [0, 1, 2, 3].map((j) => (Math.abs(i - j) === 1 ? 1 : 0)));
  const embedding = new SpectralEmbedding({ nComponents: 1, affinity: "precomputed" });
  const column = [...(await embedding.fitTransform(new NdArray(Float64Array.from(path), [4, 4]))).data];
  expect(Math.sign(column[0]!)).toBe(-Math.sign(column[3]!));
  expect(embedding.eigenvalues[0]).toBeCloseTo(0.5, 12);
  const apart = await spectralEmbedding([[0, 1, 0], [1, 0, 0], [0, 0, 5]], 3); // prettier-ignore
  for (const [c, want] of [0, 0, 2].entries()) expect(apart.eigenvalues[c]).toBeCloseTo(want, 12);
});

test("affinities that are none are refused", async () => {
  await expect(spectralEmbedding([[0, 1], [2, 0]], 1)).rejects.toThrow(/must be symmetric, got 1 and 2/); // prettier-ignore
  await expect(spectralEmbedding([[0, -1], [-1, 0]], 1)).rejects.toThrow(/not negative, got -1/); // prettier-ignore
  await expect(spectralEmbedding([[0, 1]], 1)).rejects.toThrow(/square matrix/);
  await expect(spectralEmbedding([[0, 1], [1, 0]], 3)).rejects.toThrow("components must be a whole number from 1 and at most the number of points, 2, got 3"); // prettier-ignore
  expect(() => new SpectralClustering({ nClusters: 2, affinity: "cosine" as "rbf" })).toThrow(
    /affinity must be one of rbf, knn, precomputed/,
  );
});

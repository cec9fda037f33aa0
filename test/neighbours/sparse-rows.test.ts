import { NdArray } from "constella";
import { expect, test } from "vitest";
import { kNeighbours, knnGraph } from "../../src/neighbours/knn";
import {
  LDMGI,
  SEC,
  SpectralClustering,
  SparseMatrix,
  knnAffinity,
  ldmgiLaplacian,
  secOperator,
} from "../../src/spectral";
import { uniforms } from "../uniforms";

const [N, D] = [90, 24];

/** Rows of a few words each, of three kinds that hardly share one. */
function words(): SparseMatrix {
  const random = uniforms(4);
  const entries = { rows: [] as number[], columns: [] as number[], values: [] as number[] };
  for (let i = 0; i < N; i++) {
    const kind = i % 3;
    const chosen = new Set(Array.from({ length: 5 }, () => 8 * kind + Math.floor(8 * random())));
    if (random() < 0.1) chosen.add(Math.floor(D * random()));
    for (const column of chosen) {
      entries.rows.push(i);
      entries.columns.push(column);
      entries.values.push(0.5 + random());
    }
  }
  return SparseMatrix.fromEntries([N, D], entries);
}

const sparse = words();
const dense = new NdArray(sparse.toDense(), [N, D]);

test.each(["euclidean", "cosine"] as const)(
  "neighbours of sparse rows are those of the same rows with zeros: %s",
  async (metric) => {
    const values = dense.data;
    const measure = (i: number, j: number): number => {
      let [sum, dot, a, b] = [0, 0, 0, 0];
      for (let c = 0; c < D; c++) {
        const [x, y] = [values[i * D + c]!, values[j * D + c]!];
        sum += (x - y) ** 2;
        dot += x * y;
        a += x * x;
        b += y * y;
      }
      return metric === "euclidean" ? Math.sqrt(sum) : 1 - dot / Math.sqrt(a * b);
    };
    const { indices, distances } = await knnGraph(sparse, 6, { metric });
    for (let i = 0; i < N; i++) {
      const want = Array.from({ length: N }, (_, j) => j).filter((j) => j !== i).map((j) => measure(i, j)).sort((a, b) => a - b); // prettier-ignore
      for (let e = 0; e < 6; e++) {
        expect(distances.data[i * 6 + e]).toBeCloseTo(want[e]!, 7);
        expect(measure(i, indices.data[i * 6 + e]!)).toBeCloseTo(want[e]!, 7);
      }
    }
    const asked = await kNeighbours(sparse, sparse, 1, { metric });
    expect([...asked.indices.data]).toEqual(Array.from({ length: N }, (_, i) => i));
    for (const distance of asked.distances.data) expect(distance).toBeCloseTo(0, 7);
  },
);

test("sparse rows have the affinities, operators and clusters of the same rows with zeros", async () => {
  expect((await knnAffinity(sparse, 5)).toDense()).toEqual((await knnAffinity(dense, 5)).toDense());
  const v = Float64Array.from({ length: 2 * N }, uniforms(7));
  const images = await Promise.all(
    [sparse, dense].map(async (x) => {
      const [sec, ldmgi] = [await secOperator(x, { mu: 1 }), await ldmgiLaplacian(x)];
      const out = [new Float64Array(2 * N), new Float64Array(2 * N), ldmgi.toDense()] as const;
      await sec.apply(v, 2, out[0]);
      await sec.linear.apply(v, 2, out[1]);
      return out;
    }),
  );
  images[0]!.forEach((part, at) => {
    part.forEach((value, i) => expect(value).toBeCloseTo(images[1]![at]![i]!, 5));
  });
  for (const make of [
    (): SpectralClustering => new SpectralClustering({ nClusters: 3, affinity: "knn" }),
    (): SpectralClustering => new SpectralClustering({ nClusters: 3 }),
    (): SEC => new SEC({ nClusters: 3, neighbors: 8 }),
    (): LDMGI => new LDMGI({ nClusters: 3, cliqueSize: 8 }),
  ])
    expect([...(await make().fitPredict(sparse))]).toEqual([...(await make().fitPredict(dense))]);
});

test("sparse rows that are none are refused, and a graph is not taken for points", async () => {
  const wrong = SparseMatrix.fromEntries([2, 3], { rows: [0, 1], columns: [1, 2], values: [1, NaN] });
  await expect(knnGraph(wrong, 1)).rejects.toThrow("knnGraph: x must be finite, got NaN at row 1, column 2");
  const empty = SparseMatrix.fromEntries([3, 3], { rows: [0, 1], columns: [1, 2], values: [1, 1] });
  await expect(knnGraph(empty, 1, { metric: "cosine" })).rejects.toThrow(
    "a row of zeros has no cosine, got one at row 2",
  );
  await expect(kNeighbours(empty, [[1, 2, 3]], 1)).rejects.toThrow("must be a sparse matrix where the points are one");
  const huge = SparseMatrix.fromEntries([2, 2], { rows: [0], columns: [1], values: [1e200] });
  await expect(knnGraph(huge, 1)).rejects.toThrow("knnGraph: squares of x must fit float64, got more at row 0");
  const graph = SparseMatrix.fromEntries([3, 3], { rows: [0, 1, 1, 2], columns: [1, 0, 2, 1], values: [1, 1, 2, 2] });
  const method = new SpectralClustering({ nClusters: 2 });
  await expect(method.fit(graph)).rejects.toThrow('needs affinity "precomputed", got affinity "rbf"');
});

test.each(["includeSelf", "approximate"])("knnGraph takes true or false for %s, nothing else", async (name) => {
  for (const [value, words] of [
    [1, "1"],
    ["no", "no"],
    [null, "null"],
  ] as const)
    // prettier-ignore
    await expect(knnGraph([[1], [2], [4]], 1, { [name]: value } as object)).rejects.toThrow(
      `knnGraph: ${name} must be true or false, got ${words}`,
    );
});

// Sparse matrices that scipy wrote, and what scikit-learn makes of them (test/fixtures/sparse/make.py).
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { KMeans, NdArray, PCA } from "constella";
import { loadSparse, SparseRows } from "constella/data";
import type { SparseMatrix } from "constella/data";
import { StandardScaler } from "constella/preprocessing";
import { tfidf } from "constella/text";
import { describeDevices } from "../devices";

const FOLDER = "test/fixtures/sparse";

interface Expected extends Readonly<Record<"counts" | "tfidf" | "gram" | "labels", readonly number[]>> {
  readonly shape: readonly [number, number];
  readonly inertia: number;
  readonly centers: readonly number[];
  readonly variance: readonly number[];
  readonly axes: readonly number[];
  readonly scale: readonly number[];
  readonly scaled: readonly number[];
}

const expected = JSON.parse(await readFile(`${FOLDER}/expected.json`, "utf8")) as Expected;
const [n, d] = expected.shape;

async function matrixOf(name: string): Promise<SparseMatrix> {
  const matrix = await loadSparse(`${FOLDER}/${name}`);
  if (!matrix) throw new Error(`${name}: no sparse matrix`);
  return matrix;
}

function expectClose(found: ArrayLike<number>, wanted: readonly number[], tolerance: number): void {
  expect(found.length).toBe(wanted.length);
  wanted.forEach((value, i) => expect(Math.abs(found[i]! - value), `${i}`).toBeLessThan(tolerance));
}

describe("scipy's files", () => {
  test.each(["counts-csr.npz", "counts-csc.npz", "counts-coo.npz", "counts.mtx"])("%s", async (name) => {
    const counts = await matrixOf(name);
    expect(counts.shape).toEqual([n, d]);
    expect([...counts.toDense()]).toEqual(expected.counts);
  });

  test("a symmetric matrix of which half is written", async () => {
    const gram = await matrixOf("gram.mtx");
    expectClose(gram.toDense(), expected.gram, 1e-8);
  });

  test("tf-idf of counts, among them a row without words", async () => {
    const { matrix } = tfidf(await matrixOf("counts-csr.npz"));
    expectClose(matrix.data, expected.tfidf, 1e-9);
    expectClose(matrix.toDense(), [...(await matrixOf("tfidf.mtx")).toDense()], 1e-8);
  });

  test("columns over their deviation, zeros as they are", async () => {
    const x = new NdArray((await matrixOf("tfidf.mtx")).toDense(), [n, d]);
    const scaler = await new StandardScaler({ withMean: false }).fit(x);
    expectClose(scaler.scaling.scale, expected.scale, 1e-8);
    const { data } = await scaler.transform(x);
    expectClose(data.slice(0, 3 * d), expected.scaled, 1e-6);
  });
});

describeDevices("scikit-learn's of sparse rows", (device, type) => {
  test("k-means from given centres", async () => {
    const sparse = await matrixOf("tfidf.mtx");
    const init = new NdArray(sparse.toDense().slice(0, 3 * d), [3, d]);
    const kmeans = new KMeans({ nClusters: 3, init, tolerance: 0, device: await device() });
    await kmeans.fit(new SparseRows(sparse));
    expect([...kmeans.labels]).toEqual(expected.labels);
    expectClose(kmeans.clusterCenters.data, expected.centers, 1e-6);
    expect(kmeans.inertia / expected.inertia).toBeCloseTo(1, 5);
  });

  // the pieces are made on the host, and the software adapter takes long to compile what works on them
  if (type === "wasm")
    test.each(["covariance", "randomized"] as const)("principal components, %s", async (solver) => {
      const sparse = await matrixOf("tfidf.mtx");
      const pca = await new PCA({ nComponents: 4, solver, seed: 1, device: await device() }).fit(
        new SparseRows(sparse),
      );
      // a random sample sees axes of like variance less well
      const [variances, axes] = solver === "covariance" ? [1e-4, 1e-3] : [1e-2, 0.05];
      expected.variance.forEach((value, c) =>
        expect(Math.abs(pca.explainedVariance[c]! / value - 1), `${c}`).toBeLessThan(variances),
      );
      for (let c = 0; c < 2; c++) {
        const along = expected.axes.slice(c * d, (c + 1) * d).reduce((sum, v, i) => sum + v * pca.components.data[c * d + i]!, 0); // prettier-ignore
        expect(1 - Math.abs(along), `${c}`).toBeLessThan(axes);
      }
    });
});

// Sparse matrices of scipy's and Matrix Market's files, and their rows as methods take them.
import { DEC, KMeans, MiniBatchKMeans, NdArray, PCA } from "constella";
import { readSparse, SparseMatrix, SparseRows, writeNpz } from "constella/data";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { deviceOf } from "../devices";
import { uniforms } from "../uniforms";
import { SAVED, X } from "./saved-sparse";

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const rowsOf = (x: SparseMatrix): number[][] => {
  const [n, d] = x.shape;
  const dense = x.toDense();
  return Array.from({ length: n }, (_, i) => [...dense.subarray(i * d, (i + 1) * d)]);
};

describe("files", () => {
  test.each(["csr", "csc", "coo"])("scipy's npz, %s", (format) => {
    const bytes = Buffer.from(SAVED[format]!, "base64");
    expect(rowsOf(readSparse(bytes))).toEqual(X);
    expect(rowsOf(readSparse(gzipSync(bytes)))).toEqual(X);
  });

  test("Matrix Market: coordinates, patterns, arrays, and halves of symmetric matrices", () => {
    const head = "%%MatrixMarket matrix";
    const read = (content: string): number[][] => rowsOf(readSparse(text(content)));
    expect(read(`${head} coordinate real general\n% words\n5 4 6\n1 2 1.5\n2 4 -2\n3 1 3e0\n3 3 .25\n5 1 1\n5 4 4\n`)).toEqual(X); // prettier-ignore
    expect(read(`${head} coordinate pattern general\r\n2 2 2\r\n1 2\r\n2 1\r\n`)).toEqual([[0, 1], [1, 0]]); // prettier-ignore
    expect(read(`${head} coordinate integer symmetric\n3 3 4\n1 1 1\n2 1 2\n3 2 -1\n3 3 5`)).toEqual([[1, 2, 0], [2, 0, -1], [0, -1, 5]]); // prettier-ignore
    expect(read(`${head} coordinate real skew-symmetric\n2 2 1\n2 1 3\n`)).toEqual([[0, -3], [3, 0]]); // prettier-ignore
    expect(read(`${head} array real general\n2 3\n1\n2\n0\n4\n5\n6\n`)).toEqual([[1, 0, 5], [2, 4, 6]]); // prettier-ignore
    expect(read(`${head} array real symmetric\n2 2\n1\n2\n3\n`)).toEqual([[1, 2], [2, 3]]); // prettier-ignore
    // doubled places are added up, as by scipy
    expect(read(`${head} coordinate real general\n1 2 2\n1 1 2\n1 1 3\n`)).toEqual([[5, 0]]);
  });

  test("what is none is refused in one line", () => {
    const refused = (content: Uint8Array): string => {
      try {
        readSparse(content);
      } catch (error) {
        expect((error as Error).message).not.toContain("\n");
        return (error as Error).message;
      }
      return "it was taken";
    };
    const mtx = (content: string): string => refused(text(`%%MatrixMarket ${content}`));
    expect(refused(Buffer.from(SAVED["bsr"]!, "base64"))).toBe("npz: format must be csr, csc or coo, got bsr; convert it by tocsr()"); // prettier-ignore
    expect(refused(writeNpz({ x: [[1]] }))).toBe("npz: a sparse matrix must have format, shape and data, the file holds x"); // prettier-ignore
    expect(refused(text("words"))).toMatch(/^npz: file must begin with PK/);
    expect(mtx("matrix coordinate complex general\n1 1 1\n1 1 1 0")).toBe("mtx: values must be real, integer or pattern, got complex"); // prettier-ignore
    expect(mtx("vector array real general\n1")).toMatch(/^mtx: the file must be a matrix of coordinates or an array/);
    expect(mtx("matrix coordinate real hermitian\n1 1 0")).toMatch(/must be general, symmetric or skew-symmetric, got herm/); // prettier-ignore
    expect(mtx("matrix coordinate real general\n2 2 1\n1 3 1")).toBe("mtx: places must be from 1 to 2 and 2, got 1, 3"); // prettier-ignore
    expect(mtx("matrix coordinate real general\n2 2 2\n1 1 1")).toBe("mtx: the file is cut off");
    expect(mtx("matrix coordinate real general\n2 2 1\n1 1 1 7")).toMatch(/must end after its values/);
    expect(mtx("matrix coordinate real general\n2 2 1\n1 1 one")).toBe("mtx: values must be finite numbers, got one");
    expect(mtx("matrix coordinate real general\n1 999999999 1\n1 1 1")).toMatch(/at most 16777216 for 1 values, got 1 and 999999999/); // prettier-ignore
    expect(mtx("matrix coordinate real symmetric\n2 3 0")).toMatch(/of a symmetric matrix the same, got 2 and 3/);
  });
});

/** Counts of 40 words in 90 texts of three kinds: most are 0. */
function words(): { readonly sparse: SparseMatrix; readonly dense: NdArray<Float64Array> } {
  const random = uniforms(6);
  const [n, d] = [90, 40];
  const data = Float64Array.from({ length: n * d }, (_, at) => {
    const [kind, word] = [Math.floor(at / d) % 3, Math.floor((at % d) / 13)];
    return random() < (kind === word ? 0.6 : 0.05) ? 1 + Math.floor(3 * random()) : 0;
  });
  const dense = new NdArray(data, [n, d]);
  const places = [...data.keys()].filter((at) => data[at] !== 0);
  const entries = { rows: places.map((at) => Math.floor(at / d)), columns: places.map((at) => at % d) };
  const sparse = SparseMatrix.fromEntries([n, d], { ...entries, values: places.map((at) => data[at]!) });
  return { sparse, dense };
}

describe("rows", () => {
  const { sparse, dense } = words();

  test("k-means, its mini-batches and DEC find in them what they find with the zeros", async () => {
    const device = await deviceOf("wasm");
    const rows = new SparseRows(sparse);
    expect(await rows.rows([7, 7, 0])).toEqual(Float32Array.from([7, 7, 0].flatMap((i) => [...dense.data.subarray(40 * i, 40 * i + 40)]))); // prettier-ignore
    expect(await rows.range(3, 5, new Float32Array(200).fill(9))).toEqual(Float32Array.from(dense.data.subarray(120, 200))); // prettier-ignore
    for (const make of [
      () => new KMeans({ nClusters: 3, nInit: 2, device }),
      () => new MiniBatchKMeans({ nClusters: 3, batchSize: 30, device }),
    ]) {
      const [a, b] = [await make().fit(rows), await make().fit(dense)];
      expect(a.labels).toEqual(b.labels);
      expect([...a.clusterCenters.data]).toEqual([...b.clusterCenters.data].map((value) => expect.closeTo(value, 4)));
    }
    const options = { nClusters: 3, layers: [40, 8, 2], seed: 1, device };
    const [deep, flat] = [new DEC(options), new DEC(options)];
    await deep.fit(rows, { epochs: 2 });
    await flat.fit(dense, { epochs: 2 });
    expect(deep.labels).toEqual(flat.labels);
  });

  test("PCA: of the products of columns and randomised, the axes of the matrix with its zeros", async () => {
    const device = await deviceOf("wasm");
    for (const solver of ["covariance", "randomized"] as const) {
      const a = await new PCA({ nComponents: 3, solver, seed: 1, device }).fit(new SparseRows(sparse));
      const b = await new PCA({ nComponents: 3, solver: "covariance", device }).fit(dense);
      a.explainedVariance.forEach((value, c) => expect(value / b.explainedVariance[c]!).toBeCloseTo(1, 3));
    }
  });

  test("what is none is refused in one line", () => {
    expect(() => new SparseRows(dense as never)).toThrow("SparseRows: x must be a SparseMatrix, got object");
    expect(() => new SparseRows(new SparseMatrix([0, 2], [0], [], []))).toThrow("SparseRows: x must have rows and columns, got [0, 2]"); // prettier-ignore
    expect(() => new SparseRows(new SparseMatrix([3, 2], [0, 0, 1, 2], [1, 0], [1, 1e39]))).toThrow("SparseRows: x must be finite in float32, got 1e+39 at row 2, column 0"); // prettier-ignore
  });
});

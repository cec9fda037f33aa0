import { symmetricEigen as descendingEigen } from "../cluster/pca/eigen";

/** Eigenvalues in ascending order, and unit eigenvectors as rows [count, n]; of each the element of largest size is positive (the first among equals). */
export interface Eigen {
  readonly values: Float64Array<ArrayBuffer>;
  readonly vectors: Float64Array<ArrayBuffer>;
}

/** Turns each of the rows [·, n] so that its element of largest size is positive. */
export function turnSigns(vectors: Float64Array, n: number): void {
  for (let at = 0; at < vectors.length; at += n) {
    let largest = 0;
    for (let i = at; i < at + n; i++) if (Math.abs(vectors[i]!) > Math.abs(largest)) largest = vectors[i]!;
    if (largest < 0) for (let i = at; i < at + n; i++) vectors[i] = -vectors[i]!;
  }
}

/** All eigenvalues of a symmetric matrix [n, n], ascending, and its eigenvectors, in float64: for small matrices. */
export async function symmetricEigen(matrix: Float64Array, n: number, op: string): Promise<Eigen> {
  const { values, vectors } = await descendingEigen(matrix, n, op);
  const ascending = new Float64Array(n * n);
  for (let c = 0; c < n; c++) ascending.set(vectors.subarray((n - 1 - c) * n, (n - c) * n), c * n);
  turnSigns(ascending, n);
  return { values: Float64Array.from(values).reverse(), vectors: ascending };
}

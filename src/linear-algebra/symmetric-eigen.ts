import { onHost } from "../host";

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

/**
 * All eigenvalues and eigenvectors of a symmetric matrix [n, n] in float64, by Householder's reduction and the implicit QL method, at once on the
 * calling thread: for small matrices.
 */
export function symmetricEigen(matrix: ArrayLike<number>, n: number, op: string): Eigen {
  return onHost((host) => {
    let scale = 0;
    for (let i = 0; i < n * n; i++) scale = Math.max(scale, Math.abs(matrix[i]!));
    scale ||= 1;
    const a = host.f64(Float64Array.from(matrix, (value) => value / scale));
    const [diagonal, beside, scales, work, vectors] = [n, n, n, n, n * n].map((length) => host.f64(length));
    const { run } = host;
    run.tridiagonalize(a.pointer, n, diagonal!.pointer, beside!.pointer, scales!.pointer, work!.pointer);
    run.accumulate_reflections(a.pointer, n, scales!.pointer, vectors!.pointer);
    if (!run.diagonalize(diagonal!.pointer, beside!.pointer, n, vectors!.pointer))
      throw new Error(`${op}: the eigenvalues of a matrix of ${n} rows were not found`);
    const found = diagonal!.view.slice();
    const order = Uint32Array.from(found, (_, i) => i).sort((i, j) => found[i]! - found[j]! || i - j);
    const sorted = new Float64Array(n * n);
    order.forEach((from, to) => sorted.set(vectors!.view.subarray(from * n, (from + 1) * n), to * n));
    turnSigns(sorted, n);
    return { values: Float64Array.from(order, (i) => found[i]! * scale), vectors: sorted };
  });
}

/** The inverse of a symmetric positive definite matrix [n, n] by Cholesky's factor. @throws `op: …` where it is not positive definite */
export function inverseOf(matrix: Float64Array, n: number, op: string): Float64Array<ArrayBuffer> {
  const inverse = inverseLower(choleskyOf(matrix, n, op), n);
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < n; k++) sum += inverse[k * n + i]! * inverse[k * n + j]!;
      out[i * n + j] = out[j * n + i] = sum;
    }
  return out;
}

/** L with L Lᵀ = matrix, zeros above the diagonal. @throws `op: …` where the matrix is not positive definite, with `advice` */
export function choleskyOf(matrix: Float64Array, n: number, op: string, advice = ""): Float64Array<ArrayBuffer> {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * n + k]! * l[j * n + k]!;
      if (i === j && !(sum > 0))
        throw new Error(`${op}: the matrix must be positive definite, got a pivot of ${sum} in row ${i}${advice}`);
      l[i * n + j] = i === j ? Math.sqrt(sum) : sum / l[j * n + j]!;
    }
  return l;
}

/** L⁻¹ of a lower triangular matrix. */
export function inverseLower(l: Float64Array, n: number): Float64Array<ArrayBuffer> {
  const inverse = new Float64Array(n * n);
  for (let j = 0; j < n; j++)
    for (let i = j; i < n; i++) {
      let sum = i === j ? 1 : 0;
      for (let k = j; k < i; k++) sum -= l[i * n + k]! * inverse[k * n + j]!;
      inverse[i * n + j] = sum / l[i * n + i]!;
    }
  return inverse;
}

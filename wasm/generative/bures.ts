// The Bures metric of covariances: see bures.wgsl. A thread takes whole pairs.

// @ts-ignore: decorator
@inline
function at(matrix: usize, d: u32, i: u32, j: u32): usize {
  return matrix + (<usize>(i * d + j) << 2);
}

/** The Cholesky factor of x, into l; columns without a pivot stay zero. */
function factor(x: usize, l: usize, d: u32): void {
  let largest: f32 = 0;
  for (let i: u32 = 0; i < d; i++) largest = max(largest, f32.load(at(x, d, i, i)));
  for (let j: u32 = 0; j < d; j++)
    for (let i: u32 = 0; i < d; i++) {
      let sum = <f64>f32.load(at(x, d, i, j));
      for (let k: u32 = 0; k < j; k++) sum -= <f64>f32.load(at(l, d, i, k)) * <f64>f32.load(at(l, d, j, k));
      let entry: f64 = 0;
      if (i == j && sum > 1e-7 * <f64>largest) entry = sqrt<f64>(sum);
      const pivot = i > j ? <f64>f32.load(at(l, d, j, j)) : 0;
      if (pivot > 0) entry = sum / pivot;
      f32.store(at(l, d, i, j), <f32>entry);
    }
}

/** map l⁻¹ in place, for a lower triangle l. */
function divide(map: usize, l: usize, d: u32): void {
  for (let i: u32 = 0; i < d; i++)
    for (let j: i32 = d - 1; j >= 0; j--) {
      let sum = <f64>f32.load(at(map, d, i, j));
      for (let k: u32 = j + 1; k < d; k++) sum -= <f64>f32.load(at(map, d, i, k)) * <f64>f32.load(at(l, d, k, j));
      const pivot = <f64>f32.load(at(l, d, j, j));
      f32.store(at(map, d, i, j), pivot > 0 ? <f32>(sum / pivot) : 0);
    }
}

/** Turns columns p and q of a matrix by the angle of cosine c and sine s. */
function turn(x: usize, d: u32, p: u32, q: u32, c: f64, s: f64): void {
  for (let k: u32 = 0; k < d; k++) {
    const f = <f64>f32.load(at(x, d, k, p)), g = <f64>f32.load(at(x, d, k, q));
    f32.store(at(x, d, k, p), <f32>(c * f - s * g));
    f32.store(at(x, d, k, q), <f32>(s * f + c * g));
  }
}

/** One-sided Jacobi rotations of m until its columns are at right angles; v takes the same turns. */
function orthogonalize(m: usize, v: usize, d: u32, sweeps: u32): void {
  for (let sweep: u32 = 0; sweep < sweeps; sweep++) {
    let turned = false;
    for (let p: u32 = 0; p + 1 < d; p++)
      for (let q = p + 1; q < d; q++) {
        let pp: f64 = 0, qq: f64 = 0, pq: f64 = 0;
        for (let k: u32 = 0; k < d; k++) {
          const x = <f64>f32.load(at(m, d, k, p)), y = <f64>f32.load(at(m, d, k, q));
          pp += x * x;
          qq += y * y;
          pq += x * y;
        }
        if (abs<f64>(pq) <= 1e-7 * sqrt<f64>(pp * qq)) continue;
        turned = true;
        const zeta = (qq - pp) / (2 * pq);
        const t = (zeta >= 0 ? 1.0 : -1.0) / (abs<f64>(zeta) + sqrt<f64>(1 + zeta * zeta));
        const c = 1 / sqrt<f64>(1 + t * t);
        turn(m, d, p, q, c, c * t);
        turn(v, d, p, q, c, c * t);
      }
    if (!turned) return;
  }
}

/** trace, to_a and to_b of bures; [begin, end) counts pairs. */
export function bures(
  a: usize, b: usize, trace: usize, to_a: usize, to_b: usize, work: usize, n: u32, d: u32, sweeps: u32,
  begin: u32, end: u32,
): void {
  const area = <usize>d * d << 2;
  for (let item: usize = begin; item < end; item++) {
    const la = work + item * 4 * area;
    const lb = la + area;
    const m = lb + area;
    const v = m + area;
    factor(a + item * area, la, d);
    factor(b + item * area, lb, d);
    for (let i: u32 = 0; i < d; i++)
      for (let j: u32 = 0; j < d; j++) {
        let sum: f64 = 0;
        for (let k = max(i, j); k < d; k++) sum += <f64>f32.load(at(la, d, k, i)) * <f64>f32.load(at(lb, d, k, j));
        f32.store(at(m, d, i, j), <f32>sum);
        f32.store(at(v, d, i, j), i == j ? 1 : 0);
      }
    orthogonalize(m, v, d, sweeps);
    let total: f64 = 0;
    for (let j: u32 = 0; j < d; j++) {
      let square: f64 = 0;
      for (let k: u32 = 0; k < d; k++) square += <f64>f32.load(at(m, d, k, j)) * <f64>f32.load(at(m, d, k, j));
      const length = sqrt<f64>(square);
      total += length;
      for (let k: u32 = 0; k < d; k++)
        f32.store(at(m, d, k, j), length > 0 ? <f32>(<f64>f32.load(at(m, d, k, j)) / length) : 0);
    }
    f32.store(trace + (item << 2), <f32>total);
    const there = to_b + item * area;
    const back = to_a + item * area;
    for (let i: u32 = 0; i < d; i++)
      for (let j: u32 = 0; j < d; j++) {
        let forth: f64 = 0, other: f64 = 0;
        for (let k: u32 = 0; k < d; k++) {
          let left: f64 = 0, right: f64 = 0;
          for (let l: u32 = 0; l <= i; l++) {
            left += <f64>f32.load(at(lb, d, i, l)) * <f64>f32.load(at(v, d, l, k));
            right += <f64>f32.load(at(la, d, i, l)) * <f64>f32.load(at(m, d, l, k));
          }
          forth += left * <f64>f32.load(at(m, d, j, k));
          other += right * <f64>f32.load(at(v, d, j, k));
        }
        f32.store(at(there, d, i, j), <f32>forth);
        f32.store(at(back, d, i, j), <f32>other);
      }
    divide(there, la, d);
    divide(back, lb, d);
  }
}

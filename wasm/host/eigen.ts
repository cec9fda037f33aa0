// Eigenvalues and eigenvectors of a symmetric matrix in float64: reduction to tridiagonal form by Householder's reflections, then the implicit QL
// method (Martin, Reinsch and Wilkinson 1968; Golub and Van Loan, Matrix Computations, sections 8.3.1 and 8.3.5). Rows are contiguous throughout.

/** x · y over n elements. Exported so that it stays a function of its own: an engine compiles a function well only for its next call. */
export function dot_f64(x: usize, y: usize, n: u32): f64 {
  let even = f64x2.splat(0), odd = f64x2.splat(0);
  const end = x + (<usize>n << 3), fours = x + (<usize>(n & ~3) << 3);
  for (; x != fours; x += 32, y += 32) {
    even = f64x2.add(even, f64x2.mul(v128.load(x), v128.load(y)));
    odd = f64x2.add(odd, f64x2.mul(v128.load(x, 16), v128.load(y, 16)));
  }
  even = f64x2.add(even, odd);
  let sum = f64x2.extract_lane(even, 0) + f64x2.extract_lane(even, 1);
  for (; x != end; x += 8, y += 8) sum += f64.load(x) * f64.load(y);
  return sum;
}

/** out += a·x + b·y over n elements. */
export function add_two_f64(out: usize, a: f64, x: usize, b: f64, y: usize, n: u32): void {
  const a2 = f64x2.splat(a), b2 = f64x2.splat(b);
  const end = out + (<usize>n << 3), pairs = out + (<usize>(n & ~1) << 3);
  for (; out != pairs; out += 16, x += 16, y += 16)
    v128.store(out, f64x2.add(v128.load(out), f64x2.add(f64x2.mul(a2, v128.load(x)), f64x2.mul(b2, v128.load(y)))));
  for (; out != end; out += 8, x += 8, y += 8) f64.store(out, f64.load(out) + a * f64.load(x) + b * f64.load(y));
}

/** (x, y) = (c·x − s·y, s·x + c·y) over n elements. */
function rotate_f64(x: usize, y: usize, c: f64, s: f64, n: u32): void {
  const c2 = f64x2.splat(c), s2 = f64x2.splat(s);
  const end = x + (<usize>n << 3), pairs = x + (<usize>(n & ~1) << 3);
  for (; x != pairs; x += 16, y += 16) {
    const p = v128.load(x), q = v128.load(y);
    v128.store(x, f64x2.sub(f64x2.mul(c2, p), f64x2.mul(s2, q)));
    v128.store(y, f64x2.add(f64x2.mul(s2, p), f64x2.mul(c2, q)));
  }
  for (; x != end; x += 8, y += 8) {
    const p = f64.load(x), q = f64.load(y);
    f64.store(x, c * p - s * q);
    f64.store(y, s * p + c * q);
  }
}

/**
 * Step k of the tridiagonal form of a [n,n], in the order `reflect`, `reflect_products`, `reflect_rest`, `reflect_update`: row k of `a` keeps the vector
 * v of reflection k, I − scales[k] v vᵀ, from column k + 1 on. Writes diagonal[k], beside[k] (between k and k + 1) and scales[k].
 */
export function reflect(a: usize, n: u32, diagonal: usize, beside: usize, scales: usize, k: u32): void {
  const row = <usize>n << 3, at = <usize>k << 3;
  const corner = a + k * row + at, v = corner + 8, size = n - k - 1;
  f64.store(diagonal + at, f64.load(corner));
  f64.store(scales + at, 0);
  f64.store(beside + at, 0);
  if (size == 0) return;
  const first = f64.load(v), rest = dot_f64(v + 8, v + 8, size - 1);
  f64.store(beside + at, first);
  if (rest == 0) return;
  const length = NativeMath.sqrt(first * first + rest), lead = first > 0 ? first + length : first - length;
  f64.store(beside + at, first > 0 ? -length : length);
  f64.store(v, lead);
  f64.store(scales + at, 2 / (lead * lead + rest));
}

/** p = scale·B v into `work`, B the rest of the matrix behind k; its rows `begin` to `end`. */
export function reflect_products(a: usize, n: u32, scales: usize, work: usize, k: u32, begin: u32, end: u32): void {
  const row = <usize>n << 3, scale = f64.load(scales + (<usize>k << 3));
  const v = a + k * row + (<usize>k << 3) + 8, b = v + row, size = n - k - 1;
  for (let i = begin; i < end; i++) f64.store(work + (<usize>i << 3), scale * dot_f64(b + i * row, v, size));
}

/** w = p − ½ scale (p·v) v in place of p. */
export function reflect_rest(a: usize, n: u32, scales: usize, work: usize, k: u32): void {
  const v = a + k * (<usize>n << 3) + (<usize>k << 3) + 8, size = n - k - 1;
  const half = 0.5 * f64.load(scales + (<usize>k << 3)) * dot_f64(work, v, size);
  for (let at: usize = 0; at < <usize>size << 3; at += 8) f64.store(work + at, f64.load(work + at) - half * f64.load(v + at));
}

/** B −= v wᵀ + w vᵀ, its rows `begin` to `end`. */
export function reflect_update(a: usize, n: u32, work: usize, k: u32, begin: u32, end: u32): void {
  const row = <usize>n << 3, v = a + k * row + (<usize>k << 3) + 8, b = v + row, size = n - k - 1;
  for (let i = begin; i < end; i++)
    add_two_f64(b + i * row, -f64.load(v + (<usize>i << 3)), work, -f64.load(work + (<usize>i << 3)), v, size);
}

/** Rows `begin` to `end` of vectors [n,n], the transpose of the product of the reflections in `a` and `scales`. */
export function accumulate_reflections(a: usize, n: u32, scales: usize, vectors: usize, begin: u32, end: u32): void {
  const row = <usize>n << 3;
  memory.fill(vectors + begin * row, 0, (end - begin) * row);
  for (let i = begin; i < end; i++) f64.store(vectors + i * row + (<usize>i << 3), 1);
  for (let k = <i32>end - 2; k >= 0; k--) {
    const scale = f64.load(scales + (<usize>k << 3));
    if (scale == 0) continue;
    const size = n - k - 1, shift = <usize>(k + 1) << 3, v = a + k * row + shift;
    for (let i = max(begin, <u32>k + 1); i < end; i++) {
      const part = vectors + i * row + shift;
      add_two_f64(part, -scale * dot_f64(part, v, size), v, 0, v, size);
    }
  }
}

/**
 * Eigenvalues of the tridiagonal matrix into `diagonal`; destroys `beside`. What lies beside the diagonal is 0 from `floor` down: of a matrix of lower
 * rank the numbers on both sides of it are 0 too but for rounding, and it would never become small against them. Makes `sweeps` of them, the first for
 * eigenvalue `l`, and returns the one with which to go on: n at the end. `rotations` gets their number, then row, cosine and sine of each, at most
 * n − 1 a sweep.
 */
export function diagonalize(diagonal: usize, beside: usize, n: u32, rotations: usize, floor: f64, l: u32, sweeps: u32): u32 {
  let next = rotations + 8;
  for (; l < n; l++) {
    for (;;) {
      let m = l;
      for (; m + 1 < n; m++) {
        const at = <usize>m << 3, link = abs(f64.load(beside + at));
        if (link <= floor || link <= f64.EPSILON * (abs(f64.load(diagonal + at)) + abs(f64.load(diagonal + at, 8)))) break;
      }
      if (m == l) break;
      if (sweeps-- == 0) {
        f64.store(rotations, <f64>((next - rotations - 8) / 24));
        return l;
      }
      const top = diagonal + (<usize>l << 3), link = f64.load(beside + (<usize>l << 3));
      let g = (f64.load(top, 8) - f64.load(top)) / (2 * link);
      const root = NativeMath.sqrt(g * g + 1);
      g = f64.load(diagonal + (<usize>m << 3)) - f64.load(top) + link / (g < 0 ? g - root : g + root);
      let s: f64 = 1, c: f64 = 1, p: f64 = 0;
      let split = false;
      for (let i = <i32>m - 1; i >= <i32>l; i--) {
        const at = <usize>i << 3;
        const f = s * f64.load(beside + at), b = c * f64.load(beside + at);
        const length = NativeMath.sqrt(f * f + g * g);
        f64.store(beside + at, length, 8);
        if (length == 0) {
          f64.store(diagonal + at, f64.load(diagonal + at, 8) - p, 8);
          split = true;
          break;
        }
        s = f / length, c = g / length;
        g = f64.load(diagonal + at, 8) - p;
        const r = (f64.load(diagonal + at) - g) * s + 2 * c * b;
        p = s * r;
        f64.store(diagonal + at, g + p, 8);
        g = c * r - b;
        f64.store(next, i);
        f64.store(next, c, 8);
        f64.store(next, s, 16);
        next += 24;
      }
      if (!split) {
        f64.store(top, f64.load(top) - p);
        f64.store(beside + (<usize>l << 3), g);
      }
      f64.store(beside + (<usize>m << 3), 0);
    }
  }
  f64.store(rotations, <f64>((next - rotations - 8) / 24));
  return n;
}

/** Columns `begin` to `end` of the rows of vectors [n,n], turned by `rotations`: row i is then the eigenvector of diagonal[i]. */
export function rotate_rows(vectors: usize, n: u32, rotations: usize, begin: u32, end: u32): void {
  const row = <usize>n << 3, first = vectors + (<usize>begin << 3);
  const last = rotations + 8 + 24 * <usize>f64.load(rotations);
  for (let next = rotations + 8; next != last; next += 24) {
    const x = first + row * <usize>f64.load(next);
    rotate_f64(x, x + row, f64.load(next, 8), f64.load(next, 16), end - begin);
  }
}

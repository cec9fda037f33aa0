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
 * Tridiagonal form of a [n,n]: `diagonal` [n], `beside` [n] (beside[i] between i and i + 1). Row k of `a` keeps the vector v of reflection k,
 * I − scales[k] v vᵀ, from column k + 1 on; `work` [n]. Goes on with columns `begin` to `end`.
 */
export function tridiagonalize(
  a: usize, n: u32, diagonal: usize, beside: usize, scales: usize, work: usize, begin: u32, end: u32,
): void {
  const row = <usize>n << 3;
  for (let k = begin; k < end; k++) {
    const corner = a + k * row + (<usize>k << 3), v = corner + 8, size = n - k - 1;
    f64.store(diagonal + (<usize>k << 3), f64.load(corner));
    f64.store(scales + (<usize>k << 3), 0);
    if (size == 0) {
      f64.store(beside + (<usize>k << 3), 0);
      break;
    }
    const first = f64.load(v), rest = dot_f64(v + 8, v + 8, size - 1);
    f64.store(beside + (<usize>k << 3), first);
    if (rest == 0) continue;
    const length = NativeMath.sqrt(first * first + rest), lead = first > 0 ? first + length : first - length;
    f64.store(beside + (<usize>k << 3), first > 0 ? -length : length);
    f64.store(v, lead);
    const scale = 2 / (lead * lead + rest);
    f64.store(scales + (<usize>k << 3), scale);
    // B −= v wᵀ + w vᵀ with p = scale·B v, w = p − ½ scale (p·v) v, B the rest of the matrix
    const b = corner + row + 8;
    for (let i: u32 = 0; i < size; i++) f64.store(work + (<usize>i << 3), scale * dot_f64(b + i * row, v, size));
    const half = 0.5 * scale * dot_f64(work, v, size);
    for (let at: usize = 0; at < <usize>size << 3; at += 8) f64.store(work + at, f64.load(work + at) - half * f64.load(v + at));
    for (let i: u32 = 0; i < size; i++)
      add_two_f64(b + i * row, -f64.load(v + (<usize>i << 3)), work, -f64.load(work + (<usize>i << 3)), v, size);
  }
}

/**
 * vectors [n,n] = the transpose of the product of the reflections that `tridiagonalize` left in `a` and `scales`. Goes down from reflection
 * `end` - 1 to `begin`; the call whose `end` is n begins with the identity.
 */
export function accumulate_reflections(a: usize, n: u32, scales: usize, vectors: usize, begin: u32, end: u32): void {
  const row = <usize>n << 3;
  if (end == n) {
    memory.fill(vectors, 0, n * row);
    for (let i: u32 = 0; i < n; i++) f64.store(vectors + i * row + (<usize>i << 3), 1);
  }
  for (let k = <i32>min(end, n - 1) - 1; k >= <i32>begin; k--) {
    const scale = f64.load(scales + (<usize>k << 3));
    if (scale == 0) continue;
    const size = n - k - 1, shift = <usize>(k + 1) << 3, v = a + k * row + shift;
    for (let i = <u32>k + 1; i < n; i++) {
      const part = vectors + i * row + shift;
      add_two_f64(part, -scale * dot_f64(part, v, size), v, 0, v, size);
    }
  }
}

/**
 * Eigenvalues of the tridiagonal matrix into `diagonal`, its rotations applied to the rows of `vectors` [n,n], whose row i is then the eigenvector of
 * diagonal[i]. Destroys `beside`. What lies beside the diagonal is 0 from `floor` down: of a matrix of lower rank the numbers on both sides of it are
 * 0 too but for rounding, and it would never become small against them. Makes `sweeps` of them, the first for eigenvalue `l`, and returns the one
 * with which to go on: n at the end.
 */
export function diagonalize(diagonal: usize, beside: usize, n: u32, vectors: usize, floor: f64, l: u32, sweeps: u32): u32 {
  const row = <usize>n << 3;
  for (; l < n; l++) {
    for (;;) {
      let m = l;
      for (; m + 1 < n; m++) {
        const at = <usize>m << 3, link = abs(f64.load(beside + at));
        if (link <= floor || link <= f64.EPSILON * (abs(f64.load(diagonal + at)) + abs(f64.load(diagonal + at, 8)))) break;
      }
      if (m == l) break;
      if (sweeps-- == 0) return l;
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
        rotate_f64(vectors + i * row, vectors + i * row + row, c, s, n);
      }
      if (!split) {
        f64.store(top, f64.load(top) - p);
        f64.store(beside + (<usize>l << 3), g);
      }
      f64.store(beside + (<usize>m << 3), 0);
    }
  }
  return n;
}

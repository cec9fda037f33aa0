// Scores of a clustering from the points themselves. Points are rows of d float64, d a multiple of 4 (padded with zeros), sorted by cluster:
// cluster a is rows starts[a] .. starts[a + 1].

/** Rows of the second cluster that stay in the cache while all rows of the first pass over them. */
const TILE: u32 = 64;

// @ts-ignore: decorator
@inline
function distance(x: usize, y: usize, d: u32): f64 {
  let even = f64x2.splat(0);
  let odd = f64x2.splat(0);
  const end = x + (<usize>d << 3);
  while (x < end) {
    const first = f64x2.sub(v128.load(x), v128.load(y));
    const second = f64x2.sub(v128.load(x, 16), v128.load(y, 16));
    even = f64x2.add(even, f64x2.mul(first, first));
    odd = f64x2.add(odd, f64x2.mul(second, second));
    x += 32;
    y += 32;
  }
  const sum = f64x2.add(even, odd);
  return NativeMath.sqrt(f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
}

/**
 * Sum of the distances of row i to rows begin .. end; each is also added to across[j].
 * Exported so that it stays a function of its own: an engine compiles a function well only for its next call, and these are many.
 */
function sum_of_distances(x: usize, d: u32, i: u32, begin: u32, end: u32, across: usize): f64 {
  const row = x + ((<usize>i * d) << 3);
  let sum: f64 = 0;
  for (let j = begin; j < end; j++) {
    const length = distance(row, x + ((<usize>j * d) << 3), d);
    const slot = across + (<usize>j << 3);
    store<f64>(slot, load<f64>(slot) + length);
    sum += length;
  }
  return sum;
}

/**
 * samples f64[n]: s = (b - a) / max(a, b), a = mean Euclidean distance to the other members of the own cluster, b = least mean distance to
 * another cluster; 0 for a cluster of one member. Each distance is computed once and counts for both of its ends.
 * along, across, nearest: f64[n].
 */
export function silhouette(
  x: usize, n: u32, d: u32, starts: usize, k: u32, along: usize, across: usize, nearest: usize, samples: usize,
): void {
  for (let p: usize = 0; p < <usize>n << 3; p += 8) store<f64>(nearest + p, Infinity);
  for (let a: u32 = 0; a < k; a++) {
    const a0 = load<u32>(starts + (<usize>a << 2));
    const a1 = load<u32>(starts + (<usize>a << 2), 4);
    for (let b = a; b < k; b++) {
      const b0 = load<u32>(starts + (<usize>b << 2));
      const b1 = load<u32>(starts + (<usize>b << 2), 4);
      memory.fill(along + (<usize>a0 << 3), 0, <usize>(a1 - a0) << 3);
      memory.fill(across + (<usize>b0 << 3), 0, <usize>(b1 - b0) << 3);
      for (let tile = b0; tile < b1; tile += TILE) {
        const end = min(tile + TILE, b1);
        for (let i = a0; i < a1; i++) {
          const sum = sum_of_distances(x, d, i, a == b ? max(tile, i + 1) : tile, end, across);
          const slot = along + (<usize>i << 3);
          store<f64>(slot, load<f64>(slot) + sum);
        }
      }
      if (a == b) {
        for (let i = a0; i < a1; i++) {
          const slot = <usize>i << 3;
          const others = <f64>(a1 - a0 - 1);
          store<f64>(samples + slot, (load<f64>(along + slot) + load<f64>(across + slot)) / others);
        }
        continue;
      }
      for (let i = a0; i < a1; i++) {
        const slot = <usize>i << 3;
        store<f64>(nearest + slot, NativeMath.min(load<f64>(nearest + slot), load<f64>(along + slot) / <f64>(b1 - b0)));
      }
      for (let j = b0; j < b1; j++) {
        const slot = <usize>j << 3;
        store<f64>(nearest + slot, NativeMath.min(load<f64>(nearest + slot), load<f64>(across + slot) / <f64>(a1 - a0)));
      }
    }
  }
  for (let a: u32 = 0; a < k; a++) {
    const a0 = load<u32>(starts + (<usize>a << 2));
    const a1 = load<u32>(starts + (<usize>a << 2), 4);
    for (let i = a0; i < a1; i++) {
      const own = load<f64>(samples + (<usize>i << 3));
      const other = load<f64>(nearest + (<usize>i << 3));
      const larger = NativeMath.max(own, other);
      store<f64>(samples + (<usize>i << 3), a1 - a0 > 1 && larger > 0 ? (other - own) / larger : 0);
    }
  }
}

/**
 * Davies-Bouldin index: mean over clusters of max_j (s_i + s_j) / |c_i - c_j|, s = mean distance to the centre c. Pairs whose centres
 * coincide count 0. centers: f64[k, d]; spreads: f64[k].
 */
export function davies_bouldin(x: usize, d: u32, starts: usize, k: u32, centers: usize, spreads: usize): f64 {
  memory.fill(centers, 0, (<usize>k * d) << 3);
  for (let a: u32 = 0; a < k; a++) {
    const a0 = load<u32>(starts + (<usize>a << 2));
    const a1 = load<u32>(starts + (<usize>a << 2), 4);
    const size = <f64>(a1 - a0);
    const center = centers + ((<usize>a * d) << 3);
    for (let f: usize = 0; f < <usize>d << 3; f += 8) {
      let sum: f64 = 0;
      for (let i = a0; i < a1; i++) sum += load<f64>(x + ((<usize>i * d) << 3) + f);
      store<f64>(center + f, sum / size);
    }
    let spread: f64 = 0;
    for (let i = a0; i < a1; i++) spread += distance(x + ((<usize>i * d) << 3), center, d);
    store<f64>(spreads + (<usize>a << 3), spread / size);
  }
  let sum: f64 = 0;
  for (let a: u32 = 0; a < k; a++) {
    let worst: f64 = 0;
    for (let b: u32 = 0; b < k; b++) {
      const apart = distance(centers + ((<usize>a * d) << 3), centers + ((<usize>b * d) << 3), d);
      const spread = load<f64>(spreads + (<usize>a << 3)) + load<f64>(spreads + (<usize>b << 3));
      if (a != b && apart > 0) worst = NativeMath.max(worst, spread / apart);
    }
    sum += worst;
  }
  return sum / <f64>k;
}

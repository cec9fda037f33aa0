// The expectation of mutual information, in nats.

/** The distinct values among sizes u32[k] <= n, ascending, and how often each occurs. histogram: u32[n + 1]. Returns their number. */
export function distinct_sizes(sizes: usize, k: u32, n: u32, histogram: usize, values: usize, multiplicities: usize): u32 {
  memory.fill(histogram, 0, (<usize>n + 1) << 2);
  for (let p: usize = 0; p < <usize>k << 2; p += 4) {
    const slot = histogram + (<usize>load<u32>(sizes + p) << 2);
    store<u32>(slot, load<u32>(slot) + 1);
  }
  let count: usize = 0;
  for (let size: u32 = 1; size <= n; size++) {
    const multiplicity = load<u32>(histogram + (<usize>size << 2));
    if (multiplicity == 0) continue;
    store<u32>(values + count, size);
    store<u32>(multiplicities + count, multiplicity);
    count += 4;
  }
  return <u32>(count >> 2);
}

/**
 * Expectation of m/n ln(n m / (a b)) for m hypergeometric: the overlap of random sets of sizes a and b among n.
 * The probabilities follow from their ratios, starting at the mode, and are normalised by their own sum: no factorial, hence none of the
 * cancellation between log-gammas of n. Terms below 1e-30 of the mode's are left out; the ratios fall, so the rest is smaller still.
 */
function expected_cell(a: f64, b: f64, n: f64): f64 {
  const low = NativeMath.max(0, a + b - n);
  const high = NativeMath.min(a, b);
  const mode = NativeMath.min(high, NativeMath.max(low, NativeMath.floor(((a + 1) * (b + 1)) / (n + 2))));
  const scale = n / (a * b);
  const rest = n - a - b;
  let weights: f64 = 1;
  let sum = mode > 0 ? mode * JSMath.log(scale * mode) : 0;
  let weight: f64 = 1;
  for (let m = mode; m < high; ) {
    weight *= ((a - m) * (b - m)) / ((m + 1) * (rest + m + 1));
    m += 1;
    if (weight < 1e-30) break;
    weights += weight;
    sum += weight * m * JSMath.log(scale * m);
  }
  weight = 1;
  for (let m = mode; m > low; ) {
    weight *= (m * (rest + m)) / ((a - m + 1) * (b - m + 1));
    m -= 1;
    if (weight < 1e-30) break;
    weights += weight;
    if (m > 0) sum += weight * m * JSMath.log(scale * m);
  }
  return sum / weights / n;
}

/** E[MI] under random permutation of one labelling; the sizes as distinct values with multiplicities. */
export function expected_mutual_information(a: usize, aTimes: usize, r: u32, b: usize, bTimes: usize, c: u32, n: f64): f64 {
  let sum: f64 = 0;
  for (let i: usize = 0; i < <usize>r << 2; i += 4) {
    for (let j: usize = 0; j < <usize>c << 2; j += 4) {
      const times = <f64>load<u32>(aTimes + i) * <f64>load<u32>(bTimes + j);
      sum += times * expected_cell(<f64>load<u32>(a + i), <f64>load<u32>(b + j), n);
    }
  }
  return sum;
}

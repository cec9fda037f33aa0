// Entropy and mutual information, in nats.

/** H = -sum_i a_i/n ln(a_i/n) of sizes u32[k]. Kahan's sum: k may be millions. */
export function entropy(sizes: usize, k: u32, n: f64): f64 {
  let sum: f64 = 0;
  let lost: f64 = 0;
  for (let p: usize = 0; p < <usize>k << 2; p += 4) {
    const share = <f64>load<u32>(sizes + p) / n;
    const term = -share * JSMath.log(share) - lost;
    const next = sum + term;
    lost = next - sum - term;
    sum = next;
  }
  return sum;
}

/** MI = sum_ij n_ij/n ln(n n_ij / (a_i b_j)) over the non-zero cells, by Kahan's sum. */
export function mutual_information(
  cellRow: usize, cellColumn: usize, cellCount: usize, cells: u32, rowSizes: usize, columnSizes: usize, n: f64,
): f64 {
  let sum: f64 = 0;
  let lost: f64 = 0;
  for (let p: usize = 0; p < <usize>cells << 2; p += 4) {
    const count = <f64>load<u32>(cellCount + p);
    const a = <f64>load<u32>(rowSizes + (<usize>load<u32>(cellRow + p) << 2));
    const b = <f64>load<u32>(columnSizes + (<usize>load<u32>(cellColumn + p) << 2));
    const term = (count / n) * JSMath.log((n * count) / (a * b)) - lost;
    const next = sum + term;
    lost = next - sum - term;
    sum = next;
  }
  return sum;
}

// Receiver operating characteristic as integer counts.

/**
 * One point per distinct score, descending: how many negatives (fp f64) and positives (tp f64) have at least that score.
 * labels f64[n], positives are those equal to `positive`; order u32[n] sorts scores f64[n] ascending. Returns the number of points.
 */
export function roc_points(
  labels: usize, positive: f64, scores: usize, order: usize, n: u32, fp: usize, tp: usize, thresholds: usize,
): u32 {
  let points: usize = 0;
  let negatives: f64 = 0;
  let positives: f64 = 0;
  for (let p = n; p > 0; p--) {
    const i = <usize>load<u32>(order + (<usize>(p - 1) << 2)) << 3;
    const score = load<f64>(scores + i);
    if (points > 0 && load<f64>(thresholds + points - 8) == score) points -= 8;
    if (load<f64>(labels + i) == positive) positives += 1;
    else negatives += 1;
    store<f64>(fp + points, negatives);
    store<f64>(tp + points, positives);
    store<f64>(thresholds + points, score);
    points += 8;
  }
  return <u32>(points >> 3);
}

/** Twice the area under the points, in pairs: 2 #(positive above negative) + #(ties), by trapezoids from (0, 0). Exact below 2^64. */
export function roc_area(fp: usize, tp: usize, points: u32): u64 {
  let area: u64 = 0;
  let lastFp: u64 = 0;
  let lastTp: u64 = 0;
  for (let p: usize = 0; p < <usize>points << 3; p += 8) {
    const nextFp = <u64>load<f64>(fp + p);
    const nextTp = <u64>load<f64>(tp + p);
    area += (nextFp - lastFp) * (nextTp + lastTp);
    lastFp = nextFp;
    lastTp = nextTp;
  }
  return area;
}

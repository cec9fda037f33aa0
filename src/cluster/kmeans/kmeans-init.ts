import * as kernels from "../../kernels/clustering";
import type { Random } from "../../random";
import { empty, indices, run, untidied } from "../../tensor";
import type { Tensor } from "../../tensor";

/** out[j, i] = ‖x_i − y_rows[j]‖², or the smaller of that and closest[closestRow, i]; x [n, d], y [·, d], out [m, n]. */
export function distancesToRows(
  x: Tensor,
  y: Tensor,
  rows: Tensor,
  out: Tensor,
  closest?: { distances: Tensor; row: number },
): void {
  run(kernels.kmeansDistances, {
    x,
    y,
    rows,
    closest: closest?.distances ?? x,
    out,
    n: x.shape[0]!,
    d: x.shape[1]!,
    m: rows.size,
    has_closest: closest ? 1 : 0,
    closest_row: closest?.row ?? 0,
  });
}

/** Uniform in [0, 1) with 48 bits, enough to single out one of many million points. */
const fine = (random: Random): number => random.uniform() + random.uniform() * 2 ** -24;

/** k different rows of n, at random. */
export function randomRows(n: number, k: number, random: Random): number[] {
  if (2 * k > n) return [...random.permutation(n).subarray(0, k)];
  const rows = new Set<number>();
  while (rows.size < k) rows.add(random.integer(n));
  return [...rows];
}

/**
 * Rows of x [n, d] for k centres to begin at, by k-means++: each is drawn with a probability in proportion to its squared
 * distance from the nearest centre so far, the best of 2 + ⌊ln k⌋ such draws being taken (Arthur and Vassilvitskii, "k-means++:
 * the advantages of careful seeding", SODA 2007; greedy as in its section 7); with weights, to the weighted one. The draws are the host's, from distances of the device.
 */
export async function plusPlusRows(x: Tensor, k: number, random: Random, weights?: Float32Array): Promise<number[]> {
  const n = x.shape[0]!;
  const trials = 2 + Math.floor(Math.log(k));
  const make = (): Tensor => untidied(() => empty(x.device, [trials, n], "f32", "k-means++"));
  let [closest, next] = [make(), make()];
  /** Squared distances to the candidates, bounded by row `bound` of the last call's; on the host too, times the weights. */
  const measure = async (candidates: number[], bound?: number): Promise<Float32Array> => {
    const rows = untidied(() => indices(x.device, candidates));
    distancesToRows(x, x, rows, next, bound === undefined ? undefined : { distances: closest, row: bound });
    rows.dispose();
    [closest, next] = [next, closest];
    const found = new Float32Array(await x.device.read(closest.buffer, 0, candidates.length * n * 4));
    return weights ? found.map((distance, at) => distance * weights[at % n]!) : found;
  };
  try {
    const cumulative = new Float64Array(n);
    const draw = (of: (i: number) => number, count: number): number[] => {
      let total = 0;
      for (let i = 0; i < n; i++) cumulative[i] = total += of(i);
      return Array.from({ length: count }, () => search(cumulative, fine(random) * total));
    };
    const chosen = weights ? draw((i) => weights[i]!, 1) : [random.integer(n)];
    let distances = await measure(chosen);
    let best = 0;
    while (chosen.length < k) {
      const candidates = draw((i) => distances[best * n + i]!, trials);
      distances = await measure(candidates, best);
      best = lowestTotal(distances, n, trials);
      chosen.push(candidates[best]!);
    }
    return chosen;
  } finally {
    closest.dispose();
    next.dispose();
  }
}

/** Which of the rows of distances [m, n] has the lowest sum. */
function lowestTotal(distances: Float32Array, n: number, m: number): number {
  let [best, lowest] = [0, Infinity];
  for (let j = 0; j < m; j++) {
    let total = 0;
    for (let i = j * n; i < (j + 1) * n; i++) total += distances[i]!;
    if (total < lowest) [best, lowest] = [j, total];
  }
  return best;
}

/** The first index whose cumulative sum exceeds the value; the last one at most. */
function search(cumulative: Float64Array, value: number): number {
  let [low, high] = [0, cumulative.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

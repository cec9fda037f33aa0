import type { Grid } from "./grid";

/** How a unit's pull falls with its distance d on the grid: exp(−d²/(2σ²)), or 1 within σ and 0 beyond. */
export type Neighbourhood = "gaussian" | "bubble";

/**
 * The step of a batch map: w_j = Σ_b h(d(j,b)) S_b / Σ_b h(d(j,b)) n_b over the units b, of which S_b is the sum of rows and n_b their number (or weight);
 * the same as the weighted mean over rows, at the cost of units² instead. h = 0 beyond `cutoff`. A unit that nothing reaches keeps its vector. In float64,
 * in place. Kohonen, "Self-Organizing Maps", 2001, section 3.6; Wittek et al., "Somoclu", JSS 2017.
 */
export function batchStep(
  codebook: Float64Array,
  sums: Float64Array,
  counts: Float64Array,
  grid: Grid,
  sigma: number,
  cutoff = Infinity,
  neighbourhood: Neighbourhood = "gaussian",
): void {
  const { units } = grid;
  const d = codebook.length / units;
  const filled = Array.from(counts, (_, b) => b).filter((b) => counts[b]! > 0);
  const limit = cutoff * cutoff;
  const scale = -0.5 / (sigma * sigma);
  const total = new Float64Array(d);
  for (let j = 0; j < units; j++) {
    let weight = 0;
    total.fill(0);
    for (const b of filled) {
      const square = grid.squaredDistance(j, b);
      if (square > limit) continue;
      const h = neighbourhood === "bubble" ? Number(square <= sigma * sigma) : Math.exp(scale * square);
      if (h === 0) continue;
      weight += h * counts[b]!;
      for (let c = 0; c < d; c++) total[c]! += h * sums[b * d + c]!;
    }
    if (weight > 0) for (let c = 0; c < d; c++) codebook[j * d + c] = total[c]! / weight;
  }
}

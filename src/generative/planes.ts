// Planes of stamps: smoothed, averaged over bands, and where they are brightest.

/** (1 2 1)/4 across and down; pixels outside count as the nearest inside. */
export function smoothed(plane: Float64Array, side: number): Float64Array {
  const at = (i: number): number => Math.min(side - 1, Math.max(0, i));
  const across = plane.map((v, p) => {
    const [row, column] = [Math.floor(p / side) * side, p % side];
    return (plane[row + at(column - 1)]! + 2 * v + plane[row + at(column + 1)]!) / 4;
  });
  return across.map((v, p) => {
    const [row, column] = [Math.floor(p / side), p % side];
    return (across[at(row - 1) * side + column]! + 2 * v + across[at(row + 1) * side + column]!) / 4;
  });
}

/** The largest of the central 2·reach × 2·reach pixels, and where it is. */
export function brightest(
  plane: Float64Array,
  side: number,
  reach: number,
): { value: number; row: number; column: number } {
  const first = Math.floor(side / 2) - reach;
  let best = { value: -Infinity, row: first, column: first };
  for (let row = Math.max(0, first); row < Math.min(side, first + 2 * reach); row++)
    for (let column = Math.max(0, first); column < Math.min(side, first + 2 * reach); column++) {
      const value = plane[row * side + column]!;
      if (value > best.value) best = { value, row, column };
    }
  return best;
}

/** The mean of some bands of a stamp. */
export function meanOf(stamp: Float64Array, area: number, bands: readonly number[]): Float64Array {
  const mean = new Float64Array(area);
  for (const b of bands) for (let p = 0; p < area; p++) mean[p]! += stamp[b * area + p]! / bands.length;
  return mean;
}

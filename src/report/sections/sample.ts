/** Uniform numbers in [0, 1) from a 32-bit seed (Mulberry32): enough for choosing which points a chart shows. */
export function uniformNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** `count` different row numbers of `n`, ascending, each set equally likely (selection sampling, Knuth, TAOCP 2, 3.4.2 S); all when count >= n. */
export function sampleRows(n: number, count: number, seed: number): Uint32Array {
  const rows = new Uint32Array(Math.min(n, count));
  const random = uniformNumbers(seed);
  for (let row = 0, chosen = 0; chosen < rows.length; row++)
    if ((n - row) * random() < rows.length - chosen) rows[chosen++] = row;
  return rows;
}

/** The rows with the largest `score` among `rows`, best first, ties by row number; rows scored NaN never. */
export function largest(rows: Iterable<number>, score: (row: number) => number, count: number): number[] {
  const best: { row: number; score: number }[] = [];
  for (const row of rows) {
    const value = score(row);
    if (Number.isNaN(value) || (best.length === count && !(value > best[count - 1]!.score))) continue;
    let at = best.length;
    while (at > 0 && best[at - 1]!.score < value) at--;
    best.splice(at, 0, { row, score: value });
    if (best.length > count) best.pop();
  }
  return best.map(({ row }) => row);
}

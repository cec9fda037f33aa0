import { stream } from "../../random";

/** `count` different row numbers of `n`, ascending, each set equally likely (selection sampling, Knuth, TAOCP 2, 3.4.2 S); all when count >= n. */
export function sampleRows(n: number, count: number, seed: number): Uint32Array<ArrayBuffer> {
  const rows = new Uint32Array(Math.min(n, count));
  const random = stream(seed, "report.rows");
  for (let row = 0, chosen = 0; chosen < rows.length; row++)
    if ((n - row) * random.uniform() < rows.length - chosen) rows[chosen++] = row;
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

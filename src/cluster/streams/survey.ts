import { yieldWhenDue } from "../../event-loop";
import { blockRows, readBlocks } from "./reading";
import type { OpenRows } from "./reading";

/** Elements that are looked at at a stretch. */
const STRETCH = 2 ** 18;

/** What one pass over rows tells of their columns, in float64: the same however the rows are cut. */
export interface Survey {
  /** The smallest and the largest numbers, [d]. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** [d] */
  readonly mean: Float64Array;
  /** Σ (x − mean)² of each column, [d]. */
  readonly squares: Float64Array;
}

/**
 * Reads rows once for their ranges, means and variances.
 * @param rest what is awaited between two blocks: the caller may stop it there
 * @throws for a value that is NaN or infinite, naming its place, and what reading throws
 */
export async function survey(rows: OpenRows, op: string, rest?: () => Promise<void>): Promise<Survey> {
  const { n, d } = rows;
  const [low, high] = [new Float64Array(d).fill(Infinity), new Float64Array(d).fill(-Infinity)];
  const [sum, squared] = [new Float64Array(d), new Float64Array(d)];
  let about: Float64Array | undefined;
  const stretch = Math.max(1, Math.floor(STRETCH / d));
  for await (const { data, first, rows: count } of readBlocks(rows, blockRows(rows, 1))) {
    about ??= meanOfFirst(data, d);
    for (let row = 0; row < count; row++) {
      for (let c = 0, at = row * d; c < d; c++, at++) {
        const value = data[at]!;
        if (value - value !== 0)
          throw new Error(`${op}: x must be finite, got ${value} at row ${first + row}, column ${c}`);
        if (value < low[c]!) low[c] = value;
        if (value > high[c]!) high[c] = value;
        const moved = value - about[c]!;
        sum[c]! += moved;
        squared[c]! += moved * moved;
      }
      if (row % stretch === 0) await yieldWhenDue();
    }
    await rest?.();
  }
  const mean = sum.map((value, c) => about![c]! + value / n);
  const squares = squared.map((value, c) => Math.max(0, value - (sum[c]! * sum[c]!) / n));
  return { low, high, mean, squares };
}

/** The mean of the first rows: about it, squares of numbers far from 0 lose no digits. */
function meanOfFirst(data: Float32Array, d: number): Float64Array {
  const count = Math.min(64, data.length / d);
  const mean = new Float64Array(d);
  for (let i = 0; i < count * d; i++) mean[i % d]! += data[i]! / count;
  return mean;
}

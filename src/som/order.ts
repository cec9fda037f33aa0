import { stream } from "../random";
import type { OpenRows } from "./rows";

/** How rows come to a map that learns from one after the other: in random order, another in each pass, or as they are given. */
export type RowOrder = "shuffled" | "given";

/** Every name. */
export const ROW_ORDERS = ["shuffled", "given"] as const;

/** Rows that stay together on their way to a block, and rows of a block. */
const RUN = 1024;
const BLOCK = 65_536;

/**
 * The same rows in the random order of a pass: runs of 1,024 in random order, and in blocks of 64 runs each row by itself. Up to 65,536 rows that is any order
 * at all; more are read in pieces from everywhere, so that a file need not be held, and the order does not depend on whether it is.
 */
export function shuffledRows({ n, d, memory, read }: OpenRows, seed: number, name: string, pass: number): OpenRows {
  const runs = Math.ceil(n / RUN);
  const order = stream(seed, name, pass).permutation(runs);
  const last = order.indexOf(runs - 1); // which may be shorter than the others
  const beginOf = (turn: number): number => turn * RUN - (turn > last ? runs * RUN - n : 0);
  const blockOf = async (block: number): Promise<Float32Array> => {
    const [begin, end] = [block * BLOCK, Math.min(n, (block + 1) * BLOCK)];
    const places = stream(seed, name, pass, block).permutation(end - begin);
    const rows = new Float32Array((end - begin) * d);
    for (let turn = Math.floor(begin / RUN); turn < runs && beginOf(turn) < end; turn++) {
      const [from, to] = [Math.max(begin, beginOf(turn)), Math.min(end, beginOf(turn + 1))];
      if (from >= to) continue;
      const row = order[turn]! * RUN + from - beginOf(turn);
      const run = await read(row, row + to - from);
      for (let i = 0; i < to - from; i++) rows.set(run.subarray(i * d, (i + 1) * d), places[from - begin + i]! * d);
    }
    return rows;
  };
  let held: { readonly block: number; readonly rows: Promise<Float32Array> } | undefined;
  return {
    ...{ n, d, memory },
    read: async (begin, end) => {
      const out = new Float32Array((end - begin) * d);
      for (let from = begin; from < end;) {
        const block = Math.floor(from / BLOCK);
        if (held?.block !== block) held = { block, rows: blockOf(block) };
        const to = Math.min(end, (block + 1) * BLOCK);
        const rows = await held.rows;
        out.set(rows.subarray((from - block * BLOCK) * d, (to - block * BLOCK) * d), (from - begin) * d);
        from = to;
      }
      return out;
    },
  };
}

import type { RowSource } from "../../data/datasets/row-source";

/** A pass that is over sooner is not told of. */
const SHORT_MS = 1000;

/**
 * Rows whose passes are told of: of ranges that follow each other from the first row to the last, how many rows of how many have come. Rows that are read by number are
 * steps of something that tells of itself.
 */
export function watchedRows(source: RowSource, told: (done: number, total: number) => void): RowSource {
  const { length, rowShape, memory } = source;
  let [begun, next] = [0, -1];
  return {
    ...{ length, rowShape, ...(memory !== undefined && { memory }) },
    rows: (index) => source.rows(index),
    range: async (begin, end, into) => {
      if (begin === 0) [begun, next] = [performance.now(), 0];
      const follows = begin === next;
      next = follows ? end : -1;
      const rows = await source.range(begin, end, into);
      if (follows && performance.now() - begun > SHORT_MS) told(end, length);
      return rows;
    },
  };
}

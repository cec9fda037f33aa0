import { isRowSource } from "../data/datasets/row-source";
import type { RowSource } from "../data/datasets/row-source";
import { checkPoints } from "../cluster/points";
import type { Points } from "../cluster/points";
import { openSource } from "../cluster/streams/blocks";
import type { OpenRows } from "../cluster/streams/blocks";
import type { Tensor } from "../tensor";

export { Blocks } from "../cluster/streams/blocks";
export type { OpenRows } from "../cluster/streams/blocks";

/**
 * Rows for a map: a matrix, a tensor, or a source that reads them when they are needed, as from a file larger than memory. A row of a source that holds
 * NaN or an infinity, such as a pixel without data, is masked: it belongs to no unit (−1) and moves none. In a matrix it is an error.
 */
export type MapRows = Points | RowSource;

/** @throws unless x is a matrix of finite numbers, a tensor [n, d] or a source, with at least one row and column, and of `columns` columns where that is given */
export async function openRows(x: MapRows, op: string, columns?: number): Promise<OpenRows> {
  const rows = isRowSource(x) ? openSource(x, op) : await openMatrix(x, op, columns === undefined);
  if (columns !== undefined && rows.d !== columns)
    throw new Error(`${op}: x must have ${columns} columns, got ${rows.d}`);
  return rows;
}

async function openMatrix(x: Points, op: string, toLearn: boolean): Promise<OpenRows> {
  const { n, d, host } = await checkPoints(x, op, toLearn);
  const data = host?.data ?? ((await (x as Tensor).data()) as Float32Array);
  return { n, d, held: true, read: (begin, end) => data.subarray(begin * d, end * d) };
}

/** Whether a row of d numbers holds one that is NaN or infinite. */
export function isMasked(data: Float32Array, row: number, d: number): boolean {
  for (let at = row * d; at < (row + 1) * d; at++) if (data[at]! - data[at]! !== 0) return true;
  return false;
}

/**
 * Rows that are read when they are needed: what training takes in place of a matrix that does not fit into memory. Rows are float32, of `rowShape`,
 * and finite: a source throws for one that is not.
 */
export interface RowSource {
  /** Number of rows. */
  readonly length: number;
  /** Shape of a row: [45, 45] of images, [] of plain numbers. */
  readonly rowShape: readonly number[];
  /** Bytes that a method may hold of its rows, or of the features that it makes of them, at a time; default `ROW_MEMORY`, 256 MiB. */
  readonly memory?: number;
  /** Rows at these indices, in their order, one after the other. */
  rows(index: ArrayLike<number>): Promise<Float32Array>;
  /**
   * Rows [begin, end), one after the other. A source may write them into `into`, which has as many elements or more, so that reading block after block
   * takes no new memory each time; what it returns is what counts.
   */
  range(begin: number, end: number, into?: Float32Array): Promise<Float32Array>;
}

/** What `memory` of a source is where it says nothing. */
export const ROW_MEMORY = 2 ** 28;

/** Is x a source of rows, not a matrix? */
export function isRowSource(x: unknown): x is RowSource {
  if (typeof x !== "object" || x === null) return false;
  const { rows, range, rowShape } = x as Partial<RowSource>;
  return typeof rows === "function" && typeof range === "function" && Array.isArray(rowShape);
}

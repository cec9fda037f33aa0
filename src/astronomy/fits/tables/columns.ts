import type { FitsHeader } from "../header/header";

/** Element types of binary tables by their letter in TFORM, with their bytes: bits are counted by eight, descriptors point into the heap. */
export const COLUMN_BYTES = {
  L: 1,
  X: 1 / 8,
  B: 1,
  I: 2,
  J: 4,
  K: 8,
  A: 1,
  E: 4,
  D: 8,
  C: 8,
  M: 16,
  P: 8,
  Q: 16,
} as const;

/** Letter of an element type in TFORM. */
export type ColumnType = keyof typeof COLUMN_BYTES;

/** A column of a binary table. */
export interface FitsColumn {
  /** TTYPE, or `COL1`, `COL2`, … where there is none. */
  readonly name: string;
  /** TFORM as the file has it. */
  readonly format: string;
  /** Its letter; `P` and `Q` are arrays of any length in the heap. */
  readonly type: ColumnType;
  /** Elements in a row. */
  readonly repeat: number;
  /** For `P` and `Q`: the type of the elements in the heap. */
  readonly heapType: ColumnType | undefined;
  /** TUNIT, "" where there is none. */
  readonly unit: string;
  /** Shape of a row's elements in row-major order, by TDIM or the repeat count; [] for one. */
  readonly shape: readonly number[];
  /** TNULL: the integer that stands for nothing. */
  readonly null: number | bigint | undefined;
  /** TSCAL and TZERO: value = scale · stored + zero. */
  readonly scale: number;
  readonly zero: number | bigint;
  /** Bytes from the row's beginning. */
  readonly offset: number;
  /** Bytes in a row. */
  readonly bytes: number;
}

const FORMAT = /^(\d*)([LXBIJKAEDCMPQ])(.*)$/;

function shapeOf(header: FitsHeader, index: number, repeat: number, where: string): number[] {
  const given = header.string(`TDIM${index}`)?.trim();
  if (!given) return repeat === 1 ? [] : [repeat];
  const sizes = /^\(\s*\d+(\s*,\s*\d+)*\s*\)$/.test(given) ? given.slice(1, -1).split(",").map(Number) : [];
  const size = sizes.reduce((product, n) => product * n, 1);
  if (sizes.length === 0 || size > repeat)
    throw new Error(`fits: TDIM${index} of ${where} must be sizes of ${repeat} elements, got ${given}`);
  return size === repeat ? sizes.reverse() : [repeat];
}

/** The columns of a binary table. @throws where their formats cannot be, or do not fill a row */
export function columnsOf(header: FitsHeader, where: string): FitsColumn[] {
  const fields = header.integer("TFIELDS");
  if (fields === undefined || fields < 0 || fields > 999)
    throw new Error(`fits: TFIELDS of ${where} must be an integer from 0 to 999, got ${fields ?? "none"}`);
  const columns: FitsColumn[] = [];
  let offset = 0;
  for (let i = 1; i <= fields; i++) {
    const format = header.string(`TFORM${i}`)?.trim() ?? "";
    const [, count, letter, rest] = FORMAT.exec(format) ?? [];
    if (letter === undefined)
      throw new Error(`fits: TFORM${i} of ${where} must be a format of a column, got "${format}"`);
    const type = letter as ColumnType;
    const repeat = count === "" ? 1 : Number(count);
    const isPointer = type === "P" || type === "Q";
    const heap = isPointer ? /^([LXBIJKAEDCM])/.exec(rest!)?.[1] : undefined;
    if (isPointer && (heap === undefined || repeat > 1))
      throw new Error(`fits: TFORM${i} of ${where} must name one array of the heap, got "${format}"`);
    const missing = header.get(`TNULL${i}`);
    const zero = header.get(`TZERO${i}`);
    const bytes = Math.ceil(repeat * COLUMN_BYTES[type]);
    columns.push({
      name: header.string(`TTYPE${i}`)?.trim() || `COL${i}`,
      ...{ format, type, repeat, heapType: heap as ColumnType | undefined, offset, bytes },
      unit: header.string(`TUNIT${i}`) ?? "",
      shape: shapeOf(header, i, repeat, where),
      null: typeof missing === "number" || typeof missing === "bigint" ? missing : undefined,
      scale: header.number(`TSCAL${i}`) ?? 1,
      zero: typeof zero === "bigint" ? zero : (header.number(`TZERO${i}`) ?? 0),
    });
    offset += bytes;
  }
  const row = header.integer("NAXIS1");
  if (header.integer("NAXIS") !== 2 || row === undefined || offset > row)
    throw new Error(`fits: ${where} must be a table with rows of ${offset} bytes, its NAXIS1 is ${row ?? "missing"}`);
  return columns;
}

import type { RandomAccess } from "../../../data/formats/source";
import { COLUMN_BYTES, columnsOf, type ColumnType, type FitsColumn } from "./columns";
import { checkComplete, type Hdu } from "../hdu";

/** Where an array of the heap lies: its number of elements, and bytes from the heap's beginning. */
export interface HeapPlace {
  readonly count: number;
  readonly at: number;
}

/** The rows of a binary table and the heap behind them. */
export class TableBytes {
  readonly hdu: Hdu;
  readonly columns: readonly FitsColumn[];
  readonly rows: number;
  readonly rowBytes: number;
  readonly #access: RandomAccess;
  /** Bytes from the data's beginning to the heap's, and of the heap. */
  readonly #heapBegin: number;
  readonly #heapBytes: number;

  constructor(access: RandomAccess, hdu: Hdu) {
    const { header } = hdu;
    this.hdu = hdu;
    this.#access = access;
    this.columns = columnsOf(header, this.where);
    this.rowBytes = header.integer("NAXIS1")!;
    this.rows = header.integer("NAXIS2")!;
    const size = this.rowBytes * this.rows;
    this.#heapBegin = header.integer("THEAP") ?? size;
    this.#heapBytes = hdu.bytes - this.#heapBegin;
    if (header.integer("BITPIX") !== 8 || this.#heapBegin < size || this.#heapBytes < 0)
      throw new Error(
        `fits: ${this.where} must have BITPIX 8 and its heap behind its rows, THEAP is ${this.#heapBegin}`,
      );
  }

  /** For messages. */
  get where(): string {
    return `HDU ${this.hdu.index}`;
  }

  /** The column of that name, without regard to case. */
  find(name: string): FitsColumn | undefined {
    const wanted = name.trim().toUpperCase();
    return this.columns.find((column) => column.name.toUpperCase() === wanted);
  }

  /** Bytes of rows [begin, end). */
  async readRows(begin = 0, end = this.rows): Promise<Uint8Array> {
    checkComplete(this.hdu, this.#access);
    const at = this.hdu.begin;
    return this.#read(at + begin * this.rowBytes, at + end * this.rowBytes);
  }

  /** Bytes [begin, end) of the heap. */
  readHeap(begin: number, end: number): Promise<Uint8Array> {
    const at = this.hdu.begin + this.#heapBegin;
    return this.#read(at + begin, at + end);
  }

  async #read(begin: number, end: number): Promise<Uint8Array> {
    const bytes = await this.#access.read(begin, end);
    if (bytes.length !== end - begin)
      throw new Error(`fits: data of ${this.where} end at byte ${begin + bytes.length}, the file became shorter`);
    return bytes;
  }

  /** Where the array of a row lies, by its descriptor. @throws unless it lies within the heap */
  place(column: FitsColumn, rows: DataView, row: number): HeapPlace {
    if (column.repeat === 0) return { count: 0, at: 0 };
    const offset = row * this.rowBytes + column.offset;
    const [count, at] =
      column.type === "P"
        ? [rows.getInt32(offset), rows.getInt32(offset + 4)]
        : [Number(rows.getBigInt64(offset)), Number(rows.getBigInt64(offset + 8))];
    const bytes = Math.ceil(count * COLUMN_BYTES[column.heapType as ColumnType]);
    if (count < 0 || (count > 0 && (at < 0 || !(at + bytes <= this.#heapBytes))))
      throw new Error(
        `fits: array of row ${row} of ${column.name}, ${this.where}, must lie within the heap's ${this.#heapBytes} bytes, ` +
          `got ${count} elements at ${at}`,
      );
    return { count, at };
  }
}

/** Rows as a view, for descriptors. */
export const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

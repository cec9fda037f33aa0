// Tables in columns: parquet files, read in pieces and made a matrix as CSV files are.
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { parquetMetadataAsync, parquetRead, parquetSchema, type AsyncBuffer, type Compressors } from "hyparquet";
import type { CsvOptions, CsvTable } from "../../data/formats/csv/csv";
import { TableBuilder } from "../../data/formats/csv/table";
import { openFile } from "../../data/formats/files";

/** Rows that are read at a time. */
const ROWS = 50_000;

/** Columns that pandas writes for an index of its own. */
const INDEX = /^__index_level_\d+__$/;

/** Beside Snappy, which the reader has itself, what Node unpacks. */
const COMPRESSORS: Compressors = {
  GZIP: (bytes) => gunzipSync(bytes),
  BROTLI: (bytes) => brotliDecompressSync(bytes),
};

/**
 * Reads a parquet file of numbers, booleans (0 and 1), dates (seconds since 1970) and, where they are named rows, classes or categories, texts.
 * Throws `cannot read FILE: …`, or one line that names the file, the row and the column.
 */
export async function loadParquet(path: string, options: CsvOptions = {}): Promise<CsvTable> {
  const { size, read, close } = await openFile(path);
  const file: AsyncBuffer = {
    byteLength: size,
    slice: async (begin, end = size) => {
      const bytes = await read(begin, end);
      return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    },
  };
  try {
    const metadata = await parquetMetadataAsync(file);
    const names = parquetSchema(metadata)
      .children.map(({ element }) => element.name)
      .filter((name) => !INDEX.test(name));
    const table = new TableBuilder({ ...options, header: true });
    table.row(names, () => 0);
    const n = Number(metadata.num_rows);
    for (let rowStart = 0; rowStart < n; rowStart += ROWS)
      await parquetRead({
        ...{ file, metadata, columns: names, rowStart, rowEnd: Math.min(n, rowStart + ROWS), compressors: COMPRESSORS },
        onComplete: (rows) =>
          rows.forEach((row, r) =>
            table.row(
              row.map((value: unknown, c) => cell(value, names[c]!)),
              () => rowStart + r,
            ),
          ),
      });
    return table.finish(undefined);
  } catch (error) {
    const message = (error as Error).message.replace(/^csv: (?:line (\d+), )?/, (_, row) =>
      row ? `row ${row}, ` : "",
    );
    throw new Error(`parquet: ${message.replace(/^parquet:? /, "")} (${path})`, { cause: error });
  } finally {
    await close?.();
  }
}

/** A value as a table of text has it. */
function cell(value: unknown, column: string): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "1" : "0";
  if (value instanceof Date) return String(value.getTime() / 1000);
  if (typeof value === "object")
    throw new Error(`column ${column} must hold one value a row, it holds lists or records`);
  return String(value);
}

// What a run says of each item, as one table, and of each cluster of rows, as another.
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import type { RegionStatistics } from "../../astronomy";
import { csvLine, writeCsv } from "../../data/formats/csv/csv";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";

/** How the table of all items is written. */
export const RESULTS_FORMATS = ["csv", "csv.gz", "none"] as const;
/** The same as a type. */
export type ResultsFormat = (typeof RESULTS_FORMATS)[number];

/** Some items: their numbers, and their values as they were given, one after the other. */
export interface ItemPiece {
  readonly items: ArrayLike<number>;
  readonly values: TypedArray;
}

/** What is known of the items. */
export interface ItemResults {
  readonly columns: readonly string[];
  readonly pieces: Iterable<ItemPiece> | AsyncIterable<ItemPiece>;
  /** Names of the items; default their numbers. */
  readonly ids?: readonly string[] | null | undefined;
  /** The row of labels, units and activations that stands for an item; default its number. */
  readonly rowOf?: ArrayLike<number> | undefined;
  /** Of an image whose pixels are the items: their places stand in columns of their own. */
  readonly width?: number | undefined;
  readonly labels: Int32Array;
  /** What the method says of each row beside its cluster, by its name. */
  readonly found: Readonly<Record<string, Int32Array | Float64Array>>;
}

/** Text of a number: of a float32 as many digits as tell it from all others. */
const textOf = (value: number | bigint, isFloat32: boolean): string =>
  isFloat32 && !Number.isInteger(value) ? (value as number).toPrecision(9) : String(value);

/** The table: a line an item with its name or number, place, values, what the method found, and cluster. */
export async function* resultLines(results: ItemResults): AsyncGenerator<string, void, undefined> {
  const { columns, pieces, ids, rowOf, width, labels, found } = results;
  const names = Object.keys(found).map((name) => (name === "units" ? "unit" : name));
  const more = Object.values(found);
  const taken = new Set(["id", "x", "y", "cluster", ...names]);
  const own = columns.map((name) => (taken.has(name) ? `value_${name}` : name));
  yield `${csvLine(["id", ...(width ? ["x", "y"] : []), ...own, ...names, "cluster"])}\n`;
  const d = columns.length;
  for await (const { items, values } of pieces) {
    const isFloat32 = values instanceof Float32Array;
    let text = "";
    for (let i = 0, at = 0; i < items.length; i++) {
      const item = items[i]!;
      const row = rowOf ? rowOf[item]! : item;
      text += ids ? csvLine([ids[item]!]) : item;
      if (width) text += `,${item % width},${Math.floor(item / width)}`;
      for (const end = at + d; at < end; at++) text += `,${textOf(values[at]!, isFloat32)}`;
      for (const of of more) text += `,${of instanceof Int32Array ? of[row]! : of[row]!.toPrecision(9)}`;
      text += `,${labels[row]!}\n`;
    }
    yield text;
  }
}

/** Text as gzip, piece by piece. */
export function gzipped(lines: AsyncIterable<string>): AsyncIterable<Uint8Array> {
  const zipped = createGzip();
  const text = Readable.from(lines);
  text.on("error", (error) => zipped.destroy(error));
  return text.pipe(zipped) as AsyncIterable<Uint8Array>;
}

/** clusters.csv of rows: of each cluster its items, share, and mean and standard deviation in each column. */
export function clusterTable(
  columns: readonly string[],
  { sizes, means, deviations }: Pick<RegionStatistics, "sizes" | "means" | "deviations">,
): string {
  const d = columns.length;
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const rows = Array.from(sizes).flatMap((size, cluster) => {
    if (size === 0) return [];
    const of = columns.flatMap((_, c) => [means.data[cluster * d + c]!, deviations.data[cluster * d + c]!]);
    return [cluster, size, size / total, ...of];
  });
  const names = ["cluster", "items", "share", ...columns.flatMap((name) => [`mean_${name}`, `sd_${name}`])];
  return writeCsv(new NdArray(Float64Array.from(rows), [rows.length / names.length, names.length]), { columns: names });
}

// The tables of a run: results.csv of all items, and clusters.csv of what has none from elsewhere.
import { RegionSums, writeRegions } from "../../astronomy";
import { ROW_MEMORY } from "../../data/datasets/row-source";
import type { Outcome } from "../../methods";
import { sizeOf } from "../../ndarray";
import { unitsOf } from "../cubes";
import type { CubeData } from "../cubes/read";
import type { DataSet } from "../data/load";
import type { OutFolder } from "./folder";
import {
  clusterTable,
  gzipped,
  resultLines,
  type ItemPiece,
  type ItemResults,
  type ResultsFormat,
} from "./results-table";
import { generate, mapTo } from "../../typed-arrays";

/** Items of which a map writes the table unasked. */
const MOST = 1_000_000;
/** Values of a piece. */
const PIECE = 2 ** 18;

type Table = Pick<ItemResults, "columns" | "pieces" | "ids" | "rowOf" | "width">;

const upTo = (begin: number, end: number): Uint32Array => generate(Uint32Array, end - begin, (i) => begin + i);

/** Pixels of a cube in memory that a row stands for. */
function* pixelPieces({ cube, of }: Pick<CubeData, "cube" | "of">): Generator<ItemPiece> {
  const [bands, height, width] = cube.shape as [number, number, number];
  const pixels = height * width;
  const step = Math.max(1, Math.floor(PIECE / bands));
  for (let begin = 0; begin < pixels; begin += step) {
    const items = upTo(begin, Math.min(pixels, begin + step)).filter((at) => of.data[at]! >= 0);
    const values = new Float32Array(items.length * bands);
    for (let band = 0; band < bands; band++)
      for (let i = 0; i < items.length; i++) values[i * bands + band] = cube.data[band * pixels + items[i]!]!;
    yield { items, values };
  }
}

/** Rows in memory. */
function* rowPieces({ raw, n }: DataSet): Generator<ItemPiece> {
  const d = raw.size / n;
  const step = Math.max(1, Math.floor(PIECE / d));
  for (let begin = 0; begin < n; begin += step) {
    const end = Math.min(n, begin + step);
    yield { items: upTo(begin, end), values: raw.data.subarray(begin * d, end * d) };
  }
}

/** Rows that are read when they are needed; of pixels their numbers in the image. */
async function* readPieces({ source, pixels }: NonNullable<DataSet["streamed"]>): AsyncGenerator<ItemPiece> {
  const step = Math.max(1, Math.floor(Math.min(source.memory ?? ROW_MEMORY, 16 * PIECE) / 4 / sizeOf(source.rowShape)));
  for (let begin = 0, pixel = 0; begin < source.length; begin += step) {
    const end = Math.min(source.length, begin + step);
    const items = pixels ? new Uint32Array(end - begin) : upTo(begin, end);
    if (pixels)
      for (let row = begin; row < end; pixel++) if (pixels.of.data[pixel] === row) items[row++ - begin] = pixel;
    yield { items, values: await source.range(begin, end) };
  }
}

function tableOf(data: DataSet, outcome: Outcome): Table {
  const { cube, streamed, ids, n, raw } = data;
  const width = streamed ? sizeOf(streamed.source.rowShape) : raw.size / n;
  const columns = data.columns ?? Array.from({ length: width }, (_, column) => `column ${column}`);
  if (!cube) {
    const image = streamed?.pixels && { rowOf: streamed.pixels.of.data, width: streamed.pixels.of.shape[1]! };
    return { columns, ids, pieces: streamed ? readPieces(streamed) : rowPieces(data), ...image };
  }
  const image = { columns: cube.names, width: cube.of.shape[1]! };
  if (outcome.labels instanceof Int32Array) return { ...image, rowOf: cube.of.data, pieces: pixelPieces(cube) };
  return { ...image, pieces: pixelPieces(cube) }; // labels of pixels
}

/** One label an item, or of a cube one a pixel; undefined of methods that give others. */
function labelsOf({ labels }: Outcome, cube: CubeData | undefined): Int32Array | undefined {
  if (labels instanceof Int32Array) return labels;
  return cube && labels && "shape" in labels ? labels.data : undefined;
}

/**
 * Writes results.csv (or results.csv.gz): of each item its number or name, its place in the image, its values as they were given, and what was found; unasked of
 * the maps, which name the unit of each, up to a million items. With it goes clusters.csv of rows, and of pixels that are read when they are needed always.
 * Items of superpixels are the pixels. Returns what to tell of it.
 */
export async function writeItemResults(
  out: OutFolder,
  data: DataSet,
  outcome: Outcome,
  asked: ResultsFormat | undefined,
): Promise<string | undefined> {
  const { streamed, cube } = data;
  const own = labelsOf(outcome, cube);
  if (!own) return undefined;
  const labels = own;
  const found = unitsOf(outcome.estimator);
  const isMap = Object.keys(found).length > 0;
  const items = cube ? cube.of.size : data.n;
  const isSmall = !streamed && items <= MOST;
  const format = asked ?? (isMap && isSmall ? "csv" : "none");
  const isTold = isMap && asked === undefined && !isSmall;
  const table = tableOf(data, outcome);
  const ofRows = !cube && (streamed?.pixels !== undefined || format !== "none");
  const sums = ofRows ? new RegionSums(labels.reduce((most, label) => Math.max(most, label + 1), 0), table.columns.length) : undefined; // prettier-ignore
  const { width = 0, rowOf } = table;
  async function* pieces(): AsyncGenerator<ItemPiece> {
    for await (const piece of table.pieces) {
      const { items, values: given } = piece;
      const isBig = given instanceof BigInt64Array || given instanceof BigUint64Array;
      const values = isBig ? mapTo(Float64Array, given, Number) : given;
      for (let i = 0; sums && i < items.length; i++) {
        const item = items[i]!;
        const [x, y] = width ? [item % width, Math.floor(item / width)] : [0, 0];
        sums.add(labels[rowOf ? rowOf[item]! : item]!, x, y, values, i * table.columns.length);
      }
      yield piece;
    }
  }
  if (format !== "none") {
    const lines = resultLines({ ...table, pieces: pieces(), labels, found });
    await out.write(`results.${format}`, format === "csv" ? lines : gzipped(lines));
  } else if (sums) for await (const _ of pieces());
  if (sums) {
    const statistics = sums.statistics();
    const sky = streamed?.pixels?.fits?.wcs;
    const isImage = streamed?.pixels !== undefined;
    await out.write(
      "clusters.csv",
      isImage ? writeRegions(statistics, table.columns, sky) : clusterTable(table.columns, statistics),
    );
  }
  return isTold ? `results.csv is left out of ${items} items; --results csv.gz with --resume writes it` : undefined;
}

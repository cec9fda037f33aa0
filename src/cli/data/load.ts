import { createHash } from "node:crypto";
import { basename, extname, relative } from "node:path";
import type { ClassFolders } from "../../data/formats/class-folders";
import type { ClassLabels } from "../../data/formats/class-labels";
import type { CsvOptions, TableLayout } from "../../data/formats/csv/csv";
import {
  isPipedTable,
  isTableFile,
  listFolder,
  loadLabels,
  loadMatrix,
  loadTable,
  STANDARD_INPUT,
} from "../../data/formats/files";
import { isImageFolder, loadImageFolder } from "../../data/formats/images/folder";
import type { ImageFolder, ImageFolderOptions } from "../../data/formats/images/folder";
import { isSoundFolder } from "../../data/formats/sounds";
import { mayBeBands, toChannelsFirst } from "../../data/image-layout";
import type { ImageLayout } from "../../data/image-layout";
import { NdArray, sizeOf } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { isArrayFile, isCube, isFits } from "../cubes/kind";
import type { CubeData } from "../cubes/read";
import { adviceInFlags, columnOf, type DataOptions } from "./options";
import { kebab } from "../option";
import type { SoundOptions, Spectrograms } from "./spectrograms";
import { openStreamed, readAsNeeded } from "../streams/open";
import type { StreamedRows } from "../streams/open";

/** How values are scaled before clustering. */
export type Scale = "auto" | "none" | "unit" | "standard" | "centered";

/** How pictures and sounds were brought to one size, rows made of cubes, and the columns of a table taken, so that later ones are read alike. */
export type Reading = Pick<ImageFolderOptions, "fit" | "channels"> &
  SoundOptions &
  Pick<DataOptions, "as" | "slice" | "superpixels" | "superpixelCompactness" | "tileSize"> & {
    readonly size?: readonly [height: number, width: number] | undefined;
    readonly table?: TableReading | undefined;
  };

/** How a table was taken, and what was said of its text. */
export type TableReading = Pick<DataOptions, (typeof TOLD)[number]> & { readonly layout: TableLayout };

const TOLD = ["missing", "header", "delimiter", "decimal"] as const;

/** What the command line was given to cluster. */
export interface DataSet {
  readonly path: string;
  /** Items. */
  readonly n: number;
  /** [n, …] as in the file: images keep their shape. Of items that are read when they are needed, those that are shown. */
  readonly raw: NdArray<TypedArray>;
  /** Items that are read when they are needed. */
  readonly streamed?: StreamedRows | undefined;
  /** Names of the columns of a table with a header. */
  readonly columns: readonly string[] | null;
  readonly isTable: boolean;
  /** Known classes, where they were given. */
  readonly truth: ClassLabels | undefined;
  /** Names of the rows of a table, where a column of theirs was named; of pictures and sounds those of their files. */
  readonly ids?: readonly string[] | null;
  /** What the reader decided, in words. */
  readonly notes?: readonly string[];
  readonly reading?: Reading | undefined;
  /** The cube that the items stand for. */
  readonly cube?: CubeData | undefined;
}

/** Sizes of an item. */
export const itemShapeOf = ({ raw, cube }: DataSet): readonly number[] =>
  cube?.as === "cube" ? raw.shape.slice(0, 1) : raw.shape.slice(1);

/** What was read, and its classes where it has some of its own. */
type Read = Pick<DataSet, "raw" | "columns" | "ids" | "notes" | "reading"> & {
  readonly own?: ClassLabels | null | undefined;
  readonly dropped?: number;
};

/** How a method takes cubes. */
export type CubesTaken = "rows" | "whole" | "tiles";

/** How data are read beside what was asked for. */
export interface LoadHow {
  /** Whether items larger than memory may be left in their file; in words: when they are read. Default false. */
  readonly streams?: boolean | string | undefined;
  /** How the data that a model was trained on were read. */
  readonly earlier?: Reading | undefined;
  /** Whether cubes are taken: as rows, as they are, or as a field in tiles. Default: they are not. */
  readonly cubes?: CubesTaken | undefined;
}

/**
 * Reads data and, where given, known classes: from a file of their own, else from a column of a table, or the folders of a folder of pictures or
 * sounds. Throws one line that names the file for everything that is wrong with either, and for options of reading that this kind of file does
 * not have.
 */
export async function loadData(
  given: string,
  options: DataOptions,
  { streams = false, earlier = {}, cubes }: LoadHow = {},
): Promise<DataSet> {
  const path = given === "-" ? STANDARD_INPUT : given;
  const asked =
    cubes === "whole" ||
    (options.as ?? options.superpixels ?? options.tileSize ?? earlier.as ?? earlier.tileSize) !== undefined;
  if (cubes && (await isCube(path, asked))) {
    checkKind(path, options, "cube");
    const ofPixels = [options.as ?? earlier.as ?? "pixels"].includes("pixels") && options.superpixels === undefined;
    if (streams && cubes === "rows" && ofPixels && options.first === undefined && (await isFits(path))) {
      const slice = options.slice ?? earlier.slice;
      const streamed = await (await import("../streams/cube")).streamedCube(path, { ...options, slice }, streams);
      if (streamed) return streamed;
    }
    return (await import("../cubes")).cubeSet(path, options, earlier, cubes);
  }
  if (!cubes && (await isFits(path)))
    throw new Error(
      `${path} is a FITS file: its pixels are for methods that take rows, images are read from arrays and pictures`,
    );
  const streamed = streams ? await openStreamed(path, options) : undefined;
  try {
    const data = await (streamed
      ? streamedData(path, streamed, options, streams)
      : dataInMemory(path, options, earlier));
    const isTold = options.labels !== undefined || options.first !== undefined || !isArrayFile(path);
    const words = isTold ? undefined : planesInWords(path, [data.n, ...itemShapeOf(data)], cubes);
    return words === undefined ? data : { ...data, notes: [...(data.notes ?? []), words] };
  } catch (error) {
    await streamed?.close();
    throw error;
  }
}

async function streamedData(
  path: string,
  streamed: StreamedRows,
  options: DataOptions,
  when: boolean | string,
): Promise<DataSet> {
  const { labels, first } = options;
  checkKind(path, options, "array");
  const n = streamed.source.length;
  const given = labels === undefined ? undefined : firstRows(await loadLabels(labels, columnOption(options)), first);
  if (given && given.labels.length !== n)
    throw new Error(`${labels} has ${given.labels.length} labels for the ${n} rows of ${path}`);
  const notes = [readAsNeeded(path, `${n} items`, when, streamed.shown.index.length)];
  if (streamed.taken) notes.push(streamed.taken);
  if (streamed.layout) notes.push(layoutInWords(path, streamed.layout));
  const raw = streamed.shown.items;
  return { path, n, raw, streamed, columns: null, isTable: false, truth: given, ids: null, notes };
}

/** The first labels, where not all are wanted. */
const firstRows = ({ labels, classes }: ClassLabels, rows = Infinity): ClassLabels => ({
  ...{ labels: labels.subarray(0, rows), classes },
});

const columnOption = ({ labelColumn }: DataOptions): CsvOptions =>
  labelColumn === undefined ? {} : { label: columnOf(labelColumn) };

async function dataInMemory(path: string, options: DataOptions, earlier: Reading): Promise<DataSet> {
  const { labels, first = Infinity } = options;
  const column = columnOption(options);
  const kind = await kindOf(path);
  checkKind(path, options, kind);
  const read = await READ[kind](path, options, earlier, labels === undefined ? column : {});
  const { own, dropped, columns, reading } = read;
  const raw = first >= read.raw.shape[0]! ? read.raw : firstItems(read.raw, first);
  const known = labels === undefined ? own : await loadLabels(labels, column);
  const truth = known && firstRows(known, first);
  const n = raw.shape[0]!;
  if (raw.shape.includes(0)) throw new Error(`${path} has no data, shape [${raw.shape.join(", ")}]`);
  if (truth && truth.labels.length !== n)
    throw new Error(
      `${labels ?? path} has ${truth.labels.length} labels for the ${n} rows of ${path}${dropped ? `, of which ${dropped} more were left out` : ""}`,
    );
  const ids = read.ids?.slice(0, n) ?? null;
  return {
    ...{ path, n, raw, columns, ids, notes: read.notes ?? [], isTable: kind === "table", truth: truth ?? undefined },
    ...(reading && { reading }),
  };
}

function firstItems({ data, shape }: NdArray<TypedArray>, rows: number): NdArray<TypedArray> {
  const [, ...item] = shape;
  return new NdArray<TypedArray>(data.subarray(0, rows * sizeOf(item)), [rows, ...item]);
}

const layoutInWords = (path: string, layout: ImageLayout): string =>
  `${path}: pictures taken as [n, ${layout === "channels-last" ? "height, width, channels" : "channels, height, width"}]`;

/** What an array of few planes was taken for, and how it is taken for one image; undefined of others. */
function planesInWords(path: string, shape: readonly number[], cubes: CubesTaken | undefined): string | undefined {
  if (!mayBeBands(shape)) return undefined;
  const [n, ...side] = shape as [number, ...number[]];
  const other =
    cubes === undefined
      ? `one of ${n} bands is [1, ${shape.join(", ")}]`
      : `${cubes === "tiles" ? `--tile-size ${Math.min(32, ...side)}` : "--as pixels"} takes it as one image of ${n} bands`;
  return `${path}: taken as ${n} pictures of ${side.join(" x ")}; ${other}`;
}

type DataKind = "table" | "pictures" | "sounds" | "array" | "cube";

const isParquet = (path: string): boolean => /\.parquet$/i.test(path);

async function kindOf(path: string): Promise<keyof typeof READ> {
  if (isTableFile(path) || isParquet(path) || (await isPipedTable(path))) return "table";
  if (await isSoundFolder(path)) return "sounds";
  if (await isImageFolder(path)) return "pictures";
  const files = await listFolder(path, () => true).catch(() => undefined);
  if (!files) return "array";
  const held = files.length === 0 ? "nothing" : endingsOf(files);
  const advice =
    files.every((file) => file.endsWith(".npy")) && files.length > 0 ? "; this method takes one npy file" : "";
  throw new Error(`${path} must hold PNG, JPEG or WAV files, it holds ${held}${advice}`);
}

type Reader = (path: string, options: DataOptions, earlier: Reading, label: CsvOptions) => Promise<Read>;

const READ: Readonly<Record<Exclude<DataKind, "cube">, Reader>> = {
  table: async (path, options, { table }, label) => {
    const load = isParquet(path) ? (await import("./parquet")).loadParquet : loadTable;
    const told = Object.fromEntries(TOLD.map((name) => [name, options[name] ?? table?.[name]]));
    const how = { ...tableOptions({ ...options, ...told }, label), like: table?.layout };
    const { data, columns, ids, labels, dropped, notes, layout } = await load(path, how).catch((error: Error) => {
      throw new Error(adviceInFlags(error.message), { cause: error });
    });
    const left = dropped > 0 ? [`${dropped} rows of ${path} were left out, a value of theirs is missing`] : [];
    return {
      ...{ raw: data, columns, ids, own: labels, dropped, notes: [...notes, ...left] },
      reading: { table: { layout, ...told } },
    };
  },
  pictures: async (path, { size = undefined, fit, maxPixels }, earlier) => {
    const given = { size: size ?? earlier.size ?? "smallest", fit: fit ?? earlier.fit, maxPixels } as const;
    const loaded = await loadImageFolder(path, { ...given, channels: earlier.channels });
    const { images, sizes } = loaded;
    const [, channels, height, width] = images.shape as [number, 1 | 3, number, number];
    return {
      ...{ raw: images, ...ofFolder(path, loaded) },
      notes: [...passedInWords(path, loaded), ...(sizes && given.size === "smallest" ? [sizesInWords(sizes)] : [])],
      reading: { size: [height, width], channels, ...(given.fit && { fit: given.fit }) },
    };
  },
  sounds: async (path, { seconds, bands, step }, earlier) => {
    const { loadSpectrograms } = await import("./spectrograms");
    const given = { seconds: seconds ?? earlier.seconds, bands: bands ?? earlier.bands, step: step ?? earlier.step };
    const loaded = await loadSpectrograms(path, given);
    const { items, settings, longest, rates } = loaded;
    const cut =
      longest === undefined
        ? []
        : [
            `recordings of ${settings.seconds} to ${longest} seconds are cut to ${settings.seconds}; --seconds sets another length`,
          ];
    return {
      ...{
        raw: items,
        ...ofFolder(path, loaded),
        notes: [...passedInWords(path, loaded), ...cut, ...ratesInWords(rates)],
      },
      reading: settings,
    };
  },
  array: async (path, { array, layout, each }) => {
    if (each !== undefined) throw new Error(`--each is for folders of npy files, ${path} is none`);
    const taken = toChannelsFirst(await loadMatrix(path, array === undefined ? {} : { array }), layout, path);
    return { raw: taken.images, columns: null, notes: taken.layout ? [layoutInWords(path, taken.layout)] : [] };
  },
};

/** Items that are files: each has the name of its file in the folder, and the class of its own folder. */
const ofFolder = (path: string, { files, labels, classes }: ClassFolders): Pick<Read, "columns" | "own" | "ids"> => ({
  ...{ columns: null, own: labels && { labels, classes: [...classes] } },
  ids: files.map((file) => relative(path, file)),
});

/** Sounds of several sample rates have the bands that all of them have. */
const ratesInWords = ([lowest, highest]: Spectrograms["rates"]): string[] =>
  lowest === highest
    ? []
    : [
        `recordings have ${lowest} to ${highest} samples a second: bands reach up to ${lowest / 2} Hz, which all of them have`,
      ];

/** What lies in the folder and is not read, by the ends of the names. */
function passedInWords(path: string, { passedOver }: ClassFolders): string[] {
  if (passedOver.length === 0) return [];
  return [`${passedOver.length} other files and folders in ${path} are passed over: ${endingsOf(passedOver)}`];
}

/** The ends of names, or whole names that have none, a few of them. */
function endingsOf(paths: readonly string[]): string {
  const kinds = [...new Set(paths.map((path) => extname(path).toLowerCase() || basename(path)))];
  return [...kinds.slice(0, 5), ...(kinds.length > 5 ? ["…"] : [])].join(", ");
}

const tableOptions = (
  { columns, drop, idColumn, oneHot, missing, header, delimiter, decimal }: DataOptions,
  label: CsvOptions,
): CsvOptions => ({
  ...{ columns, drop, oneHot, missing, header, delimiter, decimal, ...label },
  ...(idColumn !== undefined && { id: columnOf(idColumn) }),
});

/** What options of one kind of data are for. */
const KINDS: Readonly<Record<DataKind, readonly [what: string, names: readonly (keyof DataOptions)[]]>> = {
  table: ["tables", ["columns", "drop", "idColumn", "oneHot", "missing", "header", "delimiter", "decimal"]],
  pictures: ["folders of pictures", ["size", "fit", "maxPixels"]],
  sounds: ["folders of WAV files", ["seconds", "bands", "step"]],
  array: ["files of arrays", ["array", "layout", "each"]],
  cube: [
    "FITS files, single pictures and cubes",
    ["as", "superpixels", "superpixelCompactness", "tileSize", "hdu", "wavelengths", "rgb", "array", "maxPixels"],
  ],
};

/** @throws for options of tables where the data are none, and likewise for pictures, sounds and arrays */
function checkKind(path: string, options: DataOptions, kind: DataKind): void {
  if (options.labelColumn !== undefined && options.labels === undefined && kind !== "table")
    throw new Error(`--label-column is for tables, ${path} is none; give --labels FILE`);
  const [, known] = KINDS[kind];
  for (const [what, names] of Object.values(KINDS)) {
    const given = names.find((name) => options[name] !== undefined && !known.includes(name));
    if (given !== undefined) throw new Error(`--${kebab(given)} is for ${what}, ${path} is none`);
  }
}

function sizesInWords({ smallest, largest }: NonNullable<ImageFolder["sizes"]>): string {
  const words = (size: readonly number[]): string => size.join(" x ");
  return `pictures of ${words(smallest)} to ${words(largest)} pixels are brought to ${words(smallest)}; --size sets another size, --fit how`;
}

/** Bytes that are hashed at a time: a hash takes no more than 2 GiB. */
const PIECE = 2 ** 26;

/** Identifies data, so that training is not resumed on other data. */
export function fingerprint({ data }: NdArray<Float32Array> | NdArray<Float64Array>): string {
  const hash = createHash("sha256");
  for (let at = 0; at < data.byteLength; at += PIECE)
    hash.update(new Uint8Array(data.buffer, data.byteOffset + at, Math.min(PIECE, data.byteLength - at)));
  return hash.digest("hex").slice(0, 16);
}

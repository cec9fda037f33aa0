// Files become data sets: arrays, tables and pictures.
import { NdArray } from "constella";
import {
  encodeLabels,
  isTextArray,
  listNpz,
  mayBeBands,
  readCsv,
  readIdx,
  readNpyAny,
  readNpzAny,
  toChannelsFirst,
} from "constella/data";
import type { ClassLabels, CsvOptions, CsvTable, NpyRecords, TextArray } from "constella/data";
import type { TypedArray } from "constella";
import type { DataKind, DataSummary } from "../protocol";
import type { Field } from "./sky/field";
import type { CubeView } from "./sky/view";

/** The items as pictures to show, [n, height, width, channels]. */
export interface Pictures {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** What is clustered. */
export interface Dataset {
  readonly summary: DataSummary;
  /** [n, …], pictures as [n, height, width] or [n, channels, height, width] */
  readonly x: NdArray<Float32Array>;
  readonly pictures?: Pictures;
  /** Known class of each item, a position in `summary.classes`. */
  readonly truth?: Int32Array<ArrayBuffer>;
  readonly columns?: readonly string[];
  /** Names of the items: of a table's rows, of picture files. */
  readonly ids?: readonly string[];
  /** Of pixels of the sky. */
  readonly cube?: CubeView;
}

/** A file that was chosen or dropped. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: ArrayBuffer;
}

type AnyArray = NdArray<TypedArray> | TextArray;

interface Named {
  readonly name: string;
  readonly array: AnyArray;
}

/** Length of the longer side that dropped pictures are scaled to. */
const PICTURE_SIDE = 32;

/** Side lengths of square pictures that are often stored as rows. */
const SQUARES = new Map([16, 28, 32, 48, 64].map((side) => [side * side, side]));

const LABEL_NAME = /^(y|labels?|class(es)?|target|targets|truth|species|cluster)$/i;

const extensionOf = (name: string): string => /\.(\w+)$/.exec(name.replace(/\.gz$/i, ""))?.[1]?.toLowerCase() ?? "";

const isPicture = (name: string): boolean =>
  ["png", "jpg", "jpeg", "webp", "gif", "bmp", "avif"].includes(extensionOf(name));

/**
 * Makes one data set of the files: one array or table and, if it is there, one vector of known classes; or pictures.
 * @throws when there is no such array, or several
 */
export async function readFiles(files: readonly NamedBytes[]): Promise<Dataset> {
  const pictures = files.filter(({ name }) => isPicture(name));
  if (pictures.length > 0 && pictures.length === files.length) return readPictures(pictures);
  const tables = files.filter(({ name }) => ["csv", "tsv", "txt"].includes(extensionOf(name)));
  if (tables.length === 1 && files.length === 1) return readTable(tables[0]!);
  const { name, array, known } = await arrayOf(files);
  return fromArray(name, array, known);
}

/** The one array of files, and the vector that goes with it. @throws when there is no such array, or several */
export async function arrayOf(
  files: readonly NamedBytes[],
): Promise<{ readonly name: string; readonly array: NdArray<TypedArray>; readonly known: Named | undefined }> {
  const arrays = (await Promise.all(files.map(readArrays))).flat();
  const data = arrays.filter(({ array }) => !isTextArray(array) && array.shape.length >= 2);
  if (data.length !== 1)
    throw new Error(
      `files: one array of rank 2 or more is needed, they hold ${arrays.map(({ name, array }) => `${name} [${array.shape.join(", ")}]`).join("; ") || "none"}`,
    );
  const { array } = data[0]!;
  const name = files.length === 1 ? files[0]!.name : data[0]!.name;
  const n = array.shape[0]!;
  const labels = arrays.filter(({ array: other }) => other.shape.length === 1 && other.shape[0] === n);
  const known = labels.find(({ name: label }) => LABEL_NAME.test(label)) ?? labels[0];
  return { name, array: array as NdArray<TypedArray>, known };
}

async function readArrays({ name, bytes: content }: NamedBytes): Promise<Named[]> {
  const bytes = /\.gz$/i.test(name) ? await unzipped(content) : content;
  const stem = name.replace(/\.gz$/i, "").replace(/\.\w+$/, "");
  const named = (key: string, array: AnyArray | NpyRecords): Named[] =>
    "fields" in array ? [...array.fields].map(([field, a]) => ({ name: field, array: a })) : [{ name: key, array }];
  switch (extensionOf(name)) {
    case "npz":
      return listNpz(bytes).flatMap((key) => named(key, readNpzAny(bytes, key)));
    case "npy":
      return named(stem, readNpyAny(bytes));
    case "csv":
    case "tsv":
    case "txt": {
      const { data } = readCsv(bytes);
      return [{ name: stem, array: data.shape[1] === 1 ? new NdArray(data.data) : data }];
    }
    default:
      if (/idx\d?-ubyte|\.idx$/i.test(name)) return [{ name: stem, array: readIdx(bytes) }];
      throw new Error(`${name}: files of the kinds npy, npz, csv, tsv, idx, fits, png, jpg, webp and gif can be read`);
  }
}

const unzipped = (bytes: ArrayBuffer): Promise<ArrayBuffer> =>
  new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();

/** How a table may be taken, the first that it lets itself be: text in its first or last column are classes, or names of the rows. */
const TABLES: readonly Pick<CsvOptions, "label" | "id">[] = [
  ...[{}, { label: -1 }, { label: 0 }],
  ...[{ id: 0 }, { id: -1 }, { id: 0, label: -1 }],
];

/** Whether labels are names rather than classes: few occur twice. */
const areNames = ({ labels }: ClassLabels): boolean => 2 * new Set(labels).size > labels.length;

/** Whether a column has a usual name of classes; y beside x is a place. */
const isLabel = (title: string, _at: number, columns: readonly string[]): boolean =>
  LABEL_NAME.test(title) && !(/^y$/i.test(title) && columns.some((other) => /^x$/i.test(other)));

/** A table, one of whose columns may hold the classes: the one with a usual name, or one with text. */
function readTable({ name, bytes }: NamedBytes): Dataset {
  let refusal: unknown;
  for (const how of TABLES) {
    try {
      const table = readCsv(bytes, how);
      const label = how.label === undefined ? table.columns?.find(isLabel) : undefined;
      const labelled = label === undefined ? undefined : readCsv(bytes, { ...how, label });
      if (labelled?.labels && !areNames(labelled.labels)) return fromTable(name, labelled, { ...how, label });
      if (!table.labels || !areNames(table.labels)) return fromTable(name, table, how);
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal;
}

function fromTable(name: string, { data, columns, labels, ids }: CsvTable, { label, id }: CsvOptions): Dataset {
  const spoken = (column: string | number): string =>
    typeof column === "string" ? `column “${column}”` : `${column === 0 ? "first" : "last"} column`;
  const notes = [
    ...(label === undefined ? [] : [`The ${spoken(label)} is taken for the known class.`]),
    ...(id === undefined ? [] : [`The ${spoken(id)} names the rows.`]),
  ];
  const made = make(name, "table", new NdArray(Float32Array.from(data.data), data.shape), notes, labels);
  return { ...made, ...(columns && { columns }), ...(ids && { ids }) };
}

/** Stamps of the objects of a field. */
export function fromStamps({ name, stamps, ids }: ReturnType<Field["stamps"]>): Dataset {
  const made = fromArray(`objects of ${name}`, stamps, undefined);
  return { ...made, summary: { ...made.summary, method: "conditional-vae" }, ids };
}

function fromArray(name: string, array: NdArray<TypedArray>, known: Named | undefined): Dataset {
  const raw = array.data as Float32Array;
  const values = array.data instanceof BigInt64Array ? Float32Array.from(array.data, Number) : Float32Array.from(raw);
  const notes: string[] = [];
  let { shape } = array;
  const side = shape.length === 2 ? SQUARES.get(shape[1]!) : undefined;
  if (side !== undefined && values.every((value) => value >= 0)) {
    shape = [shape[0]!, side, side];
    notes.push(`Rows of ${side * side} values are taken for pictures of ${side} × ${side}.`);
  }
  const labels = known && labelsOf(known.array);
  if (known) notes.push(`“${known.name}” is taken for the known classes.`);
  const { images, layout } = toChannelsFirst(new NdArray(values, shape), undefined, name);
  const x = images as NdArray<Float32Array>;
  if (shape.length === 3) {
    const made = make(name, "images", x, notes, labels, picturesOf(values, shape[1]!, shape[2]!, 1));
    if (known || side !== undefined || !mayBeBands(shape)) return made;
    return { ...made, summary: { ...made.summary, taken: "pictures" } };
  }
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  if (layout && (channels === 1 || channels === 3)) {
    const last = layout === "channels-last";
    notes.push(`Pictures are taken as [n, ${last ? "height, width, channels" : "channels, height, width"}].`);
    const pixels = last ? values : channelsLast(values, n, channels, h, w);
    return make(name, "images", x, notes, labels, picturesOf(pixels, h, w, channels));
  }
  if (shape.length === 4 && channels > 3 && h === w) {
    const middle = Math.floor(channels / 2);
    const planes = new Float32Array(n * h * w);
    for (let i = 0; i < n; i++)
      planes.set(x.data.subarray((i * channels + middle) * h * w, (i * channels + middle + 1) * h * w), i * h * w);
    notes.push(`Pictures are taken as [n, bands, height, width]; the band in the middle is shown.`);
    return make(name, "images", x, notes, labels, picturesOf(planes, h, w, 1));
  }
  const kind = shape[1] === 2 && shape.length === 2 ? "points" : "table";
  return make(name, kind, x, notes, labels);
}

function labelsOf(array: AnyArray): ReturnType<typeof encodeLabels> {
  return encodeLabels(isTextArray(array) ? array.data : Array.from(array.data as ArrayLike<number>, String));
}

/** Pixels or superpixels of a cube. */
export function fromCube(cube: CubeView): Dataset {
  const { sky, x, missing, streamed } = cube;
  const { height, width } = sky.source;
  const notes = [
    `${width} × ${height} pixels, ${sky.names.join(", ")}.`,
    ...(missing > 0 ? [`${missing.toLocaleString("en")} pixels lack a value in some band, and are left out.`] : []),
    ...(sky.wcs ? [] : ["There are no world coordinates: places are pixels alone."]),
    ...sky.notes,
  ];
  const [seen, ...itemShape] = x.shape as [number, ...number[]];
  const n = streamed?.source.length ?? seen;
  return { summary: { name: sky.name, kind: "cube", n, itemShape, notes }, x, columns: sky.names, cube };
}

/** Points of the plane. */
export function fromPoints(name: string, x: NdArray<Float32Array>, truth?: Int32Array): Dataset {
  return make(name, "points", x, [], truth && encodeLabels(Array.from(truth, String)));
}

function make(
  name: string,
  kind: DataKind,
  x: NdArray<Float32Array>,
  notes: readonly string[],
  labels?: ReturnType<typeof encodeLabels> | null,
  pictures?: Pictures,
): Dataset {
  const [n, ...itemShape] = x.shape as [number, ...number[]];
  if (n === 0 || x.size === 0) throw new Error(`${name}: there are no items, shape [${x.shape.join(", ")}]`);
  const bad = x.data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new Error(`${name}: every value must be finite, item ${Math.floor(bad / (x.size / n))} holds ${x.data[bad]}`);
  const known = [...new Set(labels?.labels)].sort((a, b) => a - b);
  const position = new Map(known.map((value, at) => [value, at]));
  const classes = known.map((value) => labels?.classes?.[value] ?? String(value));
  const truth = labels && Int32Array.from(labels.labels, (value) => position.get(value)!);
  return {
    summary: { name, kind, n, itemShape, notes, ...(truth && { classes }) },
    x,
    ...(pictures && { pictures }),
    ...(truth && { truth }),
  };
}

/** Values as bytes from the smallest to the largest. */
function picturesOf(values: Float32Array, height: number, width: number, channels: 1 | 3): Pictures {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const scale = high > low ? 255 / (high - low) : 0;
  const data = new Uint8Array(values.length); // `from` with a function would take twenty times as long
  for (let i = 0; i < data.length; i++) data[i] = Math.round((values[i]! - low) * scale);
  return { data, height, width, channels };
}

function channelsFirst(values: Float32Array, n: number, h: number, w: number, c: number): NdArray<Float32Array> {
  if (c === 1) return new NdArray(values, [n, h, w]);
  const moved = new Float32Array(values.length);
  const pixels = h * w;
  for (let at = 0; at < n * pixels; at++)
    for (let channel = 0; channel < c; channel++)
      moved[(Math.floor(at / pixels) * c + channel) * pixels + (at % pixels)] = values[at * c + channel]!;
  return new NdArray(moved, [n, c, h, w]);
}

function channelsLast(values: Float32Array, n: number, c: number, h: number, w: number): Float32Array {
  const moved = new Float32Array(values.length);
  const pixels = h * w;
  for (let at = 0; at < n * pixels; at++)
    for (let channel = 0; channel < c; channel++)
      moved[at * c + channel] = values[(Math.floor(at / pixels) * c + channel) * pixels + (at % pixels)]!;
  return moved;
}

/** Picture files, each cut to the square in its middle and scaled; grey if all of them are. */
async function readPictures(files: readonly NamedBytes[]): Promise<Dataset> {
  const side = PICTURE_SIDE;
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  const rgb = new Float32Array(files.length * side * side * 3);
  for (const [i, { name, bytes }] of files.entries()) {
    const bitmap = await createImageBitmap(new Blob([bytes])).catch(() => undefined);
    if (!bitmap) throw new Error(`${name}: the picture cannot be decoded`);
    const least = Math.min(bitmap.width, bitmap.height);
    const [left, top] = [(bitmap.width - least) / 2, (bitmap.height - least) / 2];
    context.clearRect(0, 0, side, side);
    context.drawImage(bitmap, left, top, least, least, 0, 0, side, side);
    bitmap.close();
    const { data } = context.getImageData(0, 0, side, side);
    for (let p = 0; p < side * side; p++)
      for (let c = 0; c < 3; c++) rgb[(i * side * side + p) * 3 + c] = data[4 * p + c]!;
  }
  const grey = rgb.every((value, at) => value === rgb[at - (at % 3)]!);
  const channels = grey ? 1 : 3;
  const values = grey ? rgb.filter((_, at) => at % 3 === 0) : rgb;
  const note = `Cut to the square in the middle, scaled to ${side} × ${side}${grey ? ", grey" : ""}.`;
  const x = channelsFirst(values, files.length, side, side, channels);
  const pictures = { data: Uint8Array.from(values), height: side, width: side, channels } as const;
  const made = make(`${files.length} pictures`, "images", x, [note], null, pictures);
  return { ...made, ids: files.map(({ name }) => name) };
}

/** Items with the columns of those of a run, in their order. @throws for others, naming what is missing */
export function arranged(
  { x, columns, summary }: Dataset,
  { x: before, columns: wanted, summary: own }: Dataset,
): Dataset["x"] {
  if (summary.itemShape.join() !== own.itemShape.join() && !(columns && wanted))
    throw new Error(
      `${summary.name}: items must be ${own.itemShape.join(" × ")}, as those of ${own.name}, got ${summary.itemShape.join(" × ")}`,
    );
  if (!columns || !wanted || columns.join("\n") === wanted.join("\n")) return x;
  const places = wanted.map((name) => columns.indexOf(name));
  const missing = wanted.filter((_, at) => places[at]! < 0);
  const extra = columns.filter((name) => !wanted.includes(name));
  if (missing.length + extra.length > 0)
    throw new Error(
      `${summary.name}: columns must be those of ${own.name}, ` +
        [missing.length > 0 && `${missing.join(", ")} missing`, extra.length > 0 && `${extra.join(", ")} too many`]
          .filter(Boolean)
          .join(", "),
    );
  const [n, d] = [x.shape[0]!, wanted.length];
  const values = Float32Array.from({ length: n * d }, (_, i) => x.data[Math.floor(i / d) * d + places[i % d]!]!);
  return new NdArray(values, [n, ...before.shape.slice(1)]);
}

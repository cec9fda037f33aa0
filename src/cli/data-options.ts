// How files are read: the same options in every command that takes data.
import type { ColumnName } from "../data/formats/csv/csv";
import type { Fit } from "../data/formats/images/images";
import type { ImageLayout } from "../data/image-layout";
import { flag, oneOf, positive, text, whole, type Kind, type OptionSpec } from "./option";

/** What says how data are read. */
export interface DataOptions {
  readonly labels?: string | undefined;
  readonly labelColumn?: string | undefined;
  readonly array?: string | undefined;
  readonly columns?: readonly ColumnName[] | undefined;
  readonly drop?: readonly ColumnName[] | undefined;
  readonly idColumn?: string | undefined;
  readonly oneHot?: readonly ColumnName[] | undefined;
  readonly missing?: "error" | "drop" | "mean" | undefined;
  readonly header?: boolean | undefined;
  readonly delimiter?: string | undefined;
  readonly decimal?: "." | "," | undefined;
  readonly size?: readonly [height: number, width: number] | undefined;
  readonly fit?: Fit | undefined;
  readonly maxPixels?: number | undefined;
  readonly layout?: ImageLayout | undefined;
  readonly memory?: number | undefined;
  readonly first?: number | undefined;
  readonly seconds?: number | undefined;
  readonly bands?: number | undefined;
  readonly step?: number | undefined;
}

/** A column as it is spelled: by its name, or by its number from 0 (-1: the last). */
export const columnOf = (given: string): ColumnName => (/^-?\d+$/.test(given) ? Number(given) : given);

const columnNames: Kind<ColumnName[]> = {
  placeholder: "NAME,…",
  rule: "columns, by name or by number from 0, separated by commas",
  holds: (value) => Array.isArray(value) && value.length > 0,
  parse: (given) => {
    const names = given.split(",").map((name) => name.trim());
    return names.every((name) => name !== "") ? names.map(columnOf) : undefined;
  },
  field: { type: "text" },
};

/** What a size may be: one bound keeps a slip from asking for gigabytes. */
const LARGEST = 4096;

const pixels: Kind<[height: number, width: number]> = {
  placeholder: "N|HxW",
  rule: `a side of 1 to ${LARGEST} pixels, or height and width as 48x64`,
  holds: (value) => Array.isArray(value) && value.length === 2,
  parse: (given) => {
    const [, h, w = h] = /^(\d+)(?:x(\d+))?$/.exec(given) ?? [];
    const sides = [Number(h), Number(w)] as const;
    return sides.every((side) => side >= 1 && side <= LARGEST) ? [...sides] : undefined;
  },
  field: { type: "text" },
};

const delimiters: Readonly<Record<string, string>> = { tab: "\t", blanks: "whitespace" };

const delimiter: Kind<string> = {
  placeholder: "CHAR",
  rule: "one character, tab or blanks",
  holds: (value) => typeof value === "string" && value !== "",
  parse: (given) => delimiters[given] ?? (given.length === 1 ? given : undefined),
  field: { type: "text" },
};

/** Options of reading, the classes left out. */
export const READING: readonly OptionSpec[] = [
  { name: "array", kind: text("NAME"), help: "the array of an npz file, or the field of records, that holds the data" },
  { name: "columns", kind: columnNames, help: "tables: the columns to take (default: all)" },
  { name: "drop", kind: columnNames, help: "tables: columns to leave out" },
  { name: "idColumn", kind: text("NAME"), help: "tables: the column that names the rows; labels.csv repeats it" },
  {
    name: "oneHot",
    kind: columnNames,
    help: "tables: columns of text, each value of which becomes a column of 0 and 1",
  },
  {
    name: "missing",
    kind: oneOf("error", "drop", "mean"),
    help: "tables: what becomes of empty cells, NA and NaN: an error, their rows left out, or the column's mean (default error)",
  },
  {
    name: "header",
    kind: flag,
    help: "tables: whether the first row holds the columns' names (default: it is looked at)",
  },
  {
    name: "delimiter",
    kind: delimiter,
    help: "tables: what separates cells: a character, tab or blanks (default: guessed)",
  },
  { name: "decimal", kind: oneOf(".", ","), help: "tables: what separates fractions (default: guessed)" },
  {
    name: "size",
    kind: pixels,
    help: "pictures: the size that all are brought to (default: theirs, or the smallest sides)",
  },
  {
    name: "fit",
    kind: oneOf<Fit>("cover", "contain", "stretch"),
    help: "pictures of another shape fill the size, are shown whole on black, or are stretched (default cover)",
  },
  { name: "maxPixels", kind: whole(1), help: "pictures: pixels of one at most (default 67108864)" },
  {
    name: "layout",
    kind: oneOf<ImageLayout>("channels-first", "channels-last"),
    help: "arrays of pictures [n, a, b, c]: where their channels are (default: the axis of 1, 3 or 4)",
  },
  {
    name: "seconds",
    kind: positive,
    help: "sounds: the length that recordings are cut to, or filled up to with silence (default: the shortest)",
  },
  { name: "bands", kind: whole(1, 1024), help: "sounds: mel bands of the spectrograms (default 128)" },
  { name: "step", kind: positive, help: "sounds: milliseconds from frame to frame (default 10)" },
];

/** The same with the known classes. */
export const DATA_OPTIONS: readonly OptionSpec[] = [
  { name: "labels", kind: text("FILE"), help: "known classes of the items: npy, npz, idx or CSV; only to measure by" },
  {
    name: "labelColumn",
    kind: text("NAME"),
    help: "the column of a CSV file that holds them, by name or number from 0",
  },
  ...READING,
];

/** How much is read, of commands that read data larger than memory piece by piece. */
export const STREAMING: readonly OptionSpec[] = [
  {
    name: "memory",
    kind: whole(1),
    help: "npy files, and folders of them: MB that items may take as float32; more of them are read as they are needed (default 1024)",
  },
  { name: "first", kind: whole(1), help: "take the first N items only" },
];

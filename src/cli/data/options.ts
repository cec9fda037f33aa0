// How files are read: the same options in every command that takes data.
import type { ColumnName } from "../../data/formats/csv/csv";
import type { Fit } from "../../data/formats/images/images";
import type { ImageLayout } from "../../data/image-layout";
import { choice, flag, integer, list, positive, text, type OptionSpec, type Rule } from "../option";

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
  /** What an item of a folder of npy files is. */
  readonly each?: "row" | "file" | undefined;
  readonly memory?: number | undefined;
  readonly first?: number | undefined;
  readonly seconds?: number | undefined;
  readonly bands?: number | undefined;
  readonly step?: number | undefined;
  readonly as?: "pixels" | "superpixels" | undefined;
  /** Number of the one band of a cube that is clustered, from 0; not an option of its own. */
  readonly slice?: number | undefined;
  readonly superpixels?: number | undefined;
  readonly superpixelCompactness?: number | undefined;
  readonly tileSize?: number | undefined;
  readonly hdu?: string | undefined;
  readonly wavelengths?: readonly number[] | undefined;
  readonly rgb?: readonly number[] | undefined;
}

/** A column as it is spelled: by its name, or by its number from 0 (-1: the last). */
export const columnOf = (given: string): ColumnName => (/^-?\d+$/.test(given) ? Number(given) : given);

/** Advice of the reader of tables by the library's names of its options, and as the command line spells it. */
const ADVICE: readonly (readonly [string, string])[] = [
  ["missing: drop leaves such rows out", "--missing drop leaves such rows out"],
  ['decimal: "," takes its comma', "--decimal , takes its comma"],
  ["; drop leaves out columns", "; --drop leaves out columns"],
  ["), id names the rows by one, oneHot makes", "), --id-column names the rows by one, --one-hot makes"],
  [", label takes one for", ", --label-column takes one for"],
];

/** A message of the reader of tables with the options as they are spelled here. */
export const adviceInFlags = (message: string): string =>
  ADVICE.reduce((text, [named, spelled]) => text.replace(named, () => spelled), message);

const columnNames: Rule<ColumnName[]> = {
  words: "columns, by name or by number from 0, separated by commas",
  holds: (value) => Array.isArray(value) && value.length > 0,
  spelled: {
    as: "text",
    placeholder: "NAME,…",
    parse: (given) => {
      const names = given.split(",").map((name) => name.trim());
      return names.every((name) => name !== "") ? names.map(columnOf) : undefined;
    },
  },
};

/** What a size may be: one bound keeps a slip from asking for gigabytes. */
const LARGEST = 4096;

const pixels: Rule<[height: number, width: number]> = {
  words: `a side of 1 to ${LARGEST} pixels, or height and width as 48x64`,
  holds: (value) => Array.isArray(value) && value.length === 2,
  spelled: {
    as: "text",
    placeholder: "N|HxW",
    parse: (given) => {
      const [, h, w = h] = /^(\d+)(?:x(\d+))?$/.exec(given) ?? [];
      const sides = [Number(h), Number(w)] as const;
      return sides.every((side) => side >= 1 && side <= LARGEST) ? [...sides] : undefined;
    },
  },
};

const delimiters: Readonly<Record<string, string>> = { tab: "\t", blanks: "whitespace" };

const delimiter: Rule<string> = {
  words: "one character, tab or blanks",
  holds: (value) => typeof value === "string" && value !== "",
  spelled: {
    as: "text",
    placeholder: "CHAR",
    parse: (given) => delimiters[given] ?? (given.length === 1 ? given : undefined),
  },
};

/** Options of reading, the classes left out. */
export const READING: readonly OptionSpec[] = [
  { name: "array", rule: text("NAME"), help: "the array of an npz file, or the field of records, that holds the data" },
  { name: "columns", rule: columnNames, help: "tables: the columns to take (default: all)" },
  { name: "drop", rule: columnNames, help: "tables: columns to leave out" },
  { name: "idColumn", rule: text("NAME"), help: "tables: the column that names the rows; labels.csv repeats it" },
  {
    name: "oneHot",
    rule: columnNames,
    help: "tables: columns of text, each value of which becomes a column of 0 and 1",
  },
  {
    name: "missing",
    rule: choice("error", "drop", "mean"),
    help: "tables: what becomes of empty cells, NA and NaN: an error, their rows left out, or the column's mean (default error)",
  },
  {
    name: "header",
    rule: flag,
    help: "tables: whether the first row holds the columns' names (default: it is looked at)",
  },
  {
    name: "delimiter",
    rule: delimiter,
    help: "tables: what separates cells: a character, tab or blanks (default: guessed)",
  },
  { name: "decimal", rule: choice(".", ","), help: "tables: what separates fractions (default: guessed)" },
  {
    name: "size",
    rule: pixels,
    help: "pictures: the size that all are brought to (default: theirs, or the smallest sides)",
  },
  {
    name: "fit",
    rule: choice<Fit>("cover", "contain", "stretch"),
    help: "pictures of another shape fill the size, are shown whole on black, or are stretched (default cover)",
  },
  { name: "maxPixels", rule: integer(1), help: "pictures: pixels of one at most (default 67108864)" },
  {
    name: "layout",
    rule: choice<ImageLayout>("channels-first", "channels-last"),
    help: "arrays of pictures [n, a, b, c]: where their channels are (default: the axis of 1, 3 or 4)",
  },
  {
    name: "seconds",
    rule: positive,
    help: "sounds: the length that recordings are cut to, or filled up to with silence (default: the shortest)",
  },
  { name: "bands", rule: integer(1, 1024), help: "sounds: mel bands of the spectrograms (default 128)" },
  { name: "step", rule: positive, help: "sounds: milliseconds from frame to frame (default 10)" },
];

/** The same with the known classes. */
export const DATA_OPTIONS: readonly OptionSpec[] = [
  { name: "labels", rule: text("FILE"), help: "known classes of the items: npy, npz, idx or CSV; only to measure by" },
  {
    name: "labelColumn",
    rule: text("NAME"),
    help: "the column of a CSV file that holds them, by name or number from 0",
  },
  ...READING,
];

/** How cubes are read and shown: FITS images and cubes, single pictures, and with `as` arrays [bands, height, width]. */
export const CUBES: readonly OptionSpec[] = [
  {
    name: "as",
    rule: choice("pixels", "superpixels"),
    help: "FITS files and pictures: what is clustered, each pixel or the means of superpixels (default pixels)",
  },
  { name: "superpixels", rule: integer(1), help: "cubes: superpixels that are aimed at (default 1000)" },
  {
    name: "superpixelCompactness",
    rule: positive,
    help: "cubes: weight of the place against the colour in superpixels (default 0.1)",
  },
  {
    name: "tileSize",
    rule: integer(4, LARGEST),
    help: "fields of the sky, of methods that segment them: side of the tiles that are taken at a time (default 32, of smaller fields their shorter side)",
  },
  { name: "hdu", rule: text("NAME|N"), help: "FITS files: the image's HDU (default SCI, or the first with an image)" },
  {
    name: "wavelengths",
    rule: list(positive, 1),
    help: "cubes: of the bands in nm (default by WAVE1 …, PHOTPLAM or FILTER)",
  },
  {
    name: "rgb",
    rule: list(integer(1), 1),
    help: "cubes: numbers of the bands that are shown red, green and blue, from 1 (default longest to shortest)",
  },
];

/** How much is read, of commands that read data larger than memory piece by piece. */
export const STREAMING: readonly OptionSpec[] = [
  {
    name: "memory",
    rule: integer(1),
    help: "npy files, folders of them, and FITS cubes: MB that items may take as float32; more of them are read as they are needed (default 1024)",
  },
  {
    name: "each",
    rule: choice("row", "file"),
    help: "folders of npy files: what an item is, each row of each file or each file (default: the file where all are pictures of 3 to 5 bands)",
  },
  { name: "first", rule: integer(1), help: "take the first N items only" },
];

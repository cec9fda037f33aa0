import Papa from "papaparse";
import { checkNoPath, toBytes, type Bytes } from "../source";

/** How a text of rows is cut into cells. */
export interface CellOptions {
  /** Default: guessed among comma, tab, semicolon and bar, else blanks; `"whitespace"` is any run of blanks and tabs. */
  readonly delimiter?: string | undefined;
}

/** A row of cells, and the number of its line. */
export type OnRow = (cells: readonly string[], line: () => number) => void;

/** Bytes that are looked at together: text longer than V8's longest string is never in one. */
const PIECE = 2 ** 24;

/** Cuts text that comes in pieces into rows of cells (RFC 4180 quoting, any line ends); blank lines and those that begin with # are passed over. */
export class CsvRows {
  readonly #onRow: OnRow;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #delimiter: string | undefined;
  #rest = "";
  /** Lines before the rest. */
  #lines = 0;
  /** The last comment before the first row, without its #. */
  #comment: string | undefined;
  #begun = false;

  constructor({ delimiter }: CellOptions, onRow: OnRow) {
    this.#delimiter = delimiter === "" ? undefined : delimiter;
    this.#onRow = onRow;
  }

  /** What separates cells, once the first rows were seen. */
  get delimiter(): string {
    return this.#delimiter ?? ",";
  }

  /** Cells of the comment above the first row: the names of np.savetxt's columns. */
  get comment(): readonly string[] | undefined {
    return this.#comment === undefined ? undefined : cellsOf(this.#comment, this.delimiter);
  }

  /** Adds text; rows that are complete are told. */
  push(piece: string | Uint8Array): void {
    this.#rest += typeof piece === "string" ? piece : this.#decode(piece, true);
    const end = completeRows(this.#rest);
    if (end === 0) return;
    const rows = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end);
    this.#read(rows);
  }

  /** Tells the last row. */
  end(): void {
    const rows = this.#rest + this.#decode(new Uint8Array(0), false);
    this.#rest = "";
    this.#read(rows);
  }

  #decode(piece: Uint8Array, stream: boolean): string {
    try {
      return this.#decoder.decode(piece.buffer instanceof ArrayBuffer ? piece : piece.slice(), { stream });
    } catch (error) {
      if (error instanceof TypeError) throw new Error("csv: file must be UTF-8 text", { cause: error });
      throw new Error("csv: a row is too long for one text, over 512 MB", { cause: error });
    }
  }

  #read(text: string): void {
    if (text === "") return;
    if (!this.#begun) {
      if (text.startsWith("\ufeff")) return this.#read(text.slice(1));
      const told = /^sep=(.)(?:\r\n|\n|\r)/.exec(text); // as Excel writes and reads
      if (told) {
        this.#delimiter ??= told[1];
        this.#lines++;
        return this.#read(text.slice(told[0].length));
      }
      this.#begun = true;
      for (const line of text.slice(0, 2 ** 16).split(/\r\n|\n|\r/)) {
        if (line.startsWith("#")) this.#comment = line.replace(/^#+\s?/, "");
        else if (line.trim() !== "") break;
      }
      this.#delimiter ??= guessDelimiter(text.slice(0, 2 ** 16));
    }
    if (this.#delimiter === "whitespace" || !text.includes('"')) this.#readLines(text);
    else this.#readCells(text);
    this.#lines += countLines(text);
  }

  /** Rows that are lines: of text without quotes, or between blanks, whose lines may end in several ways. */
  #readLines(text: string): void {
    const delimiter = this.#delimiter!;
    const blanks = delimiter === "whitespace";
    let line = this.#lines;
    for (const row of text.split(text.includes("\r") ? /\r\n|\n|\r/ : "\n")) {
      const number = ++line;
      const cells = blanks ? row.trim() : row;
      if (cells === "" || cells.startsWith("#")) continue;
      this.#onRow(blanks ? wordsOf(cells, number) : cells.split(delimiter), () => number);
    }
  }

  #readCells(text: string): void {
    Papa.parse<string[]>(text, {
      delimiter: this.#delimiter!,
      skipEmptyLines: true,
      comments: "#",
      step: ({ data: cells, errors, meta }) => {
        const lineAt = (index: number): number => this.#lines + countLines(text.slice(0, index)) + 1;
        // the parser stands behind the row, and mostly behind its line end
        const line = (): number => lineAt(meta.cursor) - (/[\r\n]/.test(text[meta.cursor - 1] ?? "") ? 1 : 0);
        const problem = errors.find((error) => error.type === "Quotes");
        if (problem)
          throw new Error(`csv: line ${lineAt(problem.index ?? meta.cursor)}: ${problem.message.toLowerCase()}`);
        this.#onRow(cells, line);
      },
    });
  }
}

/** One line without a separator that ends as files of tables do, or begins as addresses do. */
const isPath = (text: string): boolean =>
  !/[\n\r,;]/.test(text) && /\.\w{1,11}$/.test(text) && /[A-Za-z/\\]/.test(text) && !/^[\d.eE+-]+$/.test(text);

/** Calls `onRow` for every row of a text or its bytes. */
export function eachRow(rows: CsvRows, content: string | Bytes): void {
  if (typeof content === "string") {
    if (isPath(content)) checkNoPath(content);
    rows.push(content);
  } else {
    const bytes = toBytes(content);
    for (let at = 0; at < bytes.length; at += PIECE) rows.push(bytes.subarray(at, at + PIECE));
  }
  rows.end();
}

/** Length of the rows that are complete: up to the last line end outside of quotes. */
function completeRows(text: string): number {
  const last = (end: number): number => {
    const at = text.lastIndexOf("\n", end);
    if (at >= 0) return at + 1;
    const bare = text.lastIndexOf("\r", Math.min(end, text.length - 2)); // the last character may be half of a line end
    return bare + 1;
  };
  if (!text.includes('"')) return last(text.length - 1);
  let [quoted, complete] = [false, 0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 34) quoted = !quoted;
    else if (code === 10 && !quoted) complete = i + 1;
  }
  return complete;
}

const countLines = (text: string): number => {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 10 || (code === 13 && text.charCodeAt(i + 1) !== 10)) count++;
  }
  return count;
};

/** A word between blanks; a quoted one may hold some, and quotes twice or behind a backslash. */
const WORD = /"(?:[^"\\]|\\.|"")*"(?=\s|$)|\S+/g;

/** The words of a line, without their quotes. @throws for an open quote */
function wordsOf(line: string, number?: number): string[] {
  if (!line.includes('"')) return line.split(/\s+/);
  return (line.match(WORD) ?? []).map((word) => {
    if (!word.startsWith('"')) return word;
    if (word.length < 2 || !word.endsWith('"')) throw new Error(`csv: line ${number}: quoted field unterminated`);
    return word.slice(1, -1).replace(/\\(.)|""/g, (_, escaped?: string) => escaped ?? '"');
  });
}

/** Whether lines begin with words of which no two are the same, as names of rows do. */
function namesDiffer(lines: readonly string[]): boolean {
  const names = lines.map((line) => /^(?:"[^"]*"|\S+)/.exec(line)![0]);
  return new Set(names).size === names.length;
}

/**
 * Papa's guess where one of its separators is there, else blanks where the first or second line is of several numbers between them, or the second has
 * one word more than the first, and a number behind it: R's names of rows, which differ, and in a table of one column are quoted.
 */
function guessDelimiter(text: string): string {
  const lines = text
    .split(/\r\n|\n|\r/)
    .slice(0, 20)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const bare = lines.map((line) => line.replace(/"[^"]*"/g, '"'));
  const [first = [], second = []] = bare.slice(0, 2).map((line) => line.split(/\s+/));
  const isNumber = (word: string): boolean => Number.isFinite(Number(word));
  const numbers = [first, second].some((words) => words.length > 1 && words.every(isNumber));
  const named =
    second.length === first.length + 1 &&
    second.slice(1).some(isNumber) &&
    (first.length > 1 || second[0] === '"') && // "kind 0" below "kind" is one cell
    namesDiffer(lines.slice(1));
  if (!bare.some((line) => /[,\t;|]/.test(line)) && (numbers || named)) return "whitespace";
  return Papa.parse(text, { preview: 10, comments: "#", skipEmptyLines: true }).meta.delimiter;
}

function cellsOf(line: string, delimiter: string): readonly string[] {
  if (delimiter === "whitespace") return line.trim().split(/\s+/);
  return Papa.parse<string[]>(line, { delimiter }).data[0] ?? [];
}

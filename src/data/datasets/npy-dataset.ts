import { checkChoice, checkInteger } from "../../checks";
import { toLabels, type MatrixLike } from "../../matrix";
import { NdArray, sizeOf, type TypedArray } from "../../ndarray";
import { listFolder, openFile } from "../formats/files";
import { isTextArray, NpyFile, type NpyRecords, type TextArray } from "../formats/npy/npy";
import { ROW_MEMORY } from "./row-source";
import type { RowSource } from "./row-source";
import { ShuffleBuffer, type BufferedBatch, type BufferUse, type ShuffleBufferOptions } from "./shuffle-buffer";
import { toRandomAccess, type Bytes, type RandomAccess } from "../formats/source";
import { mapTo } from "../../typed-arrays";

/** A file of rows: a path (of an npy file, or of a folder of them), or its content. */
export type NpySource = string | Blob | Bytes | RandomAccess;

/** Options of `NpyDataset.open`. */
export interface NpyDatasetOptions {
  /** One label a row: a vector of integers. */
  readonly labels?: MatrixLike;
  /** What becomes of each value (default: itself): `Math.log1p` for photon counts, `(v) => v / 255` for bytes. */
  readonly map?: (value: number) => number;
  /** Of files of records, the field that is the rows: "image" of SDSS's stamps. Default: files of numbers. */
  readonly field?: string;
  /** What one row is: what the first index of a file selects (row, the default), or a whole file: [5, 32, 32] is five rows of it, or one. */
  readonly each?: "row" | "file";
  /** Files that are open at a time (default 64). */
  readonly maxOpen?: number;
  /** Bytes that a method may hold of the rows, or of what it makes of them, at a time (default 256 MiB); shuffling holds half as much. */
  readonly memory?: number;
}

/** Options of `NpyDataset.batches`. */
export interface BatchesOptions extends ShuffleBufferOptions {
  /** The pass that the order is of (default 0): another for each epoch. */
  readonly pass?: number;
  /** The first step (default 0), to go on in the middle of a pass. */
  readonly step?: number;
}

/** A shuffled batch. */
export interface Minibatch extends BufferedBatch {
  /** [rows, …rowShape] */
  readonly shape: number[];
  /** Of each row, where the data set has labels. */
  readonly labels?: Int32Array;
  readonly step: number;
  readonly use: BufferUse;
}

interface Part {
  readonly name: string;
  /** Number of its first row in the data set. */
  readonly begin: number;
  readonly rows: number;
  readonly open: () => Promise<{ file: NpyFile; close?: (() => Promise<void>) | undefined }>;
}

/**
 * Rows of npy files that need not fit into memory, one file after the other: images for training, larger than the machine. It reads
 * what is asked for and nothing else, so it holds no more than the caller does. Training takes it in place of a matrix.
 *
 * ```ts
 * const data = await NpyDataset.open(["run1.npy", "run2.npy"], { labels });
 * for await (const { x, shape, labels } of data.batches({ batchSize: 64, seed: 1, pass: epoch })) …
 * await data.close();
 * ```
 */
export class NpyDataset implements RowSource {
  readonly length: number;
  readonly rowShape: readonly number[];
  readonly memory: number;
  readonly labels: Int32Array | undefined;
  readonly #parts: readonly Part[];
  readonly #map: ((value: number) => number) | undefined;
  readonly #maxOpen: number;
  readonly #field: string | undefined;
  readonly #each: "row" | "file";
  /** The open files, the one used last at the end. */
  readonly #files = new Map<Part, ReturnType<Part["open"]>>();
  /** Reads at work in each file, which must not be closed under them. */
  readonly #busy = new Map<Part, number>();
  #closed = false;

  private constructor(parts: readonly Part[], length: number, rowShape: readonly number[], options: NpyDatasetOptions) {
    this.#parts = parts;
    this.length = length;
    this.rowShape = rowShape;
    this.#map = options.map;
    this.#maxOpen = options.maxOpen ?? 64;
    this.#field = options.field;
    this.#each = options.each ?? "row";
    this.memory = options.memory ?? ROW_MEMORY;
    checkInteger("NpyDataset", { memory: this.memory }, 1);
    if (options.labels === undefined) return;
    this.labels = toLabels(options.labels, "NpyDataset", "labels");
    if (this.labels.length !== length)
      throw new Error(`NpyDataset: labels must be one for each of ${length} rows, got ${this.labels.length}`);
  }

  /**
   * Reads the headers of the files. Of a folder it takes every `.npy` file, by name.
   * @throws `npy: …` for a file that is truncated, corrupt or not of numbers; where rows of two files differ in shape; where there are no rows; and for
   * labels that are not one for each row
   */
  static async open(files: NpySource | readonly NpySource[], options: NpyDatasetOptions = {}): Promise<NpyDataset> {
    const list: NpySource[] = [];
    for (const file of Array.isArray(files) ? (files as readonly NpySource[]) : [files as NpySource])
      if (typeof file === "string") list.push(...((await listFolder(file, ".npy")) ?? [file]));
      else list.push(file);
    const parts: Part[] = [];
    let length = 0;
    let rowShape: readonly number[] | undefined;
    const { field, each = "row" } = options;
    checkChoice("NpyDataset", { each }, ["row", "file"]);
    if (each === "file" && field !== undefined)
      throw new Error(`NpyDataset: each must be row where records have a field, got file and the field ${field}`);
    for (const [number, source] of list.entries()) {
      const name = typeof source === "string" ? source : `file ${number}`;
      const open = opener(source, name);
      const { file, close } = await open();
      try {
        const sample = await sliceOf(file, field, 0, 0).catch((error: Error) => {
          throw new Error(`${error.message} (${name})`, { cause: error });
        });
        const shape = each === "file" ? file.shape : sample.shape.slice(1);
        rowShape ??= shape;
        if (shape.join() !== rowShape.join())
          throw new Error(
            `NpyDataset: rows must have one shape in all files, got [${rowShape.join(", ")}] in ${parts[0]!.name}, [${shape.join(", ")}] in ${name}`,
          );
        const rows = each === "file" ? 1 : file.rows;
        parts.push({ name, begin: length, rows, open });
        length += rows;
      } finally {
        await close?.();
      }
    }
    if (length === 0 || !rowShape || sizeOf(rowShape) === 0)
      throw new Error(
        `NpyDataset: there are no rows in ${list.length === 1 ? parts[0]!.name : `${list.length} files`}`,
      );
    return new NpyDataset(parts, length, rowShape, options);
  }

  /** Names of the files, in their order. */
  get files(): string[] {
    return this.#parts.map(({ name }) => name);
  }

  /** Rows [begin, end), one after the other. @throws for a value that is NaN or infinite, naming its row and file, and where a file ends early */
  async range(begin: number, end: number, into?: Float32Array): Promise<Float32Array> {
    if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || end < begin || end > this.length)
      throw new Error(`NpyDataset: rows must be within 0 and ${this.length}, got ${begin} to ${end}`);
    const width = sizeOf(this.rowShape);
    const out = into?.subarray(0, (end - begin) * width) ?? new Float32Array((end - begin) * width);
    for (let at = begin; at < end;) {
      const part = this.#partOf(at);
      const stop = Math.min(end, part.begin + part.rows);
      const { data } = await this.#use(part, (file) =>
        this.#each === "file"
          ? file.slice(0, file.rows)
          : sliceOf(file, this.#field, at - part.begin, stop - part.begin),
      );
      this.#put(data, out, (at - begin) * width, part, (i) => at + Math.floor(i / width));
      at = stop;
    }
    return out;
  }

  /** Rows at these indices, in their order; neighbours are read in one piece. Throws as `range`. */
  async rows(index: ArrayLike<number>): Promise<Float32Array> {
    const width = sizeOf(this.rowShape);
    const out = new Float32Array(index.length * width);
    const wanted = new Map<Part, number[]>();
    for (let i = 0; i < index.length; i++) {
      const row = index[i]!;
      if (!Number.isInteger(row) || row < 0 || row >= this.length)
        throw new Error(`NpyDataset: rows must be whole numbers from 0 to ${this.length - 1}, got ${row}`);
      const part = this.#partOf(row);
      const places = wanted.get(part);
      if (places) places.push(i);
      else wanted.set(part, [i]);
    }
    for (const [part, places] of wanted) {
      const numbers = places.map((i) => index[i]! - part.begin);
      const { data } = await this.#use(part, async (file) => {
        if (this.#field !== undefined) return numbersOf(await file.gatherRecords(numbers), this.#field);
        return this.#each === "row" ? file.gather(numbers) : repeated(await file.slice(0, file.rows), numbers.length);
      });
      const rows = new Float32Array(data.length);
      this.#put(data, rows, 0, part, (i) => index[places[Math.floor(i / width)]!]!);
      places.forEach((i, at) => out.set(rows.subarray(at * width, (at + 1) * width), i * width));
    }
    return out;
  }

  /**
   * The batches of one pass in random order, read ahead while the caller computes (see `ShuffleBuffer`).
   * @throws as `range`, and the signal's reason when aborted
   */
  async *batches(options: BatchesOptions): AsyncGenerator<Minibatch, void, undefined> {
    const { pass = 0, step: first = 0 } = options;
    const buffer = new ShuffleBuffer(this, { ...options, passes: options.passes ?? pass + 1 });
    for (let step = first; step < buffer.steps; step++) {
      const { index, x } = await buffer.batch(pass, step);
      const { labels } = this;
      yield {
        ...{ index, x, step, shape: [index.length, ...this.rowShape], use: buffer.use },
        ...(labels && { labels: mapTo(Int32Array, index, (row) => labels[row]!) }),
      };
    }
  }

  /**
   * Another field of the records, of all rows in their order: classes, redshifts. Records are read whole, a few at a time.
   * @throws for files without records or without that field
   */
  async column(name: string): Promise<NdArray<TypedArray>["data"] | string[]> {
    const parts: (TypedArray | string[])[] = [];
    for (const part of this.#parts)
      for (let at = 0; at < part.rows; at += COLUMN_ROWS) {
        const stop = Math.min(part.rows, at + COLUMN_ROWS);
        parts.push(fieldOf(await this.#use(part, (file) => file.sliceRecords(at, stop)), name).data);
      }
    if (parts.every((part) => Array.isArray(part))) return parts.flat();
    const numbers = parts as TypedArray[];
    const joined = new (numbers[0]!.constructor as Float64ArrayConstructor)(
      numbers.reduce((sum, { length }) => sum + length, 0),
    );
    let at = 0;
    for (const part of numbers) {
      joined.set(part as Float64Array, at);
      at += part.length;
    }
    return joined;
  }

  /** Closes the files. */
  async close(): Promise<void> {
    this.#closed = true;
    const open = [...this.#files.values()];
    this.#files.clear();
    for (const file of open) await (await file.catch(() => undefined))?.close?.();
  }

  #partOf(row: number): Part {
    let low = 0;
    let high = this.#parts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#parts[middle]!.begin <= row) low = middle;
      else high = middle - 1;
    }
    // empty files begin where the next one does
    return this.#parts[low]!;
  }

  async #use<T>(part: Part, read: (file: NpyFile) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error("NpyDataset: the dataset must be open, got one that was closed");
    const opened = this.#files.get(part) ?? part.open();
    this.#files.delete(part);
    this.#files.set(part, opened);
    this.#busy.set(part, (this.#busy.get(part) ?? 0) + 1);
    try {
      return await read((await opened).file);
    } catch (error) {
      const { message } = error as Error;
      throw message.includes(part.name) ? error : new Error(`${message} (${part.name})`, { cause: error });
    } finally {
      this.#busy.set(part, this.#busy.get(part)! - 1);
      await this.#trim();
    }
  }

  async #trim(): Promise<void> {
    for (const [part, opened] of [...this.#files]) {
      if (this.#files.size <= this.#maxOpen) return;
      if (this.#busy.get(part)) continue;
      this.#files.delete(part);
      await (await opened.catch(() => undefined))?.close?.();
    }
  }

  /** Copies values as float32, mapped and checked. */
  #put(data: TypedArray, out: Float32Array, at: number, part: Part, rowOf: (i: number) => number): void {
    const map = this.#map;
    if (!map && !(data instanceof BigInt64Array || data instanceof BigUint64Array)) out.set(data, at);
    else for (let i = 0; i < data.length; i++) out[at + i] = map ? map(Number(data[i]!)) : Number(data[i]!);
    // v − v is 0 but for NaN and infinities, whose place is looked for only where there is one
    if (!map && !(data instanceof Float32Array || data instanceof Float64Array)) return;
    let sum = 0;
    for (let i = 0; i < data.length; i++) sum += out[at + i]! - out[at + i]!;
    if (sum === 0) return;
    for (let i = 0; i < data.length; i++) {
      const value = out[at + i]!;
      if (value - value === 0) continue;
      const row = rowOf(i);
      throw new Error(
        `NpyDataset: values must be finite, got ${value} in row ${row} (row ${row - part.begin} of ${part.name})`,
      );
    }
  }
}

/** An array several times, one after the other: a file that is a row was asked for as often. */
function repeated({ data, shape }: NdArray<TypedArray>, times: number): NdArray<TypedArray> {
  if (times === 1) return new NdArray(data, shape);
  const all = new (data.constructor as Float32ArrayConstructor)(times * data.length);
  for (let i = 0; i < times; i++) all.set(data as Float32Array, i * data.length);
  return new NdArray<TypedArray>(all, [times, ...shape]);
}

/** Records read at a time where one of their fields is wanted. */
const COLUMN_ROWS = 1024;

function fieldOf({ fields }: NpyRecords, name: string): NdArray<TypedArray> | TextArray {
  const field = fields.get(name);
  if (!field) throw new Error(`npy: records must have a field ${name}, got ${[...fields.keys()].join(", ")}`);
  return field;
}

function numbersOf(records: NpyRecords, name: string): NdArray<TypedArray> {
  const field = fieldOf(records, name);
  if (isTextArray(field)) throw new Error(`npy: the field ${name} must hold numbers, got text`);
  return field;
}

/** Rows [begin, end) of a file of numbers, or of a field of records. */
async function sliceOf(
  file: NpyFile,
  field: string | undefined,
  begin: number,
  end: number,
): Promise<NdArray<TypedArray>> {
  if (field === undefined) {
    if (file.fieldNames.length > 0 && begin === end)
      throw new Error(
        `npy: file must hold numbers, got records of ${file.fieldNames.join(", ")}; name one as the option field`,
      );
    return file.slice(begin, end);
  }
  return numbersOf(await file.sliceRecords(begin, end), field);
}

/** What opens a source; `name` ends its errors. */
function opener(source: NpySource, name: string): Part["open"] {
  return async () => {
    const access = typeof source === "string" ? await openFile(source) : toRandomAccess(source);
    const close = typeof source === "string" ? access.close : undefined;
    try {
      return { file: await NpyFile.open(access), close };
    } catch (error) {
      await close?.();
      throw new Error(`${(error as Error).message} (${name})`, { cause: error });
    }
  };
}

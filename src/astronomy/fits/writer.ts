import { checkFlag } from "../../checks";
import { AtomicFile } from "../../data/formats/atomic-file";
import { sizeOf, type TypedArray } from "../../ndarray";
import { toBigEndian, type Bitpix } from "./bytes";
import { CARD } from "./header/card";
import { formatCard, type CardLike } from "./header/format-card";
import { BLOCK } from "./hdu";
import { FitsHeader, type HeaderLike } from "./header/header";

/** How element types are written: BITPIX, and BZERO where FITS has the type by an offset alone. */
const LAYOUTS = {
  uint8: { bitpix: 8 },
  int8: { bitpix: 8, zero: -128 },
  int16: { bitpix: 16 },
  uint16: { bitpix: 16, zero: 32768 },
  int32: { bitpix: 32 },
  uint32: { bitpix: 32, zero: 2147483648 },
  int64: { bitpix: 64 },
  uint64: { bitpix: 64, zero: 9223372036854775808n },
  float32: { bitpix: -32 },
  float64: { bitpix: -64 },
} as const satisfies Record<string, { bitpix: Bitpix; zero?: number | bigint }>;

/** Element type of an image to write. */
export type FitsType = keyof typeof LAYOUTS;

const TYPES: Readonly<Partial<Record<TypedArray[typeof Symbol.toStringTag], FitsType>>> = {
  Uint8Array: "uint8",
  Int8Array: "int8",
  Int16Array: "int16",
  Uint16Array: "uint16",
  Int32Array: "int32",
  Uint32Array: "uint32",
  BigInt64Array: "int64",
  BigUint64Array: "uint64",
  Float32Array: "float32",
  Float64Array: "float64",
};

/** Options of `writeFits` and `FitsWriter.create`. */
export interface FitsWriteOptions {
  /**
   * Keywords in their order, behind those of the layout: cards, triples, or a header. Keywords that say how a file is laid out (SIMPLE, BITPIX, NAXIS,
   * BSCALE, compression, …) are the writer's own, and those of a header are left out.
   */
  readonly cards?: readonly CardLike[] | HeaderLike;
  /** Lines of HISTORY, last. */
  readonly history?: readonly string[];
  /** The integer that stands for no value (BLANK). */
  readonly blank?: number;
  /** Whether to compress by gzip. Default: of a path that ends with `.gz`. */
  readonly gzip?: boolean;
}

/** Keywords that a copied header does not bring. */
const OF_LAYOUT =
  /^(SIMPLE|XTENSION|EXTEND|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|GROUPS|BSCALE|BZERO|BLANK|END|CONTINUE|CHECKSUM|DATASUM|DATAMIN|DATAMAX|INHERIT|EXTNAME|EXTVER|EXTLEVEL)$/;

/** The same cards without those of the layout. */
export function keywordsOf(cards: readonly CardLike[] | HeaderLike): CardLike[] {
  const list = Array.isArray(cards) ? (cards as readonly CardLike[]) : FitsHeader.of(cards as HeaderLike).cards;
  const keyOf = (card: CardLike): string => ("key" in card ? card.key : card[0]).trim().toUpperCase();
  return list.filter((card) => !OF_LAYOUT.test(keyOf(card)));
}

/** The header of a file of one image. @throws `fits: …` for what a header cannot hold */
export function formatHeader(shape: readonly number[], type: FitsType, options: FitsWriteOptions = {}): Uint8Array {
  const layout: { readonly bitpix: Bitpix; readonly zero?: number | bigint } = LAYOUTS[type];
  if (shape.length < 1 || shape.length > 999 || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw new Error(`fits: an image must have sizes from 0 on 1 to 999 axes, got [${shape.join(", ")}]`);
  const cards: CardLike[] = [
    ["SIMPLE", true, "conforms to the FITS standard"],
    ["BITPIX", layout.bitpix, "bits of a number, negative for floating point"],
    ["NAXIS", shape.length, "number of axes"],
    ...[...shape].reverse().map((size, i): CardLike => [`NAXIS${i + 1}`, size]),
    ["EXTEND", true],
  ];
  if (layout.zero !== undefined) cards.push(["BSCALE", 1], ["BZERO", layout.zero, "the type by its offset"]);
  const { blank } = options;
  if (blank !== undefined) {
    if (layout.bitpix < 0 || !Number.isSafeInteger(blank))
      throw new Error(`fits: blank must be an integer, of an image of integers, got ${blank} of ${type}`);
    cards.push(["BLANK", BigInt(blank) - BigInt(layout.zero ?? 0), "no value"]);
  }
  cards.push(...keywordsOf(options.cards ?? []));
  for (const line of options.history ?? []) cards.push(["HISTORY", line]);
  const text = cards.flatMap(formatCard).join("") + "END".padEnd(CARD);
  return new TextEncoder().encode(text.padEnd(Math.ceil(text.length / BLOCK) * BLOCK));
}

/** Numbers of the type as they are stored. */
function storedBytes(values: TypedArray, type: FitsType): Uint8Array<ArrayBuffer> {
  const bytes = toBigEndian(values);
  // an offset of half the range turns the first bit of each number around
  if ("zero" in LAYOUTS[type]) for (let i = 0; i < bytes.length; i += values.BYTES_PER_ELEMENT) bytes[i]! ^= 128;
  return bytes;
}

const padding = (bytes: number): Uint8Array<ArrayBuffer> => new Uint8Array(Math.ceil(bytes / BLOCK) * BLOCK - bytes);

/** How an array would be written. @throws for element types that FITS does not have */
function typeOf(values: TypedArray): FitsType {
  const type = TYPES[values[Symbol.toStringTag]];
  if (type) return type;
  throw new Error(`fits: there is no type for a ${values[Symbol.toStringTag]}`);
}

async function gzip(parts: readonly Uint8Array<ArrayBuffer>[]): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([...parts]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * A FITS file of one image or cube: `data` row-major of `shape`, the last axis NAXIS1. The array's type decides how numbers are stored; unsigned integers
 * and signed bytes by BZERO. `compressFits` makes a gzip file of it.
 * @throws `fits: …` for what a header cannot hold
 */
export function writeFits(
  image: { readonly data: TypedArray; readonly shape: readonly number[] },
  options: Omit<FitsWriteOptions, "gzip"> = {},
): Uint8Array<ArrayBuffer> {
  const { data, shape } = image;
  if (data.length !== sizeOf(shape))
    throw new Error(`fits: shape [${shape.join(", ")}] has ${sizeOf(shape)} elements, the data ${data.length}`);
  const type = typeOf(data);
  const header = formatHeader(shape, type, options);
  const bytes = storedBytes(data, type);
  const file = new Uint8Array(header.length + Math.ceil(bytes.length / BLOCK) * BLOCK);
  file.set(header);
  file.set(bytes, header.length);
  return file;
}

/** A file's bytes as a gzip file. */
export const compressFits = (file: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> => gzip([file]);

/**
 * Writes a FITS file of one image piece by piece, so that it may be larger than memory. The file appears under its name when all numbers were written, and
 * not before.
 *
 * ```ts
 * const file = await FitsWriter.create("cube.fits", [9, 5000, 8500], "float32", { cards: header, history: ["stacked"] });
 * try { for (…) await file.write(rows); await file.close(); } catch (error) { await file.discard(); throw error; }
 * ```
 */
export class FitsWriter {
  readonly #file: AtomicFile;
  readonly #path: string;
  readonly #type: FitsType;
  readonly #size: number;
  readonly #gzip:
    { readonly writer: WritableStreamDefaultWriter<BufferSource>; readonly done: Promise<void> } | undefined;
  #written = 0;
  #width = 1;

  private constructor(file: AtomicFile, path: string, type: FitsType, size: number, zipped: boolean) {
    this.#file = file;
    this.#path = path;
    this.#type = type;
    this.#size = size;
    if (!zipped) return;
    const { readable, writable } = new CompressionStream("gzip");
    const pump = async (): Promise<void> => {
      const reader = readable.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        await file.write(value);
      }
    };
    const done = pump();
    done.catch(() => undefined); // reported where it is waited for
    this.#gzip = { writer: writable.getWriter(), done };
  }

  /** Begins a file. @param shape of the whole image @throws `fits: …` for what a header cannot hold, `cannot write FILE: …` */
  static async create(
    path: string,
    shape: readonly number[],
    type: FitsType,
    options: FitsWriteOptions = {},
  ): Promise<FitsWriter> {
    checkFlag("FitsWriter", { gzip: options.gzip });
    const header = formatHeader(shape, type, options);
    const file = await AtomicFile.create(path);
    const writer = new FitsWriter(file, path, type, sizeOf(shape), options.gzip ?? path.endsWith(".gz"));
    await writer.#put(header as Uint8Array<ArrayBuffer>);
    return writer;
  }

  /** Adds numbers in row-major order. @throws for numbers of another type, for more of them than the shape has, and `cannot write FILE: …` */
  async write(values: TypedArray): Promise<void> {
    const type = typeOf(values);
    if (type !== this.#type) throw new Error(`FitsWriter: numbers must be ${this.#type}, got ${type}`);
    if (this.#written + values.length > this.#size)
      throw new Error(`FitsWriter: ${this.#path} has ${this.#size} numbers, got ${this.#written + values.length}`);
    await this.#put(storedBytes(values, type));
    this.#written += values.length;
    this.#width = values.BYTES_PER_ELEMENT;
  }

  /** Gives the file its name. @throws when numbers are missing, and `cannot write FILE: …` */
  async close(): Promise<void> {
    if (this.#written !== this.#size) {
      await this.discard();
      throw new Error(`FitsWriter: ${this.#path} has ${this.#size} numbers, got ${this.#written}`);
    }
    await this.#put(padding(this.#written * this.#width));
    await this.#gzip?.writer.close();
    await this.#gzip?.done;
    await this.#file.commit();
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    await this.#gzip?.writer.abort().catch(() => undefined);
    await this.#gzip?.done.catch(() => undefined);
    await this.#file.discard();
  }

  async #put(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (bytes.length === 0) return;
    if (this.#gzip) await Promise.race([this.#gzip.writer.write(bytes), this.#gzip.done]);
    else await this.#file.write(bytes);
  }
}

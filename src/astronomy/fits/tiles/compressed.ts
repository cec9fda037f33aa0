import { isGzip, gunzip } from "../../../data/formats/deflate";
import type { RandomAccess } from "../../../data/formats/source";
import { sizeOf } from "../../../ndarray";
import { BITPIX, fromBigEndian, type Bitpix, type Stored } from "../bytes";
import type { FitsColumn } from "../tables/columns";
import { dequantize, type Quantization } from "./dither";
import { axesOf, bitpixOf, type Hdu } from "../hdu";
import { FitsHeader } from "../header/header";
import { TableBytes, viewOf } from "../tables/heap";
import { allocate, allocateFloats, type FloatTypes, type Pixels } from "../pixels";
import { extentOf, type Region } from "../region";
import { riceDecode, type RiceWidth } from "./rice";
import { scalingOf, toPhysical, type Scaling } from "../scaling";
import { placeTile, TileGrid } from "./grid";

const METHODS = ["RICE_1", "GZIP_1", "GZIP_2"] as const;
type Method = (typeof METHODS)[number];

/** Bytes of the heap that are read in one piece. */
const PIECE = 2 ** 22;

/** Keywords of the table that are none of the image's; the image's own ones stand under Z…. */
const OF_TABLE =
  /^(XTENSION|SIMPLE|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TFIELDS|THEAP|(TTYPE|TFORM|TUNIT|TDIM|TNULL|TSCAL|TZERO|TDISP)\d+|ZIMAGE|ZCMPTYPE|ZBITPIX|ZNAXIS\d*|ZTILE\d+|ZNAME\d+|ZVAL\d+|ZQUANTIZ|ZDITHER0|ZBLANK|ZSCALE|ZZERO|ZMASKCMP|ZSIMPLE|ZTENSION|ZEXTEND|ZBLOCKED|ZPCOUNT|ZGCOUNT|ZHECKSUM|ZDATASUM|CHECKSUM|DATASUM)$/;

/** The header that the image had before compression. */
function imageHeader(table: FitsHeader, bitpix: Bitpix, axes: readonly number[]): FitsHeader {
  const own = [
    { key: "XTENSION", value: "IMAGE", comment: "image extension" },
    { key: "BITPIX", value: bitpix, comment: "" },
    { key: "NAXIS", value: axes.length, comment: "" },
    ...axes.map((size, i) => ({ key: `NAXIS${i + 1}`, value: size, comment: "" })),
    { key: "PCOUNT", value: 0, comment: "" },
    { key: "GCOUNT", value: 1, comment: "" },
  ];
  return new FitsHeader([...own, ...table.cards.filter(({ key }) => !OF_TABLE.test(key))]);
}

/** What the header says of the compression. */
interface Settings {
  readonly method: Method;
  readonly bitpix: Bitpix;
  readonly width: RiceWidth;
  readonly blockSize: number;
  readonly quantization: Quantization | undefined;
}

function settingsOf(header: FitsHeader, isQuantized: boolean, where: string): Settings {
  const bitpix = bitpixOf(header, where, "Z");
  const method = header.string("ZCMPTYPE")?.trim() ?? "none";
  const known = METHODS.find((name) => name === method || (name === "RICE_1" && method === "RICE_ONE"));
  if (!known) throw new Error(`fits: ZCMPTYPE of ${where} must be ${METHODS.join(", ")}, ${method} is not read`);
  const parameters = new Map<string, number>();
  for (let i = 1; header.has(`ZNAME${i}`); i++) {
    const value = header.number(`ZVAL${i}`);
    if (value !== undefined) parameters.set(header.string(`ZNAME${i}`)!.trim(), value);
  }
  const width = parameters.get("BYTEPIX") ?? 4;
  const blockSize = parameters.get("BLOCKSIZE") ?? 32;
  if (
    known === "RICE_1" &&
    ((width !== 1 && width !== 2 && width !== 4) || !Number.isInteger(blockSize) || blockSize < 1)
  )
    throw new Error(`fits: RICE_1 of ${where} needs BYTEPIX 1, 2 or 4 and a BLOCKSIZE, got ${width} and ${blockSize}`);
  const quantize = header.string("ZQUANTIZ")?.trim() ?? "NO_DITHER";
  const quantized = bitpix < 0 && isQuantized && quantize !== "NONE";
  if (known === "RICE_1" && (bitpix === 64 || (bitpix < 0 && !quantized)))
    throw new Error(`fits: RICE_1 of ${where} holds integers of 32 bits at most, got ZBITPIX ${bitpix}, not quantised`);
  let quantization: Quantization | undefined;
  if (quantized) {
    if (quantize !== "NO_DITHER" && quantize !== "SUBTRACTIVE_DITHER_1" && quantize !== "SUBTRACTIVE_DITHER_2")
      throw new Error(`fits: ZQUANTIZ of ${where} must be NO_DITHER, SUBTRACTIVE_DITHER_1 or _2, got ${quantize}`);
    const seed = header.integer("ZDITHER0") ?? 1;
    if (seed < 1 || seed > 10000) throw new Error(`fits: ZDITHER0 of ${where} must be from 1 to 10000, got ${seed}`);
    quantization = { method: quantize, seed };
  }
  return { method: known, bitpix, width: width as RiceWidth, blockSize, quantization };
}

/** The table's columns that hold tiles and what restores them. */
interface TileColumns {
  readonly packed: FitsColumn | undefined;
  readonly gzipped: FitsColumn | undefined;
  readonly plain: FitsColumn | undefined;
  readonly scale: FitsColumn | undefined;
  readonly zero: FitsColumn | undefined;
  readonly blank: FitsColumn | undefined;
}

/** A tile-compressed image: tiles are decompressed as they are asked for. Source: FITS standard 4.0, section 10. */
export class CompressedPixels implements Pixels {
  readonly header: FitsHeader;
  readonly shape: readonly number[];
  readonly bitpix: Bitpix;
  readonly scaling: Scaling;
  readonly #table: TableBytes;
  readonly #grid: TileGrid;
  readonly #settings: Settings;
  readonly #columns: TileColumns;
  #rows: Promise<Uint8Array> | undefined;

  /** @throws `fits: …` for what is not read, by name, and where tiles do not make up the image */
  constructor(access: RandomAccess, hdu: Hdu) {
    const where = `HDU ${hdu.index}`;
    const { header } = hdu;
    this.#table = new TableBytes(access, hdu);
    const find = (name: string): FitsColumn | undefined => this.#table.find(name);
    this.#columns = {
      packed: find("COMPRESSED_DATA"),
      gzipped: find("GZIP_COMPRESSED_DATA"),
      plain: find("UNCOMPRESSED_DATA"),
      scale: find("ZSCALE"),
      zero: find("ZZERO"),
      blank: find("ZBLANK"),
    };
    const isQuantized = this.#columns.scale !== undefined || header.has("ZSCALE");
    this.#settings = settingsOf(header, isQuantized, where);
    const axes = axesOf(header, where, "Z");
    const tile = axes.map((size, i) => header.integer(`ZTILE${i + 1}`) ?? (i === 0 ? size : 1));
    this.#grid = new TileGrid([...axes].reverse(), tile.reverse(), this.#table.rows, where);
    this.bitpix = this.#settings.bitpix;
    this.shape = this.#grid.shape;
    this.header = imageHeader(header, this.bitpix, axes);
    const { packed } = this.#columns;
    if (packed && packed.type !== "P" && packed.type !== "Q")
      throw new Error(`fits: COMPRESSED_DATA of ${where} must be arrays of the heap, got ${packed.format}`);
    const scaling = scalingOf(this.header, this.bitpix);
    const blank = this.bitpix > 0 ? header.integer("ZBLANK") : undefined;
    this.scaling = scaling.blank === undefined ? { ...scaling, blank } : scaling;
  }

  async values<T extends keyof FloatTypes>(region: Region, type: T): Promise<FloatTypes[T]> {
    const extent = extentOf(region);
    const out = allocateFloats(type, sizeOf(extent));
    const values = new (type === "float32" ? Float32Array : Float64Array)(this.#grid.tileSize);
    await this.#each(region, (tile, stored, n) => {
      const part = values.subarray(0, n);
      if (stored instanceof Float32Array && type === "float32") part.set(stored);
      else toPhysical(stored, this.scaling, part, 0);
      placeTile(part, tile, region, out);
    });
    return out;
  }

  async stored(region: Region): Promise<Stored> {
    const out = allocate<Stored>(BITPIX[this.bitpix], sizeOf(extentOf(region)));
    await this.#each(region, (tile, stored) => placeTile(stored, tile, region, out));
    return out;
  }

  /** Gives the tiles that a box meets, decompressed, with their places. The heap is read in pieces. */
  async #each(region: Region, use: (tile: Region, stored: Stored, n: number) => void): Promise<void> {
    const rows = await (this.#rows ??= this.#table.readRows());
    const view = viewOf(rows);
    const scratch = new Int32Array(this.#settings.method === "RICE_1" ? this.#grid.tileSize : 0);
    let piece = { begin: 0, bytes: new Uint8Array(0) as Uint8Array };
    const pending = this.#grid.meeting(region).map((index) => ({ index, ...this.#tilePlace(view, index) }));
    for (const [i, { index, begin, end, column }] of pending.entries()) {
      if (begin < piece.begin || end > piece.begin + piece.bytes.length) {
        let last = end;
        for (let next = i + 1; next < pending.length; next++) {
          const { begin: from, end: to } = pending[next]!;
          if (from < last || to - begin > PIECE) break;
          last = to;
        }
        piece = { begin, bytes: await this.#table.readHeap(begin, last) };
      }
      const tile = this.#grid.tile(index);
      const n = sizeOf(extentOf(tile));
      const bytes = piece.bytes.subarray(begin - piece.begin, end - piece.begin);
      use(tile, this.#decode(column, bytes, n, index, view, scratch), n);
    }
  }

  /** The column that has a tile, and where its bytes lie in the heap. */
  #tilePlace(
    view: DataView,
    index: number,
  ): { readonly begin: number; readonly end: number; readonly column: FitsColumn } {
    const { packed, gzipped, plain } = this.#columns;
    for (const column of [packed, gzipped, plain]) {
      if (!column) continue;
      const { count, at } = this.#table.place(column, view, index);
      const width = { I: 2, J: 4, K: 8, E: 4, D: 8 }[column.heapType as string] ?? 1;
      if (count > 0) return { begin: at, end: at + count * width, column };
    }
    throw new Error(`fits: tile ${index} of ${this.#table.where} has no data`);
  }

  #decode(
    column: FitsColumn,
    bytes: Uint8Array,
    n: number,
    index: number,
    view: DataView,
    scratch: Int32Array,
  ): Stored {
    const { method, bitpix, width, blockSize, quantization } = this.#settings;
    const { packed, plain } = this.#columns;
    const Type = BITPIX[bitpix];
    if (column === plain) return this.#exactly(bytes.slice(), Type, n, index);
    // a tile that does not quantise is kept as it is
    if (column !== packed) return this.#exactly(this.#unzip(bytes, index, n, Type.BYTES_PER_ELEMENT), Type, n, index);
    if (method === "RICE_1") {
      const integers = scratch.subarray(0, n);
      riceDecode(bytes, n, width, blockSize, integers);
      return quantization
        ? this.#restore(integers, n, index, view, quantization)
        : (Type as Int32ArrayConstructor).from(integers);
    }
    const stored = quantization ? Int32Array : Type;
    let content = this.#unzip(bytes, index, n, stored.BYTES_PER_ELEMENT);
    if (method === "GZIP_2") content = unshuffle(content, stored.BYTES_PER_ELEMENT);
    const numbers = this.#exactly(content, stored, n, index);
    return quantization ? this.#restore(numbers as Int32Array, n, index, view, quantization) : numbers;
  }

  #unzip(bytes: Uint8Array, index: number, n: number, width: number): Uint8Array {
    const what = `fits: tile ${index} of ${this.#table.where}`;
    if (!isGzip(bytes)) throw new Error(`${what} must be gzip data, it does not begin so`);
    const length = bytes.length < 18 ? 0 : viewOf(bytes).getUint32(bytes.length - 4, true);
    if (length !== n * width) throw new Error(`${what} must have ${n * width} bytes, its gzip data declare ${length}`);
    return gunzip(bytes, what);
  }

  #exactly(bytes: Uint8Array, Type: (typeof BITPIX)[Bitpix], n: number, index: number): Stored {
    if (bytes.length !== n * Type.BYTES_PER_ELEMENT)
      throw new Error(`fits: tile ${index} of ${this.#table.where} must have ${n} numbers, got ${bytes.length} bytes`);
    return fromBigEndian<Stored>(bytes, Type as never);
  }

  #restore(integers: Int32Array, n: number, index: number, view: DataView, quantization: Quantization): Stored {
    const { scale, zero, blank } = this.#columns;
    const { header } = this.#table.hdu;
    const at = (column: FitsColumn): number => index * this.#table.rowBytes + column.offset;
    const float = (column: FitsColumn | undefined, key: string, otherwise: number): number => {
      if (!column) return header.number(key) ?? otherwise;
      return column.type === "E" ? view.getFloat32(at(column)) : view.getFloat64(at(column));
    };
    const nothing = !blank
      ? header.integer("ZBLANK")
      : blank.type === "I"
        ? view.getInt16(at(blank))
        : view.getInt32(at(blank));
    const values = this.bitpix === -32 ? new Float32Array(n) : new Float64Array(n);
    const parameters = { scale: float(scale, "ZSCALE", 1), zero: float(zero, "ZZERO", 0), blank: nothing };
    dequantize(integers, n, index, quantization, parameters, values);
    return values;
  }
}

/** Bytes of numbers that were kept by place: all first bytes, then all second ones, … */
function unshuffle(bytes: Uint8Array, width: number): Uint8Array {
  const n = bytes.length / width;
  const out = new Uint8Array(bytes.length);
  for (let place = 0; place < width; place++)
    for (let i = 0, from = place * n; i < n; i++) out[i * width + place] = bytes[from + i]!;
  return out;
}

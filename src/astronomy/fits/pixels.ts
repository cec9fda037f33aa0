import type { RandomAccess } from "../../data/formats/source";
import { sizeOf } from "../../ndarray";
import { BITPIX, fromBigEndian, swapBytes, unfilled, type Bitpix, type Stored } from "./bytes";
import { checkComplete, type Hdu } from "./hdu";
import { extentOf, runsOf, type Region } from "./region";
import { isIdentity, toPhysical, type Scaling } from "./scaling";

/** Floating point arrays that images are read into. */
export interface FloatTypes {
  readonly float32: Float32Array<ArrayBuffer>;
  readonly float64: Float64Array<ArrayBuffer>;
}

/** Numbers of an image's box, whatever way the file has them. */
export interface Pixels {
  /** Physical values, row-major. */
  values<T extends keyof FloatTypes>(region: Region, type: T): Promise<FloatTypes[T]>;
  /** As they are stored, decompressed. */
  stored(region: Region): Promise<Stored>;
}

/** Bytes that are read at a time where the result is another array. */
const PIECE = 2 ** 22;

/** Bytes that are turned around while others are on their way. */
const PART = 2 ** 20;

/** Runs are read in one piece, with what lies between them, where that is at most this many times their own length. */
const GAP = 7;

/** Memory for n numbers. @throws `fits: …` where there is none */
export const allocate = <A>(Type: new (length: number) => A, n: number): A => made(n, () => new Type(n));

function made<A>(n: number, make: () => A): A {
  try {
    return make();
  } catch (error) {
    throw new Error(`fits: ${n} numbers do not fit into memory at once, read a region`, { cause: error });
  }
}

/** Memory for n floating point numbers of a type. */
export const allocateFloats = <T extends keyof FloatTypes>(type: T, n: number): FloatTypes[T] =>
  (type === "float32" ? allocate(Float32Array, n) : allocate(Float64Array, n)) as FloatTypes[T];

/** Pixels that lie one after another in the file. */
export class PlainPixels implements Pixels {
  readonly #access: RandomAccess;
  readonly #hdu: Hdu;
  readonly #shape: readonly number[];
  readonly #bitpix: Bitpix;
  readonly #scaling: Scaling;

  constructor(access: RandomAccess, hdu: Hdu, shape: readonly number[], bitpix: Bitpix, scaling: Scaling) {
    this.#access = access;
    this.#hdu = hdu;
    this.#shape = shape;
    this.#bitpix = bitpix;
    this.#scaling = scaling;
  }

  async values<T extends keyof FloatTypes>(region: Region, type: T): Promise<FloatTypes[T]> {
    const n = sizeOf(extentOf(region));
    const asStored = isIdentity(this.#scaling) && (type === "float32" ? this.#bitpix === -32 : this.#bitpix === -64);
    if (asStored) return (await this.stored(region)) as FloatTypes[T];
    checkComplete(this.#hdu, this.#access);
    const out = allocateFloats(type, n);
    await this.#each(region, PIECE, (stored, at) => toPhysical(stored, this.#scaling, out, at));
    return out;
  }

  async stored(region: Region): Promise<Stored> {
    checkComplete(this.#hdu, this.#access);
    const runs = runsOf(region, this.#shape);
    const first = runs.next();
    // one run: the bytes that were read become the array
    if (!first.done && runs.next().done) return this.#read(first.value.at, first.value.length);
    const out = allocate<Stored>(BITPIX[this.#bitpix], sizeOf(extentOf(region)));
    await this.#each(region, Infinity, (stored, at) => out.set(stored as never, at));
    return out;
  }

  async #read(at: number, length: number): Promise<Stored> {
    const width = Math.abs(this.#bitpix) / 8;
    const begin = this.#hdu.begin + at * width;
    const size = length * width;
    const Type = BITPIX[this.#bitpix] as new (buffer: ArrayBufferLike, offset: number, length: number) => Stored;
    const { readInto } = this.#access;
    if (!readInto || size <= PART) {
      const bytes = await this.#access.read(begin, begin + size);
      this.#checkLength(begin, size, bytes.length);
      return fromBigEndian<Stored>(bytes, BITPIX[this.#bitpix] as never);
    }
    const bytes = made(length, () => unfilled(size));
    let there = size;
    const parts = Array.from({ length: Math.ceil(size / PART) }, async (_, i) => {
      const part = bytes.subarray(i * PART, (i + 1) * PART);
      const own = await readInto(begin + i * PART, part);
      if (own < part.length) there = Math.min(there, i * PART + own);
      swapBytes(part, width);
    });
    await Promise.all(parts);
    this.#checkLength(begin, size, there);
    return new Type(bytes.buffer, 0, length);
  }

  #checkLength(begin: number, wanted: number, there: number): void {
    if (there !== wanted)
      throw new Error(`fits: data of HDU ${this.#hdu.index} end at byte ${begin + there}, the file became shorter`);
  }

  /** Gives the box's numbers in their order, at most `piece` bytes of the file at a time, with their place in the box. */
  async #each(region: Region, piece: number, use: (stored: Stored, at: number) => void): Promise<void> {
    const most = Math.max(1, Math.floor(Math.min(piece, PIECE) / (Math.abs(this.#bitpix) / 8)));
    let group: { at: number; length: number }[] = [];
    let place = 0;
    const flush = async (): Promise<void> => {
      const [first, last] = [group[0], group.at(-1)];
      if (!first || !last) return;
      const read = await this.#read(first.at, last.at + last.length - first.at);
      for (const { at, length } of group) {
        use(read.subarray(at - first.at, at - first.at + length), place);
        place += length;
      }
      group = [];
    };
    for (const run of runsOf(region, this.#shape))
      for (let from = 0; from < run.length; from += most) {
        const next = { at: run.at + from, length: Math.min(most, run.length - from) };
        const [first, last] = [group[0], group.at(-1)];
        const joins = first && last && next.at - last.at - last.length <= GAP * next.length;
        if (!joins || next.at + next.length - first.at > most) await flush();
        group.push(next);
      }
    await flush();
  }
}

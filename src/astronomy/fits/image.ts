import { NdArray } from "../../ndarray";
import type { Bitpix, Stored } from "./bytes";
import type { FitsHeader } from "./header/header";
import type { FloatTypes, Pixels } from "./pixels";
import { checkRegion, extentOf, type Region } from "./region";
import { toIntegers, type Integers, type Scaling } from "./scaling";

/** What the reads of an image take. */
export interface ImageReadOptions<T extends keyof FloatTypes = keyof FloatTypes> {
  /** The box to read. Default: all of it. */
  readonly region?: Region;
  /** Type of the numbers. Physical values are computed in float64 and rounded once. Default: float64, which holds every type but 64-bit integers. */
  readonly type?: T;
}

/**
 * An image or cube of a FITS file, plain or tile-compressed. Nothing is read before it is asked for, and then the box alone: a band or a strip of rows of
 * a file larger than memory. Axes are in row-major order, so that the last one is NAXIS1: an image is [y, x], a cube [band, y, x].
 */
export class FitsImage {
  /** The image's keywords; of a tile-compressed one those of the image that it was. */
  readonly header: FitsHeader;
  readonly shape: readonly number[];
  readonly bitpix: Bitpix;
  /** EXTNAME, "" where there is none. */
  readonly name: string;
  readonly #pixels: Pixels;
  readonly #scaling: Scaling;

  /** @hidden */
  constructor(header: FitsHeader, shape: readonly number[], bitpix: Bitpix, pixels: Pixels, scaling: Scaling) {
    this.header = header;
    this.shape = shape;
    this.bitpix = bitpix;
    this.name = header.string("EXTNAME") ?? "";
    this.#pixels = pixels;
    this.#scaling = scaling;
  }

  /** Height of the image or of each band, in pixels. */
  get height(): number {
    return this.shape.at(-2) ?? 1;
  }

  /** Width, in pixels. */
  get width(): number {
    return this.shape.at(-1)!;
  }

  /**
   * Physical values, BSCALE · stored + BZERO; NaN where an integer is BLANK or a compressed pixel has no value.
   * @throws `fits: …` for a region outside, and where the file is cut or damaged
   */
  async read<T extends keyof FloatTypes = "float64">(
    options: ImageReadOptions<T> = {},
  ): Promise<NdArray<FloatTypes[T]>> {
    const region = this.#region(options.region);
    const type = options.type ?? ("float64" as T);
    return new NdArray(await this.#pixels.values(region, type), extentOf(region));
  }

  /** One band of a cube, [y, x]; of an image itself band 0. Throws as `read`. */
  async band<T extends keyof FloatTypes = "float64">(
    index: number,
    options: Pick<ImageReadOptions<T>, "type"> = {},
  ): Promise<NdArray<FloatTypes[T]>> {
    const { data } = await this.read({ ...options, region: this.#strip(0, this.height, index) });
    return new NdArray(data, [this.height, this.width]);
  }

  /** Rows [begin, end): of an image [rows, x], of a cube [bands, rows, x]. Throws as `read`. */
  rows<T extends keyof FloatTypes = "float64">(
    begin: number,
    end: number,
    options: Pick<ImageReadOptions<T>, "type"> = {},
  ): Promise<NdArray<FloatTypes[T]>> {
    return this.read({ ...options, region: this.#strip(begin, end) });
  }

  /** Numbers as they are stored: raw integers of BITPIX, decompressed; of quantised floating point the values. Throws as `read`. */
  async stored(options: Pick<ImageReadOptions, "region"> = {}): Promise<NdArray<Stored>> {
    const region = this.#region(options.region);
    return new NdArray<Stored>(await this.#pixels.stored(region), extentOf(region));
  }

  /**
   * Physical integers without loss, in the type that holds them: unsigned where BZERO is half the range, signed bytes where it is -128, bigints of 64
   * bits. BLANK is not looked for. @throws for floating point and scaled images, and as `read`
   */
  async integers(options: Pick<ImageReadOptions, "region"> = {}): Promise<NdArray<Integers>> {
    const { data, shape } = await this.stored(options);
    return new NdArray<Integers>(toIntegers(data, this.#scaling), shape);
  }

  #region(region: Region | undefined): Region {
    if (!region) return { start: this.shape.map(() => 0), stop: this.shape };
    checkRegion(region, this.shape, "fits");
    return region;
  }

  /** Rows of one leading index, or of all. */
  #strip(begin: number, end: number, band?: number): Region {
    if (this.shape.length > 3 || (band !== undefined && this.shape.length === 1))
      throw new Error(`fits: rows and bands are of images and cubes, this has the shape [${this.shape.join(", ")}]`);
    const start = this.shape.map(() => 0);
    const stop = [...this.shape];
    if (this.shape.length > 1) [start[this.shape.length - 2], stop[this.shape.length - 2]] = [begin, end];
    if (band !== undefined && this.shape.length === 3) [start[0], stop[0]] = [band, band + 1];
    else if (band !== undefined && band !== 0) throw new Error(`fits: an image has band 0 alone, got ${band}`);
    const region = { start, stop };
    checkRegion(region, this.shape, "fits");
    return region;
  }
}

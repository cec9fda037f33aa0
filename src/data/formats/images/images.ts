import { decode as decodePngFile, type DecodedPng } from "fast-png";
import { decode as decodeJpegFile } from "jpeg-js";
import { NdArray } from "../../../ndarray";
import { readJpegHeader } from "./jpeg-header";
import { pngPixels, TooManyPixels } from "./png-chunks";
import { toBytes, type Bytes } from "../source";
import { mapTo } from "../../../typed-arrays";

/** Pixels that a byte of a JPEG file stands for at most: eight blocks of 64, each by one bit (a progressive file of one colour). */
const JPEG_PIXELS_PER_BYTE = 512;
/** What a picture may have where the caller says nothing: 8,192 x 8,192. */
const MAX_PIXELS = 2 ** 26;

/** Options of `readImage`. */
export interface ImageOptions {
  /** 1 for grey, 3 for colour; default: as in the file. */
  readonly channels?: 1 | 3 | undefined;
  /** Pixels of a picture at most, held against its header before anything is decoded; default 67,108,864 (8,192 x 8,192). */
  readonly maxPixels?: number | undefined;
}

interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Row-major, channels last, 0 … 255. */
  readonly data: Uint8Array;
}

/**
 * Reads a PNG or JPEG file, told apart by its first bytes, as [height, width, channels]: 1 channel (grey) or 3 (red, green, blue), by default as
 * in the file. A photograph is turned as EXIF says that it is to be shown. Transparency is dropped, 16 bits become 8, palettes become colours, an
 * animation its first picture; colour becomes grey by 0.299 r + 0.587 g + 0.114 b. Throws `image: …` for other formats, for a file that is
 * truncated or corrupt, and for one that declares more than `maxPixels`.
 */
export function readImage(content: Bytes, options: 1 | 3 | ImageOptions = {}): NdArray<Uint8Array> {
  const { channels, maxPixels = MAX_PIXELS } = typeof options === "number" ? { channels: options } : options;
  if (!(maxPixels >= 1)) throw new Error(`image: maxPixels must be at least 1, got ${maxPixels}`);
  if (channels !== undefined && channels !== 1 && channels !== 3)
    throw new Error(`image: channels must be 1 or 3, got ${String(channels)}`);
  const bytes = toBytes(content);
  const pixels = decode(bytes, maxPixels);
  const wanted = channels ?? (pixels.channels < 3 ? 1 : 3);
  const { height, width } = pixels;
  return new NdArray(convert(pixels, wanted), [height, width, wanted]);
}

function decode(bytes: Uint8Array, maxPixels: number): Pixels {
  const isPng = [137, 80, 78, 71, 13, 10, 26, 10].every((byte, i) => bytes[i] === byte);
  const isJpeg = bytes[0] === 255 && bytes[1] === 216;
  if (!isPng && !isJpeg)
    throw new Error(
      `image: file must be PNG or JPEG, its first bytes are ${bytes.subarray(0, 4).join(", ") || "none"}`,
    );
  const format = isPng ? "PNG" : "JPEG";
  try {
    const pixels = isPng ? decodePng(bytes, maxPixels) : decodeJpeg(bytes, maxPixels);
    const { height, width, channels, data } = pixels;
    if (data.length !== height * width * channels || data.length === 0)
      throw new Error(`${data.length} values for ${height} x ${width} x ${channels}`);
    return pixels;
  } catch (error) {
    if (error instanceof TooManyPixels) throw new Error(`image: ${error.message}`, { cause: error });
    throw new Error(`image: ${format} file is truncated or corrupt: ${reasonOf(error)}`, { cause: error });
  }
}

/** The decoder's words on one line, and those of what it was caused by; those of a decoder that went astray, and the language's, say nothing. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: unknown };
  const text = String(message ?? error).replace(/\s+/g, " ");
  if (error instanceof TypeError || error instanceof RangeError || /undefined|\[object/.test(text))
    return "its parts do not fit together";
  return cause === undefined ? text : `${text} ${reasonOf(cause)}`;
}

function decodePng(file: Uint8Array, maxPixels: number): Pixels {
  const png = decodePngFile(pngPixels(file, maxPixels).bytes, { checkCrc: true });
  const { width, height, palette, depth } = png;
  const values = unpack(png);
  if (palette) {
    const data = new Uint8Array(values.length * 3);
    values.forEach((index, i) => {
      const colour = palette[index];
      if (!colour) throw new Error(`colour ${index} of a palette of ${palette.length}`);
      for (let c = 0; c < 3; c++) data[3 * i + c] = colour[c]!;
    });
    return { width, height, channels: 3, data };
  }
  const most = 2 ** depth - 1;
  return {
    width,
    height,
    channels: png.channels,
    data: mapTo(Uint8Array, values, (v) => Math.round((v * 255) / most)),
  };
}

/** One number a value; those of fewer than 8 bits lie several in a byte, rows begin in a new one. */
function unpack({ data, depth, width, height, channels }: DecodedPng): Uint8Array | Uint8ClampedArray | Uint16Array {
  const perRow = width * channels;
  if (depth >= 8 || data.length === perRow * height) return data;
  const perByte = 8 / depth;
  const stride = Math.ceil(perRow / perByte);
  if (data.length !== stride * height) throw new Error(`${data.length} bytes for ${height} rows of ${stride}`);
  const values = new Uint8Array(perRow * height);
  for (let i = 0; i < values.length; i++) {
    const [row, column] = [Math.floor(i / perRow), i % perRow];
    const byte = data[row * stride + Math.floor(column / perByte)]!;
    values[i] = (byte >> (8 - depth * ((column % perByte) + 1))) & (2 ** depth - 1);
  }
  return values;
}

function decodeJpeg(bytes: Uint8Array, maxPixels: number): Pixels {
  const header = readJpegHeader(bytes);
  if (!header) throw new Error("it has no frame");
  const declared = header.width * header.height;
  if (declared > maxPixels) throw new TooManyPixels(header.width, header.height, maxPixels);
  if (declared > Math.max(1e5, JPEG_PIXELS_PER_BYTE * bytes.length))
    throw new Error(`${header.width} x ${header.height} pixels are declared in ${bytes.length} bytes`);
  const { width, height, data } = decodeJpegFile(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxResolutionInMP: Math.ceil(declared / 1e6) + 1,
    maxMemoryUsageInMB: 1024,
  });
  const grey = header.components === 1;
  const pixels = grey ? { data: data.filter((_, i) => i % 3 === 0), channels: 1 } : { data, channels: 3 };
  return turned({ width, height, ...pixels }, header.orientation);
}

/** The picture as EXIF's orientation has it shown: 2 to 4 mirror or turn it by half, 5 to 8 exchange its sides. */
function turned(pixels: Pixels, orientation: number): Pixels {
  if (orientation === 1) return pixels;
  const { width, height, channels, data } = pixels;
  const exchanged = orientation >= 5;
  const [wide, high] = exchanged ? [height, width] : [width, height];
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBelow = [3, 4, 6, 7].includes(orientation);
  const out = new Uint8Array(data.length);
  for (let y = 0; y < high; y++)
    for (let x = 0; x < wide; x++) {
      const [across, down] = exchanged ? [y, x] : [x, y];
      const column = fromRight ? width - 1 - across : across;
      const row = fromBelow ? height - 1 - down : down;
      const from = (row * width + column) * channels;
      for (let c = 0; c < channels; c++) out[(y * wide + x) * channels + c] = data[from + c]!;
    }
  return { width: wide, height: high, channels, data: out };
}

function convert({ data, channels }: Pixels, wanted: 1 | 3): Uint8Array {
  if (channels === wanted) return data;
  const size = data.length / channels;
  const out = new Uint8Array(size * wanted);
  for (let i = 0; i < size; i++) {
    const at = i * channels;
    if (channels < 3) out.fill(data[at]!, i * wanted, (i + 1) * wanted);
    else if (wanted === 3) for (let c = 0; c < 3; c++) out[3 * i + c] = data[at + c]!;
    else out[i] = Math.round(0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!);
  }
  return out;
}

/**
 * A picture [height, width, channels] at another size: each new pixel is the mean of the area that it covers of the old ones.
 * @throws for sizes that are not positive whole numbers
 */
export function resizeImage(image: NdArray<Uint8Array>, height: number, width: number): NdArray<Uint8Array> {
  for (const size of [height, width])
    if (!Number.isInteger(size) || size < 1)
      throw new Error(`resizeImage: sizes must be positive whole numbers, got ${height} x ${width}`);
  const [oldHeight, oldWidth, channels] = image.shape as [number, number, number];
  const wide = shrink(Float64Array.from(image.data), oldHeight, oldWidth, width, channels);
  const both = shrink(wide, 1, oldHeight, height, width * channels);
  return new NdArray(mapTo(Uint8Array, both, Math.round), [height, width, channels]);
}

/** How a picture is brought to another shape: its sides changed, all of it shown on black, or as much of it as fills the new one. */
export type Fit = "stretch" | "contain" | "cover";

/** A picture [height, width, channels] at another size, by `resizeImage`: see `Fit`. */
export function fitImage(image: NdArray<Uint8Array>, height: number, width: number, fit: Fit): NdArray<Uint8Array> {
  if (!["stretch", "contain", "cover"].includes(fit))
    throw new Error(`fitImage: fit must be stretch, contain or cover, got ${String(fit)}`);
  const [oldHeight, oldWidth, channels] = image.shape as [number, number, number];
  const [tall, wide] = [height / oldHeight, width / oldWidth];
  if (fit === "stretch" || tall === wide) return resizeImage(image, height, width);
  const scale = fit === "contain" ? Math.min(tall, wide) : Math.max(tall, wide);
  const size = (old: number, wanted: number): number =>
    fit === "contain"
      ? Math.min(wanted, Math.max(1, Math.round(old * scale)))
      : Math.max(wanted, Math.round(old * scale));
  const [h, w] = [size(oldHeight, height), size(oldWidth, width)];
  const scaled = resizeImage(image, h, w);
  const [top, left] = [Math.trunc((h - height) / 2), Math.trunc((w - width) / 2)];
  const data = new Uint8Array(height * width * channels);
  for (let y = Math.max(0, -top); y < Math.min(height, h - top); y++) {
    const x = Math.max(0, -left);
    const from = ((y + top) * w + x + left) * channels;
    const count = (Math.min(width, w - left) - x) * channels;
    data.set(scaled.data.subarray(from, from + count), (y * width + x) * channels);
  }
  return new NdArray(data, [height, width, channels]);
}

/** x [outer, from, inner] along its middle axis to `to` cells, each the mean of the cells that it covers. */
function shrink(x: Float64Array, outer: number, from: number, to: number, inner: number): Float64Array {
  const y = new Float64Array(outer * to * inner);
  for (let j = 0; j < to; j++) {
    const [begin, end] = [(j * from) / to, ((j + 1) * from) / to];
    for (let i = Math.floor(begin); i < Math.min(from, Math.ceil(end)); i++) {
      const share = (Math.min(end, i + 1) - Math.max(begin, i)) / (end - begin);
      if (share > 0)
        for (let o = 0; o < outer; o++)
          for (let c = 0; c < inner; c++) y[(o * to + j) * inner + c]! += share * x[(o * from + i) * inner + c]!;
    }
  }
  return y;
}

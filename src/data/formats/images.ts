import { decode as decodePngFile, type DecodedPng } from "fast-png";
import { decode as decodeJpegFile } from "jpeg-js";
import { NdArray } from "../../ndarray";
import { toBytes, type Bytes } from "./source";

/** Bytes that deflate makes of one at most: what a PNG header may declare for a file of its size. */
const DEFLATE_RATIO = 1032;
/** Pixels that a JPEG file declares for each of its bytes at most. */
const JPEG_PIXELS_PER_BYTE = 4096;

interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Row-major, channels last, 0 … 255. */
  readonly data: Uint8Array;
}

/**
 * Reads a PNG or JPEG file, told apart by its first bytes, as [height, width, channels]: 1 channel (grey) or 3 (red, green, blue), by default as
 * in the file. Transparency is dropped, 16 bits become 8, palettes become colours, an animation its first picture; colour becomes grey by
 * 0.299 r + 0.587 g + 0.114 b. Throws `image: …` for other formats, and for a file that is truncated or corrupt.
 */
export function readImage(content: Bytes, channels?: 1 | 3): NdArray<Uint8Array> {
  const bytes = toBytes(content);
  const pixels = decode(bytes);
  const wanted = channels ?? (pixels.channels < 3 ? 1 : 3);
  const { height, width } = pixels;
  return new NdArray(convert(pixels, wanted), [height, width, wanted]);
}

function decode(bytes: Uint8Array): Pixels {
  const isPng = [137, 80, 78, 71, 13, 10, 26, 10].every((byte, i) => bytes[i] === byte);
  const isJpeg = bytes[0] === 255 && bytes[1] === 216;
  if (!isPng && !isJpeg)
    throw new Error(
      `image: file must be PNG or JPEG, its first bytes are ${bytes.subarray(0, 4).join(", ") || "none"}`,
    );
  const format = isPng ? "PNG" : "JPEG";
  try {
    const pixels = isPng ? decodePng(bytes) : decodeJpeg(bytes);
    const { height, width, channels, data } = pixels;
    if (data.length !== height * width * channels || data.length === 0)
      throw new Error(`${data.length} values for ${height} x ${width} x ${channels}`);
    return pixels;
  } catch (error) {
    throw new Error(`image: ${format} file is truncated or corrupt: ${reasonOf(error)}`, { cause: error });
  }
}

/** The decoder's words on one line, and those of what it was caused by. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: unknown };
  const text = String(message ?? error).replace(/\s+/g, " ");
  return cause === undefined ? text : `${text} ${reasonOf(cause)}`;
}

function decodePng(bytes: Uint8Array): Pixels {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33) throw new Error(`${bytes.length} bytes`);
  const [declaredWidth, declaredHeight] = [view.getUint32(16), view.getUint32(20)];
  if ((declaredWidth * declaredHeight) / 8 > DEFLATE_RATIO * bytes.length)
    throw new Error(`${declaredWidth} x ${declaredHeight} pixels are declared in ${bytes.length} bytes`);
  // ends with the chunk IEND, which the decoder does not ask for
  if (!String.fromCharCode(...bytes.subarray(-8, -4)).includes("IEND")) throw new Error("its end is missing");
  const png = decodePngFile(bytes, { checkCrc: true });
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
  return { width, height, channels: png.channels, data: Uint8Array.from(values, (v) => Math.round((v * 255) / most)) };
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

function decodeJpeg(bytes: Uint8Array): Pixels {
  const { width, height, data } = decodeJpegFile(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxResolutionInMP: Math.min(100, Math.max(0.1, (JPEG_PIXELS_PER_BYTE * bytes.length) / 1e6)),
    maxMemoryUsageInMB: 1024,
  });
  return { width, height, channels: 3, data };
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
      throw new Error(`resizeImage: sizes must be positive whole numbers, ${height} x ${width}`);
  const [oldHeight, oldWidth, channels] = image.shape as [number, number, number];
  const wide = shrink(Float64Array.from(image.data), oldHeight, oldWidth, width, channels);
  const both = shrink(wide, 1, oldHeight, height, width * channels);
  return new NdArray(Uint8Array.from(both, Math.round), [height, width, channels]);
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

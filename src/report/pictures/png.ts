import { zlibSync } from "fflate";
import { crc32 } from "../../data/formats/crc32";

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let index = 0; index < 4; index++) bytes[4 + index] = type.charCodeAt(index);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/**
 * Encodes 8-bit pixels [height, width, channels] as a PNG file (ISO/IEC 15948), every row with the "up" filter or none, whichever is
 * smaller in sum of absolute differences. `channels` is 1 (grey, or an index into `colours`, RGB bytes [256, 3]) or 3 (RGB).
 * @throws when the number of pixels is not height · width · channels
 */
export function encodePng(
  pixels: Uint8Array,
  height: number,
  width: number,
  channels: 1 | 3,
  colours?: Uint8Array,
): Uint8Array {
  const stride = width * channels;
  if (pixels.length !== height * stride || stride === 0 || height === 0)
    throw new Error(`encodePng: pixels must be ${height} x ${width} x ${channels}, got ${pixels.length}`);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8; // bits per sample
  header[9] = channels === 3 ? 2 : colours ? 3 : 0; // colour type
  const rows = new Uint8Array(height * (stride + 1));
  for (let row = 0; row < height; row++) {
    const line = pixels.subarray(row * stride, (row + 1) * stride);
    const above = row > 0 ? pixels.subarray((row - 1) * stride, row * stride) : new Uint8Array(stride);
    const difference = line.map((value, index) => value - above[index]!);
    const cost = (bytes: Uint8Array) => bytes.reduce((sum, value) => sum + Math.min(value, 256 - value), 0);
    const up = row > 0 && cost(difference) < cost(line);
    rows[row * (stride + 1)] = up ? 2 : 0;
    rows.set(up ? difference : line, row * (stride + 1) + 1);
  }
  const parts = [
    Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10),
    chunk("IHDR", header),
    ...(colours && channels === 1 ? [chunk("PLTE", colours)] : []),
    chunk("IDAT", zlibSync(rows, { level: 6 })),
    chunk("IEND", new Uint8Array(0)),
  ];
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/** A file's bytes as a `data:` address. */
export function dataAddress(bytes: Uint8Array, type = "image/png"): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `data:${type};base64,${btoa(binary)}`;
}

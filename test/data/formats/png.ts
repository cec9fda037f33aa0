import { deflateSync } from "node:zlib";

/** How a test's PNG file is encoded. */
export interface PngEncoding {
  readonly width: number;
  readonly height: number;
  /** 0 grey, 2 colour, 3 palette, 4 grey and alpha, 6 colour and alpha. */
  readonly type: 0 | 2 | 3 | 4 | 6;
  readonly depth: 1 | 2 | 4 | 8 | 16;
  readonly palette?: readonly number[];
}

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function chunk(name: string, content: Uint8Array): number[] {
  const body = Uint8Array.from([...new TextEncoder().encode(name), ...content]);
  const words = new DataView(new ArrayBuffer(8));
  words.setUint32(0, content.length);
  words.setUint32(4, crc32(body));
  const ends = new Uint8Array(words.buffer);
  return [...ends.subarray(0, 4), ...body, ...ends.subarray(4)];
}

/** A PNG file of values in row-major order, channels last, with the filter `none` (ISO/IEC 15948). */
export function encodePng(values: readonly number[], { width, height, type, depth, palette }: PngEncoding): Uint8Array {
  const perRow = width * CHANNELS[type];
  const stride = Math.ceil((perRow * depth) / 8);
  const rows = new Uint8Array(height * (stride + 1));
  for (let i = 0; i < height * perRow; i++) {
    const start = Math.floor(i / perRow) * (stride + 1) + 1;
    const bit = (i % perRow) * depth;
    const at = start + Math.floor(bit / 8);
    if (depth === 16) {
      rows[at] = values[i]! >> 8;
      rows[at + 1] = values[i]! & 255;
    } else rows[at]! |= values[i]! << (8 - depth - (bit % 8));
  }
  const colours: [string, Uint8Array][] = palette ? [["PLTE", Uint8Array.from(palette)]] : [];
  return encodePngChunks({ width, height, type, depth }, [...colours, ["IDAT", deflateSync(rows)]]);
}

/** A PNG file of these chunks between its header and its end. */
export function encodePngChunks(
  { width, height, type, depth }: PngEncoding,
  chunks: readonly (readonly [name: string, content: Uint8Array])[],
): Uint8Array {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, depth);
  header.setUint8(9, type);
  return Uint8Array.from([
    ...[137, 80, 78, 71, 13, 10, 26, 10],
    ...chunk("IHDR", new Uint8Array(header.buffer)),
    ...chunks.flatMap(([name, content]) => chunk(name, content)),
    ...chunk("IEND", new Uint8Array(0)),
  ]);
}

import { Unzlib } from "fflate";
import { joinBytes } from "../source";

/** Bytes that deflate makes of one at most (RFC 1951). */
const DEFLATE_RATIO = 1032;
/** What a PNG file may inflate to beyond the picture that it declares, before that is looked at piece by piece. */
const SLACK = 2 ** 24;
/** Chunks that the pixels depend on; all others are passed over, whatever is packed in them. */
const NEEDED = new Set(["IHDR", "PLTE", "IDAT", "IEND"]);
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** A PNG file of no more than its pixels need. */
export interface PngPixels {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/**
 * Takes from a PNG file the chunks that its pixels depend on, up to IEND; what follows that is left alone. Their data are as many as the
 * header declares: a stream that inflates to more is refused before it does.
 * @throws in words that do not name the format, for a file that is cut or whose header has values that PNG does not know
 */
export function pngPixels(file: Uint8Array, maxPixels: number): PngPixels {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 33) throw new Error(`${file.length} bytes`);
  const kept: Uint8Array[] = [file.subarray(0, 8)];
  const packed: Uint8Array[] = [];
  let ended = false;
  for (let at = 8; at + 12 <= file.length && !ended;) {
    const [size, name] = [view.getUint32(at), String.fromCharCode(...file.subarray(at + 4, at + 8))];
    const end = at + 12 + size;
    if (end > file.length) throw new Error(`chunk ${JSON.stringify(name)} of ${size} bytes reaches beyond the file`);
    if (at === 8 && (name !== "IHDR" || size !== 13)) throw new Error("it does not begin with its header");
    if (NEEDED.has(name)) kept.push(file.subarray(at, end));
    if (name === "IDAT") packed.push(file.subarray(at + 8, at + 8 + size));
    ended = name === "IEND";
    at = end;
  }
  if (!ended) throw new Error("its end is missing");
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const bits = file[24]! * (CHANNELS[file[25]!] ?? 4);
  // every row has a byte for its filter; the seven passes of an interlaced picture have at most two rows for each of its own
  const expected = height * (Math.ceil((width * bits) / 8) + 1) + (file[28] ? 2 * height + 7 * width : 0);
  const packedSize = packed.reduce((sum, { length }) => sum + length, 0);
  if (expected > DEFLATE_RATIO * packedSize + SLACK)
    throw new Error(`${width} x ${height} pixels are declared in ${file.length} bytes`);
  if (width * height > maxPixels) throw new TooManyPixels(width, height, maxPixels);
  if (DEFLATE_RATIO * packedSize > expected + SLACK) checkInflated(packed, expected);
  return { width, height, bytes: joinBytes(kept) };
}

/** A picture of more pixels than the caller allows. */
export class TooManyPixels extends Error {
  constructor(width: number, height: number, most: number) {
    super(`${width} x ${height} pixels are more than ${most}; allow more by maxPixels`);
  }
}

/** @throws when the stream makes more than `expected` bytes; it is followed no farther */
function checkInflated(packed: readonly Uint8Array[], expected: number): void {
  let made = 0;
  const stream = new Unzlib((piece) => {
    made += piece.length;
    if (made > expected)
      throw new Error(`its data inflate to more than the ${expected} bytes that its header declares`);
  });
  for (const part of packed)
    for (let at = 0; at < part.length; at += 4096) stream.push(part.subarray(at, at + 4096), false);
}

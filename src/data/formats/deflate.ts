import { inflateSync } from "fflate";
import { crc32 } from "./crc32";

/**
 * Inflates a raw deflate stream and holds the result against the length and CRC-32 that were declared for it.
 * `what` begins the error messages, such as `npz: member "x.npy"`.
 */
export function inflateChecked(bytes: Uint8Array, length: number, crc: number, what: string): Uint8Array {
  let out: Uint8Array;
  try {
    // A declared length far beyond what was packed is not believed: the buffer then grows with what comes out.
    const believed = length <= 64 * bytes.length + 4096;
    out = believed ? inflateSync(bytes, { out: new Uint8Array(length) }) : inflateSync(bytes);
  } catch (error) {
    throw new Error(`${what} is corrupt, ${(error as Error).message}`, { cause: error });
  }
  if (out.length !== length) throw new Error(`${what} is corrupt, ${out.length} bytes where ${length} are declared`);
  if (crc32(out) !== crc) throw new Error(`${what} is corrupt, its CRC-32 differs`);
  return out;
}

/** Do the bytes begin as a gzip file does (1f 8b)? */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The content of a gzip file of one member (RFC 1952), checked against its length and CRC-32. */
export function gunzip(bytes: Uint8Array, op: string): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 18) throw new Error(`${op}: gzip file is truncated, ${bytes.length} bytes`);
  const flags = bytes[3]!;
  if (bytes[2] !== 8 || flags > 31)
    throw new Error(`${op}: gzip header must have method 8 and flags under 32, got ${bytes[2]} and ${flags}`);
  const end = bytes.length - 8;
  let begin = 10;
  if (flags & 4) begin += 2 + view.getUint16(10, true);
  // File name and comment, each ended by a zero byte.
  for (const flag of [8, 16]) if (flags & flag) while (begin < end && bytes[begin++] !== 0);
  if (flags & 2) begin += 2;
  if (begin >= end) throw new Error(`${op}: gzip file is truncated in its header, ${bytes.length} bytes`);
  const length = view.getUint32(end + 4, true);
  return inflateChecked(bytes.subarray(begin, end), length, view.getUint32(end, true), `${op}: gzip file`);
}

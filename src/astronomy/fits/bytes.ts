// Big-endian bytes of a FITS file as typed arrays, and back.
import type { TypedArray } from "../../ndarray";

/** The element types of FITS images by BITPIX. */
export const BITPIX = {
  8: Uint8Array,
  16: Int16Array,
  32: Int32Array,
  64: BigInt64Array,
  "-32": Float32Array,
  "-64": Float64Array,
} as const;

/** One of 8, 16, 32, 64, -32 and -64: bits of an element, negative for floating point. */
export type Bitpix = 8 | 16 | 32 | 64 | -32 | -64;

/** Elements as they are stored. */
export type Stored = Uint8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** What Node and Deno have to turn bytes around by vector instructions, several times as fast as a loop here, and memory that nothing was written to. */
interface NativeBytes {
  swap16(): unknown;
  swap32(): unknown;
  swap64(): unknown;
}
type NativeBuffer = {
  from(buffer: ArrayBufferLike, offset: number, length: number): NativeBytes;
  allocUnsafeSlow(length: number): Uint8Array<ArrayBuffer>;
};
const { Buffer: native } = globalThis as { readonly Buffer?: NativeBuffer };

/** Memory whose contents are undefined, which is to be filled. */
export const unfilled = (length: number): Uint8Array<ArrayBuffer> =>
  native ? native.allocUnsafeSlow(length) : new Uint8Array(length);

/** Turns the bytes of elements of 2, 4 or 8 bytes around, in place; `bytes` begins at a multiple of their size. */
export function swapBytes(bytes: Uint8Array, width: number): void {
  const { buffer, byteOffset, length } = bytes;
  if (!littleEndian || width === 1) return;
  if (native) {
    const whole = native.from(buffer, byteOffset, length - (length % width));
    if (width === 2) whole.swap16();
    else if (width === 4) whole.swap32();
    else whole.swap64();
    return;
  }
  if (width === 2) {
    const words = new Uint16Array(buffer, byteOffset, length >> 1);
    for (let i = 0; i < words.length; i++) words[i] = (words[i]! << 8) | (words[i]! >> 8);
    return;
  }
  const words = new Int32Array(buffer, byteOffset, length >> 2);
  const turned = (v: number): number => (v << 24) | ((v & 0xff00) << 8) | ((v >>> 8) & 0xff00) | (v >>> 24);
  if (width === 4) for (let i = 0; i < words.length; i++) words[i] = turned(words[i]!);
  else
    for (let i = 0; i + 1 < words.length; i += 2) {
      const first = words[i]!;
      words[i] = turned(words[i + 1]!);
      words[i + 1] = turned(first);
    }
}

/** Big-endian bytes as numbers of this machine; the bytes are taken over where their place in memory allows. */
export function fromBigEndian<T extends TypedArray>(
  bytes: Uint8Array,
  Type: { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBufferLike, offset: number, length: number): T },
): T {
  const width = Type.BYTES_PER_ELEMENT;
  const own = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  swapBytes(own, width);
  return new Type(own.buffer, own.byteOffset, Math.floor(own.length / width));
}

/** Numbers as big-endian bytes, in memory of their own. */
export function toBigEndian(values: TypedArray): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.byteLength);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  swapBytes(bytes, values.BYTES_PER_ELEMENT);
  return bytes;
}

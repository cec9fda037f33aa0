/** Bytes of a number before compression, and with them the code's sizes: bits of the split field, its largest value, bits of a raw number. */
const CODES = {
  1: { fsBits: 3, fsMost: 6, bits: 8 },
  2: { fsBits: 4, fsMost: 14, bits: 16 },
  4: { fsBits: 5, fsMost: 25, bits: 32 },
} as const;

/** Bytes a number had before compression. */
export type RiceWidth = keyof typeof CODES;

/**
 * Decompresses n integers of RICE_1: the first one raw, then blocks of differences to the one before, each block with its own split between a unary and a
 * binary part. Sums wrap at the number's width; bytes are unsigned, other numbers signed.
 * Source: FITS standard 4.0, section 10.4.1.
 * @throws `fits: …` where the stream ends early or has a split that does not exist
 */
export function riceDecode(bytes: Uint8Array, n: number, width: RiceWidth, blockSize: number, out: Int32Array): void {
  const { fsBits, fsMost, bits } = CODES[width];
  const size = bytes.length;
  const short = (): never => {
    throw new Error(`fits: RICE_1 data of a tile must hold ${n} numbers, got ${size} bytes`);
  };
  if (size < width) short();
  let at = 0;
  let last = 0;
  while (at < width) last = (last << 8) | bytes[at++]!;
  if (width === 2) last = (last << 16) >> 16;
  // `held` bits of `buffer` are not yet used; beyond the end the stream reads as zeros, and is found short below
  let buffer = 0;
  let held = 0;
  const shift = width === 4 ? 0 : width === 2 ? 16 : 24;
  for (let begin = 0; begin < n;) {
    const end = Math.min(begin + blockSize, n);
    while (held < fsBits) {
      buffer = (buffer << 8) | (bytes[at++] ?? 0);
      held += 8;
    }
    held -= fsBits;
    const fs = (buffer >>> held) - 1;
    buffer &= (1 << held) - 1;
    if (fs < 0) {
      out.fill(last, begin, end);
    } else if (fs === fsMost) {
      for (let i = begin; i < end; i++) {
        // what is held, then whole bytes, then the first bits of one more
        let left = bits - held;
        let raw = left === 32 ? 0 : buffer << left;
        for (left -= 8; left >= 0; left -= 8) raw |= (bytes[at++] ?? 0) << left;
        if (held > 0) {
          buffer = bytes[at++] ?? 0;
          raw |= buffer >>> -left;
          buffer &= (1 << held) - 1;
        } else buffer = 0;
        const difference = (raw & 1) === 1 ? ~(raw >>> 1) : raw >>> 1;
        last = width === 1 ? (last + difference) & 255 : ((last + difference) << shift) >> shift;
        out[i] = last;
      }
    } else {
      if (fs > fsMost)
        throw new Error(`fits: RICE_1 data of a tile must have splits of at most ${fsMost} bits, got ${fs}`);
      for (let i = begin; i < end; i++) {
        while (buffer === 0) {
          if (at >= size) short();
          buffer = bytes[at++]!;
          held += 8;
        }
        const top = 31 - Math.clz32(buffer);
        const zeros = held - 1 - top;
        held = top;
        buffer ^= 1 << top;
        while (held < fs) {
          buffer = (buffer << 8) | (bytes[at++] ?? 0);
          held += 8;
        }
        held -= fs;
        const code = (zeros << fs) | (buffer >>> held);
        buffer &= (1 << held) - 1;
        const difference = (code & 1) === 1 ? ~(code >>> 1) : code >>> 1;
        last = width === 1 ? (last + difference) & 255 : ((last + difference) << shift) >> shift;
        out[i] = last;
      }
    }
    if (at > size) short();
    begin = end;
  }
}

// The decoder of what scripts/lzma.mjs packs: LZMA (Igor Pavlov's specification, lc = 3, lp = 0, pb = 0, no end marker), 5 % smaller for
// WebAssembly modules as short as ours by two changes. A probability of 16 bits moves half the way at first, then ever less, down to 1 / 22.
// And a bit's context knows more: a literal's, what the last byte and the one before it begin, and that of the choice of a match, the last
// byte. The kernels take a quarter less than with deflate.

import type { Pieces } from "../turn";

/** Where each group of adaptive probabilities begins; the encoder counts the same way. */
const GROUPS = {
  isMatch: 0, // by the upper three bits of the byte before, 12 states each
  isRep: 96, // by state, as are the next four
  isRep0: 108,
  isRep1: 120,
  isRep2: 132,
  isRep0Long: 144,
  slots: 156, // four trees of 64: by length 2, 3, 4 and more
  distances: 412, // reverse trees of the slots 4 to 13
  align: 540, // reverse tree of the lowest four bits of far distances
  length: 556, // of matches: two choices, trees of 8, 8 and 256
  repLength: 830,
  literals: 1104, // by kind or upper three bits of the byte before and the kind of the one before that, 768 each
  end: 1104 + 44 * 768,
} as const;

/** Bytes decoded between two looks at the clock: less than a millisecond's work. */
const SLICE = 1024;

/** What a byte of WebAssembly may be: the prefix of a SIMD instruction, access to a local, `i32.const`, or anything. */
const kindOf = (byte: number): number => (byte === 0xfd ? 1 : byte >= 0x20 && byte <= 0x22 ? 2 : byte === 0x41 ? 3 : 0);

/** Decodes the first `size` bytes of a stream given as base64. */
export function* unpack(base64: string, size: number): Pieces<Uint8Array<ArrayBuffer>> {
  const output = new Uint8Array(size);
  const input = decodeBase64(base64);
  const probabilities = new Uint16Array(GROUPS.end).fill(32768);
  const seen = new Uint8Array(GROUPS.end);
  let next = 0;
  let range = 0xffffffff;
  let code = 0;
  for (; next < 5; next++) code = ((code << 8) | input[next]!) >>> 0;

  const normalize = (): void => {
    range = (range << 8) >>> 0;
    code = ((code << 8) | input[next++]!) >>> 0;
  };
  const bit = (at: number): number => {
    const p = probabilities[at]!;
    const n = seen[at]!;
    const bound = (range >>> 16) * p;
    const value = code < bound ? 0 : 1;
    if (value) {
      range -= bound;
      code -= bound;
    } else range = bound;
    probabilities[at] = p + ((value ? 32 : 65504) - p) / (n + 2);
    if (n < 20) seen[at] = n + 1;
    while (range < 0x1000000) normalize();
    return value;
  };
  const tree = (at: number, bits: number): number => {
    let node = 1;
    for (let i = 0; i < bits; i++) node = 2 * node + bit(at + node);
    return node - (1 << bits);
  };
  const reverseTree = (at: number, bits: number): number => {
    let [node, value] = [1, 0];
    for (let i = 0; i < bits; i++) {
      const b = bit(at + node);
      node = 2 * node + b;
      value |= b << i;
    }
    return value;
  };
  const lengthAt = (at: number): number => {
    if (bit(at) === 0) return 2 + tree(at + 2, 3);
    if (bit(at + 1) === 0) return 10 + tree(at + 10, 3);
    return 18 + tree(at + 18, 8);
  };
  const distanceFor = (length: number): number => {
    const slot = tree(GROUPS.slots + 64 * Math.min(length - 2, 3), 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) << bits;
    if (slot < 14) return base + reverseTree(GROUPS.distances + base - slot, bits);
    let direct = 0;
    for (let i = 4; i < bits; i++) {
      range >>>= 1;
      const b = code >= range ? 1 : 0;
      if (b) code -= range;
      direct = 2 * direct + b;
      while (range < 0x1000000) normalize();
    }
    return base + 16 * direct + reverseTree(GROUPS.align, 4);
  };

  let state = 0;
  const reps = [0, 0, 0, 0];
  for (let at = 0, pause = SLICE; at < size;) {
    if (at >= pause) {
      pause = at + SLICE;
      yield;
    }
    const previous = output[at - 1] ?? 0;
    if (bit(GROUPS.isMatch + 12 * (previous >> 5) + state) === 0) {
      const kind = kindOf(previous);
      const group = GROUPS.literals + 768 * ((kind ? kind + 7 : previous >> 5) + 11 * kindOf(output[at - 2] ?? 0));
      const match = state < 7 ? -1 : output[at - reps[0]! - 1]!;
      let node = 1;
      for (let i = 7, alike = match >= 0; i >= 0; i--) {
        const expected = (match >> i) & 1;
        const b = bit(group + node + (alike ? 256 * (1 + expected) : 0));
        node = 2 * node + b;
        alike &&= b === expected;
      }
      output[at++] = node;
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    let length = 1;
    if (bit(GROUPS.isRep + state) === 0) {
      length = lengthAt(GROUPS.length);
      reps.pop();
      reps.unshift(distanceFor(length));
      state = state < 7 ? 7 : 10;
    } else {
      const which = bit(GROUPS.isRep0 + state) && 1 + (bit(GROUPS.isRep1 + state) && 1 + bit(GROUPS.isRep2 + state));
      const single = which === 0 && bit(GROUPS.isRep0Long + state) === 0;
      reps.unshift(...reps.splice(which, 1));
      if (!single) length = lengthAt(GROUPS.repLength);
      state = state < 7 ? (single ? 9 : 8) : 11;
    }
    const back = reps[0]! + 1;
    for (const end = Math.min(size, at + length); at < end; at++) output[at] = output[at - back]!;
  }
  return output;
}

/** The bytes that a base64 text stands for. */
function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

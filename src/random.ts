import { checkInteger } from "./checks";
import { runAtOnce } from "./event-loop";
import type { Cooperative } from "./event-loop";

/** What it takes to go on exactly: plain numbers, fit for JSON. */
export interface RandomState {
  readonly key: readonly [number, number];
  /** Words drawn so far. */
  readonly position: number;
}

/** Where a device op finds its numbers: the key, and the first of its blocks as two 32-bit words. */
export interface Counters {
  readonly key0: number;
  readonly key1: number;
  readonly counter0: number;
  readonly counter1: number;
}

const WORD = 2 ** 32;
/**
 * Threefry-2x32 with 20 rounds: two random words for a key and a counter (Salmon, Moraes, Dror and Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", SC 2011, section 4). Writes them to `out` at `at` and `at + 1`. The key words are added in turn
 * after every four rounds: 1 and 2, 2 and 0, 0 and 1, …
 */
export function threefry(out: Uint32Array, at: number, k0: number, k1: number, c0: number, c1: number): void {
  const k2 = k0 ^ k1 ^ 0x1bd11bda;
  let a = (c0 + k0) | 0;
  let b = (c1 + k1) | 0;
  a = (a + b) | 0;
  b = ((b << 13) | (b >>> 19)) ^ a;
  a = (a + b) | 0;
  b = ((b << 15) | (b >>> 17)) ^ a;
  a = (a + b) | 0;
  b = ((b << 26) | (b >>> 6)) ^ a;
  a = (a + b) | 0;
  b = ((b << 6) | (b >>> 26)) ^ a;
  a = (a + k1) | 0;
  b = (b + k2 + 1) | 0;
  a = (a + b) | 0;
  b = ((b << 17) | (b >>> 15)) ^ a;
  a = (a + b) | 0;
  b = ((b << 29) | (b >>> 3)) ^ a;
  a = (a + b) | 0;
  b = ((b << 16) | (b >>> 16)) ^ a;
  a = (a + b) | 0;
  b = ((b << 24) | (b >>> 8)) ^ a;
  a = (a + k2) | 0;
  b = (b + k0 + 2) | 0;
  a = (a + b) | 0;
  b = ((b << 13) | (b >>> 19)) ^ a;
  a = (a + b) | 0;
  b = ((b << 15) | (b >>> 17)) ^ a;
  a = (a + b) | 0;
  b = ((b << 26) | (b >>> 6)) ^ a;
  a = (a + b) | 0;
  b = ((b << 6) | (b >>> 26)) ^ a;
  a = (a + k0) | 0;
  b = (b + k1 + 3) | 0;
  a = (a + b) | 0;
  b = ((b << 17) | (b >>> 15)) ^ a;
  a = (a + b) | 0;
  b = ((b << 29) | (b >>> 3)) ^ a;
  a = (a + b) | 0;
  b = ((b << 16) | (b >>> 16)) ^ a;
  a = (a + b) | 0;
  b = ((b << 24) | (b >>> 8)) ^ a;
  a = (a + k1) | 0;
  b = (b + k2 + 4) | 0;
  a = (a + b) | 0;
  b = ((b << 13) | (b >>> 19)) ^ a;
  a = (a + b) | 0;
  b = ((b << 15) | (b >>> 17)) ^ a;
  a = (a + b) | 0;
  b = ((b << 26) | (b >>> 6)) ^ a;
  a = (a + b) | 0;
  b = ((b << 6) | (b >>> 26)) ^ a;
  a = (a + k2) | 0;
  b = (b + k0 + 5) | 0;
  out[at] = a;
  out[at + 1] = b;
}

/**
 * low + (high − low)·u as offset + span·(u − shift). Where `low` is 0 or −`high`, only the product rounds, so that host and
 * devices agree to the bit whether they fuse the addition or not.
 */
export function uniformRange(low: number, high: number): { offset: number; span: number; shift: number } {
  const span = Math.fround(high - low);
  return low === -high ? { offset: 0, span, shift: 0.5 } : { offset: Math.fround(low), span, shift: 0 };
}

/**
 * A seeded, counter-based stream of random numbers: word i is a function of the key and of i alone, so that devices draw the
 * numbers that the host would, in parallel, and a stored state goes on exactly. Not for cryptography.
 */
export class Random {
  #key: readonly [number, number] = [0, 0];
  #position = 0;
  readonly #block = new Uint32Array(2);
  #blockIndex = -1;

  /** @param seed a whole number from 0 to 2⁵³ − 1, or the `state()` of another stream, to go on from there */
  constructor(seed: number | RandomState) {
    if (typeof seed === "number") {
      if (!Number.isSafeInteger(seed) || seed < 0)
        throw new Error(`Random: the seed must be a whole number from 0 to 2^53 - 1, got ${seed}`);
      this.#key = [seed >>> 0, Math.floor(seed / WORD)];
    } else this.restore(seed);
  }

  /** What `restore` or the constructor take to go on from here. */
  state(): RandomState {
    return { key: this.#key, position: this.#position };
  }

  /** Goes on from where another stream was. @throws when `state` is not what `state()` gives */
  restore(state: RandomState): void {
    const { key, position } = state;
    const isWord = (word: unknown): boolean => typeof word === "number" && word >>> 0 === word;
    if (
      !Array.isArray(key) ||
      key.length !== 2 ||
      !key.every(isWord) ||
      !Number.isSafeInteger(position) ||
      position < 0
    )
      throw new Error(`Random: a state has a key of two 32-bit words and a position, ${JSON.stringify(state)}`);
    this.#key = [key[0] as number, key[1] as number];
    this.#position = position;
    this.#blockIndex = -1;
  }

  /** A stream of its own, from the next block of this one as its key. */
  split(): Random {
    const { key0, key1, counter0, counter1 } = this.reserve(2);
    const key = new Uint32Array(2);
    threefry(key, 0, key0, key1, counter0, counter1);
    return new Random({ key: [key[0]!, key[1]!], position: 0 });
  }

  /**
   * Takes `count` words, in whole blocks of two, for a device op to draw; the next number comes after them. An odd word left
   * of the current block is passed over.
   */
  reserve(count: number): Counters {
    const block = Math.ceil(this.#position / 2);
    this.#position = 2 * (block + Math.ceil(count / 2));
    return {
      key0: this.#key[0],
      key1: this.#key[1],
      counter0: block >>> 0,
      counter1: Math.floor(block / WORD),
    };
  }

  /** A whole number from 0 to 2³² − 1. */
  nextUint32(): number {
    const block = Math.floor(this.#position / 2);
    if (block !== this.#blockIndex) {
      threefry(this.#block, 0, this.#key[0], this.#key[1], block >>> 0, Math.floor(block / WORD));
      this.#blockIndex = block;
    }
    return this.#block[this.#position++ % 2]!;
  }

  /** Uniform in [0, 1): the upper 24 bits of a word, so that float32 holds it exactly. */
  uniform(): number {
    return (this.nextUint32() >>> 8) * 2 ** -24;
  }

  /** Standard normal (Box and Muller 1958), from one block. */
  normal(): number {
    this.#position += this.#position % 2;
    const radius = Math.sqrt(-2 * Math.log(((this.nextUint32() >>> 8) + 1) * 2 ** -24));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Uniform among 0 … limit − 1, without the bias of a remainder. @throws when the limit is not a whole number from 1 to 2³² */
  integer(limit: number): number {
    checkInteger("Random.integer", { limit }, 1, WORD);
    return this.#below(limit);
  }

  #below(limit: number): number {
    let word = this.nextUint32();
    // a remainder is taken twice only where the word may be among the last, uneven ones
    while (word >= WORD - limit && word >= WORD - (WORD % limit)) word = this.nextUint32();
    return word % limit;
  }

  /** 0 … n − 1 in random order (Fisher and Yates). */
  permutation(n: number): Uint32Array<ArrayBuffer> {
    return runAtOnce(this.permuting(n));
  }

  /**
   * The same, piece by piece.
   * @internal
   */
  *permuting(n: number): Cooperative<Uint32Array<ArrayBuffer>> {
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    for (let i = n - 1; i > 0; i--) {
      if (i % 4096 === 0) yield;
      const j = this.#below(i + 1);
      const held = order[i]!;
      order[i] = order[j]!;
      order[j] = held;
    }
    return order;
  }

  /** Fills an array with uniforms in [low, high): the numbers of the op `randomUniform`, bit for bit where low is 0 or −high. */
  fillUniform(out: Float32Array, low = 0, high = 1): void {
    const { offset, span, shift } = uniformRange(low, high);
    const value = (word: number): number => offset + Math.fround(span * ((word >>> 8) * 2 ** -24 - shift));
    this.#fill(out, (words, i) => {
      out[i] = value(words[0]!);
      if (i + 1 < out.length) out[i + 1] = value(words[1]!);
    });
  }

  /** Fills an array with normals: the numbers of the op `randomNormal`, to rounding. */
  fillNormal(out: Float32Array, mean = 0, std = 1): void {
    this.#fill(out, (words, i) => {
      const radius = std * Math.sqrt(-2 * Math.log(((words[0]! >>> 8) + 1) * 2 ** -24));
      const angle = 2 * Math.PI * (words[1]! >>> 8) * 2 ** -24;
      out[i] = mean + radius * Math.cos(angle);
      if (i + 1 < out.length) out[i + 1] = mean + radius * Math.sin(angle);
    });
  }

  /** One block of two words for each pair of elements. */
  #fill(out: Float32Array, put: (words: Uint32Array, i: number) => void): void {
    const { key0, key1, counter0, counter1 } = this.reserve(out.length);
    const words = new Uint32Array(2);
    let low = counter0;
    let high = counter1;
    for (let i = 0; i < out.length; i += 2) {
      threefry(words, 0, key0, key1, low, high);
      put(words, i);
      low = (low + 1) >>> 0;
      if (low === 0) high++;
    }
  }
}

/**
 * The stream of one use of a seed: `stream(seed, "DEC.order", pass)`. Its key is a hash of the seed, the name and the places (Threefry, word
 * by word), so that no two uses draw the same numbers, whatever their seeds are; nothing is added to a seed.
 * @throws when the seed or a place is no whole number from 0 to 2⁵³ − 1
 */
export function stream(seed: number, name: string, ...places: readonly number[]): Random {
  // eslint-disable-next-line no-restricted-syntax -- what streams are made of
  const key = Uint32Array.from(new Random(seed).state().key);
  const absorb = (low: number, high: number): void => threefry(key, 0, key[0]!, key[1]!, low, high);
  for (let i = 0; i < name.length; i++) absorb(name.charCodeAt(i), i);
  absorb(name.length, WORD - 1); // where the name ends and the places begin
  for (const place of places) checkInteger(`stream ${name}`, { place }, 0, Number.MAX_SAFE_INTEGER);
  for (const place of places) absorb(place >>> 0, Math.floor(place / WORD));
  return new Random({ key: [key[0]!, key[1]!], position: 0 });
}

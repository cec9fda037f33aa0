import { checkInteger, checkNames } from "../../checks";
import { sizeOf } from "../../ndarray";
import { Random, stream } from "../../random";
import type { RandomState } from "../../random";
import { ROW_MEMORY } from "./row-source";
import type { RowSource } from "./row-source";

/** Options of `ShuffleBuffer`. */
export interface ShuffleBufferOptions {
  readonly batchSize: number;
  /** Seed (default 0) or stream of the order. */
  readonly seed?: number | RandomState;
  /** Rows read in one piece (default: 1 MiB of them). */
  readonly blockRows?: number;
  /** Rows shuffled among each other; twice as many are held (default: a quarter of the source's `memory`, 64 MiB of them, at least 16 blocks). */
  readonly bufferRows?: number;
  /** Passes that there will be (default: no end): after the last, none is read ahead. */
  readonly passes?: number;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/** What a buffer has read and holds. */
export interface BufferUse {
  readonly rowsRead: number;
  readonly rowsHeld: number;
  /** The most rows that it held at any time. */
  readonly mostRowsHeld: number;
  /** Time that batches had to wait for the reading, ms. */
  readonly waited: number;
}

/** Rows of one batch and their numbers in the source. */
export interface BufferedBatch {
  readonly index: Uint32Array<ArrayBuffer>;
  /** [index.length, …rowShape] */
  readonly x: Float32Array<ArrayBuffer>;
}

interface Part {
  readonly key: string;
  /** Row numbers in the order of the batches, and where in `rows` each is. */
  readonly index: Uint32Array;
  readonly place: Uint32Array;
  readonly rows: Float32Array;
}

const MIB = 1 << 20;
/** Words of the stream set aside for a pass; its second half is the parts'. */
const WORDS_PER_PASS = 2 ** 28;

/**
 * Shuffled batches of rows that need not fit into memory. Each pass takes the blocks of consecutive rows in random order, and shuffles the rows of
 * `bufferRows / blockRows` of them at a time: every row comes once a pass, reads are long, and memory is two such parts: one that serves, and the
 * next, which is read meanwhile. A batch is a function of the seed, the pass and the step, so that training goes on from any step.
 */
export class ShuffleBuffer {
  /** Batches of a pass; the last is short where the size does not divide the rows. */
  readonly steps: number;
  readonly #source: RowSource;
  readonly #batchSize: number;
  readonly #blockRows: number;
  readonly #blocksPerPart: number;
  readonly #passes: number;
  readonly #key: RandomState["key"];
  readonly #signal: AbortSignal | undefined;
  readonly #parts = new Map<string, Promise<Part>>();
  #pass = -1;
  #order = new Uint32Array(0);
  #shortAt = 0;
  #use = { rowsRead: 0, rowsHeld: 0, mostRowsHeld: 0, waited: 0 };

  /** @throws for sizes below 1, and a source without rows */
  constructor(source: RowSource, options: ShuffleBufferOptions) {
    checkNames<ShuffleBufferOptions>("ShuffleBuffer", options, {
      batchSize: true,
      seed: true,
      blockRows: true,
      bufferRows: true,
      passes: true,
      signal: true,
    });
    const width = Math.max(1, sizeOf(source.rowShape));
    const blockRows = options.blockRows ?? Math.max(1, Math.min(source.length, Math.round(MIB / 4 / width)));
    const bufferRows =
      options.bufferRows ?? Math.max(16 * blockRows, Math.round((source.memory ?? ROW_MEMORY) / 16 / width));
    const { batchSize, passes = Infinity, seed = 0 } = options;
    checkInteger("ShuffleBuffer", { batchSize, blockRows, bufferRows }, 1);
    if (source.length < 1) throw new Error("ShuffleBuffer: the source has no rows");
    this.#source = source;
    this.#batchSize = batchSize;
    this.#blockRows = blockRows;
    this.#blocksPerPart = Math.max(1, Math.floor(bufferRows / blockRows));
    this.#passes = passes;
    this.#key = new Random(typeof seed === "number" ? stream(seed, "ShuffleBuffer").state() : seed).state().key;
    this.#signal = options.signal;
    this.steps = Math.ceil(source.length / batchSize);
  }

  /** What was read and is held. */
  get use(): BufferUse {
    return { ...this.#use };
  }

  /** The batch of a step of a pass. @throws what the source throws, and the signal's reason when aborted */
  async batch(pass: number, step: number): Promise<BufferedBatch> {
    if (!Number.isSafeInteger(pass) || pass < 0 || !Number.isInteger(step) || step < 0 || step >= this.steps)
      throw new Error(
        `ShuffleBuffer: pass and step must be whole numbers from 0, step less than ${this.steps}, got ${pass} and ${step}`,
      );
    this.#signal?.throwIfAborted();
    const begin = step * this.#batchSize;
    const end = Math.min(begin + this.#batchSize, this.#source.length);
    this.#arrange(pass);
    const first = this.#partOf(begin);
    const last = this.#partOf(end - 1);
    const needed = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    const next = this.#after(pass, last);
    const kept = new Set([...needed.map((part) => `${pass}/${part}`), ...(next ? [next.join("/")] : [])]);
    for (const key of this.#parts.keys()) if (!kept.has(key)) this.#drop(key);
    const started = performance.now();
    const parts: Part[] = [];
    for (const part of needed) parts.push(await this.#read(pass, part));
    this.#use.waited += performance.now() - started;
    const width = sizeOf(this.#source.rowShape);
    const index = new Uint32Array(end - begin);
    const x = new Float32Array((end - begin) * width);
    this.#arrange(pass);
    parts.forEach((part, i) => {
      const start = this.#startOf(first + i);
      const [from, to] = [Math.max(begin, start), Math.min(end, start + part.index.length)];
      for (let at = from; at < to; at++) {
        const place = part.place[at - start]!;
        index[at - begin] = part.index[at - start]!;
        x.set(part.rows.subarray(place * width, (place + 1) * width), (at - begin) * width);
      }
    });
    // What comes next is read while this batch computes; its failure is told when it is asked for.
    if (next) this.#read(...next).catch(() => undefined);
    return { index, x };
  }

  /** Forgets what it holds. */
  clear(): void {
    for (const key of this.#parts.keys()) this.#drop(key);
  }

  get #blocks(): number {
    return Math.ceil(this.#source.length / this.#blockRows);
  }

  /** The order of a pass's blocks. The last block of the source may be short: where it comes, all that follows moves up. */
  #arrange(pass: number): void {
    if (pass === this.#pass) return;
    this.#order = new Random({ key: this.#key, position: pass * WORDS_PER_PASS }).permutation(this.#blocks);
    this.#shortAt = this.#order.indexOf(this.#blocks - 1);
    this.#pass = pass;
  }

  /** Rows of a pass before a part. */
  #startOf(part: number): number {
    const blocks = Math.min(part * this.#blocksPerPart, this.#blocks);
    const missing = this.#blocks * this.#blockRows - this.#source.length;
    return blocks * this.#blockRows - (this.#shortAt < blocks ? missing : 0);
  }

  #partOf(row: number): number {
    let part = Math.floor(row / (this.#blockRows * this.#blocksPerPart));
    while (this.#startOf(part + 1) <= row) part++;
    return part;
  }

  #after(pass: number, part: number): [number, number] | undefined {
    if ((part + 1) * this.#blocksPerPart < this.#blocks) return [pass, part + 1];
    return pass + 1 < this.#passes ? [pass + 1, 0] : undefined;
  }

  #read(pass: number, part: number): Promise<Part> {
    const key = `${pass}/${part}`;
    let reading = this.#parts.get(key);
    if (!reading) {
      reading = this.#load(key, pass, part);
      this.#parts.set(key, reading);
      // a failed reading is tried anew
      reading.catch(() => this.#parts.get(key) === reading && this.#drop(key));
    }
    return reading;
  }

  async #load(key: string, pass: number, part: number): Promise<Part> {
    this.#arrange(pass);
    const blocks = this.#order.slice(part * this.#blocksPerPart, (part + 1) * this.#blocksPerPart);
    const bounds = Array.from(blocks, (block) => {
      const begin = block * this.#blockRows;
      return [begin, Math.min(begin + this.#blockRows, this.#source.length)] as const;
    });
    const count = bounds.reduce((sum, [begin, end]) => sum + end - begin, 0);
    this.#hold(key, count);
    const width = sizeOf(this.#source.rowShape);
    const rows = new Float32Array(count * width);
    const numbers = new Uint32Array(count);
    let at = 0;
    for (const [begin, end] of bounds) {
      this.#signal?.throwIfAborted();
      rows.set(await this.#source.range(begin, end), at * width);
      this.#use.rowsRead += end - begin;
      for (let row = begin; row < end; row++) numbers[at++] = row;
    }
    const position = pass * WORDS_PER_PASS + WORDS_PER_PASS / 2 + 2 * part;
    const place = new Random({ key: this.#key, position }).split().permutation(count);
    return { key, rows, place, index: place.map((row) => numbers[row]!) };
  }

  readonly #held = new Map<string, number>();

  #hold(key: string, count: number): void {
    this.#held.set(key, count);
    this.#count();
  }

  #drop(key: string): void {
    this.#parts.delete(key);
    this.#held.delete(key);
    this.#count();
  }

  #count(): void {
    this.#use.rowsHeld = [...this.#held.values()].reduce((sum, count) => sum + count, 0);
    this.#use.mostRowsHeld = Math.max(this.#use.mostRowsHeld, this.#use.rowsHeld);
  }
}

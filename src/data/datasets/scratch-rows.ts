import type { FileHandle } from "node:fs/promises";
import { nodeModule, reason } from "../formats/file-system";
import type { RowSource } from "./row-source";

/**
 * Float32 rows of d numbers in a temporary file of Node or Deno (in `TMPDIR`), for what is too much to hold: appended one after the other, read and written
 * by number. Nothing is left of the file when it is disposed of, nor where the program is killed (on Windows, then only by the system).
 */
export class ScratchRows implements RowSource {
  readonly rowShape: readonly number[];
  readonly memory: number;
  readonly #d: number;
  readonly #handle: FileHandle;
  readonly #path: string;
  #length = 0;

  private constructor(handle: FileHandle, path: string, d: number, memory: number) {
    [this.#handle, this.#path, this.#d, this.memory, this.rowShape] = [handle, path, d, memory, [d]];
  }

  /** An empty file. @throws where there is no file system, or no file can be made */
  static async create(d: number, memory: number): Promise<ScratchRows> {
    const { open, unlink } = nodeModule("node:fs/promises");
    const { tmpdir } = nodeModule("node:os");
    const path = nodeModule("node:path").join(tmpdir(), `constella-${crypto.randomUUID()}.rows`);
    const handle = await open(path, "wx+").catch((error: unknown) => {
      throw new Error(`cannot write ${path}: ${reason(error, "folder")}`, { cause: error });
    });
    await unlink(path).catch(() => undefined); // where an open file cannot be removed, dispose does it
    return new ScratchRows(handle, path, d, memory);
  }

  get length(): number {
    return this.#length;
  }

  /** Adds rows at the end. @throws where there is no space left */
  async append(rows: Float32Array): Promise<void> {
    await this.#write(rows, this.#length);
    this.#length += rows.length / this.#d;
  }

  /** Writes rows over those of these numbers. */
  async write(index: ArrayLike<number>, rows: Float32Array): Promise<void> {
    for (const { from, row, count } of runsOf(index))
      await this.#write(rows.subarray(from * this.#d, (from + count) * this.#d), row);
  }

  async range(begin: number, end: number, into?: Float32Array): Promise<Float32Array> {
    const size = (end - begin) * this.#d;
    const out = into?.subarray(0, size) ?? new Float32Array(size);
    await this.#read(out, begin);
    return out;
  }

  async rows(index: ArrayLike<number>): Promise<Float32Array> {
    const out = new Float32Array(index.length * this.#d);
    const runs = runsOf(index);
    for (let at = 0; at < runs.length; at += ABREAST)
      await Promise.all(
        runs
          .slice(at, at + ABREAST)
          .map(({ from, row, count }) => this.#read(out.subarray(from * this.#d, (from + count) * this.#d), row)),
      );
    return out;
  }

  /** Closes the file, which is gone then. */
  async dispose(): Promise<void> {
    await this.#handle.close();
    await nodeModule("node:fs/promises")
      .rm(this.#path, { force: true })
      .catch(() => undefined);
  }

  async #read(out: Float32Array, row: number): Promise<void> {
    const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
    for (let at = 0; at < bytes.length;) {
      const place = 4 * row * this.#d + at;
      const { bytesRead } = await this.#handle.read(bytes, at, Math.min(bytes.length - at, 2 ** 30), place);
      if (bytesRead === 0) throw new Error(`cannot read ${this.#path}: it ends at ${place}`);
      at += bytesRead;
    }
  }

  async #write(rows: Float32Array, row: number): Promise<void> {
    const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
    try {
      for (let at = 0; at < bytes.length;) {
        const length = Math.min(bytes.length - at, 2 ** 30);
        at += (await this.#handle.write(bytes, at, length, 4 * row * this.#d + at)).bytesWritten;
      }
    } catch (error) {
      throw new Error(`cannot write ${this.#path}: ${reason(error, "folder")}`, { cause: error });
    }
  }
}

/** Reads under way at a time. */
const ABREAST = 64;

/** Neighbouring rows of an index in one piece: from where in the index, from which row, how many. */
function runsOf(index: ArrayLike<number>): { from: number; row: number; count: number }[] {
  const runs: { from: number; row: number; count: number }[] = [];
  for (let i = 0; i < index.length; i++) {
    const last = runs.at(-1);
    if (last && last.row + last.count === index[i]) last.count++;
    else runs.push({ from: i, row: index[i]!, count: 1 });
  }
  return runs;
}

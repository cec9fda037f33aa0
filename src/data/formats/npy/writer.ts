import { sizeOf, type TypedArray } from "../../../ndarray";
import { AtomicFile } from "../atomic-file";
import { npyHeader } from "./npy";
import { toBytes } from "../source";

/**
 * Writes an npy file a few rows at a time, so that it may be larger than memory. The file appears under its name when all rows were written, and
 * not before.
 *
 * ```ts
 * const file = await NpyWriter.create("images.npy", [300_000, 45, 45], "float32");
 * try { for (…) await file.write(rows); await file.close(); } catch (error) { await file.discard(); throw error; }
 * ```
 */
export class NpyWriter {
  readonly #file: AtomicFile;
  readonly #path: string;
  readonly #dtype: string;
  readonly #size: number;
  #written = 0;

  private constructor(file: AtomicFile, path: string, dtype: string, size: number) {
    this.#file = file;
    this.#path = path;
    this.#dtype = dtype;
    this.#size = size;
  }

  /** @param shape of the whole array @throws `cannot write FILE: …` */
  static async create(
    path: string,
    shape: readonly number[],
    dtype: "float32" | "int32" | "uint8",
  ): Promise<NpyWriter> {
    const kind = { float32: "Float32Array", int32: "Int32Array", uint8: "Uint8Array" }[dtype];
    const file = await AtomicFile.create(path);
    await file.write(npyHeader(shape, kind));
    return new NpyWriter(file, path, kind, sizeOf(shape));
  }

  /** Adds elements in row-major order. @throws for elements of another type, and for more of them than the shape has */
  async write(elements: TypedArray): Promise<void> {
    if (elements[Symbol.toStringTag] !== this.#dtype)
      throw new Error(`NpyWriter: elements must be a ${this.#dtype}, got a ${elements[Symbol.toStringTag]}`);
    if (this.#written + elements.length > this.#size)
      throw new Error(`NpyWriter: ${this.#path} has ${this.#size} elements, given ${this.#written + elements.length}`);
    await this.#file.write(toBytes(elements));
    this.#written += elements.length;
  }

  /** Gives the file its name. @throws when elements are missing, and `cannot write FILE: …` */
  async close(): Promise<void> {
    if (this.#written !== this.#size) {
      await this.discard();
      throw new Error(`NpyWriter: ${this.#path} has ${this.#size} elements, given ${this.#written}`);
    }
    await this.#file.commit();
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    await this.#file.discard();
  }
}

import type { FileHandle } from "node:fs/promises";
import { nodeModule, reason } from "./file-system";

/**
 * A file that is written piece by piece under a temporary name in the same folder, and gets its own when it is complete: `path` holds the old
 * content or all of the new, never a part. Errors are `cannot write FILE: …`; where one is thrown, and on `discard`, nothing is left behind.
 */
export class AtomicFile {
  /** Temporary names of files that are not complete. */
  static readonly #unfinished = new Set<string>();
  readonly #path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  #open = true;

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  /** Begins a file. */
  static async create(path: string): Promise<AtomicFile> {
    const { open } = nodeModule("node:fs/promises");
    const { closeSync, openSync } = nodeModule("node:fs");
    const { dirname, join, basename } = nodeModule("node:path");
    const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.tmp`);
    AtomicFile.#unfinished.add(temporary);
    try {
      closeSync(openSync(temporary, "wx")); // at once: an opening under way must not make a file that discardAll has removed
      return new AtomicFile(path, temporary, await open(temporary, "r+"));
    } catch (error) {
      AtomicFile.#unfinished.delete(temporary);
      throw new Error(`cannot write ${path}: ${reason(error, "folder")}`, { cause: error });
    }
  }

  /** Forgets all that are being written, at once: for a program that ends here and now. */
  static discardAll(): void {
    const { rmSync } = nodeModule("node:fs");
    for (const temporary of AtomicFile.#unfinished) rmSync(temporary, { force: true });
  }

  /** Removes what programs that were killed have left in a folder. Call it only where nobody else writes. */
  static async clean(folder: string): Promise<void> {
    const { readdir, rm } = nodeModule("node:fs/promises");
    const { join } = nodeModule("node:path");
    for (const name of await readdir(folder))
      if (/^\..+\.[0-9a-f]{8}-[0-9a-f-]{27}\.tmp$/.test(name)) await rm(join(folder, name), { force: true });
  }

  /** Adds a piece at the end. */
  async write(content: Uint8Array | string): Promise<void> {
    await this.#attempt(() => this.#handle.appendFile(content));
  }

  /** Gives the file its name. */
  async commit(): Promise<void> {
    await this.#attempt(async () => {
      await this.#handle.sync();
      await this.#close();
      await nodeModule("node:fs/promises").rename(this.#temporary, this.#path);
    });
    AtomicFile.#unfinished.delete(this.#temporary);
  }

  /** Forgets what was written. */
  async discard(): Promise<void> {
    await this.#close().catch(() => undefined);
    await nodeModule("node:fs/promises")
      .rm(this.#temporary, { force: true })
      .catch(() => undefined);
    AtomicFile.#unfinished.delete(this.#temporary);
  }

  async #close(): Promise<void> {
    if (this.#open) await this.#handle.close();
    this.#open = false;
  }

  async #attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      await this.discard();
      throw new Error(`cannot write ${this.#path}: ${reason(error, "folder")}`, { cause: error });
    }
  }
}

/** What a file is written of: all of it, or pieces in their order. */
export type FileContent = Uint8Array | string | Iterable<string> | AsyncIterable<string | Uint8Array>;

const isPieces = (content: FileContent): content is Exclude<FileContent, Uint8Array | string> =>
  typeof content === "object" &&
  !(content instanceof Uint8Array) &&
  (Symbol.iterator in content || Symbol.asyncIterator in content);

/** Writes a whole file as `AtomicFile` does, also piece by piece: the old content or all of the new, never a part. Throws `cannot write FILE: …`. */
export async function writeAtomic(path: string, content: FileContent): Promise<void> {
  const file = await AtomicFile.create(path);
  try {
    if (isPieces(content)) for await (const piece of content) await file.write(piece);
    else await file.write(content);
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.commit();
}

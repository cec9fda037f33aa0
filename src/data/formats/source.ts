/** Bytes that can be read from the middle: a file, a `Blob`, a buffer. */
export interface RandomAccess {
  /** Length in bytes. */
  readonly size: number;
  /** The bytes [begin, end), in memory of their own. */
  read(begin: number, end: number): Promise<Uint8Array>;
  /** The bytes from `begin` on into memory that is there, as many as it holds; how many there were. */
  readInto?(begin: number, bytes: Uint8Array): Promise<number>;
  /** Lets go of what is read. */
  close?(): Promise<void>;
}

/** What readers take for a file's content. */
export type Bytes = ArrayBufferLike | ArrayBufferView;

/** @throws for a text where the content of a file is due: a path, most likely */
export function checkNoPath(content: unknown): void {
  if (typeof content !== "string") return;
  const shown = content.length > 80 ? `${content.slice(0, 80)}…` : content;
  throw new Error(`this is a path, ${JSON.stringify(shown)}: give the content of the file, as readFile and fetch do`);
}

/** The same memory as bytes. @throws for a text */
export function toBytes(content: Bytes): Uint8Array {
  checkNoPath(content);
  if (ArrayBuffer.isView(content)) return new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
  return new Uint8Array(content);
}

/** Random access to a `Blob` (a file the user chose in a page), or to bytes in memory; a RandomAccess stays as it is. */
export function toRandomAccess(source: RandomAccess | Blob | Bytes): RandomAccess {
  checkNoPath(source);
  if ("read" in source) return source;
  if (typeof Blob !== "undefined" && source instanceof Blob)
    return {
      size: source.size,
      read: async (begin, end) => new Uint8Array(await source.slice(begin, end).arrayBuffer()),
    };
  const bytes = toBytes(source as Bytes);
  return { size: bytes.length, read: async (begin, end) => bytes.slice(begin, end) };
}

/** Bytes one after the other. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

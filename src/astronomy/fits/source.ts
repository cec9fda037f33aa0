import { isGzip } from "../../data/formats/deflate";
import { openFile } from "../../data/formats/files";
import { joinBytes, toRandomAccess, type Bytes, type RandomAccess } from "../../data/formats/source";

/** What FITS files are read from: a path (in Node and Deno), a `Blob`, bytes, or anything that gives bytes from its middle. */
export type FitsSource = string | RandomAccess | Blob | Bytes;

/** Bytes decompressed by the platform. */
async function inflate(bytes: Uint8Array): Promise<Uint8Array[]> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("gzip"));
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return parts;
    parts.push(value);
  }
}

/** Where a gzip member may begin, after the first: its magic number, method 8, flags that exist. */
function* memberStarts(bytes: Uint8Array, from: number): Generator<number> {
  for (let at = bytes.indexOf(0x1f, from); at >= 0 && at + 18 <= bytes.length; at = bytes.indexOf(0x1f, at + 1))
    if (bytes[at + 1] === 0x8b && bytes[at + 2] === 8 && bytes[at + 3]! < 32) yield at;
}

/**
 * All members of a gzip file as one stream of bytes. Some platforms take one member alone: where the whole fails, members are cut apart at the places
 * at which one may begin and the bytes before it are a whole member, checked by its length and CRC.
 * @throws `fits: gzip …` for a file that is cut or damaged
 */
async function inflateMembers(bytes: Uint8Array): Promise<Uint8Array> {
  let parts: Uint8Array[];
  try {
    parts = await inflate(bytes);
  } catch (error) {
    parts = [];
    let begin = 0;
    for (const at of memberStarts(bytes, 18)) {
      const member = at < begin + 18 ? undefined : await inflate(bytes.subarray(begin, at)).catch(() => undefined);
      if (!member) continue;
      parts.push(...member);
      begin = at;
    }
    const last = begin > 0 && (await inflate(bytes.subarray(begin)).catch(() => undefined));
    if (!last) throw new Error(`fits: gzip data are cut or damaged, ${(error as Error).message}`, { cause: error });
    parts.push(...last);
  }
  return joinBytes(parts);
}

/** Opens what a FITS file is read from. Content that begins as gzip does (1f 8b) is unpacked into memory. */
export async function openSource(source: FitsSource): Promise<RandomAccess> {
  const opened = typeof source === "string" ? await openFile(source) : toRandomAccess(source);
  if (!isGzip(await opened.read(0, Math.min(2, opened.size)))) return opened;
  try {
    return toRandomAccess(await inflateMembers(await opened.read(0, opened.size)));
  } finally {
    if (typeof source === "string") await opened.close?.();
  }
}

import type { RandomAccess } from "../../data/formats/source";
import { BITPIX, type Bitpix } from "./bytes";
import { CARD, parseCards } from "./header/card";
import { FitsHeader } from "./header/header";

/** Bytes of a block, of which headers and data are whole numbers. */
export const BLOCK = 2880;

/** What an HDU holds; `other` is read as bytes alone. */
export type HduKind = "image" | "compressed image" | "table" | "ASCII table" | "random groups" | "other";

/** One header and data unit of a file. */
export interface Hdu {
  readonly index: number;
  readonly header: FitsHeader;
  readonly kind: HduKind;
  /** EXTNAME without trailing blanks, "" where there is none. */
  readonly name: string;
  /** EXTVER, 1 where there is none. */
  readonly version: number;
  /** Where the data begin in the file. */
  readonly begin: number;
  /** Bytes of the data, without padding. */
  readonly bytes: number;
}

const HEADER_PIECE = 4 * BLOCK;

/** Where the END card of a block begins, -1 where there is none. @throws for a byte that no header has */
function endOf(block: Uint8Array, at: number, where: string): number {
  for (let card = 0; card < block.length; card += CARD) {
    const isEnd = block[card] === 0x45 && block[card + 1] === 0x4e && block[card + 2] === 0x44;
    if (isEnd && block.subarray(card + 3, card + 8).every((byte) => byte === 0x20)) return card;
    for (let i = card; i < card + CARD && i < block.length; i++)
      if (block[i]! < 0x20) throw new Error(`fits: ${where} has no END before byte ${at + i}, which is no text`);
  }
  return -1;
}

/** The bytes of the header that begins at `begin`, its END left out, and where its last block ends. */
async function readHeader(
  access: RandomAccess,
  begin: number,
  where: string,
): Promise<{ readonly bytes: Uint8Array; readonly end: number }> {
  const parts: Uint8Array[] = [];
  for (let at = begin; at < access.size;) {
    const piece = await access.read(at, Math.min(at + HEADER_PIECE, access.size));
    for (let block = 0; block < piece.length; block += BLOCK) {
      const card = endOf(piece.subarray(block, block + BLOCK), at + block, where);
      if (card < 0) continue;
      parts.push(piece.subarray(0, block + card));
      const bytes = new Uint8Array(parts.reduce((size, { length }) => size + length, 0));
      parts.reduce((to, part) => (bytes.set(part, to), to + part.length), 0);
      return { bytes, end: at + block + BLOCK };
    }
    if (piece.length === 0) break;
    parts.push(piece);
    at += piece.length;
  }
  throw new Error(`fits: ${where} has no END before the file ends`);
}

/** The sizes NAXIS1, NAXIS2, … under a prefix. @throws where one is missing, negative, or there are more than 999 */
export function axesOf(header: FitsHeader, where: string, prefix = ""): number[] {
  const rank = header.integer(`${prefix}NAXIS`);
  if (rank === undefined || rank < 0 || rank > 999)
    throw new Error(`fits: ${prefix}NAXIS of ${where} must be an integer from 0 to 999, got ${rank ?? "none"}`);
  return Array.from({ length: rank }, (_, i) => {
    const size = header.integer(`${prefix}NAXIS${i + 1}`);
    if (size === undefined || size < 0)
      throw new Error(`fits: ${prefix}NAXIS${i + 1} of ${where} must be an integer from 0, got ${size ?? "none"}`);
    return size;
  });
}

/** BITPIX under a prefix. @throws unless it is one of the six */
export function bitpixOf(header: FitsHeader, where: string, prefix = ""): Bitpix {
  const bitpix = header.integer(`${prefix}BITPIX`);
  if (bitpix === undefined || !(bitpix in BITPIX))
    throw new Error(`fits: ${prefix}BITPIX of ${where} must be 8, 16, 32, 64, -32 or -64, got ${bitpix ?? "none"}`);
  return bitpix as Bitpix;
}

/** Bytes of the data: |BITPIX|/8 · GCOUNT · (PCOUNT + Π NAXISn), without NAXIS1 for random groups. */
function dataBytes(header: FitsHeader, axes: readonly number[], isGroups: boolean, where: string): number {
  if (axes.length === 0) return 0;
  const groups = header.integer("GCOUNT") ?? 1;
  const extra = header.integer("PCOUNT") ?? 0;
  const elements = (isGroups ? axes.slice(1) : axes).reduce((size, n) => size * n, 1);
  const bytes = (Math.abs(bitpixOf(header, where)) / 8) * groups * (extra + elements);
  if (groups < 0 || extra < 0 || !Number.isSafeInteger(bytes))
    throw new Error(
      `fits: data of ${where} must have a size that a file can have, got axes [${axes.join(", ")}], ` +
        `PCOUNT ${extra}, GCOUNT ${groups}`,
    );
  return bytes;
}

function kindOf(header: FitsHeader, index: number, isGroups: boolean): HduKind {
  if (index === 0) return isGroups ? "random groups" : "image";
  const type = header.string("XTENSION")?.trim();
  if (type === "IMAGE" || type === "IUEIMAGE") return "image";
  if (type === "TABLE") return "ASCII table";
  if (type !== "BINTABLE" && type !== "A3DTABLE") return "other";
  return header.logical("ZIMAGE") ? "compressed image" : "table";
}

function checkFirstCard(header: FitsHeader, index: number, where: string): void {
  const [first] = header.cards;
  if (index > 0) return void header.string("XTENSION");
  if (first?.key !== "SIMPLE") throw new Error("fits: a file must begin with SIMPLE, this one does not");
  if (header.logical("SIMPLE") !== true)
    throw new Error(`fits: SIMPLE of ${where} must be T, got ${first.text ?? "none"}`);
}

/** The HDUs of a file, in their order; only headers are read. What follows the last one and is none is left out. */
export async function readHdus(access: RandomAccess): Promise<Hdu[]> {
  const hdus: Hdu[] = [];
  for (let at = 0; at < access.size;) {
    const index = hdus.length;
    const where = `HDU ${index}`;
    const start = String.fromCharCode(...(await access.read(at, Math.min(at + 8, access.size))));
    if (index === 0 && start !== "SIMPLE  ") throw new Error("fits: a file must begin with SIMPLE, this one does not");
    if (index > 0 && start !== "XTENSION") break;
    const { bytes: text, end } = await readHeader(access, at, `header of ${where}`);
    const header = new FitsHeader(parseCards(text));
    checkFirstCard(header, index, where);
    bitpixOf(header, where);
    const axes = axesOf(header, where);
    const isGroups = index === 0 && axes[0] === 0 && header.logical("GROUPS") === true;
    const bytes = dataBytes(header, axes, isGroups, where);
    const name = header.string("EXTNAME") ?? "";
    const version = header.integer("EXTVER") ?? 1;
    hdus.push({ index, header, kind: kindOf(header, index, isGroups), name, version, begin: end, bytes });
    at = end + Math.ceil(bytes / BLOCK) * BLOCK;
  }
  if (hdus.length === 0) throw new Error("fits: a file must begin with SIMPLE, this one is empty");
  return hdus;
}

/** Whether the file has all the data of an HDU. @throws `fits: data of HDU n …` where it ends early */
export function checkComplete(hdu: Hdu, access: RandomAccess): void {
  const end = hdu.begin + hdu.bytes;
  if (end > access.size)
    throw new Error(`fits: data of HDU ${hdu.index} end at byte ${end}, but the file at ${access.size}`);
}

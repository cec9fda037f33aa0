// Arrays of numbers as an attribute of a page: deflated, in base64. A script of the page unpacks them.
import { zlibSync } from "fflate";
import type { PackedHead, PackedKind } from "./unpacked";

/** Numbers of these types. */
export type PackedArray =
  Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

const kindOf = (array: PackedArray): PackedKind =>
  array instanceof Uint8Array ? "u8" : array instanceof Uint16Array ? "u16" : array instanceof Uint32Array ? "u32" : "i32"; // prettier-ignore

/** What a page is told (as JSON), and arrays by their names, as one text. */
export function packed(told: unknown, arrays: Readonly<Record<string, PackedArray>>): string {
  const head: PackedHead = {
    told,
    arrays: Object.entries(arrays).map(([name, array]) => ({ name, kind: kindOf(array), bytes: array.byteLength })),
  };
  const words = new TextEncoder().encode(JSON.stringify(head));
  const parts: Uint8Array<ArrayBuffer>[] = [new Uint8Array(Uint32Array.of(words.length).buffer), words];
  for (const { buffer, byteOffset, byteLength } of Object.values(arrays))
    parts.push(new Uint8Array(buffer, byteOffset, byteLength));
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  const deflated = zlibSync(all, { level: 6 });
  let binary = "";
  for (let i = 0; i < deflated.length; i += 8192) binary += String.fromCharCode(...deflated.subarray(i, i + 8192));
  return btoa(binary);
}

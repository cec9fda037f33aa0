import { generate } from "../../typed-arrays";
let table: Int32Array | undefined;

const makeTable = (): Int32Array =>
  generate(Int32Array, 256, (n) => {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    return c;
  });

/**
 * CRC-32 as zip and gzip have it (polynomial 0xEDB88320, reflected).
 * @param before that of the bytes before these, to go on from
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  table ??= makeTable();
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Rows of data that are looked at to tell them from others. */
export const LOOKED_AT = 64;
/** The largest prime below 2³². */
const MODULUS = 4294967291;

/** A number that other values hardly have, after that of what was before them. */
export function hashOf({ buffer, byteOffset, byteLength }: ArrayBufferView, before = 0): number {
  let hash = before;
  for (const word of new Uint32Array(buffer, byteOffset, byteLength / 4)) hash = (31 * hash + word) % MODULUS;
  return hash;
}

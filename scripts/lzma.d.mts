/** Packs bytes, at least one, for `unpack` of src/lzma.ts. */
export function pack(data: Uint8Array): Uint8Array;

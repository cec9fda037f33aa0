/** Packs bytes, at least one, for `unpack` of src/wasm/lzma.ts. */
export function pack(data: Uint8Array): Uint8Array;

/** Bytes that `isFits` looks at. */
export const FITS_HEAD = 9;

/** Whether a file is FITS, by its name or its first bytes. */
export const isFits = (name: string, head: Uint8Array): boolean =>
  /\.(fits?|fts)(\.gz|\.fz)?$/i.test(name) ||
  new TextDecoder("latin1").decode(head.subarray(0, FITS_HEAD)) === "SIMPLE  =";

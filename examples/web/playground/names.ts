// Names of many items as bytes, which go from the worker to the page without being copied or read one by one.

/** Names of items, UTF-8. */
export interface Names {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each ends. */
  readonly ends: Uint32Array<ArrayBuffer>;
}

/** Names one after the other. */
export function packNames(names: readonly string[]): Names {
  const encoder = new TextEncoder();
  const ends = new Uint32Array(names.length);
  let end = 0;
  const parts = names.map((name, item) => {
    const part = encoder.encode(name);
    ends[item] = end += part.length;
    return part;
  });
  const bytes = new Uint8Array(end);
  parts.forEach((part, item) => bytes.set(part, ends[item]! - part.length));
  return { bytes, ends };
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The name of an item. */
export const nameOf = ({ bytes, ends }: Names, item: number): string =>
  decoder.decode(bytes.subarray(item === 0 ? 0 : ends[item - 1]!, ends[item]!));

// Typed arrays made number by number. `Uint32Array.from(values, of)` goes by the iterator of its argument, some hundred times slower than this.
type Numbers =
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Uint8ClampedArray<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>;
type Kind<T extends Numbers> = new (length: number) => T;

/** of(value, i) of each value, as an array of that kind. */
export function mapTo<T extends Numbers, V>(
  Kind: Kind<T>,
  values: ArrayLike<V>,
  of: (value: V, i: number) => T[number],
): T {
  const out = new Kind(values.length);
  for (let i = 0; i < out.length; i++) out[i] = of(values[i]!, i);
  return out;
}

/** of(i) for i from 0 to n − 1, as an array of that kind. */
export function generate<T extends Numbers>(Kind: Kind<T>, n: number, of: (i: number) => T[number]): T {
  const out = new Kind(n);
  for (let i = 0; i < n; i++) out[i] = of(i);
  return out;
}

/** A float64 array with a shape: what references compute on. */
export interface Reference {
  readonly data: Float64Array;
  readonly shape: readonly number[];
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export const array = (
  shape: readonly number[],
  data: ArrayLike<number> = new Float64Array(sizeOf(shape)),
): Reference => ({
  shape,
  data: Float64Array.from(data),
});

/** f at each element */
export const map = (x: Reference, f: (v: number, i: number) => number): Reference => array(x.shape, x.data.map(f));

/** Offset of the element of `shape` that broadcasts to element `index` of `out`. */
export function broadcastOffset(out: readonly number[], shape: readonly number[], index: number): number {
  let offset = 0;
  let stride = 1;
  for (let axis = out.length - 1; axis >= 0; axis--) {
    const i = index % out[axis]!;
    index = Math.floor(index / out[axis]!);
    const size = shape[axis - out.length + shape.length] ?? 1;
    if (size !== 1) offset += i * stride;
    stride *= size;
  }
  return offset;
}

/** f at each pair, broadcasting */
export function zip(a: Reference, b: Reference, f: (u: number, v: number) => number): Reference {
  const rank = Math.max(a.shape.length, b.shape.length);
  const shape = Array.from({ length: rank }, (_, axis) =>
    Math.max(a.shape[axis - rank + a.shape.length] ?? 1, b.shape[axis - rank + b.shape.length] ?? 1),
  );
  const data = new Float64Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++)
    data[i] = f(a.data[broadcastOffset(shape, a.shape, i)]!, b.data[broadcastOffset(shape, b.shape, i)]!);
  return { shape, data };
}

/** f over the elements along `axes` (all by default) */
export function fold(
  x: Reference,
  axes: readonly number[] | null,
  keepDims: boolean,
  f: (values: number[]) => number,
): Reference {
  const list = (axes ?? x.shape.map((_, axis) => axis)).map((axis) => (axis < 0 ? axis + x.shape.length : axis));
  const kept = x.shape.map((size, axis) => (list.includes(axis) ? 1 : size));
  const groups = Array.from({ length: sizeOf(kept) }, (): number[] => []);
  x.data.forEach((value, i) => groups[broadcastOffset(x.shape, kept, i)]!.push(value));
  return array(keepDims ? kept : x.shape.filter((_, axis) => !list.includes(axis)), groups.map(f));
}

/** op(a) op(b) over the last two axes, leading axes broadcast */
export function product(a: Reference, b: Reference, transA = false, transB = false): Reference {
  const [m, k] = transA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
  const n = transB ? b.shape.at(-2)! : b.shape.at(-1)!;
  const lead = zip(array(a.shape.slice(0, -2)), array(b.shape.slice(0, -2)), () => 0).shape;
  const out = array([...lead, m, n]);
  for (let z = 0; z < sizeOf(lead); z++) {
    const startA = broadcastOffset(lead, a.shape.slice(0, -2), z) * m * k;
    const startB = broadcastOffset(lead, b.shape.slice(0, -2), z) * k * n;
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let total = 0;
        for (let p = 0; p < k; p++)
          total +=
            a.data[startA + (transA ? p * m + i : i * k + p)]! * b.data[startB + (transB ? j * k + p : p * n + j)]!;
        out.data[(z * m + i) * n + j] = total;
      }
  }
  return out;
}

/** A numeric typed array: what an `NdArray` keeps its elements in. */
export type TypedArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

const DTYPES = {
  Int8Array: "int8",
  Int16Array: "int16",
  Int32Array: "int32",
  Uint8Array: "uint8",
  Uint8ClampedArray: "uint8_clamped",
  Uint16Array: "uint16",
  Uint32Array: "uint32",
  Float32Array: "float32",
  Float64Array: "float64",
  BigInt64Array: "bigint64",
  BigUint64Array: "biguint64",
} as const;

/** The element type's name, spelled as npm's `ndarray` spells it. */
export type ElementType<T extends TypedArray = TypedArray> = (typeof DTYPES)[T[typeof Symbol.toStringTag]];

/** @inline */
type Element<T extends TypedArray> = T extends BigInt64Array | BigUint64Array ? bigint : number;

/** Is x a numeric typed array (and not a DataView)? */
export function isTypedArray(x: unknown): x is TypedArray {
  return ArrayBuffer.isView(x) && !(x instanceof DataView);
}

/** The number of elements of an array of this shape: the product of its sizes, 1 for []. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, n) => size * n, 1);
}

/** Row-major strides in elements: the last axis has stride 1. */
export function rowMajorStride(shape: readonly number[]): number[] {
  const stride = new Array<number>(shape.length);
  for (let axis = shape.length - 1, step = 1; axis >= 0; step *= shape[axis]!, axis--) stride[axis] = step;
  return stride;
}

/**
 * A view of a typed array as an n-dimensional array: element [i, j, …] is `data[offset + i·stride[0] + j·stride[1] + …]`.
 *
 * It has the members of npm's `ndarray` and works where one is expected, but generates no code: `ndarray` builds its
 * classes with `new Function`, which a page whose content security policy lacks `unsafe-eval` refuses.
 */
export class NdArray<T extends TypedArray = Float32Array> {
  readonly data: T;
  readonly shape: number[];
  readonly stride: number[];
  readonly offset: number;

  /** Default stride: row-major. Throws if some element would lie outside `data`. */
  constructor(data: T, shape: readonly number[] = [data.length], stride?: readonly number[], offset = 0) {
    this.data = data;
    this.shape = [...shape];
    this.stride = stride ? [...stride] : rowMajorStride(shape);
    this.offset = offset;
    checkExtent(data.length, this.shape, this.stride, offset, "NdArray", "array");
  }

  get dtype(): ElementType<T> {
    return DTYPES[this.data[Symbol.toStringTag]] as ElementType<T>;
  }
  get size(): number {
    return sizeOf(this.shape);
  }
  get dimension(): number {
    return this.shape.length;
  }
  /** The axes by growing absolute stride. */
  get order(): number[] {
    return this.stride.map((_, axis) => axis).sort((a, b) => Math.abs(this.stride[a]!) - Math.abs(this.stride[b]!));
  }
  /** The transpose: all axes reversed. */
  get T(): NdArray<T> {
    return this.transpose(...this.shape.map((_, axis) => this.shape.length - 1 - axis));
  }

  /** Position in `data` of the element at these indices. */
  index(...indices: number[]): Element<T> {
    return this.#position(indices) as Element<T>;
  }
  /** The element at these indices. */
  get(...indices: number[]): Element<T> {
    return this.data[this.#position(indices)] as Element<T>;
  }
  /** Last argument: the value. Returns it. */
  set(...indicesAndValue: (number | Element<T>)[]): Element<T> {
    const value = indicesAndValue[this.shape.length] as Element<T>;
    (this.data as { [i: number]: number | bigint })[this.#position(indicesAndValue as number[])] = value;
    return value;
  }

  /** The view that begins at these indices. */
  lo(...begin: (number | null)[]): NdArray<T> {
    let offset = this.offset;
    const shape = this.shape.map((n, axis) => {
      const b = Math.max(begin[axis] ?? 0, 0);
      offset += b * this.stride[axis]!;
      return n - b;
    });
    return new NdArray(this.data, shape, this.stride, offset);
  }
  /** The view cut to these sizes. */
  hi(...end: (number | null)[]): NdArray<T> {
    const shape = this.shape.map((n, axis) => ((end[axis] ?? -1) < 0 ? n : end[axis]!));
    return new NdArray(this.data, shape, this.stride, this.offset);
  }
  /** Every step-th element of each axis; a negative step walks it backwards. */
  step(...steps: (number | null)[]): NdArray<T> {
    let offset = this.offset;
    const stride = [...this.stride];
    const shape = this.shape.map((n, axis) => {
      const s = steps[axis] ?? 1;
      if (s < 0) offset += this.stride[axis]! * Math.max(n - 1, 0);
      stride[axis] = this.stride[axis]! * s;
      return Math.ceil(n / Math.abs(s));
    });
    return new NdArray(this.data, shape, stride, offset);
  }
  /** The view whose axis i is this array's axis `axes[i]`. */
  transpose(...axes: (number | null)[]): NdArray<T> {
    const from = this.shape.map((_, axis) => axes[axis] ?? axis);
    return new NdArray(
      this.data,
      from.map((axis) => this.shape[axis]!),
      from.map((axis) => this.stride[axis]!),
      this.offset,
    );
  }
  /** The view in which each axis given a number is fixed at that index and gone. */
  pick(...indices: (number | null)[]): NdArray<T> {
    const kept = this.shape.map((_, axis) => axis).filter((axis) => (indices[axis] ?? -1) < 0);
    const offset = this.stride.reduce((sum, s, axis) => sum + Math.max(indices[axis] ?? 0, 0) * s, this.offset);
    return new NdArray(
      this.data,
      kept.map((axis) => this.shape[axis]!),
      kept.map((axis) => this.stride[axis]!),
      offset,
    );
  }

  #position(indices: readonly number[]): number {
    let position = this.offset;
    for (let axis = 0; axis < this.stride.length; axis++) position += indices[axis]! * this.stride[axis]!;
    return position;
  }
}

/** Throws `op: …` unless shape and stride describe elements inside `length` elements. */
export function checkExtent(
  length: number,
  shape: readonly number[],
  stride: readonly number[],
  offset: number,
  op: string,
  name: string,
): void {
  if (!shape.every((n) => Number.isSafeInteger(n) && n >= 0))
    throw new Error(`${op}: ${name} must have sizes that are integers of 0 or more, got [${shape.join(", ")}]`);
  if (stride.length !== shape.length || ![...stride, offset].every(Number.isSafeInteger))
    throw new Error(
      `${op}: ${name} must have one integer stride an axis, got shape [${shape.join(", ")}] and stride [${stride.join(", ")}]`,
    );
  if (shape.includes(0)) return;
  let low = offset;
  let high = offset;
  for (let axis = 0; axis < shape.length; axis++) {
    const reach = (shape[axis]! - 1) * stride[axis]!;
    if (reach < 0) low += reach;
    else high += reach;
  }
  if (low < 0 || high >= length)
    throw new Error(
      `${op}: ${name} of shape [${shape.join(", ")}] reaches element ${low < 0 ? low : high}, its data has ${length}`,
    );
}

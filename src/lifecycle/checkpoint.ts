import { show } from "../checks";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import type { Rule } from "../options";
import type { Tensor } from "../tensor";

/** Values by name, on the host. */
export type NamedArrays = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>
>;

/** What a model learned, and where its training stands: arrays by name, and what JSON holds. */
export interface Learned {
  readonly arrays: Readonly<Record<string, Tensor | NdArray<TypedArray>>>;
  readonly state?: Readonly<Record<string, unknown>>;
}

/** A model at rest, as it was read. */
export interface Checkpoint<State = Readonly<Record<string, unknown>>> {
  readonly arrays: NamedArrays;
  readonly state: State;
}

/** An entry of a checkpoint's state. @throws when it breaks the rule */
export function entryOf<T>({ state }: Checkpoint, name: string, rule: Rule): T {
  const value = state[name];
  if (value === undefined && rule.optional) return undefined as T;
  if (!rule.holds(value)) throw new Error(`checkpoint: ${name} must be ${rule.words}, got ${show(value)}`);
  return value as T;
}

/**
 * An array of a checkpoint as float32; undefined where there is none.
 * @param shape what it must have; −1 where any size will do
 * @throws when the shape differs
 */
export function arrayOf({ arrays }: Checkpoint, name: string, shape: readonly number[]): NdArray | undefined {
  const values = arrays[name];
  if (!values) return undefined;
  const fits = values.shape.length === shape.length && shape.every((size, i) => size < 0 || size === values.shape[i]);
  if (!fits)
    throw new Error(
      `checkpoint: ${name} must have the shape [${shape.map((size) => (size < 0 ? "any" : size)).join(", ")}], got [${values.shape.join(", ")}]`,
    );
  return new NdArray(Float32Array.from(values.data), [...values.shape]);
}

/** The same in float64 where the file has that. */
export function matrixOf(
  saved: Checkpoint,
  name: string,
  shape: readonly number[],
): NdArray<Float32Array | Float64Array> | undefined {
  const rounded = arrayOf(saved, name, shape);
  const data = saved.arrays[name]?.data;
  return rounded && (data instanceof Float64Array ? new NdArray(data, rounded.shape) : rounded);
}

/** A vector of a checkpoint in float64. @throws when it is missing or has another length */
export function numbersOf({ arrays }: Checkpoint, name: string, length: number): Float64Array<ArrayBuffer> {
  const values = arrays[name];
  if (values?.data.length !== length)
    throw new Error(`checkpoint: ${name} must be a vector of ${length}, got ${values?.data.length ?? "nothing"}`);
  return Float64Array.from(values.data);
}

/** The same as labels from `lowest` to `count` − 1. @throws for any other */
export function labelsOf(
  checkpoint: Checkpoint,
  name: string,
  count: number,
  lowest = 0,
): Int32Array<ArrayBuffer> | undefined {
  const values = checkpoint.arrays[name];
  if (!values) return undefined;
  const labels = Int32Array.from(values.data);
  if (values.shape.length !== 1)
    throw new Error(`checkpoint: ${name} must be a vector, got [${values.shape.join(", ")}]`);
  const bad = labels.findIndex((label, i) => label !== values.data[i] || label < lowest || label >= count);
  if (bad >= 0)
    throw new Error(
      `checkpoint: ${name} must be whole numbers from ${lowest} to ${count - 1}, got ${values.data[bad]}`,
    );
  return labels;
}

/** The entries below a prefix, without it: `encoder.0.weight` under `encoder.` is `0.weight`. */
export function withoutPrefix(arrays: NamedArrays, prefix: string): NamedArrays {
  return Object.fromEntries(
    Object.entries(arrays).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  );
}

/** The entries with a prefix put before each name. */
export function withPrefix<T>(prefix: string, values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}

// A checkpoint as it was read: loaded when a model is loaded, without what only a page has that computes.
import { show } from "../checks";
import type { Device } from "../device";
import type { NdArray, TypedArray } from "../ndarray";
import type { Rule } from "../options";
import { Blueprint } from "./blueprint";

/** Values by name, on the host. */
export type NamedArrays = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>
>;

/** Makes arrays: the class as the program has it. */
type MakeArray = new <T extends TypedArray>(data: T, shape: readonly number[]) => NdArray<T>;

/**
 * A module, as far as its tensors have shapes.
 * @inline
 */
interface Shaped {
  stateDict(): Readonly<Record<string, { readonly shape: readonly number[] }>>;
}

const inBrackets = (sizes: readonly (number | string)[]): string => `[${sizes.join(", ")}]`;

/** A model at rest, as it was read. It may come from a file of anyone: what is taken from it is held against what it must be. */
export class Checkpoint<State = Readonly<Record<string, unknown>>> {
  readonly arrays: NamedArrays;
  readonly state: State;
  readonly #Array: MakeArray;

  /** @hidden */
  constructor(arrays: NamedArrays, state: State, Array: MakeArray) {
    this.arrays = arrays;
    this.state = state;
    this.#Array = Array;
  }

  /** A part of it, with arrays of its own, and a state of its own where one is given. */
  of(
    arrays: NamedArrays,
    state: Readonly<Record<string, unknown>> = this.state as Readonly<Record<string, unknown>>,
  ): Checkpoint {
    return new Checkpoint(arrays, state, this.#Array);
  }

  /** The arrays below a prefix, without it: `encoder.0.weight` under `encoder.` is `0.weight`. */
  below(prefix: string): NamedArrays {
    return Object.fromEntries(
      Object.entries(this.arrays).flatMap(([name, value]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
      ),
    );
  }

  /** An entry of the state. @throws when it breaks the rule */
  entry<T>(name: string, rule: Rule): T {
    const value = (this.state as Readonly<Record<string, unknown>>)[name];
    if (value === undefined && rule.optional) return undefined as T;
    if (!rule.holds(value)) throw new Error(`checkpoint: ${name} must be ${rule.words}, got ${show(value)}`);
    return value as T;
  }

  /**
   * An array as float32; undefined where there is none.
   * @param shape what it must have; −1 where any size will do
   * @throws when the shape differs
   */
  array(name: string, shape: readonly number[]): NdArray | undefined {
    const values = this.arrays[name];
    if (!values) return undefined;
    const fits = values.shape.length === shape.length && shape.every((size, i) => size < 0 || size === values.shape[i]);
    if (!fits)
      throw new Error(
        `checkpoint: ${name} must have the shape ${inBrackets(shape.map((size) => (size < 0 ? "any" : size)))}, got ${inBrackets(values.shape)}`,
      );
    return new this.#Array(Float32Array.from(values.data), [...values.shape]);
  }

  /** The same in float64 where the file has that. */
  matrix(name: string, shape: readonly number[]): NdArray<Float32Array | Float64Array> | undefined {
    const rounded = this.array(name, shape);
    const data = this.arrays[name]?.data;
    return rounded && (data instanceof Float64Array ? new this.#Array(data, rounded.shape) : rounded);
  }

  /** A vector in float64. @throws when it is missing or has another length */
  numbers(name: string, length: number): Float64Array<ArrayBuffer> {
    const values = this.arrays[name];
    if (values?.data.length !== length)
      throw new Error(`checkpoint: ${name} must be a vector of ${length}, got ${values?.data.length ?? "nothing"}`);
    return Float64Array.from(values.data);
  }

  /** The same as labels from `lowest` to `count` − 1. @throws for any other */
  labels(name: string, count: number, lowest = 0): Int32Array<ArrayBuffer> | undefined {
    const values = this.arrays[name];
    if (!values) return undefined;
    const labels = Int32Array.from(values.data);
    if (values.shape.length !== 1)
      throw new Error(`checkpoint: ${name} must be a vector, got ${inBrackets(values.shape)}`);
    const bad = labels.findIndex((label, i) => label !== values.data[i] || label < lowest || label >= count);
    if (bad >= 0)
      throw new Error(
        `checkpoint: ${name} must be whole numbers from ${lowest} to ${count - 1}, got ${values.data[bad]}`,
      );
    return labels;
  }

  /**
   * Holds the tensors that the settings declare against arrays, before anything of their size is made.
   * @param arrays those of the network alone
   * @param build makes the modules on a device that holds nothing, by the prefix of their names
   * @throws when a tensor is missing, left over or of another shape, or the settings describe more than the arrays hold
   */
  checkDeclared(arrays: NamedArrays, build: (device: Device) => Readonly<Record<string, Shaped>>): void {
    const held = Object.values(arrays).reduce((sum, { data }) => sum + 4 * data.length, 0);
    const shapes: Record<string, readonly number[]> = {};
    for (const [prefix, module] of Object.entries(build(new Blueprint(held))))
      for (const [name, { shape }] of Object.entries(module.stateDict())) shapes[prefix + name] = shape;
    for (const [name, shape] of Object.entries(shapes)) {
      const found = arrays[name];
      if (!found) throw new Error(`checkpoint: ${name} is missing, ${inBrackets(shape)}`);
      if (String(shape) !== String(found.shape))
        throw new Error(`checkpoint: ${name} must have the shape ${inBrackets(shape)}, got ${inBrackets(found.shape)}`);
    }
    const over = Object.keys(arrays).find((name) => !shapes[name]);
    if (over !== undefined) throw new Error(`checkpoint: its settings describe no ${over.slice(0, 60)}`);
  }
}

import type { NdArray, TypedArray } from "../ndarray";
import type { Tensor } from "../tensor";

export type { Checkpoint, NamedArrays } from "./saved-checkpoint";

/** What a model learned, and where its training stands: arrays by name, and what JSON holds. */
export interface Learned {
  readonly arrays: Readonly<Record<string, Tensor | NdArray<TypedArray>>>;
  readonly state?: Readonly<Record<string, unknown>>;
}

/** The entries with a prefix put before each name. */
export function withPrefix<T>(prefix: string, values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}

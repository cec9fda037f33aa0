import { readSafetensors, writeSafetensors } from "../data/formats/safetensors";
import type { Bytes } from "../data/formats/source";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import type { NamedArrays } from "../nn/module";
import { Tensor } from "../tensor";

/** A model at rest. */
export interface Checkpoint<State> {
  readonly arrays: NamedArrays;
  /** Options, progress and history: what JSON holds of the model. */
  readonly state: State;
}

const FORMAT = "constella checkpoint 1";

/** The bytes of a checkpoint: a safetensors file of the arrays, all rounded to `type` where one is given, with model and state in its metadata. */
export async function encodeCheckpoint(
  model: string,
  values: Readonly<Record<string, Tensor | NdArray<TypedArray>>>,
  state: unknown,
  type?: "F16" | "BF16",
): Promise<Uint8Array> {
  const arrays: Record<string, NdArray<TypedArray>> = {};
  for (const [name, value] of Object.entries(values))
    arrays[name] = value instanceof Tensor ? new NdArray<TypedArray>(await value.data(), value.shape) : value;
  const types = type ? Object.fromEntries(Object.keys(arrays).map((name) => [name, type])) : {};
  return writeSafetensors(arrays, { types, metadata: { format: FORMAT, model, state: JSON.stringify(state) } });
}

/**
 * Reads what `encodeCheckpoint` wrote.
 * @throws when the bytes are no checkpoint, or one of another model
 */
export function decodeCheckpoint<State>(model: string, content: Bytes): Checkpoint<State> {
  const { tensors, metadata } = readSafetensors(content);
  if (metadata["format"] !== FORMAT)
    throw new Error(
      `checkpoint: the file is a safetensors file but no checkpoint, format ${metadata["format"] ?? "none"}`,
    );
  if (metadata["model"] !== model)
    throw new Error(`checkpoint: the file holds a ${metadata["model"] ?? "nameless model"}, not a ${model}`);
  let state: State;
  try {
    state = JSON.parse(metadata["state"] ?? "") as State;
  } catch (error) {
    throw new Error("checkpoint: the state in the metadata is not JSON", { cause: error });
  }
  const arrays: Record<string, { shape: number[]; data: ArrayLike<number> }> = {};
  for (const [name, { shape, data }] of tensors) arrays[name] = { shape, data: data as unknown as ArrayLike<number> };
  return { arrays, state };
}

/** The entries below a prefix, without it: `encoder.0.weight` under `encoder.` is `0.weight`. */
export function below(arrays: NamedArrays, prefix: string): NamedArrays {
  return Object.fromEntries(
    Object.entries(arrays).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  );
}

/** The entries with a prefix put before each name. */
export function under<T>(prefix: string, values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}

import * as constella from "constella";
import type { Device, Tensor } from "constella";
import * as npy from "../../src/data/formats/npy/npy";
import type { Attributes, GoldenFolder, Values } from "./format";

/** Host results: a number, a vector, an array with its shape, or text. */
export type HostResult =
  | number
  | ArrayLike<number>
  | ArrayLike<bigint>
  | { readonly data: ArrayLike<number> | ArrayLike<bigint> | readonly string[]; readonly shape: readonly number[] };

/** What an adapter for host functions or whole algorithms is given beside inputs and attributes. */
export interface Context {
  readonly device: Device;
  readonly folder: GoldenFolder;
  /** The expected outputs, for results that are defined up to a sign. */
  readonly expected: Readonly<Record<string, Values>>;
}

/** An op on tensors: outputs by name, through which the runner takes gradients. */
export interface TensorAdapter {
  readonly kind: "tensors";
  readonly call: (inputs: Readonly<Record<string, Tensor>>, attrs: Attributes) => Readonly<Record<string, Tensor>>;
}

type Results = Readonly<Record<string, HostResult | (() => HostResult)>>;

/** Anything else: an optimizer, a clustering algorithm, a metric, a reader. Results that are functions are called one by one. */
export interface ComputeAdapter {
  /** `device` runs on each device, `host` once. */
  readonly kind: "device" | "host";
  readonly compute: (
    inputs: Readonly<Record<string, Values>>,
    attrs: Attributes,
    context: Context,
  ) => Results | Promise<Results>;
}

export type Adapter = TensorAdapter | ComputeAdapter;
/** Adapters by the name that the golden format gives the op. */
export type Adapters = Readonly<Record<string, Adapter>>;

/** Every public function, and those of modules that the index may not list. */
export const API: Readonly<Record<string, unknown>> = { ...npy, ...constella };

/** An adapter of an op whose inputs are the tensors I and whose attributes are A. */
export function tensors<I, A = unknown>(
  call: (inputs: I, attrs: A) => Readonly<Record<string, Tensor>>,
): TensorAdapter {
  return { kind: "tensors", call: call as TensorAdapter["call"] };
}

/** An adapter of a computation on a device. */
export function onDevice<I, A = unknown>(
  compute: (inputs: I, attrs: A, context: Context) => Results | Promise<Results>,
): ComputeAdapter {
  return { kind: "device", compute: compute as ComputeAdapter["compute"] };
}

/** An adapter of a function of the host. */
export function onHost<I, A = unknown>(
  compute: (inputs: I, attrs: A, context: Context) => Results | Promise<Results>,
): ComputeAdapter {
  return { kind: "host", compute: compute as ComputeAdapter["compute"] };
}

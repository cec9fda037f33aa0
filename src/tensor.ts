/// <reference lib="esnext.disposable" preserve="true" />
import { isWhole } from "./checks";
import { sizeOf } from "./ndarray";
import type { Device, DeviceBuffer, KernelArgs } from "./device";
import type { Kernel, Params } from "./kernel";
import type { Node } from "./graph";
import { runCooperatively } from "./event-loop";
import type { Cooperative } from "./event-loop";

/** Sizes of the axes, outermost first; [] is a scalar. */
export type Shape = readonly number[];
/** Element type: float32 data, uint32 labels and indices. */
export type DType = "f32" | "u32";
/**
 * What elements may be given in.
 * @inline
 */
export type TypedArray =
  Float32Array | Float64Array | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

/** A buffer and how many tensors share it. */
interface Storage {
  readonly buffer: DeviceBuffer;
  users: number;
}

/**
 * A contiguous row-major array on a device. Ops are functions (`relu(matmul(x, w))`); only reading back is asynchronous.
 * Freed by `dispose()`, by `using`, or by the `tidy()` around its making.
 */
export class Tensor {
  readonly device: Device;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Number of elements. */
  readonly size: number;
  /** A leaf that `grad` may be asked for. */
  readonly tracked: boolean;
  /**
   * How the tensor was made, where a gradient may pass.
   * @internal
   */
  node: Node | undefined;
  #storage: Storage | undefined;

  /** @hidden */
  constructor(device: Device, shape: Shape, dtype: DType, storage: Storage, tracked = false) {
    this.device = device;
    this.shape = shape;
    this.dtype = dtype;
    this.size = sizeOf(shape);
    this.tracked = tracked;
    this.#storage = storage;
    storage.users++;
    scope?.made.add(this);
  }

  get rank(): number {
    return this.shape.length;
  }

  get disposed(): boolean {
    return this.#storage === undefined;
  }

  /** The buffer, for launching kernels. @throws when the tensor was disposed of */
  get buffer(): DeviceBuffer {
    return this.storage("run").buffer;
  }

  /**
   * The shared buffer, for tensors that are views of this one.
   * @internal
   */
  storage(op: string): Storage {
    if (!this.#storage)
      throw new Error(
        `${op}: a tensor of shape ${format(this)} was used after its disposal; keep() it in tidy, or return it`,
      );
    return this.#storage;
  }

  /** The elements, once every op before has run. */
  async data(): Promise<Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>> {
    const bytes = await this.device.read(this.storage("data").buffer, 0, this.size * 4);
    return this.dtype === "f32" ? new Float32Array(bytes) : new Uint32Array(bytes);
  }

  /** The only element. @throws for any other size */
  async item(): Promise<number> {
    if (this.size !== 1) throw new Error(`item: the tensor must have one element, got ${format(this)}`);
    return (await this.data())[0]!;
  }

  /** Gives the memory back; the second time does nothing. */
  dispose(): void {
    const storage = this.#storage;
    if (!storage) return;
    this.#storage = undefined;
    if (--storage.users === 0) this.device.free(storage.buffer);
  }

  /** `dispose()` at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

(Symbol as { dispose: symbol }).dispose ??= Symbol.for("Symbol.dispose"); // Safari, Node below 20

/** Tensors made since a `tidy` began, and the `tidy` around it. */
interface Scope {
  readonly made: Set<Tensor>;
  readonly outer: Scope | undefined;
}

let scope: Scope | undefined;

function collect(value: unknown, into: Set<Tensor>): void {
  if (value instanceof Tensor) into.add(value);
  else if (Array.isArray(value)) for (const item of value) collect(item, into);
  else if (value && Object.getPrototypeOf(value) === Object.prototype)
    for (const item of Object.values(value)) collect(item, into);
}

/**
 * Runs `fn` and frees every tensor made inside, except those in what it returns (a tensor, or arrays and plain objects of
 * them) and those given to `keep`. Nests. `fn` is synchronous: ops only enqueue, so nothing inside needs to wait.
 * @throws when `fn` returns a promise
 */
export function tidy<T>(fn: () => T): T {
  const outer = scope;
  const { made } = (scope = { made: new Set<Tensor>(), outer });
  let returned: T | undefined;
  try {
    returned = fn();
    if (returned instanceof Promise) throw new Error("tidy: the function must be synchronous, it returned a promise");
    return returned;
  } finally {
    scope = outer;
    const saved = new Set<Tensor>();
    collect(returned, saved);
    for (const tensor of made) {
      if (!saved.has(tensor)) tensor.dispose();
      else outer?.made.add(tensor);
    }
  }
}

/** Takes a tensor out of the scope it was made in: it lives until disposed of. */
export function keep<T extends Tensor>(tensor: T): T {
  for (let around = scope; around; around = around.outer) around.made.delete(tensor);
  return tensor;
}

/** Runs `fn` outside every scope: what it makes lives until disposed of. For state that is created on first use. */
export function untidied<T>(fn: () => T): T {
  const outer = scope;
  scope = undefined;
  try {
    return fn();
  } finally {
    scope = outer;
  }
}

/** What sees every buffer by the op that it was made for, and every launch after it was enqueued. */
export interface Watcher {
  made(buffer: DeviceBuffer, op: string): void;
  ran(kernel: Kernel, args: LaunchArgs): void;
}

let watcher: Watcher | undefined;

/** Runs `fn` under the eyes of `watch`, or of nobody: for finding faults, since watching costs. */
export function watched<T>(watch: Watcher | undefined, fn: () => T): T {
  const outer = watcher;
  watcher = watch;
  try {
    return fn();
  } finally {
    watcher = outer;
  }
}

export { sizeOf };

/** `[64, 784]`, for messages. */
export const format = (of: Shape | { readonly shape: Shape }): string =>
  `[${("shape" in of ? of.shape : of).join(", ")}]`;

/** Whether two shapes are equal. */
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((size, i) => size === b[i]);

function checkShape(op: string, shape: Shape): void {
  if (!shape.every((size) => isWhole(size, 0)))
    throw new Error(`${op}: sizes must be whole numbers, got ${format(shape)}`);
}

/** A tensor whose contents are undefined, for a kernel to fill. @param op named in errors */
export function empty(device: Device, shape: Shape, dtype: DType = "f32", op = "empty", tracked = false): Tensor {
  checkShape(op, shape);
  const buffer = device.alloc(Math.max(4, sizeOf(shape) * 4), op);
  watcher?.made(buffer, op);
  return new Tensor(device, [...shape], dtype, { buffer, users: 0 }, tracked);
}

/** The same elements under another shape, sharing the buffer; without a gradient (`reshape` has one). */
export function view(x: Tensor, shape: Shape): Tensor {
  return new Tensor(x.device, shape, x.dtype, x.storage("view"));
}

/** @inline */
type Elements = TypedArray | readonly number[];

function upload(device: Device, elements: Elements, shape: Shape, dtype: DType, op: string, tracked: boolean): Tensor {
  checkShape(op, shape);
  if (sizeOf(shape) !== elements.length)
    throw new Error(`${op}: shape ${format(shape)} has ${sizeOf(shape)} elements, the data ${elements.length}`);
  const made = empty(device, shape, dtype, op, tracked);
  const Typed = dtype === "f32" ? Float32Array : Uint32Array;
  device.write(made.buffer, elements instanceof Typed ? elements : Typed.from(elements));
  return made;
}

/** Rows of numbers, or rows of such rows. */
type Nested = readonly (number | Nested | TypedArray)[];

/** Elements of nested rows one after the other, and their shape. @throws when the rows differ in length */
function unnested(rows: Elements | Nested): { elements: Elements; shape: Shape } {
  if (rows.length === 0 || typeof rows[0] !== "object") return { elements: rows as Elements, shape: [rows.length] };
  const parts = (rows as readonly (Elements | Nested)[]).map(unnested);
  const { shape } = parts[0]!;
  const odd = parts.find((part) => !sameShape(part.shape, shape));
  if (odd) throw new Error(`tensor: rows must be of one length, got ${format(shape)} and ${format(odd)}`);
  return {
    elements: parts.flatMap((part) => Array.from(part.elements as ArrayLike<number>)),
    shape: [rows.length, ...shape],
  };
}

/** A float32 tensor of the given elements in row-major order; the default shape is a vector, or that of nested rows. */
export function tensor(device: Device, elements: Elements | Nested, shape?: Shape): Tensor {
  const given = unnested(elements);
  return upload(device, given.elements, shape ?? given.shape, "f32", "tensor", false);
}

/** Elements that are written in a piece: 1 MB. */
const PIECE = 2 ** 18;

/** Writes elements over those of x from number `first` on. */
export function* written(x: Tensor, elements: Float32Array, first = 0): Cooperative<void> {
  for (let at = 0; at < elements.length; at += PIECE) {
    x.device.write(x.buffer, elements.subarray(at, at + PIECE), 4 * (first + at));
    yield;
  }
}

/** `tensor` of as many elements as its shape has, letting the calling thread go on every few milliseconds. It belongs to no `tidy`. */
export async function takeTensor(device: Device, elements: Float32Array, shape: Shape): Promise<Tensor> {
  const made = untidied(() => empty(device, shape, "f32", "tensor"));
  await runCooperatively(written(made, elements));
  return made;
}

/** A tensor of labels or indices, unsigned 32-bit. @throws when an element is negative or not whole */
export function indices(device: Device, elements: Elements, shape: Shape = [elements.length]): Tensor {
  if (!(elements instanceof Uint32Array))
    for (let i = 0; i < elements.length; i++) {
      const value = elements[i]!;
      if (!isWhole(value, 0)) throw new Error(`indices: elements must be whole numbers from 0, got ${value} at ${i}`);
    }
  return upload(device, elements, shape, "u32", "indices", false);
}

/** A float32 tensor that `grad` may be asked for: a weight, or an input under study. It belongs to no `tidy`. */
export function parameter(device: Device, elements: Elements, shape: Shape = [elements.length]): Tensor {
  return untidied(() => upload(device, elements, shape, "f32", "parameter", true));
}

/**
 * Arguments of a launch with tensors in place of buffers: those of the kernel, where its type tells which.
 * @inline
 */
export type LaunchArgs<Buffer extends string = string, Param extends string = string> = string extends Buffer | Param
  ? Readonly<Record<string, Tensor | number>>
  : Readonly<Record<Buffer, Tensor>> & Params<Param>;

/** Launches a kernel on the device of its tensors. */
export function run<Buffer extends string, Param extends string>(
  kernel: Kernel<Buffer, Param>,
  args: LaunchArgs<NoInfer<Buffer>, NoInfer<Param>>,
): void;
export function run(kernel: Kernel, args: LaunchArgs): void {
  let device: Device | undefined;
  const buffers: Record<string, DeviceBuffer | number> = {};
  for (const name in args) {
    const value = args[name]!;
    if (value instanceof Tensor) {
      device ??= value.device;
      buffers[name] = value.storage(kernel.name).buffer;
    } else buffers[name] = value;
  }
  if (!device) throw new Error(`${kernel.name}: no tensor among the arguments`);
  device.run(kernel, buffers as KernelArgs);
  watcher?.ran(kernel, args);
}

/** Into how many parts a launch on the device of `x` is to be cut, by the kernel. */
export const partsOf = <Param extends string>(
  kernel: Kernel<string, Param>,
  x: Tensor,
  params: Partial<Params<NoInfer<Param>>>,
): number => kernel.parts?.[x.device.type](params as Params) ?? 1;

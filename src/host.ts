import module from "../build/host.wasm";

/** An array in the host module's memory. `view` is made anew on each access, since the memory may have grown since the last one. */
export interface HostArray<T extends Uint8Array | Uint32Array | Float64Array> {
  /** Byte offset. */
  readonly pointer: number;
  readonly length: number;
  readonly view: T;
}

/** The functions of wasm/host.ts, documented there. Arrays are passed as pointers; a result of type u64 is a bigint. */
type HostFunctions<Names extends string, Result> = Readonly<Record<Names, (...args: number[]) => Result>>;

type HostExports = { readonly memory: WebAssembly.Memory } & HostFunctions<
  | "sort_order"
  | "group_order"
  | "dense_table"
  | "assign"
  | "silhouette"
  | "reflect"
  | "reflect_products"
  | "reflect_rest"
  | "reflect_update"
  | "accumulate_reflections"
  | "rotate_rows"
  | "add_two_f64"
  | "neighbour_counts"
  | "core_components"
  | "label_borders",
  void
> &
  HostFunctions<
    | "heap_base"
    | "label_range"
    | "encode_dense"
    | "encode_sparse"
    | "contingency_cells"
    | "sum_of_squares_over_size"
    | "sum_of_column_maxima"
    | "entropy"
    | "mutual_information"
    | "distinct_sizes"
    | "expected_mutual_information"
    | "greedy_matches"
    | "davies_bouldin"
    | "roc_points"
    | "diagonalize"
    | "dot_f64",
    number
  > &
  HostFunctions<"sum_of_squares" | "roc_area", bigint>;

const PAGE = 65536;

let code: WebAssembly.Module | undefined;

const compiled = (): WebAssembly.Module =>
  (code ??= new WebAssembly.Module(Uint8Array.from(module.match(/../g)!, (byte) => Number.parseInt(byte, 16))));

/** The host module with its memory, handed out from the bottom up. */
export class Host {
  readonly run: HostExports;
  #top: number;

  constructor() {
    const imports = { env: { "Math.log": Math.log } };
    this.run = new WebAssembly.Instance(compiled(), imports).exports as unknown as HostExports;
    this.#top = this.run.heap_base();
  }

  /** An array of `length` bytes, or of these values. A fresh array holds garbage. */
  u8(source: number | ArrayLike<number>): HostArray<Uint8Array> {
    return this.#array(Uint8Array, source);
  }

  u32(source: number | ArrayLike<number>): HostArray<Uint32Array> {
    return this.#array(Uint32Array, source);
  }

  f64(source: number | ArrayLike<number>): HostArray<Float64Array> {
    return this.#array(Float64Array, source);
  }

  /** Runs `use` and takes back what it allocated. */
  scope<R>(use: (host: Host) => R): R {
    const top = this.#top;
    try {
      return use(this);
    } finally {
      this.#top = top;
    }
  }

  /** Bytes of its memory. */
  get bytes(): number {
    return this.run.memory.buffer.byteLength;
  }

  /** Takes back all that was allocated. */
  clear(): void {
    this.#top = this.run.heap_base();
  }

  #array<T extends Uint8Array | Uint32Array | Float64Array>(
    Type: { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBuffer, byteOffset: number, length: number): T },
    source: number | ArrayLike<number>,
  ): HostArray<T> {
    const { memory } = this.run;
    const length = typeof source === "number" ? source : source.length;
    const pointer = Math.ceil(this.#top / 16) * 16;
    const top = pointer + length * Type.BYTES_PER_ELEMENT;
    const missing = Math.ceil((top - memory.buffer.byteLength) / PAGE);
    if (missing > 0) {
      try {
        memory.grow(missing);
      } catch {
        throw new Error(`host: out of memory, asked for ${top - pointer} bytes with ${pointer} in use`);
      }
    }
    this.#top = top;
    const array = {
      pointer,
      length,
      get view() {
        return new Type(memory.buffer as ArrayBuffer, pointer, length);
      },
    };
    if (typeof source !== "number") array.view.set(source);
    return array;
  }
}

let host: Host | undefined;

/** Memory with which an instance is kept for the next that needs one: fresh pages cost more than small computations. */
const KEPT = 2 ** 24;

let spare: Host | undefined;

/**
 * Runs `use` with a host module of its own, which it may keep while other work has its turns; its arrays are gone when it ends.
 * Throws `host: out of memory` beyond 4 GiB.
 */
export async function withHost<R>(use: (host: Host) => Promise<R>): Promise<R> {
  const own = spare ?? new Host();
  spare = undefined;
  try {
    return await use(own);
  } finally {
    own.clear();
    if (own.bytes <= KEPT) spare = own;
  }
}

/**
 * Runs `use` with the host module: computations in float64 and integers that run on the calling thread, at once, in WebAssembly.
 * Arrays it allocates are gone when it returns, so it returns numbers or copies. Calls may nest. Throws `host: out of memory` beyond 4 GiB.
 */
export function onHost<R>(use: (host: Host) => R): R {
  host ??= new Host();
  return host.scope(use);
}

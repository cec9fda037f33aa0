// Computations in float64 and integers that run on the calling thread, in WebAssembly.
import { mapTo } from "./typed-arrays";

/** An array in the host's memory. `view` is made anew on each access, since the memory may have grown since the last one. */
export interface HostArray<T extends Uint8Array | Uint32Array | Float64Array> {
  /** Byte offset. */
  readonly pointer: number;
  readonly length: number;
  readonly view: T;
}

/** Functions by name. Arrays are passed as pointers; a result of type u64 is a bigint. */
export type HostFunctions<Names extends string, Result> = Readonly<Record<Names, (...args: number[]) => Result>>;

/** A file of wasm/host, where its functions are documented. Its text is compiled when it is first used. */
export class HostModule<Functions> {
  readonly #text: string;
  #code: WebAssembly.Module | undefined;

  /** @param text the module in hexadecimal digits */
  constructor(text: string) {
    this.#text = text;
  }

  /** Its functions on a memory. */
  on(memory: WebAssembly.Memory): Functions {
    this.#code ??= new WebAssembly.Module(
      mapTo(Uint8Array, this.#text.match(/../g)!, (byte) => Number.parseInt(byte, 16)),
    );
    return new WebAssembly.Instance(this.#code, { env: { memory, "Math.log": Math.log } }).exports as Functions;
  }
}

const PAGE = 65536;

/** Below lies nothing, so that a zero pointer is always a mistake. */
const FIRST = 16;

/** A memory of its own for modules of the host, handed out from the bottom up. */
export class Host {
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  readonly #functions = new Map<HostModule<unknown>, unknown>();
  #top = FIRST;

  /** The functions of a module. */
  of<Functions>(module: HostModule<Functions>): Functions {
    let functions = this.#functions.get(module) as Functions | undefined;
    if (!functions) this.#functions.set(module, (functions = module.on(this.#memory)));
    return functions;
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
    return this.#memory.buffer.byteLength;
  }

  /** Takes back all that was allocated. */
  clear(): void {
    this.#top = FIRST;
  }

  #array<T extends Uint8Array | Uint32Array | Float64Array>(
    Type: { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBuffer, byteOffset: number, length: number): T },
    source: number | ArrayLike<number>,
  ): HostArray<T> {
    const memory = this.#memory;
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
 * Runs `use` with a host of its own, which it may keep while other work has its turns; its arrays are gone when it ends.
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
 * Runs `use` with the host: computations in float64 and integers that run on the calling thread, at once, in WebAssembly.
 * Arrays it allocates are gone when it returns, so it returns numbers or copies. Calls may nest. Throws `host: out of memory` beyond 4 GiB.
 */
export function onHost<R>(use: (host: Host) => R): R {
  host ??= new Host();
  return host.scope(use);
}

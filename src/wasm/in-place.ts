// Kernels of the WASM device on the calling thread, where it has no others.
import type { Bound } from "../device";
import { InOrder } from "../in-order";
import type { Family, Kernel } from "../kernel";
import type { LinearMemory } from "./memory";

type Exports = Readonly<Record<string, (...args: number[]) => void>>;

/** Where an array begins, and its bytes. */
export interface Place {
  readonly pointer: number;
  readonly bytes: number;
}

/** What runs in place needs of its device. */
export interface InPlaceOptions {
  readonly base: WebAssembly.Module;
  readonly memory: LinearMemory;
  readonly scratch: number;
  /** Whether the array at binding i holds whole numbers. */
  holdsIntegers(kernel: Kernel, i: number): boolean;
  /** The module of a family: now, where it is unpacked, and later. */
  moduleOf(family: Family): WebAssembly.Module | undefined;
  load(family: Family): Promise<WebAssembly.Module>;
  readonly onError: (error: Error) => void;
  /** A family cannot be loaded. */
  readonly onEnd: (error: unknown, family: Family) => void;
}

/** Runs kernels, writes and reads at once and in call order; from a kernel on whose family is being unpacked, as soon as it is there. */
export class InPlace {
  readonly #options: InPlaceOptions;
  readonly #base: WebAssembly.Exports;
  readonly #instances = new Map<Family, Exports>();
  readonly #calls: InOrder;

  constructor(options: InPlaceOptions) {
    this.#options = options;
    this.#calls = new InOrder(options.onError);
    const { base, memory, scratch } = options;
    this.#base = new WebAssembly.Instance(base, { env: { memory: memory.memory } }).exports;
    (this.#base as Exports)["set_scratch"]!(scratch);
  }

  /** @throws what a kernel throws that runs at once; of one that waits the device is told */
  run(kernel: Kernel, bound: Bound, rows: number): void {
    const { family } = kernel;
    if (!this.#calls.waits && (!family || this.#instanceOf(family))) return this.#launch(kernel, bound, rows);
    this.#calls.add({
      missing: () => (family && !this.#instanceOf(family) ? this.#load(family) : undefined),
      make: () => this.#launch(kernel, bound, rows),
    });
  }

  write(pointer: number, bytes: Uint8Array): void {
    const { memory } = this.#options;
    const data = this.#calls.waits ? bytes.slice() : bytes;
    this.#calls.add({ make: () => memory.view(pointer, data.byteLength).set(data) });
  }

  read(pointer: number, bytes: number): Promise<ArrayBuffer> {
    return new Promise((resolve) => {
      this.#calls.add({
        make: () => resolve(this.#options.memory.copyOut(pointer, bytes)),
        drop: () => resolve(new ArrayBuffer(0)),
      });
    });
  }

  close(): void {
    this.#calls.close();
  }

  async #load(family: Family): Promise<void> {
    try {
      this.#instantiate(family, await this.#options.load(family));
    } catch (error) {
      this.#options.onEnd(error, family);
      throw error;
    }
  }

  #instanceOf(family: Family): Exports | undefined {
    const made = this.#instances.get(family);
    if (made) return made;
    const module = this.#options.moduleOf(family);
    return module && this.#instantiate(family, module);
  }

  #instantiate(family: Family, module: WebAssembly.Module): Exports {
    const imports = {
      env: { memory: this.#options.memory.memory },
      base: this.#base as WebAssembly.ModuleImports,
    };
    const instance = new WebAssembly.Instance(module, imports).exports as Exports;
    this.#instances.set(family, instance);
    return instance;
  }

  #launch(kernel: Kernel, { buffers, values }: Bound, rows: number): void {
    const places = buffers as unknown as readonly Place[];
    const call = (kernel.cpu as ((...args: unknown[]) => void) | undefined) ?? this.#function(kernel);
    const args: unknown[] = kernel.cpu ? this.#arrays(kernel, places) : places.map(({ pointer }) => pointer);
    for (const value of values) args.push(value);
    args.push(0, rows);
    try {
      call(...args);
    } catch (error) {
      throw new Error(`wasm: kernel ${kernel.name} failed, ${String(error)}`, { cause: error });
    }
  }

  #arrays(kernel: Kernel, places: readonly Place[]): (Uint32Array | Float32Array)[] {
    return places.map(({ pointer, bytes }, i) => {
      const View = this.#options.holdsIntegers(kernel, i) ? Uint32Array : Float32Array;
      return new View(this.#options.memory.memory.buffer, pointer, bytes / 4);
    });
  }

  #function({ name, family, bindings, params }: Kernel): (...args: unknown[]) => void {
    if (!family) throw new Error(`wasm: kernel ${name} has no function for this device`);
    const twin = this.#instanceOf(family)![name];
    const expected = bindings.length + params.length + 2;
    if (twin?.length !== expected)
      throw new Error(
        `wasm: ${name} takes ${twin?.length ?? "no"} arguments in AssemblyScript, ${expected} by its .wgsl file`,
      );
    return twin as (...args: unknown[]) => void;
  }
}

import { formatBytes } from "../device";
import type { Device, DeviceBuffer, MemoryUsage } from "../device";

/**
 * A device that computes nothing and holds nothing: what is built on it says which tensors it would have. Building ends with an error as soon as
 * it asks for more than `limit` bytes, so that what a file declares costs no more than the file.
 */
export class Blueprint implements Device {
  readonly type = "wasm";
  readonly description = "blueprint";
  readonly maxBufferBytes = Infinity;
  readonly #limit: number;
  #bytes = 0;
  #buffers = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  alloc(bytes: number): DeviceBuffer {
    this.#bytes += bytes;
    if (!(this.#bytes <= this.#limit))
      throw new Error(
        `checkpoint: its settings describe a model of ${formatBytes(this.#bytes)} and more, its arrays have ${formatBytes(this.#limit)}`,
      );
    return { device: this, id: this.#buffers++, bytes };
  }

  free(buffer: DeviceBuffer): void {
    this.#bytes -= buffer.bytes;
  }

  write(): void {
    // there is nothing to write to
  }

  run(): void {
    // nothing is computed
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  read(): Promise<ArrayBuffer> {
    return Promise.reject(new Error("blueprint: there is nothing to read"));
  }

  memory(): MemoryUsage {
    return { buffers: this.#buffers, bytes: this.#bytes, pooled: 0 };
  }

  synchronize(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): void {
    // there is nothing to free
  }
}

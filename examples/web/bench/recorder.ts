// A device that notes every launch, so that each kernel can be launched again by itself.
import type { Device, DeviceBuffer, Kernel, KernelArgs } from "constella";

/** A launch with what it was given. */
export interface Launch {
  readonly kernel: Kernel;
  readonly args: KernelArgs;
}

/** Stands before a device: runs everything there, keeps each launch of a kernel with other params once, and frees nothing before its end. */
export class Recorder implements Device {
  readonly #device: Device;
  readonly #kept = new Map<string, Launch>();
  readonly #bytes = new Map<DeviceBuffer, number>();
  readonly #freed: DeviceBuffer[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  get type(): Device["type"] {
    return this.#device.type;
  }
  get description(): string {
    return this.#device.description;
  }
  get maxBufferBytes(): number {
    return this.#device.maxBufferBytes;
  }
  get launches(): Launch[] {
    return [...this.#kept.values()];
  }

  /** Bytes that were asked for; the buffer itself may be larger. */
  bytesOf(buffer: DeviceBuffer): number {
    return this.#bytes.get(buffer) ?? buffer.bytes;
  }

  alloc(bytes: number, op?: string): DeviceBuffer {
    const buffer = this.#device.alloc(bytes, op);
    this.#bytes.set(buffer, bytes);
    return buffer;
  }

  free(buffer: DeviceBuffer): void {
    this.#freed.push(buffer);
  }

  write(buffer: DeviceBuffer, data: ArrayBufferView, byteOffset?: number): void {
    this.#device.write(buffer, data, byteOffset);
  }

  read(buffer: DeviceBuffer, byteOffset?: number, bytes?: number): Promise<ArrayBuffer> {
    return this.#device.read(buffer, byteOffset, bytes);
  }

  prepare(kernels: readonly Kernel[]): Promise<void> {
    return this.#device.prepare(kernels);
  }

  run(kernel: Kernel, args: KernelArgs): void {
    this.#device.run(kernel, args);
    const key = `${kernel.name} ${paramsOf({ kernel, args })}`;
    if (!this.#kept.has(key)) this.#kept.set(key, { kernel, args });
  }

  memory(): ReturnType<Device["memory"]> {
    return this.#device.memory();
  }

  synchronize(): Promise<void> {
    return this.#device.synchronize();
  }

  /** Frees what was made on the way; the device goes on. */
  destroy(): void {
    const freed = new Set(this.#freed);
    for (const buffer of this.#bytes.keys()) if (!freed.has(buffer)) this.#freed.push(buffer);
    for (const buffer of this.#freed) this.#device.free(buffer);
    this.#freed.length = 0;
    this.#bytes.clear();
    this.#kept.clear();
  }
}

/** The params of a launch in words: "m 512, n 512". */
export const paramsOf = ({ kernel, args }: Launch): string =>
  kernel.params.map(({ name }) => `${name} ${Number(Number(args[name]).toPrecision(10))}`).join(", ");

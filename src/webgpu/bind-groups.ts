// Bind groups are kept by kernel and buffers: making one takes longer than a launch.
import type { Kernel } from "../kernel";

/** A buffer of the device, as far as a bind group needs it. */
export interface Bindable {
  readonly id: number;
  readonly gpu: GPUBuffer;
}

const ids = new WeakMap<GPUBuffer, number>();
/** The number of a buffer, if it has one. */
export const idOf = (gpu: GPUBuffer): number | undefined => ids.get(gpu);
/** Numbers a buffer. */
export function setId(gpu: GPUBuffer, id: number): number {
  ids.set(gpu, id);
  return id;
}

const MOST = 8192;

/** The bind groups of a device, whose launches have their params in one buffer. */
export class BindGroups {
  readonly #device: GPUDevice;
  readonly #params: GPUBuffer;
  readonly #made = new Map<string, GPUBindGroup>();
  /** Kernels by number, whatever they are called and whichever copy of a module made them. */
  readonly #kernels = new Map<Kernel, number>();

  constructor(device: GPUDevice, params: GPUBuffer) {
    this.#device = device;
    this.#params = params;
  }

  /** The group of a kernel and its buffers. */
  get(kernel: Kernel, layout: GPUBindGroupLayout, buffers: readonly Bindable[]): GPUBindGroup {
    let key = this.#keyOf(kernel);
    for (const { id } of buffers) key += `${id},`;
    let group = this.#made.get(key);
    if (!group) {
      if (this.#made.size >= MOST) this.#made.clear();
      const params: GPUBindGroupEntry = {
        binding: 0,
        resource: { buffer: this.#params, size: kernel.params.length * 4 },
      };
      const entries = buffers.map(({ gpu }, i): GPUBindGroupEntry => ({ binding: i + 1, resource: { buffer: gpu } }));
      group = this.#device.createBindGroup({ label: kernel.name, layout, entries: [params, ...entries] });
      this.#made.set(key, group);
    }
    return group;
  }

  /** Forgets the groups of a kernel. */
  forget(kernel: Kernel): void {
    const own = this.#keyOf(kernel);
    for (const key of this.#made.keys()) if (key.startsWith(own)) this.#made.delete(key);
  }

  #keyOf(kernel: Kernel): string {
    let number = this.#kernels.get(kernel);
    if (number === undefined) this.#kernels.set(kernel, (number = this.#kernels.size));
    return `${number},`;
  }

  clear(): void {
    this.#made.clear();
  }
}

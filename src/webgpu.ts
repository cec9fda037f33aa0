import { bind, DeviceError, formatBytes, Pool } from "./device";
import type { Device, DeviceBuffer, KernelArgs, MemoryUsage } from "./device";
import type { Kernel, Params } from "./kernel";

/** Options of the WebGPU device. */
export interface WebGPUOptions {
  /** A GPU object to use instead of the runtime's own (`navigator.gpu`, or npm's `webgpu` in Node). */
  gpu?: GPU;
  /** A device that the page already has; it is not destroyed with ours. */
  device?: GPUDevice;
  powerPreference?: GPUPowerPreference;
  /** Refuse adapters that compute on the CPU. */
  hardwareOnly?: boolean;
  /**
   * Dispatches of the first submit after the queue has been waited for; each one after it has twice as many, up to 64. Default 16: the
   * GPU starts early. More, up to 256, for measurements, whose launches must not wait for the host.
   */
  firstSubmit?: number;
  /** Called once when the device is lost. */
  onLost?: (reason: string) => void;
}

/** There is no WebGPU here, or none of the wanted kind: the one failure after which another device may do. */
export class NoAdapterError extends Error {}

interface Block extends DeviceBuffer {
  readonly gpu: GPUBuffer;
}

interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Dispatches of a submit where none is asked for: each costs the host time, and the GPU is busy meanwhile. */
const LARGEST_SUBMIT = 64;
/** Dispatches that params are kept for. */
const MOST_DISPATCHES = 256;
/** Params of one launch, at WebGPU's alignment for dynamic offsets. */
const SLOT = 256;
const MAX_BIND_GROUPS = 8192;
const MAX_POOLED = 1 << 30;

/** One command encoder over one GPUDevice: kernels are encoded as they come and submitted together. */
export class WebGPUDevice implements Device {
  readonly type = "webgpu";
  readonly description: string;
  readonly maxBufferBytes: number;
  readonly gpuDevice: GPUDevice;
  readonly #owned: boolean;
  readonly #pool = new Pool<GPUBuffer>((gpu) => ids.get(gpu) ?? 0); // the same buffers every step: their bind groups are there
  readonly #staging = new Pool<GPUBuffer>();
  readonly #pipelines = new Map<Kernel, Pipeline>();
  readonly #bindGroups = new Map<string, GPUBindGroup>();
  readonly #uniforms: GPUBuffer;
  readonly #params = new ArrayBuffer(MOST_DISPATCHES * SLOT);
  readonly #words = new Uint32Array(this.#params);
  readonly #floats = new Float32Array(this.#params);
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #dispatches = 0;
  /** Dispatches after which the next submit is due. */
  #due: number;
  readonly #firstSubmit: number;
  #encoded: string[] = [];
  #submitted: string[] = [];
  #nextId = 1;
  #live = { buffers: 0, bytes: 0 };
  #error: Error | undefined;
  #lost = false;

  private constructor(device: GPUDevice, description: string, owned: boolean, options: WebGPUOptions) {
    const { firstSubmit = 16, onLost } = options;
    if (!Number.isInteger(firstSubmit) || firstSubmit < 1 || firstSubmit > MOST_DISPATCHES)
      throw new Error(`webgpu: firstSubmit must be a whole number from 1 to ${MOST_DISPATCHES}, ${firstSubmit}`);
    this.#firstSubmit = this.#due = firstSubmit;
    this.gpuDevice = device;
    this.description = description;
    this.#owned = owned;
    this.maxBufferBytes = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
    this.#uniforms = device.createBuffer({
      label: "params",
      size: this.#params.byteLength,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    device.addEventListener("uncapturederror", (event) => {
      const { error } = event as GPUUncapturedErrorEvent;
      const { message } = error;
      if (error.constructor.name === "GPUOutOfMemoryError") {
        this.#error ??= new DeviceError(
          `webgpu: the GPU is out of memory with ${formatBytes(this.#live.bytes)} in use; take smaller batches, or go on from a checkpoint on requestDevice('wasm')`,
        );
        return;
      }
      const kernels = [...new Set(this.#submitted.concat(this.#encoded))].join(", ") || "none";
      this.#error ??= new Error(`webgpu: ${firstLine(message)} (kernels of this submit: ${kernels})`);
    });
    void device.lost.then(({ reason, message }) => {
      this.#lost = true;
      const why = reason === "destroyed" ? "destroyed" : firstLine(message).replace(/\.$/, "") || "unknown reason";
      this.#error = new DeviceError(
        `webgpu: the device is lost, ${why}; request a new one and go on from a checkpoint`,
      );
      onLost?.(why);
    });
  }

  /** @throws when there is no WebGPU, no adapter, or a kernel does not compile (kernel, line and a caret). */
  static async request(options: WebGPUOptions = {}): Promise<WebGPUDevice> {
    let device = options.device;
    let description = "external GPUDevice";
    if (!device) {
      const gpu = options.gpu ?? (await findGPU());
      const adapter = await gpu.requestAdapter({ powerPreference: options.powerPreference ?? "high-performance" });
      if (!adapter)
        throw new NoAdapterError(
          "webgpu: no adapter, the machine offers none to this runtime; use requestDevice('wasm')",
        );
      description = describeAdapter(adapter.info);
      if (options.hardwareOnly && isSoftware(adapter.info))
        throw new NoAdapterError(`webgpu: ${description} is a software adapter`);
      const { maxStorageBufferBindingSize, maxBufferSize, maxStorageBuffersPerShaderStage } = adapter.limits;
      const requiredFeatures: GPUFeatureName[] = adapter.features.has("timestamp-query") ? ["timestamp-query"] : [];
      device = await adapter.requestDevice({
        requiredFeatures,
        requiredLimits: { maxStorageBufferBindingSize, maxBufferSize, maxStorageBuffersPerShaderStage },
      });
    }
    return new WebGPUDevice(device, description, !options.device, options);
  }

  alloc(bytes: number, op = "alloc"): DeviceBuffer {
    this.#check();
    if (bytes > this.maxBufferBytes)
      throw new DeviceError(
        `${op}: a tensor of ${bytes} bytes passes the adapter's limit of ${this.maxBufferBytes} bytes a buffer; work in chunks`,
      );
    const size = Math.min(Pool.sizeClass(bytes), Math.floor(this.maxBufferBytes / 4) * 4);
    const gpu =
      this.#pool.take(size) ??
      this.gpuDevice.createBuffer({
        size,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
      });
    this.#live.buffers++;
    this.#live.bytes += size;
    const block: Block = { device: this, id: idOf(gpu) ?? setId(gpu, this.#nextId++), bytes: size, gpu };
    return block;
  }

  free(buffer: DeviceBuffer): void {
    this.#live.buffers--;
    this.#live.bytes -= buffer.bytes;
    if (this.#lost) return;
    this.#pool.put(buffer.bytes, (buffer as Block).gpu);
    if (this.#pool.pooled > MAX_POOLED) {
      this.#flush();
      this.#bindGroups.clear();
      for (const gpu of this.#pool.drain()) gpu.destroy();
    }
  }

  write(buffer: DeviceBuffer, data: ArrayBufferView, byteOffset = 0): void {
    this.#check();
    if (data.byteLength === 0) return;
    this.#flush(); // writeBuffer takes effect before everything submitted later
    let bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    const shared = typeof SharedArrayBuffer !== "undefined" && data.buffer instanceof SharedArrayBuffer;
    if (shared || bytes.byteLength % 4 !== 0) {
      const copy = new Uint8Array(Math.ceil(bytes.byteLength / 4) * 4); // Dawn in Node 20 ends the process on shared memory
      copy.set(bytes);
      bytes = copy;
    }
    this.gpuDevice.queue.writeBuffer((buffer as Block).gpu, byteOffset, bytes);
  }

  async read(buffer: DeviceBuffer, byteOffset = 0, bytes = buffer.bytes - byteOffset): Promise<ArrayBuffer> {
    this.#check();
    if (bytes === 0) return new ArrayBuffer(0);
    const aligned = Math.ceil(bytes / 4) * 4;
    const size = Pool.sizeClass(aligned);
    const staging =
      this.#staging.take(size) ??
      this.gpuDevice.createBuffer({ label: "read", size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    this.#endPass().copyBufferToBuffer((buffer as Block).gpu, byteOffset, staging, 0, aligned);
    this.#flush();
    let result: ArrayBuffer;
    try {
      await staging.mapAsync(GPUMapMode.READ, 0, aligned);
      this.#due = this.#firstSubmit;
      this.#check();
      result = staging.getMappedRange(0, aligned).slice(0, bytes);
    } catch (error) {
      await Promise.resolve(); // lets the loss be recorded first
      this.#check();
      if (error instanceof DeviceError) throw error;
      throw new DeviceError(`webgpu: reading ${formatBytes(bytes)} back failed, ${firstLine(String(error))}`, {
        cause: error,
      });
    }
    staging.unmap();
    if (this.#staging.pooled < MAX_POOLED / 4) this.#staging.put(size, staging);
    else staging.destroy();
    return result;
  }

  run(kernel: Kernel, args: KernelArgs): void {
    this.#check();
    const { buffers, values } = bind(kernel, args, this);
    const [x, y, z] = kernel.grid(args as Params, kernel.size);
    if (x === 0 || y === 0 || z === 0) return;
    const limit = this.gpuDevice.limits.maxComputeWorkgroupsPerDimension;
    if (x > limit || y > limit || z > limit)
      throw new Error(
        `${kernel.name}: a grid of ${x} x ${y} x ${z} workgroups passes the adapter's ${limit} a dimension`,
      );
    const { pipeline } = this.#pipelines.get(kernel) ?? this.#compileNow(kernel);
    const pass = (this.#pass ??= (this.#encoder ??= this.gpuDevice.createCommandEncoder()).beginComputePass());
    const offset = this.#dispatches * SLOT;
    const word = offset / 4;
    kernel.params.forEach(({ type }, i) => {
      if (type === "f32") this.#floats[word + i] = values[i]!;
      else this.#words[word + i] = values[i]!;
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.#bindGroup(kernel, buffers as Block[]), [offset]);
    pass.dispatchWorkgroups(x, y, z);
    this.#encoded.push(kernel.name);
    if (++this.#dispatches < this.#due) return;
    this.#flush();
    this.#due = Math.max(this.#firstSubmit, Math.min(2 * this.#due, LARGEST_SUBMIT));
  }

  memory(): MemoryUsage {
    return { ...this.#live, pooled: this.#pool.pooled };
  }

  async synchronize(): Promise<void> {
    this.#check();
    this.#flush();
    await this.gpuDevice.queue.onSubmittedWorkDone();
    this.#due = this.#firstSubmit;
    this.#check();
  }

  destroy(): void {
    if (!this.#lost) this.#flush();
    this.#bindGroups.clear();
    for (const gpu of [...this.#pool.drain(), ...this.#staging.drain(), this.#uniforms]) gpu.destroy();
    if (this.#owned) this.gpuDevice.destroy();
    this.#lost = true;
    this.#error = new Error("webgpu: the device is destroyed");
  }

  #check(): void {
    const error = this.#error;
    if (!error) return;
    if (!this.#lost) this.#error = undefined; // reported once; a lost device stays lost
    throw error;
  }

  #endPass(): GPUCommandEncoder {
    this.#pass?.end();
    this.#pass = undefined;
    return (this.#encoder ??= this.gpuDevice.createCommandEncoder());
  }

  #flush(): void {
    if (!this.#encoder) return;
    const encoder = this.#endPass();
    if (this.#dispatches > 0)
      this.gpuDevice.queue.writeBuffer(this.#uniforms, 0, this.#params, 0, this.#dispatches * SLOT);
    this.gpuDevice.queue.submit([encoder.finish()]);
    this.#encoder = undefined;
    this.#dispatches = 0;
    this.#submitted = this.#encoded;
    this.#encoded = [];
  }

  #bindGroup(kernel: Kernel, buffers: Block[]): GPUBindGroup {
    let key = `${kernel.id}`;
    for (const { id } of buffers) key += `,${id}`;
    let group = this.#bindGroups.get(key);
    if (!group) {
      if (this.#bindGroups.size >= MAX_BIND_GROUPS) this.#bindGroups.clear();
      const params: GPUBindGroupEntry = {
        binding: 0,
        resource: { buffer: this.#uniforms, size: kernel.params.length * 4 },
      };
      const entries = buffers.map(({ gpu }, i): GPUBindGroupEntry => ({ binding: i + 1, resource: { buffer: gpu } }));
      const { layout } = this.#pipelines.get(kernel)!;
      group = this.gpuDevice.createBindGroup({ label: kernel.name, layout, entries: [params, ...entries] });
      this.#bindGroups.set(key, group);
    }
    return group;
  }

  #describe(kernel: Kernel): {
    module: GPUShaderModule;
    layout: GPUBindGroupLayout;
    descriptor: GPUComputePipelineDescriptor;
  } {
    const { name: label, code } = kernel;
    const module = this.gpuDevice.createShaderModule({ label, code });
    const uniform: GPUBindGroupLayoutEntry = {
      binding: 0,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: kernel.params.length * 4 },
    };
    const storage = kernel.bindings.map(({ access }, i): GPUBindGroupLayoutEntry => {
      const type = access === "read" ? "read-only-storage" : "storage";
      return { binding: i + 1, visibility: GPUShaderStage.COMPUTE, buffer: { type } };
    });
    const layout = this.gpuDevice.createBindGroupLayout({ label, entries: [uniform, ...storage] });
    return {
      module,
      layout,
      descriptor: {
        label,
        layout: this.gpuDevice.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: "main" },
      },
    };
  }

  /**
   * Compiles kernels ahead of their first launch, side by side where the runtime can.
   * @throws when one does not compile (kernel, line and a caret)
   */
  async prepare(kernels: readonly Kernel[]): Promise<void> {
    await Promise.all(kernels.filter((kernel) => !this.#pipelines.has(kernel)).map((kernel) => this.#compile(kernel)));
  }

  async #compile(kernel: Kernel): Promise<void> {
    const { module, layout, descriptor } = this.#describe(kernel);
    try {
      const pipeline = await this.gpuDevice.createComputePipelineAsync(descriptor);
      this.#pipelines.set(kernel, { pipeline, layout });
    } catch (error) {
      const info = await module.getCompilationInfo?.();
      throw new Error(`webgpu: kernel ${kernel.name} does not compile\n${formatMessages(kernel, info, error)}`, {
        cause: error,
      });
    }
  }

  /** At a first launch: what nobody prepared. */
  #compileNow(kernel: Kernel): Pipeline {
    const { layout, descriptor } = this.#describe(kernel);
    const made = { pipeline: this.gpuDevice.createComputePipeline(descriptor), layout };
    this.#pipelines.set(kernel, made);
    return made;
  }
}

const ids = new WeakMap<GPUBuffer, number>();
const idOf = (buffer: GPUBuffer): number | undefined => ids.get(buffer);
function setId(buffer: GPUBuffer, id: number): number {
  ids.set(buffer, id);
  return id;
}

const firstLine = (text: string): string => text.trim().split("\n")[0] ?? "";

/** Vendor, architecture, device and description of an adapter, as far as it tells. */
export const describeAdapter = ({ vendor, architecture, device, description }: GPUAdapterInfo): string =>
  [...new Set([vendor, architecture, device, description])].filter(Boolean).join(" ") || "unnamed adapter";

/** Whether an adapter computes on the CPU. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  const names = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(names);
}

/** The compiler's messages with numbered source lines and a caret under the column. */
function formatMessages(kernel: Kernel, info: GPUCompilationInfo | undefined, error: unknown): string {
  const messages = info?.messages.filter((message) => message.type === "error") ?? [];
  if (messages.length === 0) return String(error instanceof Error ? error.message : error);
  const lines = kernel.code.split("\n");
  const quoted = messages.map(({ message, lineNum, linePos }) => {
    const prefix = `${String(lineNum).padStart(4)} | `;
    const caret = " ".repeat(prefix.length + Math.max(0, linePos - 1));
    return `${kernel.name}.wgsl:${lineNum}:${linePos}: ${message}\n${prefix}${lines[lineNum - 1] ?? ""}\n${caret}^`;
  });
  return quoted.join("\n");
}

/** `navigator.gpu`, or npm's `webgpu` (Dawn) where the runtime has none and the user installed it. */
export async function findGPU(packageName = "webgpu"): Promise<GPU> {
  if (typeof navigator !== "undefined" && navigator.gpu) return navigator.gpu;
  const held = globalThis as { constellaGPU?: GPU };
  if (held.constellaGPU) return held.constellaGPU;
  // a parameter, so that bundlers for the browser do not look for the package
  const dawn = (await import(/* @vite-ignore */ packageName).catch(() => {
    throw new NoAdapterError("webgpu: this runtime has no WebGPU; in Node install it with `npm install webgpu`");
  })) as { create(options: string[]): GPU; globals: object };
  Object.assign(globalThis, dawn.globals);
  held.constellaGPU = dawn.create([]); // the process ends when this object is collected, so it stays reachable
  return held.constellaGPU;
}

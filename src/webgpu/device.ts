import { bind, checkRange, DeviceError, formatBytes, markFreed, Pool } from "../device";
import type { Device, DeviceBuffer, KernelArgs, MemoryUsage } from "../device";
import { InOrder } from "../in-order";
import type { Kernel, Params } from "../kernel";
import type { AdapterOptions } from "./adapter";
import { BindGroups, idOf, setId } from "./bind-groups";
import type { Bindable } from "./bind-groups";
import { firstLine, Pipelines } from "./pipelines";

/** Options of the WebGPU device. */
export interface WebGPUOptions extends AdapterOptions {
  /** A device that the page already has; it is not destroyed with ours. */
  device?: GPUDevice;
  /**
   * Dispatches of the first submit after the queue has been waited for; each one after it has twice as many, up to 64. Default 16: the
   * GPU starts early. More, up to 256, for measurements, whose launches must not wait for the host.
   */
  firstSubmit?: number;
  /** Called once when the device is lost. */
  onLost?: (reason: string) => void;
}

type Block = DeviceBuffer & Bindable;

const NO_MEMORY = "GPUOutOfMemoryError";

/** Dispatches of a submit where none is asked for: each costs the host time, and the GPU is busy meanwhile. */
const LARGEST_SUBMIT = 64;
/** How long a failure to compile waits for the word that the device is lost. */
const LOSS_MS = 250;
/** Dispatches that params are kept for. */
const MOST_DISPATCHES = 256;
/** Params of one launch, at WebGPU's alignment for dynamic offsets. */
const SLOT = 256;
const MAX_POOLED = 1 << 30;

/** One command encoder over one GPUDevice: kernels are encoded as they come and submitted together. */
export class WebGPUDevice implements Device {
  readonly type = "webgpu";
  readonly description: string;
  readonly maxBufferBytes: number;
  readonly gpuDevice: GPUDevice;
  readonly #owned: boolean;
  readonly #pool = new Pool<GPUBuffer>((gpu) => idOf(gpu) ?? 0); // the same buffers every step: their bind groups are there
  readonly #staging = new Pool<GPUBuffer>();
  readonly #pipelines: Pipelines;
  readonly #bindGroups: BindGroups;
  /** Buffers that the GPU had no memory for. */
  readonly #invalid = new WeakSet<GPUBuffer>();
  /** What is being read back. */
  readonly #reading = new Set<GPUBuffer>();
  readonly #uniforms: GPUBuffer;
  readonly #params = new ArrayBuffer(MOST_DISPATCHES * SLOT);
  readonly #words = new Uint32Array(this.#params);
  readonly #floats = new Float32Array(this.#params);
  /** From a launch on whose shader is on its way: kernels, writes and reads. */
  readonly #calls = new InOrder((error) => (this.#error ??= error));
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
  #destroyed = false;
  /** How many submits there were, and how many of them are known to be done. */
  #submits = 0;
  #done = 0;

  private constructor(device: GPUDevice, description: string, owned: boolean, options: WebGPUOptions) {
    const { firstSubmit = 16, onLost } = options;
    this.#firstSubmit = this.#due = firstSubmit;
    this.gpuDevice = device;
    this.#pipelines = new Pipelines(device, (kernel, error) => {
      this.#bindGroups.forget(kernel);
      if (!this.#lost) this.#error = error;
    });
    this.description = description;
    this.#owned = owned;
    this.maxBufferBytes = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
    this.#uniforms = device.createBuffer({
      label: "params",
      size: this.#params.byteLength,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.#bindGroups = new BindGroups(device, this.#uniforms);
    device.addEventListener("uncapturederror", (event) => {
      const { error } = event as GPUUncapturedErrorEvent;
      const { message } = error;
      if (error.constructor.name === NO_MEMORY) {
        this.#error ??= this.#outOfMemory();
        return;
      }
      const kernels = [...new Set(this.#submitted.concat(this.#encoded))].join(", ") || "none";
      this.#error ??= new Error(`webgpu: ${firstLine(message)} (kernels of this submit: ${kernels})`);
    });
    void device.lost.then(({ reason, message }) => {
      if (this.#destroyed) return;
      this.#lost = true;
      const why = reason === "destroyed" ? "destroyed" : firstLine(message).replace(/\.$/, "") || "unknown reason";
      this.#error = new DeviceError(
        `webgpu: the device is lost, ${why}; request a new one and go on from a checkpoint`,
      );
      onLost?.(why);
    });
  }

  /** On an adapter, or on a device that there is; `description` says which it is. */
  static async request(
    from: GPUAdapter | GPUDevice,
    description: string,
    options: WebGPUOptions = {},
  ): Promise<WebGPUDevice> {
    if (!("requestDevice" in from)) return new WebGPUDevice(from, description, false, options);
    const { maxStorageBufferBindingSize, maxBufferSize, maxStorageBuffersPerShaderStage } = from.limits;
    const requiredFeatures: GPUFeatureName[] = from.features.has("timestamp-query") ? ["timestamp-query"] : [];
    const device = await from.requestDevice({
      requiredFeatures,
      requiredLimits: { maxStorageBufferBindingSize, maxBufferSize, maxStorageBuffersPerShaderStage },
    });
    return new WebGPUDevice(device, description, true, options);
  }

  alloc(bytes: number, op = "alloc"): DeviceBuffer {
    this.#check();
    if (bytes > this.maxBufferBytes)
      throw new DeviceError(
        `${op}: a tensor of ${bytes} bytes passes the adapter's limit of ${this.maxBufferBytes} bytes a buffer; work in chunks`,
      );
    const size = Math.min(Pool.sizeClass(bytes), Math.floor(this.maxBufferBytes / 4) * 4);
    const gpu = this.#pool.take(size) ?? this.#create(size);
    this.#live.buffers++;
    this.#live.bytes += size;
    const block: Block = { device: this, id: idOf(gpu) ?? setId(gpu, this.#nextId++), bytes: size, gpu };
    return block;
  }

  /** A new buffer. Where there is no memory for it, the runtime tells later: then it is no longer counted, and goes to nobody else. */
  #create(size: number): GPUBuffer {
    const { gpuDevice } = this;
    gpuDevice.pushErrorScope("out-of-memory");
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const gpu = gpuDevice.createBuffer({ size, usage });
    void gpuDevice.popErrorScope().then(
      (error) => {
        if (!error) return;
        this.#invalid.add(gpu);
        const pooled = this.#pool.pooled;
        this.#pool.remove(size, gpu);
        if (this.#pool.pooled === pooled) this.#discount(size); // it is in use
        this.#error ??= this.#outOfMemory();
      },
      () => {}, // the device is lost, which is told elsewhere
    );
    return gpu;
  }

  #discount(bytes: number): void {
    this.#live.buffers--;
    this.#live.bytes -= bytes;
  }

  #outOfMemory(): DeviceError {
    return new DeviceError(
      `webgpu: the GPU is out of memory with ${formatBytes(this.#live.bytes)} in use; take smaller batches, or go on from a checkpoint on requestDevice('wasm')`,
    );
  }

  free(buffer: DeviceBuffer): void {
    markFreed(this, buffer);
    const { gpu } = buffer as Block;
    if (this.#invalid.has(gpu)) return;
    this.#discount(buffer.bytes);
    if (this.#lost) return;
    this.#pool.put(buffer.bytes, gpu);
    if (this.#pool.pooled > MAX_POOLED && !this.#calls.waits) {
      this.#flush();
      this.#bindGroups.clear();
      for (const gpu of this.#pool.drain()) gpu.destroy();
    }
  }

  write(buffer: DeviceBuffer, data: ArrayBufferView, byteOffset = 0): void {
    this.#check();
    checkRange("write", buffer, byteOffset, data.byteLength);
    if (data.byteLength === 0) return;
    let bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    const shared = typeof SharedArrayBuffer !== "undefined" && data.buffer instanceof SharedArrayBuffer;
    if (shared || bytes.byteLength % 4 !== 0 || this.#calls.waits) {
      const copy = new Uint8Array(Math.ceil(bytes.byteLength / 4) * 4); // Dawn in Node 20 ends the process on shared memory
      copy.set(bytes);
      bytes = copy;
    }
    this.#calls.add({
      make: () => {
        this.#flush(); // writeBuffer takes effect before everything submitted later
        this.gpuDevice.queue.writeBuffer((buffer as Block).gpu, byteOffset, bytes);
      },
    });
  }

  async read(buffer: DeviceBuffer, byteOffset = 0, bytes = buffer.bytes - byteOffset): Promise<ArrayBuffer> {
    this.#check();
    checkRange("read", buffer, byteOffset, bytes);
    if (bytes === 0) return new ArrayBuffer(0);
    return this.#inTurn(() => this.#readNow((buffer as Block).gpu, byteOffset, bytes));
  }

  /** What `start` begins when all that was called before has begun. */
  #inTurn<R>(start: () => Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#calls.add({ make: () => resolve(start()), drop: () => reject(this.#error!) });
    });
  }

  async #readNow(gpu: GPUBuffer, byteOffset: number, bytes: number): Promise<ArrayBuffer> {
    const aligned = Math.ceil(bytes / 4) * 4;
    const size = Pool.sizeClass(aligned);
    const staging =
      this.#staging.take(size) ??
      this.gpuDevice.createBuffer({ label: "read", size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    this.#endPass().copyBufferToBuffer(gpu, byteOffset, staging, 0, aligned);
    this.#flush();
    this.#reading.add(staging);
    const result = await this.#map(staging, aligned, bytes).finally(() => this.#reading.delete(staging));
    staging.unmap();
    if (this.#staging.pooled < MAX_POOLED / 4) this.#staging.put(size, staging);
    else staging.destroy();
    return result;
  }

  async #map(staging: GPUBuffer, aligned: number, bytes: number): Promise<ArrayBuffer> {
    const submits = this.#submits;
    let failure: unknown;
    try {
      await staging.mapAsync(GPUMapMode.READ, 0, aligned);
    } catch (error) {
      failure = error;
    }
    if (failure === undefined) await this.#pipelines.proven();
    else await Promise.resolve(); // lets the loss be recorded first
    this.#check();
    if (failure !== undefined)
      throw new Error(`webgpu: reading ${formatBytes(bytes)} back failed, ${firstLine(String(failure))}`, {
        cause: failure,
      });
    this.#due = this.#firstSubmit;
    this.#done = Math.max(this.#done, submits);
    return staging.getMappedRange(0, aligned).slice(0, bytes);
  }

  run(kernel: Kernel, args: KernelArgs): void {
    this.#check();
    const { buffers, values } = bind(kernel, args, this);
    const [x, y, z] = kernel.grid(args as Params, kernel.size);
    if (x === 0 || y === 0 || z === 0) return;
    if (![x, y, z].every((size) => Number.isInteger(size) && size > 0))
      throw new Error(`${kernel.name}: a grid must have whole numbers of workgroups, got ${x} x ${y} x ${z}`);
    const limit = this.gpuDevice.limits.maxComputeWorkgroupsPerDimension;
    if (x > limit || y > limit || z > limit)
      throw new Error(
        `${kernel.name}: a grid of ${x} x ${y} x ${z} workgroups passes the adapter's ${limit} a dimension`,
      );
    this.#calls.add({
      missing: () => this.#missing(kernel),
      make: () => this.#launch(kernel, [x, y, z], values, buffers as Block[]),
    });
  }

  /** Brings the rest of a shader's text. Without it the device has failed: what was launched cannot be run. */
  #missing(kernel: Kernel): Promise<void> | undefined {
    return this.#pipelines.missing(kernel)?.catch((error: unknown) => {
      if (!this.#lost)
        this.#error = new DeviceError(
          `webgpu: the shader of kernel ${kernel.name} must be loaded, ${firstLine(String(error))}; request a new device and go on from a checkpoint`,
        );
      this.#lost = true;
      throw error;
    });
  }

  #launch(kernel: Kernel, [x, y, z]: readonly [number, number, number], values: number[], buffers: Block[]): void {
    const { pipeline, layout } = this.#pipelines.get(kernel);
    const proof = this.#pipelines.proofOf(kernel);
    if (proof) {
      this.#flush(); // what may turn out not to compile is submitted by itself, so that it takes nothing else with it
      this.gpuDevice.pushErrorScope("validation");
    }
    const pass = (this.#pass ??= (this.#encoder ??= this.gpuDevice.createCommandEncoder()).beginComputePass());
    const offset = this.#dispatches * SLOT;
    const word = offset / 4;
    kernel.params.forEach(({ type }, i) => {
      if (type === "f32") this.#floats[word + i] = values[i]!;
      else this.#words[word + i] = values[i]!;
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.#bindGroups.get(kernel, layout, buffers), [offset]);
    pass.dispatchWorkgroups(x, y, z);
    this.#encoded.push(kernel.name);
    this.#dispatches++;
    if (proof) {
      this.#flush();
      void this.#tellUnless(proof, kernel);
      return;
    }
    if (this.#dispatches < this.#due) return;
    this.#flush();
    this.#due = Math.max(this.#firstSubmit, Math.min(2 * this.#due, LARGEST_SUBMIT));
  }

  /** Tells what went wrong with a launch, unless its kernel does not compile, which is told already. */
  async #tellUnless(proof: Promise<boolean>, { name }: Kernel): Promise<void> {
    const error = await this.gpuDevice.popErrorScope().catch(() => null);
    if (error && (await proof)) this.#error ??= new Error(`webgpu: ${firstLine(error.message)} (kernel ${name})`);
  }

  async prepare(kernels: readonly Kernel[]): Promise<void> {
    this.#check();
    try {
      await this.#pipelines.prepare(kernels);
    } catch (error) {
      // of a GPU that crashed the compiler tells first, that the device is lost comes a moment later
      await Promise.race([this.gpuDevice.lost, new Promise((resolve) => setTimeout(resolve, LOSS_MS))]);
      this.#check();
      throw error;
    }
    this.#check();
  }

  memory(): MemoryUsage {
    return { ...this.#live, pooled: this.#pool.pooled };
  }

  async synchronize(): Promise<void> {
    this.#check();
    return this.#inTurn(() => this.#synchronizeNow());
  }

  async #synchronizeNow(): Promise<void> {
    this.#flush();
    const submits = this.#submits;
    await this.gpuDevice.queue.onSubmittedWorkDone();
    await this.#pipelines.proven();
    this.#due = this.#firstSubmit;
    this.#done = Math.max(this.#done, submits);
    this.#check();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    const wasLost = this.#lost;
    this.#lost = true;
    this.#error = new Error("webgpu: the device is destroyed");
    this.#encoder = this.#pass = undefined; // what is not submitted is dropped
    this.#calls.close();
    this.#bindGroups.clear();
    for (const gpu of this.#reading) gpu.destroy(); // whoever waits for them goes on
    const end = (): void => {
      for (const gpu of [...this.#pool.drain(), ...this.#staging.drain(), this.#uniforms]) gpu.destroy();
      if (this.#owned) this.gpuDevice.destroy();
    };
    // the end of a device waits for its kernels, which may take long: the caller does not
    if (this.#submits > this.#done && !wasLost) void this.gpuDevice.queue.onSubmittedWorkDone().then(end, end);
    else end();
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
    this.#submits++;
    this.#encoder = undefined;
    this.#dispatches = 0;
    this.#submitted = this.#encoded;
    this.#encoded = [];
  }
}

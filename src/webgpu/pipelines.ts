// The compiled kernels of a WebGPU device, and what is told when one does not compile.
import type { Kernel } from "../kernel";

/** A compiled kernel. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Pipelines by kernel, compiled when they are prepared or first wanted. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #onFailure: (kernel: Kernel, error: Error) => void;
  readonly #made = new Map<Kernel, Pipeline>();
  /** What follows the declarations of large shaders, as far as it is here. */
  readonly #rests = new Map<Kernel, string>();
  /** Kernels whose compilation the runtime has not told of yet: whether they do compile. */
  readonly #unproven = new Map<Kernel, Promise<boolean>>();

  /** @param onFailure is told of a kernel that was compiled at its first launch, in vain */
  constructor(device: GPUDevice, onFailure: (kernel: Kernel, error: Error) => void) {
    this.#device = device;
    this.#onFailure = onFailure;
  }

  /**
   * Compiles kernels ahead of their first launch, side by side where the runtime can.
   * @throws when one does not compile (kernel, line and a caret)
   */
  async prepare(kernels: readonly Kernel[]): Promise<void> {
    await Promise.all(kernels.filter((kernel) => !this.#made.has(kernel)).map((kernel) => this.#compile(kernel)));
  }

  /** Brings the rest of a large shader's text; undefined where all is here. */
  missing(kernel: Kernel): Promise<void> | undefined {
    if (!kernel.rest || this.#rests.has(kernel)) return undefined;
    return kernel.rest().then(({ default: rest }) => void this.#rests.set(kernel, rest));
  }

  /** A kernel's pipeline; at its first launch what nobody prepared is compiled. */
  get(kernel: Kernel): Pipeline {
    return this.#made.get(kernel) ?? this.#compileNow(kernel);
  }

  /**
   * Whether a kernel compiles, while the runtime has not told; undefined when it has. The kernels of the library are trusted, since the
   * build and the tests have compiled them.
   */
  proofOf(kernel: Kernel): Promise<boolean> | undefined {
    return this.#unproven.get(kernel);
  }

  /** Waits until the runtime has told of all that was compiled. */
  async proven(): Promise<void> {
    if (this.#unproven.size > 0) await Promise.all(this.#unproven.values());
  }

  async #compile(kernel: Kernel): Promise<void> {
    await this.missing(kernel);
    this.#device.pushErrorScope("validation"); // the promise tells, so the device need not
    const { module, layout, descriptor } = this.#describe(kernel);
    void this.#device.popErrorScope().catch(() => {});
    try {
      const pipeline = await this.#device.createComputePipelineAsync(descriptor);
      this.#made.set(kernel, { pipeline, layout });
    } catch (error) {
      throw await compileError(kernel.name, this.#textOf(kernel), module, error);
    }
  }

  #compileNow(kernel: Kernel): Pipeline {
    const device = this.#device;
    device.pushErrorScope("validation");
    const { module, layout, descriptor } = this.#describe(kernel);
    const made = { pipeline: device.createComputePipeline(descriptor), layout };
    const scope = device.popErrorScope();
    this.#made.set(kernel, made);
    const tell = async (): Promise<boolean> => {
      const error = await scope.catch(() => null); // the device is lost, which is told elsewhere
      if (error) {
        this.#made.delete(kernel); // a next launch compiles, and tells, again
        this.#onFailure(kernel, await compileError(kernel.name, this.#textOf(kernel), module, error));
      }
      this.#unproven.delete(kernel);
      return !error;
    };
    const proof = tell();
    if (!kernel.family) this.#unproven.set(kernel, proof);
    return made;
  }

  #textOf(kernel: Kernel): string {
    return kernel.code + (this.#rests.get(kernel) ?? "");
  }

  #describe(kernel: Kernel): {
    module: GPUShaderModule;
    layout: GPUBindGroupLayout;
    descriptor: GPUComputePipelineDescriptor;
  } {
    const { name: label } = kernel;
    const code = this.#textOf(kernel);
    const module = this.#device.createShaderModule({ label, code });
    const uniform: GPUBindGroupLayoutEntry = {
      binding: 0,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: kernel.params.length * 4 },
    };
    const storage = kernel.bindings.map(({ access }, i): GPUBindGroupLayoutEntry => {
      const type = access === "read" ? "read-only-storage" : "storage";
      return { binding: i + 1, visibility: GPUShaderStage.COMPUTE, buffer: { type } };
    });
    const layout = this.#device.createBindGroupLayout({ label, entries: [uniform, ...storage] });
    return {
      module,
      layout,
      descriptor: {
        label,
        layout: this.#device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: "main" },
      },
    };
  }
}

/** Why a kernel does not compile: its name, the line and a caret under the column. */
async function compileError(name: string, code: string, module: GPUShaderModule, error: unknown): Promise<Error> {
  // a GPU that crashed has nothing to say of its modules
  const info = await Promise.resolve(module.getCompilationInfo?.()).catch(() => undefined);
  return new Error(`webgpu: kernel ${name} does not compile\n${formatMessages(name, code, info, error)}`, {
    cause: error,
  });
}

/** The compiler's messages with numbered source lines and a caret under the column. */
function formatMessages(name: string, code: string, info: GPUCompilationInfo | undefined, error: unknown): string {
  const messages = info?.messages.filter((message) => message.type === "error") ?? [];
  if (messages.length === 0) return String(error instanceof Error ? error.message : error);
  const lines = code.split("\n");
  const quoted = messages.map(({ message, lineNum, linePos }) => {
    const prefix = `${String(lineNum).padStart(4)} | `;
    const caret = " ".repeat(prefix.length + Math.max(0, linePos - 1));
    return `${name}.wgsl:${lineNum}:${linePos}: ${message}\n${prefix}${lines[lineNum - 1] ?? ""}\n${caret}^`;
  });
  return quoted.join("\n");
}

/** What an error says first. */
export const firstLine = (text: string): string => text.trim().split("\n")[0] ?? "";

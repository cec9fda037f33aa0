import {
  add,
  defineKernel,
  DeviceError,
  empty,
  grid1d,
  keep,
  matmul,
  ones,
  requestDevice,
  run,
  scale,
  sum,
  tanh,
  tensor,
  tidy,
} from "constella";
import type { Device, Kernel, KernelDefinition, Tensor } from "constella";
import { afterAll, describe, expect, test, vi } from "vitest";
import { allKernels } from "../src/kernel";
import { unary } from "../src/kernels";
import type { WasmDevice, WasmOptions } from "../src/wasm";
import type { WebGPUDevice } from "../src/webgpu";
import { describeDevices, deviceOf } from "./devices";
import { uniforms } from "./ops";

/** y = factor·x + offset, with a twin in JavaScript that must not use anything from outside itself. */
const definition: KernelDefinition = {
  name: "affine",
  wgsl: `// y = factor x + offset
struct Params { n: u32, factor: f32, offset: i32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i < params.n) { y[i] = params.factor * x[i] + f32(params.offset); }
}`,
  bindings: { x: "read", y: "read_write" },
  params: { n: "u32", factor: "f32", offset: "i32" },
  grid: ({ n }, [size]) => grid1d(n!, size),
  rows: ({ n }) => n!,
  grain: 16,
  cpu: (x: Float32Array, y: Float32Array, _n: number, factor: number, offset: number, begin: number, end: number) => {
    for (let i = begin; i < end; i++) y[i] = factor * x[i]! + offset;
  },
};
const affine = defineKernel(definition);

const made: Device[] = [];
/** A device of the test's own, that it may harm. */
async function own<D extends Device>(...args: Parameters<typeof requestDevice>): Promise<D> {
  const device = await requestDevice(...args);
  made.push(device);
  return device as D;
}
/** A WASM device as a page has it that is not cross-origin isolated. */
async function ownUnshared(options: WasmOptions = {}): Promise<WasmDevice> {
  vi.stubGlobal("SharedArrayBuffer", undefined);
  try {
    return await own<WasmDevice>("wasm", options);
  } finally {
    vi.unstubAllGlobals();
  }
}
afterAll(() => made.forEach((device) => device.destroy()));

const randoms = (n: number, seed = 1): Float32Array => {
  const random = uniforms(seed);
  return Float32Array.from({ length: n }, () => random() * 2 - 1);
};

const affinely = (x: Tensor, factor: number, offset: number): Tensor => {
  const y = empty(x.device, x.shape);
  run(affine, { x, y, n: x.size, factor, offset });
  return y;
};

const onAnyDevice = (device: () => Promise<Device>): void => {
  test("names an argument that the kernel does not know, and lists those that it takes", async () => {
    const x = tensor(await device(), [1, 2]);
    const args = { x, y: empty(x.device, [2]), n: 2, op: 0, alpha: 0 };
    expect(() => run(unary, { ...args, beta: 1 })).toThrow(
      "unary: unknown argument beta, the kernel takes x, y, n, op, alpha",
    );
    const { alpha: _, ...withoutParam } = args;
    expect(() => run(unary, withoutParam)).toThrow(
      "unary: alpha must be a number, the kernel takes x, y, n, op, alpha",
    );
    expect(() => run(unary, { ...args, y: 3 })).toThrow("unary: y must be a buffer, the kernel takes");
    expect(() => run(unary, { n: 1 })).toThrow("unary: no tensor among the arguments");
  });

  test("refuses a tensor after its disposal, and one of another device", async () => {
    const here = await device();
    const other = await deviceOf(here.type === "wasm" ? "webgpu" : "wasm");
    const x = tensor(here, [1, 2, 3]);
    const y = tensor(other, [1, 2, 3]);
    expect(() => add(x, y)).toThrow("binary: b lives on another device");
    x.dispose();
    x.dispose();
    expect(() => scale(x, 2)).toThrow(/a tensor of shape \[3\] was used after its disposal/);
    await expect(x.data()).rejects.toThrow(/data: a tensor of shape \[3\] was used after its disposal/);
    y.dispose();
  });

  test("lives beside a device of the other kind", async () => {
    const devices = await Promise.all([deviceOf("wasm"), deviceOf("webgpu")]);
    const sums = devices.map((device) => sum(scale(tensor(device, [1, 2, 3]), 2)));
    expect(await Promise.all(sums.map((value) => value.item()))).toEqual([12, 12]);
  });

  test("a read sees what was enqueued before it and nothing of what comes after", async () => {
    const x = tensor(await device(), new Float32Array(10007).fill(1));
    const reads: Promise<ArrayBuffer>[] = [];
    for (let i = 2; i < 8; i++) {
      const y = affinely(x, 2, 0);
      run(affine, { x: y, y: x, n: x.size, factor: 1, offset: 0 });
      reads.push(x.device.read(x.buffer, 4 * 10006, 4));
      y.dispose();
    }
    const values = (await Promise.all(reads)).map((bytes) => new Float32Array(bytes)[0]);
    expect(values).toEqual([2, 4, 8, 16, 32, 64]);
  });

  test("a write takes its turn while the queue is busy, and the caller may reuse the array at once", async () => {
    const here = await device();
    const x = tensor(here, randoms(300 * 300), [300, 300]);
    const source = Float32Array.of(1, 2, 3, 4);
    const target = tensor(here, source);
    const results: Tensor[] = [];
    const products = tidy(() => {
      let product = x;
      for (let i = 0; i < 6; i++) {
        product = matmul(product, x);
        source.fill(i);
        here.write(target.buffer, source);
        results.push(keep(affinely(target, 1, 0)));
      }
      return product;
    });
    source.fill(-1);
    for (const [i, result] of results.entries()) expect([...(await result.data())]).toEqual([i, i, i, i]);
    products.dispose();
  });

  test("takes more commands without a wait than its ring holds", async () => {
    const x = tensor(await device(), new Float32Array(64));
    const y = tensor(x.device, new Float32Array(64));
    for (let i = 0; i < 5000; i++) {
      run(affine, { x, y, n: 64, factor: 1, offset: 1 });
      run(affine, { x: y, y: x, n: 64, factor: 1, offset: 0 });
    }
    expect([...new Set(await x.data())]).toEqual([5000]);
  });

  test("counts buffers and bytes, pools what is freed, and forgets nothing", async () => {
    const here = await device();
    const before = here.memory();
    const x = tensor(here, new Float32Array(1000));
    const during = here.memory();
    expect(during.buffers).toBe(before.buffers + 1);
    expect(during.bytes - before.bytes).toBeGreaterThanOrEqual(4000);
    expect(during.bytes - before.bytes).toBeLessThanOrEqual(5120);
    x.dispose();
    const { buffers, bytes, pooled } = here.memory();
    expect([buffers, bytes]).toEqual([before.buffers, before.bytes]);
    expect(pooled).toBeGreaterThanOrEqual(4000);
    const again = tensor(here, new Float32Array(1000));
    expect(here.memory().pooled).toBe(pooled - (during.bytes - before.bytes));
    again.dispose();
  });

  test("tidy frees what is not returned or kept, also when it throws; using frees at the end of the block", async () => {
    const here = await device();
    const before = here.memory().buffers;
    let kept: Tensor | undefined;
    const { y } = tidy(() => {
      const x = tensor(here, [1, 2]);
      kept = scale(x, 3);
      return { y: tidy(() => (keep(kept!), scale(scale(x, 2), 2))) };
    });
    expect(here.memory().buffers).toBe(before + 2);
    expect([...(await y.data()), ...(await kept!.data())]).toEqual([4, 8, 3, 6]);
    tidy(() => {
      keep(y);
      scale(y, 2); // made after keep(), freed all the same
    });
    expect(here.memory().buffers).toBe(before + 2);
    y.dispose();
    kept!.dispose();
    const fail = (): never => {
      throw new Error("out of the middle");
    };
    expect(() => tidy(() => [tensor(here, [1]), fail()])).toThrow("out of the middle");
    expect(() => tidy(async () => Promise.resolve(tensor(here, [1])))).toThrow(
      "tidy: the function must be synchronous",
    );
    {
      using x = tensor(here, [5]);
      expect(await x.item()).toBe(5);
    }
    expect(here.memory().buffers).toBe(before);
  });

  test("runs a kernel that was defined after the device was made", async () => {
    const x = tensor(await device(), randoms(1003));
    const y = await affinely(x, 0.5, -3).data();
    const want = (await x.data()).map((value) => Math.fround(Math.fround(0.5 * value) - 3));
    expect([...y]).toEqual([...want]);
  });
};

describeDevices("a device", onAnyDevice);

describe("a device on wasm, where memory cannot be shared with workers", () => {
  let device: Promise<WasmDevice> | undefined;
  onAnyDevice(() => (device ??= ownUnshared()));

  test("is one worker, or none", async () => {
    expect(await device).toMatchObject({
      threads: 1,
      description: expect.stringMatching(/^WebAssembly, .*SIMD, 1 thread without shared memory$/) as string,
    });
    expect(await ownUnshared({ threads: 0 })).toMatchObject({ threads: 0 });
  });

  test("says that the engine gives no more memory", async () => {
    const device = await ownUnshared();
    const grow = defineKernel({
      ...definition,
      name: "greedy",
      cpu: () => {
        WebAssembly.Memory.prototype.grow = () => {
          throw new RangeError("no more");
        };
      },
    });
    const x = tensor(device, [1]);
    run(grow, { x, y: empty(device, [1]), n: 1, factor: 1, offset: 1 });
    expect(await x.item()).toBe(1);
    await expect(tensor(device, new Float32Array(8e6)).data()).rejects.toThrow(
      /^wasm: out of memory, the engine gives no more than \d+\.\d MB; take smaller batches/,
    );
  });
});

describe("the wasm device", () => {
  /** The ways in which kernels can run: two threads on one memory, one worker with a memory of its own, in place. */
  const WAYS: readonly (readonly [string, (options?: WasmOptions) => Promise<WasmDevice>])[] = [
    ["two threads", (options) => own("wasm", { threads: 2, ...options })],
    ["a worker without shared memory", ownUnshared],
    ["the calling thread", (options) => own("wasm", { threads: 0, ...options })],
  ];

  test("what is written is not touched by what is written after it, while threads still copy", async () => {
    const device = await requestDevice("wasm", { threads: 1 });
    const contents = Array.from({ length: 24 }, (_, i) => new Uint32Array(1 << 18).fill(i));
    const buffers = contents.map(({ byteLength }) => device.alloc(byteLength));
    const x = ones(device, [256, 256]);
    for (let round = 0; round < 12; round++) {
      tidy(() => void matmul(x, x)); // until it is done, writes wait their turn
      buffers.forEach((buffer, i) => device.write(buffer, contents[i]!));
      for (const [i, buffer] of buffers.entries())
        expect(new Uint32Array(await device.read(buffer)).find((value) => value !== i)).toBe(undefined);
    }
    device.destroy();
  });

  test("threads change nothing in the numbers", async () => {
    const results: Record<string, Uint32Array[]> = {};
    for (const deterministic of [false, true])
      for (const threads of [0, 1, 2, 3, "unshared"] as const) {
        const device = await (threads === "unshared"
          ? ownUnshared({ deterministic })
          : own<WasmDevice>("wasm", { threads, deterministic }));
        expect(device.threads).toBe(threads === "unshared" ? 1 : threads);
        const y = tidy(() => {
          const product = matmul(
            tensor(device, randoms(131 * 67), [131, 67]),
            tensor(device, randoms(67 * 129, 2), [67, 129]),
          );
          return add(affinely(product, 3, 1), sum(product, 0));
        });
        (results[String(deterministic)] ??= []).push(new Uint32Array((await y.data()).buffer));
        device.destroy();
      }
    for (const [first, ...others] of Object.values(results)) for (const other of others) expect(other).toEqual(first);
  });

  test("commands that overlap keep the order that their buffers ask for", async () => {
    const device = await own<WasmDevice>("wasm", { threads: 3, deterministic: true });
    const inPlace = await own<WasmDevice>("wasm", { threads: 0, deterministic: true });
    const side = 160;
    /** A program of products and sums over few buffers, so that most steps wait for another or write what another reads. */
    const program = async (on: Device): Promise<Float32Array[]> => {
      const random = uniforms(7);
      const pick = (count: number): number => Math.floor(random() * count);
      const slots = Array.from({ length: 6 }, (_, i) => tensor(on, randoms(side * side, i + 1), [side, side]));
      for (let step = 0; step < 600; step++) {
        const [from, kind] = [pick(6), pick(6)];
        const [a, b, to] = [slots[from]!, slots[pick(6)]!, pick(2) === 0 ? from : pick(6)];
        const made = tidy(() => {
          if (kind === 0) return matmul(a, b, { transA: step % 2 === 0, activation: "tanh" });
          if (kind === 1) return add(scale(a, 0.5), scale(sum(b, 0), 0.001));
          return kind <= 3 ? tanh(a) : add(a, b); // slow readers, and fast writers to the memory that they read
        });
        slots[to]!.dispose();
        slots[to] = made;
      }
      return (await Promise.all(slots.map((slot) => slot.data()))) as Float32Array[];
    };
    const want = await program(inPlace);
    for (let round = 0; round < 3; round++) expect(await program(device)).toEqual(want);
  });

  test.each(WAYS)(
    "hands a twin in JavaScript large unsigned and negative params as they are: %s",
    async (_, request) => {
      const difference = defineKernel({
        ...definition,
        name: "difference",
        wgsl: definition.wgsl.replace("factor: f32", "factor: u32").replace("params.factor *", "f32(params.factor) *"),
        params: { n: "u32", factor: "u32", offset: "i32" },
        cpu: (
          _x: Float32Array,
          y: Float32Array,
          _n: number,
          factor: number,
          offset: number,
          begin: number,
          end: number,
        ) => {
          for (let i = begin; i < end; i++) y[i] = factor - offset;
        },
      });
      const device = await request();
      const x = tensor(device, [0]);
      const y = empty(device, [1]);
      run(difference, { x, y, n: 1, factor: 2 ** 31, offset: -(2 ** 31) });
      expect(await y.data()).toEqual(Float32Array.of(2 ** 32));
    },
  );

  test.each(WAYS)("says that memory is out, the op, the bytes asked for, those in use: %s", async (_, request) => {
    const device = await request({ maxBytes: 36e6 });
    const x = tensor(device, new Float32Array(4e6));
    expect(() => matmul(tensor(device, new Float32Array(2e6), [2000, 1000]), tensor(device, [0], [1000, 1]))).toThrow();
    expect(() => scale(x, 2)).toThrow(/^scale: out of memory, 16\.0 MB asked for, \d+\.\d MB of 36\.0 MB in use$/);
    x.dispose();
    expect(await sum(tensor(device, new Float32Array(4e6).fill(0.5))).item()).toBe(2e6);
  });

  test.each(WAYS)("a kernel of a user that fails is named: %s", async (_, request) => {
    const failing = defineKernel({
      ...definition,
      name: "failing",
      cpu: () => {
        throw new Error("on purpose");
      },
    });
    const device = await request();
    const x = tensor(device, [1]);
    const attempt = async (): Promise<void> => {
      run(failing, { x, y: empty(device, [1]), n: 1, factor: 1, offset: 1 });
      await device.synchronize();
      await new Promise((resolve) => setTimeout(resolve, 20)); // the message may come after the fence
      await device.synchronize();
    };
    await expect(attempt()).rejects.toThrow(/wasm: kernel .* failed, Error: on purpose/);
    expect(await scale(x, 2).item()).toBe(2);
  });

  test.each(WAYS.slice(0, 2))("a thread that dies ends what waits for it in an error: %s", async (_, request) => {
    const dying = defineKernel({
      ...definition,
      name: "dying",
      cpu: () => process.exit(3), // in a worker thread: ends the thread
    });
    const device = await request();
    const x = tensor(device, [1]);
    run(dying, { x, y: empty(device, [1]), n: 1, factor: 1, offset: 1 });
    const y = scale(x, 2);
    const message = /wasm: a worker thread ended, exit code 3; request a new device and go on from a checkpoint/;
    await expect(y.data()).rejects.toThrow(message);
    expect(() => scale(x, 2)).toThrow(message);
    await expect(device.synchronize()).rejects.toThrow(message);
  });

  test.each(WAYS.slice(0, 2))("after destroy() every call says so, reads under way too: %s", async (_, request) => {
    const device = await request();
    const x = tensor(device, randoms(500 * 500), [500, 500]);
    const reading = matmul(matmul(x, x), x).data();
    device.destroy();
    await expect(reading).rejects.toThrow("wasm: the device is destroyed");
    expect(() => scale(x, 2)).toThrow("wasm: the device is destroyed");
    await expect(x.data()).rejects.toThrow("wasm: the device is destroyed");
    x.dispose();
    device.destroy();
  });

  test("a wrong number of threads is refused", async () => {
    await expect(requestDevice("wasm", { threads: -1 })).rejects.toThrow(
      "threads must be a whole number from 0 to 64, -1",
    );
    await expect(requestDevice("gpu" as "wasm")).rejects.toThrow("requestDevice: the types are webgpu and wasm, gpu");
  });
});

/** Requests a device as if the library had these kernels only: on a software adapter the others take long to compile. */
async function withKernels<T>(kernels: readonly Kernel[], use: () => Promise<T>): Promise<T> {
  const list = allKernels as Kernel[];
  const others = list.splice(0, list.length, ...kernels);
  try {
    return await use();
  } finally {
    list.splice(0, list.length, ...others);
  }
}

describe("the webgpu device", () => {
  const small = (): Promise<WebGPUDevice> => withKernels([affine, unary], () => own<WebGPUDevice>("webgpu"));

  test("a kernel that does not compile rejects the request with name, line and a caret", async () => {
    const code = affine.code.replace("params.factor * x[i]", "params.factor * z[i]");
    const broken: Kernel = { ...affine, name: "broken", code };
    await expect(withKernels([broken], () => own("webgpu"))).rejects.toThrow(
      /^webgpu: kernel broken does not compile\nbroken\.wgsl:9:46: [^\n]*z.*\n {3}9 \| {3}if .*z\[i\].*\n {52}\^$/,
    );
  });

  test("a tensor beyond the adapter's limit is refused with both numbers", async () => {
    const device = await small();
    const bytes = device.maxBufferBytes + 4;
    expect(() => empty(device, [bytes / 4])).toThrow(
      `empty: a tensor of ${bytes} bytes passes the adapter's limit of ${device.maxBufferBytes} bytes a buffer`,
    );
  });

  test("a validation error surfaces on the next call, with the kernels", async () => {
    const device = await small();
    const x = tensor(device, [1, 2]);
    run(unary, { x, y: x, n: 2, op: 0, alpha: 0 }); // read and written in one launch
    await expect(x.data().then(() => device.synchronize())).rejects.toThrow(
      /^webgpu: .*\(kernels of this submit: unary\)/,
    );
    expect([...(await affinely(tensor(device, [1, 2]), 2, 1).data())]).toEqual([3, 5]);
  });

  test("the loss of the device surfaces on every call, and is told once", async () => {
    const reasons: string[] = [];
    const device = await withKernels([affine, unary], () =>
      own<WebGPUDevice>("webgpu", { onLost: (reason) => reasons.push(reason) }),
    );
    const x = tensor(device, [1, 2]);
    const reading = affinely(x, 1, 1).data();
    device.gpuDevice.destroy();
    await expect(reading).rejects.toThrow(/^webgpu: the device is lost, destroyed; request a new one/);
    expect(() => affinely(x, 1, 1)).toThrow(/^webgpu: the device is lost/);
    await expect(x.data()).rejects.toThrow(/^webgpu: the device is lost/);
    expect(reasons).toEqual(["destroyed"]);
    x.dispose();
  });

  test("a GPU out of memory is a failure of the device, with what to do, told once", async () => {
    const { gpuDevice } = await small();
    let tell: ((event: { error: GPUError }) => void) | undefined;
    const full = new Proxy(gpuDevice, {
      get: (target, name) => {
        if (name === "addEventListener") return (_: string, listener: typeof tell) => (tell = listener);
        const value = target[name as keyof GPUDevice] as unknown;
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    const device = await withKernels([affine], () => own<WebGPUDevice>("webgpu", { device: full }));
    const x = tensor(device, new Float32Array(1000));
    tell!({ error: new GPUOutOfMemoryError("no memory") });
    const attempt = (): unknown => affinely(x, 1, 1);
    expect(attempt).toThrow(DeviceError);
    tell!({ error: new GPUOutOfMemoryError("no memory") });
    expect(attempt).toThrow(
      /^webgpu: the GPU is out of memory with \d+\.\d kB in use; take smaller batches, or go on from a checkpoint on requestDevice\('wasm'\)$/,
    );
    expect((await affinely(x, 1, 1).data()).every((value) => value === 1)).toBe(true);
  });

  test("after destroy() every call says so", async () => {
    const device = await small();
    const x = tensor(device, [1, 2]);
    device.destroy();
    expect(() => affinely(x, 1, 1)).toThrow(/^webgpu: the device is (destroyed|lost)/);
    await expect(x.data()).rejects.toThrow(/^webgpu: the device is (destroyed|lost)/);
    x.dispose();
    device.destroy();
  });

  test("a GPUDevice of the page's own is used, and left alive", async () => {
    const first = await small();
    const second = await withKernels([affine], () => own<WebGPUDevice>("webgpu", { device: first.gpuDevice }));
    expect([...(await affinely(tensor(second, [1, 2]), 2, 1).data())]).toEqual([3, 5]);
    second.destroy();
    expect([...(await affinely(tensor(first, [1, 2]), 2, 2).data())]).toEqual([4, 6]);
  });
});

import { defineKernel, DeviceError, empty, run, tensor } from "constella";
import type { Kernel, Tensor } from "constella";
import { describe, expect, test } from "vitest";
import type { WebGPUDevice } from "../../src/webgpu/device";
import { affine, affinely, definition } from "./affine";
import { ownDevices } from "./own-devices";

const { own } = ownDevices();

const [DECLARATIONS, REST] = [/^[^]*(?=@compute)/, /@compute[^]*$/].map((part) => part.exec(affine.code)![0]) as [
  string,
  string,
];
let made = 0;

/** −x by a kernel of which a program has the declarations alone. */
function late(load: () => Promise<{ readonly default: string }>): {
  readonly kernel: Kernel & { loads: number };
  negated(x: Tensor): Tensor;
} {
  const rest = (): Promise<{ readonly default: string }> => {
    kernel.loads++;
    return load();
  };
  const kernel = { ...affine, id: -++made, name: "late", code: DECLARATIONS, rest, loads: 0 };
  const negated = (x: Tensor): Tensor => {
    const y = empty(x.device, x.shape);
    run(kernel as Kernel, { x, y, n: x.size, factor: -1, offset: 0 });
    return y;
  };
  return { kernel, negated };
}

describe("the webgpu device", () => {
  const small = (): Promise<WebGPUDevice> => own<WebGPUDevice>("webgpu");

  test("a kernel that does not compile is told when it is prepared, with name, line and a caret", async () => {
    const code = affine.code.replace("params.factor * x[i]", "params.factor * z[i]");
    const broken: Kernel = { ...affine, name: "broken", code };
    await expect((await small()).prepare([broken])).rejects.toThrow(
      /^webgpu: kernel broken does not compile\nbroken\.wgsl:9:46: [^\n]*z.*\n {3}9 \| {3}if .*z\[i\].*\n {52}\^$/,
    );
  });

  test("a large shader whose text comes late runs in turn with what came before and comes after", async () => {
    const device = await small();
    const { kernel, negated } = late(() => Promise.resolve({ default: REST }));
    const x = tensor(device, [1, -2, 3]);
    const y = negated(x);
    const first = y.data(); // of that moment, though y is written once more below
    device.write(x.buffer, Float32Array.of(4, 5, 6)); // nor may it come too early
    const z = negated(x);
    const twice = affinely(z, 2, 0);
    device.write(y.buffer, Float32Array.of(7, 8, 9));
    z.dispose();
    const taken = tensor(device, [10, 11, 12]); // where z was
    expect(await first).toEqual(Float32Array.of(-1, 2, -3));
    expect(await twice.data()).toEqual(Float32Array.of(-8, -10, -12));
    expect(await y.data()).toEqual(Float32Array.of(7, 8, 9));
    expect(await taken.data()).toEqual(Float32Array.of(10, 11, 12));
    await device.synchronize();
    expect(kernel.loads).toBe(1);
    const prepared = late(() => Promise.resolve({ default: REST }));
    await device.prepare([prepared.kernel]);
    expect(prepared.kernel.loads).toBe(1);
    expect(await prepared.negated(tensor(device, [1])).data()).toEqual(Float32Array.of(-1));
    expect(prepared.kernel.loads).toBe(1);
  });

  test("a large shader that cannot be loaded is the end of the device, told to whoever waits", async () => {
    for (const wait of ["read", "synchronize"] as const) {
      const device = await small();
      const { negated } = late(() => Promise.reject(new Error("no network")));
      const y = negated(tensor(device, [1, -2, 3]));
      await expect(wait === "read" ? y.data() : device.synchronize()).rejects.toThrow(DeviceError);
      expect(() => tensor(device, [1])).toThrow(
        "webgpu: the shader of kernel late must be loaded, Error: no network; request a new device and go on from a checkpoint",
      );
    }
    const device = await small();
    const { negated } = late(() => new Promise(() => {}));
    const waiting = negated(tensor(device, [1])).data();
    device.destroy();
    await expect(waiting).rejects.toThrow("webgpu: the device is destroyed");
  });

  test("a tensor beyond the adapter's limit is refused with both numbers", async () => {
    const device = await small();
    const bytes = device.maxBufferBytes + 4;
    expect(() => empty(device, [bytes / 4])).toThrow(
      `empty: a tensor of ${bytes} bytes passes the adapter's limit of ${device.maxBufferBytes} bytes a buffer`,
    );
  });

  test("a validation error surfaces on the next call, with the kernels, and is no failure of the device", async () => {
    const device = await small();
    const x = tensor(device, [1, 2]);
    affinely(x, 1, 1);
    const { gpuDevice } = device;
    gpuDevice.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
    const told = await x.data().then(
      () => device.synchronize().catch((error: unknown) => error),
      (error: unknown) => error,
    );
    expect(String(told)).toMatch(/^Error: webgpu: .*\(kernels of this submit: affine\)/);
    expect(told).not.toBeInstanceOf(DeviceError);
    expect([...(await affinely(tensor(device, [1, 2]), 2, 1).data())]).toEqual([3, 5]);
  });

  test("a user's kernel that does not compile is told at the next wait; what else was enqueued is done, what follows too", async () => {
    const device = await small();
    const broken = defineKernel({ ...definition, name: "broken", wgsl: affine.code.replace("* x[i]", "* z[i]") });
    const x = tensor(device, [1, 2]);
    for (let round = 0; round < 2; round++) {
      const before = affinely(x, 2, 1);
      run(broken, { x, y: empty(device, [2]), n: 2, factor: 1, offset: 0 });
      const after = affinely(x, 3, 1);
      const told = await before.data().catch((error: unknown) => error);
      expect(String(told)).toMatch(
        /^Error: webgpu: kernel broken does not compile\nbroken\.wgsl:9:\d+: [^\n]*z.*\n {3}9 \| .*z\[i\].*\n *\^$/,
      );
      expect(told).not.toBeInstanceOf(DeviceError);
      expect([...(await before.data()), ...(await after.data())]).toEqual([3, 5, 4, 7]);
    }
  });

  test("the loss of the device surfaces on every call, and is told once", async () => {
    const reasons: string[] = [];
    const device = await own<WebGPUDevice>("webgpu", { onLost: (reason) => reasons.push(reason) });
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
    const device = await own<WebGPUDevice>("webgpu", { device: full });
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

  /** A GPUDevice whose next buffers there is no memory for, as their error scope tells, while `isFull`. */
  async function filling(): Promise<{ device: WebGPUDevice; full: { is: boolean } }> {
    const { gpuDevice } = await small();
    const full = { is: false };
    const scopes: (string | undefined)[] = [];
    const proxy = new Proxy(gpuDevice, {
      get: (target, name) => {
        if (name === "pushErrorScope")
          return (filter: GPUErrorFilter) => {
            scopes.push(full.is && filter === "out-of-memory" ? "full" : undefined);
            target.pushErrorScope(filter);
          };
        if (name === "popErrorScope")
          return async () => {
            const isFull = scopes.pop() === "full";
            const error = await target.popErrorScope();
            return isFull ? new GPUOutOfMemoryError("no memory") : error;
          };
        const value = target[name as keyof GPUDevice] as unknown;
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    return { device: await own<WebGPUDevice>("webgpu", { device: proxy }), full };
  }

  test("a buffer that there is no memory for is not counted, and never handed out again", async () => {
    const { device, full } = await filling();
    const kept = tensor(device, [1, 2]);
    await device.synchronize();
    const before = device.memory();
    full.is = true;
    const inUse = device.alloc(100_000);
    const freed = device.alloc(200_000);
    device.free(freed); // before the runtime tells
    full.is = false;
    const attempt = (): Promise<void> => device.synchronize();
    await expect(attempt()).rejects.toThrow(/^webgpu: the GPU is out of memory/);
    await attempt().catch((error: unknown) => expect(error).toBeInstanceOf(DeviceError)); // told for each, or at once
    expect(device.memory()).toEqual(before);
    const { id } = device.alloc(200_000);
    expect(id).not.toBe(freed.id);
    device.free(inUse);
    expect(device.alloc(100_000).id).not.toBe(inUse.id);
    expect(device.memory().buffers).toBe(before.buffers + 2);
    expect([...(await affinely(kept, 2, 1).data())]).toEqual([3, 5]);
  });

  test("after destroy() every call says so, and who waits goes on before the GPU is done", async () => {
    const device = await small();
    const long = defineKernel({
      ...definition,
      name: "long",
      wgsl: affine.code.replace(
        /(\n[^\n]*params\.factor \* x\[i\])/,
        (line) =>
          `\n  var sum = 0.0; for (var j = 0u; j < 4000000u; j++) { sum += sin(f32(j)); }\n  if (sum == 0.5) { return; }${line}`,
      ),
    });
    const x = tensor(device, [1, 2]);
    const y = empty(device, [2]);
    run(long, { x, y, n: 2, factor: 1, offset: 0 });
    const order: string[] = [];
    const reading = y.data().catch((error: unknown) => void order.push(String(error)));
    const lost = device.gpuDevice.lost.then(() => void order.push("gone"));
    device.destroy();
    await Promise.all([reading, lost]);
    expect(order).toEqual(["Error: webgpu: the device is destroyed", "gone"]);
    expect(() => affinely(x, 1, 1)).toThrow("webgpu: the device is destroyed");
    await expect(x.data()).rejects.toThrow("webgpu: the device is destroyed");
    x.dispose();
    device.destroy();
  });

  test("a GPUDevice of the page's own is used, and left alive", async () => {
    const first = await small();
    const second = await own<WebGPUDevice>("webgpu", { device: first.gpuDevice });
    expect([...(await affinely(tensor(second, [1, 2]), 2, 1).data())]).toEqual([3, 5]);
    second.destroy();
    expect([...(await affinely(tensor(first, [1, 2]), 2, 2).data())]).toEqual([4, 6]);
  });
});

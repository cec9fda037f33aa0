import { DeviceError, empty, run, tensor } from "constella";
import type { Kernel } from "constella";
import { describe, expect, test } from "vitest";
import { unary } from "../../src/kernels/elementwise";
import type { WebGPUDevice } from "../../src/webgpu";
import { affine, affinely } from "./affine";
import { ownDevices } from "./own-devices";

const { own } = ownDevices();

describe("the webgpu device", () => {
  const small = (): Promise<WebGPUDevice> => own<WebGPUDevice>("webgpu");

  test("a kernel that does not compile is told when it is prepared, with name, line and a caret", async () => {
    const code = affine.code.replace("params.factor * x[i]", "params.factor * z[i]");
    const broken: Kernel = { ...affine, name: "broken", code };
    await expect((await small()).prepare([broken])).rejects.toThrow(
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
    const second = await own<WebGPUDevice>("webgpu", { device: first.gpuDevice });
    expect([...(await affinely(tensor(second, [1, 2]), 2, 1).data())]).toEqual([3, 5]);
    second.destroy();
    expect([...(await affinely(tensor(first, [1, 2]), 2, 2).data())]).toEqual([4, 6]);
  });
});

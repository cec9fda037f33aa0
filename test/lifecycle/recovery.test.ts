// Devices that fail: what is said, and how training goes on elsewhere.
import { afterAll, describe, expect, test, vi } from "vitest";
import { defineKernel, DeviceError, empty, requestDevice, run, scale, tensor, trainSafely } from "constella";
import { DeepCluster } from "constella/vision";
import type { Device } from "constella";
import type { WebGPUDevice } from "../../src/webgpu/device";
import { deviceOf } from "../devices";
import { blobs } from "../cluster/blobs";

const x = { data: blobs(96, 8, 3, 4).map((v) => (v - 10) / 10), shape: [96, 8] };
const options = { network: { type: "mlp", layers: [8, 16, 8] }, nClusters: 3, components: 4, batchSize: 32 } as const;

const made: Device[] = [];
async function own(type: "wasm" | "webgpu"): Promise<Device> {
  const device = await requestDevice(type, { threads: 1 });
  made.push(device);
  return device;
}
afterAll(() => made.forEach((device) => device.destroy()));

/** Ends the worker thread it runs on. */
const dying = defineKernel({
  name: "dying_worker",
  wgsl: `struct Params { n: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(1) fn main() { y[0] = f32(params.n); }`,
  bindings: { y: "read_write" },
  params: { n: "u32" },
  workgroupSize: [1],
  grid: () => [1, 1, 1],
  rows: () => 1,
  cpu: () => process.exit(3),
});

const breaking: Readonly<Record<string, (device: Device) => void>> = {
  wasm: (device) => run(dying, { y: empty(device, [1]), n: 1 }),
  webgpu: (device) => (device as WebGPUDevice).gpuDevice.destroy(),
};

/** Four epochs, with `harm` done to the device after the second. */
async function trained(device: Device, harm?: (device: Device) => void) {
  const errors: DeviceError[] = [];
  const epochs: number[] = [];
  let harmed = harm === undefined;
  const model = await trainSafely({
    make: (on) => new DeepCluster({ ...options, seed: 1, device: on }),
    load: (bytes, on) => DeepCluster.load(bytes, { device: on }),
    train: (current, { onEpoch }) => current.fit(x, { epochs: 4, onEpoch }),
    device,
    nextDevice: () => own("wasm"),
    onRecover: (error) => errors.push(error),
    onEpoch: ({ epoch }) => {
      epochs.push(epoch);
      if (!harmed && epoch === 2) {
        harmed = true;
        harm!(device);
      }
    },
  });
  return { model, errors, epochs };
}

describe("training whose device fails goes on from the last checkpoint", () => {
  test("a worker that dies: with the numbers of a run that nothing disturbed", async () => {
    const whole = await trained(await own("wasm"));
    const { model, errors, epochs } = await trained(await own("wasm"), breaking["wasm"]);
    expect(errors.map(({ message }) => message)).toEqual([
      "wasm: a worker thread ended, exit code 3; request a new device and go on from a checkpoint",
    ]);
    expect(whole.errors).toEqual([]);
    expect(epochs).toEqual([1, 2, 3, 4]);
    expect(model.history).toEqual(whole.model.history);
    expect(model.labels).toEqual(whole.model.labels);
  });

  test("a GPU that is lost: on the other device, with what was trained before", async () => {
    const { model, errors, epochs } = await trained(await own("webgpu"), breaking["webgpu"]);
    expect(errors).toHaveLength(1);
    expect(errors[0]!.message).toMatch(/^webgpu: the device is lost, destroyed; request a new one and go on from/);
    expect(epochs).toEqual([1, 2, 3, 4]);
    expect(model.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    expect(model.history.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    expect(await model.predict(x)).toEqual(model.labels);
  }, 900_000); // it makes a WebGPU device of its own

  test("three failures without an epoch between them are the end, and so is any other error", async () => {
    const device = await deviceOf("wasm");
    const attempt = async (error: Error): Promise<number> => {
      let tries = 0;
      const train = (): Promise<void> => {
        tries++;
        return Promise.reject(error);
      };
      const model = { save: () => Promise.resolve(new Uint8Array()), dispose: () => {} };
      const training = { make: () => model, load: () => Promise.resolve(model), train, device };
      await expect(trainSafely({ ...training, nextDevice: () => Promise.resolve(device) })).rejects.toBe(error);
      return tries;
    };
    expect(await attempt(new DeviceError("webgpu: the device is lost"))).toBe(3);
    expect(await attempt(new Error("DEC.fit: shapes"))).toBe(1);
  });
});

describe("a device that cannot be had says what to do", () => {
  test("no adapter", async () => {
    const gpu = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
    await expect(requestDevice("webgpu", { gpu })).rejects.toThrow(
      "webgpu: no adapter, the machine offers none to this runtime; use requestDevice('wasm')",
    );
    const device = await requestDevice(undefined, { gpu, threads: 0 });
    expect(device.type).toBe("wasm");
    device.destroy();
  });

  test("no WebAssembly SIMD", async () => {
    const validate = vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
    await expect(requestDevice("wasm")).rejects.toThrow(
      "wasm: this engine has no WebAssembly SIMD; use a browser or runtime of 2023 or later",
    );
    validate.mockRestore();
  });

  test("no SharedArrayBuffer: kernels run in one worker", async () => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    const device = await requestDevice("wasm");
    expect(device.description).toMatch(/, 1 thread without shared memory$/);
    expect([...(await scale(tensor(device, [1, 2]), 2).data())]).toEqual([2, 4]);
    device.destroy();
    vi.unstubAllGlobals();
  });
});

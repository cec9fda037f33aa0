import { add, defineKernel, empty, keep, matmul, run, scale, sum, tensor, tidy } from "constella";
import type { Device, Tensor } from "constella";
import { describe, expect, test } from "vitest";
import type { Kernel } from "../../src/kernel";
import { unary as typed } from "../../src/kernels/elementwise";
import type { WasmDevice } from "../../src/wasm/device";
import { describeDevices, deviceOf } from "../devices";
import { affine, affinely, definition, randoms } from "./affine";
import { ownDevices } from "./own-devices";

const { ownUnshared } = ownDevices();

/** Without the names of its arguments, which tsc would hold these launches against. */
const unary: Kernel = typed;

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

  test("refuses a buffer that is written and bound once more", async () => {
    const x = tensor(await device(), [1, 2]);
    expect(() => run(unary, { x, y: x, n: 2, op: 0, alpha: 0 })).toThrow(
      "unary: y is written, so it needs a buffer of its own, got that of x",
    );
    expect(await sum(add(x, x)).item()).toBe(6);
  });

  test.each([
    ["n", -1, "u32"],
    ["n", 1.5, "u32"],
    ["n", NaN, "u32"],
    ["n", 2 ** 32, "u32"],
    ["op", Infinity, "u32"],
  ])("refuses the param %s = %s", async (name, value, type) => {
    const x = tensor(await device(), [1, 2]);
    const args = { x, y: empty(x.device, [2]), n: 2, op: 0, alpha: NaN, [name]: value };
    expect(() => run(unary, args)).toThrow(`unary: ${name} must be a whole number of type ${type}, got ${value}`);
  });

  test("refuses a launch without a number of workgroups or rows", async () => {
    const nowhere = defineKernel({ ...definition, name: "nowhere", grid: () => [NaN, 1, 1], rows: () => NaN });
    const x = tensor(await device(), [1, 2]);
    const launch = (): void => run(nowhere, { x, y: empty(x.device, [2]), n: 2, factor: 1, offset: 0 });
    expect(launch).toThrow(
      /^nowhere: (a grid must have whole numbers of workgroups, got NaN x 1 x 1|the launch must have a whole number of rows, got NaN)$/,
    );
  });

  test("refuses to free a buffer twice, or another device's, and to read or write past its end", async () => {
    const here = await device();
    const other = await deviceOf(here.type === "wasm" ? "webgpu" : "wasm");
    const buffer = here.alloc(256);
    const { bytes, id } = buffer;
    expect(() => here.write(buffer, new Float32Array(bytes / 4 + 1))).toThrow(
      `write: bytes must lie within the buffer's ${bytes} and begin at a multiple of 4, got ${bytes + 4} from 0 on`,
    );
    for (const [offset, count] of [
      [4, bytes],
      [-4, 4],
      [2, 4],
      [0, NaN],
    ] as const)
      await expect(here.read(buffer, offset, count)).rejects.toThrow(`got ${count} from ${offset} on`);
    expect(() => other.free(buffer)).toThrow(`free: the buffer must be this device's, got buffer ${id} of another`);
    here.free(buffer);
    expect(() => here.free(buffer)).toThrow(`free: the buffer must be in use, got buffer ${id} that was freed before`);
    const [a, b] = [here.alloc(256), here.alloc(256)];
    expect(a.id).not.toBe(b.id);
    here.free(a);
    here.free(b);
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

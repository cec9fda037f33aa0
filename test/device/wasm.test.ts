import { add, defineKernel, empty, matmul, ones, requestDevice, run, scale, sum, tanh, tensor, tidy } from "constella";
import type { Device } from "constella";
import { describe, expect, test } from "vitest";
import type { WasmDevice, WasmOptions } from "../../src/wasm/device";
import { uniforms } from "../uniforms";
import { affinely, definition, randoms } from "./affine";
import { ownDevices } from "./own-devices";

const { own, ownUnshared } = ownDevices();

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
      "threads must be a whole number from 0 to 64, got -1",
    );
    await expect(requestDevice("gpu" as "wasm")).rejects.toThrow("requestDevice: type must be webgpu or wasm, got gpu");
  });
});

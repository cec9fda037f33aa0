// The WebAssembly modules of the families of kernels: they share one memory, and functions of the base.
import { readdirSync, readFileSync } from "node:fs";
import { defineKernel, DeviceError, empty, run, scale, sum, tensor } from "constella";
import type { Kernel, Tensor } from "constella";
import { describe, expect, test } from "vitest";
import { constantsOf, exportsOf, importsOf } from "../../scripts/kernels/wasm-module.mjs";
import * as elementwise from "../../src/kernels/elementwise";
import { hasRelaxedSimd } from "../../src/wasm/engine";
import type { WasmDevice } from "../../src/wasm/device";
import { FIRST_FREE } from "../../src/wasm/memory";
import { kernel } from "../../src/kernel";
import type { Family } from "../../src/kernel";
import { definition } from "./affine";
import { ownDevices } from "./own-devices";

const { own, ownUnshared } = ownDevices();

const FAMILIES = readdirSync("kernels").sort();
const bytesOf = (name: string, form: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(`build/wasm/${name}.${form}.wasm`));

/** The bytes below the first free one after modules have been loaded in that order, the base first. */
function loaded(names: readonly string[], form: string): Uint8Array {
  const memory = new WebAssembly.Memory({ initial: FIRST_FREE / 65536, maximum: 65536, shared: true });
  const load = (name: string, base: WebAssembly.Exports): WebAssembly.Exports =>
    new WebAssembly.Instance(new WebAssembly.Module(bytesOf(name, form)), {
      env: { memory },
      base: base as WebAssembly.ModuleImports,
    }).exports;
  const base = load("base", {});
  for (const name of names) load(name, base);
  return new Uint8Array(memory.buffer).slice();
}

describe.each(["relaxed", "plain"] as const)("families of kernels, %s", (form) => {
  test("no two have constants in one place, and none where tensors are", () => {
    const ranges = ["base", ...FAMILIES]
      .flatMap((name) => constantsOf(bytesOf(name, form)).map((range) => ({ name, ...range })))
      .sort((a, b) => a.begin - b.begin);
    expect(new Set(ranges.map(({ name }) => name)).size).toBeGreaterThan(3);
    ranges.forEach(({ end }, i) => expect(end).toBeLessThanOrEqual(ranges[i + 1]?.begin ?? FIRST_FREE));
    expect(ranges[0]!.begin).toBeGreaterThan(0);
  });

  test("load in any order, and leave the same constants behind", () => {
    expect(hasRelaxedSimd()).toBe(true);
    const there = loaded(FAMILIES, form);
    expect(loaded([...FAMILIES].reverse(), form)).toEqual(there);
    for (const name of ["base", ...FAMILIES])
      for (const { begin, end } of constantsOf(bytesOf(name, form)))
        expect(there.slice(begin, end).some((byte) => byte !== 0)).toBe(true);
  });

  test("the base has what they import, and nothing else but what the device calls", () => {
    const wanted = FAMILIES.flatMap((name) =>
      importsOf(bytesOf(name, form)).flatMap(({ module, name: from }) => (module === "base" ? [from] : [])),
    );
    const held = exportsOf(bytesOf("base", form)).filter((name) => name !== "memory");
    expect(held.sort()).toEqual([...new Set([...wanted, "scratch", "set_scratch"])].sort());
  });

  test("only the relaxed form needs relaxed SIMD", () => {
    const opcodes = FAMILIES.map((name) => Buffer.from(bytesOf(name, form)).includes(Buffer.of(0xfd, 0x85, 0x02)));
    expect(opcodes.includes(true)).toBe(form === "relaxed");
  });
});

/** A family of its own that comes when the device is there, with kernels of the library's elementwise one. */
function late(code: string, load?: Family["plain"]): { readonly kernel: Kernel; loads: number } {
  const { family } = elementwise.unary;
  const made = { loads: 0, kernel: elementwise.unary };
  const counted = (form: "relaxed" | "plain"): Family["plain"] =>
    function () {
      made.loads++;
      return load ? load() : family![form]();
    };
  const source = {
    name: "unary",
    code,
    size: elementwise.unary.size,
    family: { name: "late", relaxed: counted("relaxed"), plain: counted("plain") },
  };
  made.kernel = kernel(source, elementwise.unary);
  return made;
}

/** −x by a kernel like it. */
function negated(kernel: Kernel, x: Tensor): Tensor {
  const y = empty(x.device, x.shape);
  run(kernel, { x, y, n: x.size, op: 1, alpha: 0 });
  return y;
}

describe.each([
  ["two threads", () => own<WasmDevice>("wasm", { threads: 2 })],
  ["a worker without shared memory", () => ownUnshared()],
  ["the calling thread", () => own<WasmDevice>("wasm", { threads: 0 })],
] as const)("families on %s", (_, request) => {
  const { code } = elementwise.unary;

  test("one that comes after the device runs at first use, in turn with what came before and comes after", async () => {
    const device = await request();
    const [negative, other] = [late(code), late(code)];
    const x = tensor(device, [1, -2, 3]);
    const before = await device.read(x.buffer);
    const y = negated(negative.kernel, x);
    const first = y.data(); // of that moment, though y is written once more below
    device.write(x.buffer, Float32Array.of(4, 5, 6)); // nor may it come too early
    const z = negated(negative.kernel, x);
    const twice = negated(other.kernel, scale(z, 2)); // a second family, while the first is unpacked
    device.write(y.buffer, Float32Array.of(7, 8, 9));
    z.dispose();
    const taken = tensor(device, [10, 11, 12]); // where z was
    expect(new Float32Array(before).subarray(0, 3)).toEqual(Float32Array.of(1, -2, 3));
    expect(await first).toEqual(Float32Array.of(-1, 2, -3));
    expect(await twice.data()).toEqual(Float32Array.of(8, 10, 12));
    expect(await y.data()).toEqual(Float32Array.of(7, 8, 9));
    expect(await taken.data()).toEqual(Float32Array.of(10, 11, 12));
    await device.synchronize();
    expect([negative.loads, other.loads]).toEqual([1, 1]);
    expect(device.memory().buffers).toBe(5); // x, y, twice, taken, and what scale made
  });

  test("one that is prepared is there before its first launch, and loaded once", async () => {
    const device = await request();
    const negative = late(code);
    await device.prepare([negative.kernel, negative.kernel]);
    expect(negative.loads).toBe(1);
    expect(await negated(negative.kernel, tensor(device, [1, -2, 3])).data()).toEqual(Float32Array.of(-1, 2, -3));
    await device.prepare([negative.kernel]);
    expect(negative.loads).toBe(1);
  });

  test("one that cannot be loaded is the end of the device, told to whoever waits", async () => {
    for (const wait of ["read", "synchronize"] as const) {
      const device = await request();
      const missing = late(code, () => Promise.reject(new Error("no network")));
      const y = negated(missing.kernel, tensor(device, [1, -2, 3]));
      const waited = wait === "read" ? y.data() : device.synchronize();
      await expect(waited).rejects.toThrow(DeviceError);
      expect(() => tensor(device, [1])).toThrow(
        "wasm: the kernels of family late must be loaded, no network; request a new device and go on from a checkpoint",
      );
      await expect((await request()).prepare([missing.kernel])).rejects.toThrow("no network");
    }
  });

  test("a device that ends while one is unpacked lets go of whoever waits", async () => {
    const device = await request();
    const never = late(code, () => new Promise(() => {}));
    const data = negated(never.kernel, tensor(device, [1, -2, 3])).data();
    device.destroy();
    await expect(data).rejects.toThrow("wasm: the device is destroyed");
  });

  test("a twin that takes other arguments than the .wgsl file says is told, and the device goes on", async () => {
    const device = await request();
    const other = late(code.replace("alpha: f32", "alpha: f32, beta: f32"));
    await device.prepare([other.kernel]);
    const x = tensor(device, [1, -2, 3]);
    const attempt = async (): Promise<void> => {
      run(other.kernel, { x, y: empty(device, [3]), n: 3, op: 1, alpha: 0, beta: 0 });
      await device.synchronize();
      await new Promise((resolve) => setTimeout(resolve, 20)); // the message may come after the fence
      await device.synchronize();
    };
    await expect(attempt()).rejects.toThrow(
      /^wasm: .*unary.* takes 7 arguments in AssemblyScript, 8 by its \.wgsl file$/,
    );
    expect(await sum(scale(x, 2)).item()).toBe(4);
  });

  test("a kernel without a twin is told", async () => {
    const device = await request();
    const { cpu: _cpu, ...only } = defineKernel({ ...definition, name: "only_webgpu" });
    const x = tensor(device, [1]);
    expect(() => run(only, { x, y: empty(device, [1]), n: 1, factor: 1, offset: 1 })).toThrow(
      "wasm: kernel only_webgpu has no function for this device",
    );
  });
});

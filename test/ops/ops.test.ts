import { defineKernel, empty, grid1d, run, tensor } from "constella";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CASES } from "./cases";
import { describeDevices } from "../devices";
import { kernels } from "../contract/kernels";
import { fillWithGarbage } from "./garbage";
import { checkCase } from "./check-case";

/** Copies x to y, but leaves out the last element when `short` is 1 and starts at the second when `long` is 1. */
const faulty = defineKernel({
  name: "faulty",
  wgsl: `// y = x
struct Params { n: u32, short: u32, long: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < params.n - params.short) { y[id.x] = x[id.x + params.long]; }
}`,
  bindings: { x: "read", y: "read_write" },
  params: { n: "u32", short: "u32", long: "u32" },
  grid: ({ n }, [size]) => grid1d(n, size),
  rows: ({ n }) => n,
  cpu: (x: Float32Array, y: Float32Array, n: number, short: number, long: number, begin: number, end: number) => {
    for (let i = begin; i < end; i++) if (i < n - short) y[i] = x[i + long]!;
  },
});

describeDevices("ops in memory full of NaN", (device) => {
  let restore = (): void => {};
  beforeAll(async () => {
    restore = fillWithGarbage(await device());
  });
  afterAll(() => restore());

  for (const row of CASES)
    for (const shapes of row.shapes)
      test(`${row.op}${row.variant ? ` (${row.variant})` : ""} ${shapes.map((shape) => `[${shape}]`).join(" ")}`, async () => {
        const made = await device();
        const before = made.memory().buffers;
        expect(await checkCase(made, row, shapes)).toBeUndefined();
        expect(made.memory().buffers, "buffers that are left").toBe(before);
      });

  test.each([
    ["an element that a kernel does not write", 1, 0],
    ["a read behind the end", 0, 1],
  ])("%s is found", async (_, short, long) => {
    const x = tensor(await device(), [1, 2, 3, 4, 5]);
    const y = empty(x.device, [5]);
    run(faulty, { x, y, n: 5, short, long });
    expect((await y.data())[4]).toBeNaN();
    run(faulty, { x, y, n: 5, short: 0, long: 0 });
    expect([...(await y.data())]).toEqual([1, 2, 3, 4, 5]);
    x.dispose();
    y.dispose();
  });

  // those that no op has launched: a failure names the shader, line and column, with a caret
  test.each(Object.values(kernels).map((kernel) => [kernel.name, kernel] as const))(
    "kernel %s compiles",
    async (_, kernel) => {
      await (await device()).prepare([kernel]);
    },
  );
});

import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { create, globals } from "webgpu";
import { beforeAll, describe, expect, test } from "vitest";
import { FIRST_FREE } from "../../src/wasm/memory";

interface Product {
  m: number;
  n: number;
  k: number;
  transA?: boolean;
  transB?: boolean;
  batch?: number;
  batchInner?: number;
  aOuter?: number;
  aInner?: number;
  bOuter?: number;
  bInner?: number;
  bias?: boolean;
  activation?: number;
}
type Arrays = { a: Float32Array; b: Float32Array; bias: Float32Array };
type Matmul = (product: Product, arrays: Arrays) => Promise<Float32Array>;

const SLOPE = 0.125;
const ACTIVATIONS = ["none", "relu", "leaky relu", "sigmoid", "tanh"];

/** The kernel's params in order. */
function params(p: Product): number[] {
  const { batch = 1, batchInner = 1, aOuter = 0, aInner = 0, bOuter = 0, bInner = 0, activation = 0 } = p;
  const flags = [Number(p.transA ?? false), Number(p.transB ?? false)];
  return [
    p.m,
    p.n,
    p.k,
    ...flags,
    batch,
    batchInner,
    aOuter,
    aInner,
    bOuter,
    bInner,
    Number(p.bias ?? false),
    activation,
  ];
}

/** Pseudo-random numbers in [-1, 1). */
function noise(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Just as many elements as the strides reach, so that a read past the end is one past the array. */
function arrays(p: Product): Arrays {
  const { m, n, k, batch = 1, batchInner = 1, aOuter = 0, aInner = 0, bOuter = 0, bInner = 0 } = p;
  const [outer, inner] = [Math.ceil(batch / batchInner) - 1, Math.min(batch, batchInner) - 1];
  const a = noise(outer * aOuter + inner * aInner + m * k, 1);
  return { a, b: noise(outer * bOuter + inner * bInner + k * n, 2), bias: noise(n, 3) };
}

/** The product in float64, and for each element the sum of |a||b| that its rounding error scales with. */
function reference(p: Product, { a, b, bias }: Arrays): { want: Float64Array; scale: Float64Array } {
  const { m, n, k, batch = 1, batchInner = 1, aOuter = 0, aInner = 0, bOuter = 0, bInner = 0, activation = 0 } = p;
  const want = new Float64Array(batch * m * n);
  const scale = new Float64Array(batch * m * n);
  for (let z = 0, at = 0; z < batch; z++) {
    const [outer, inner] = [Math.floor(z / batchInner), z % batchInner];
    const [aStart, bStart] = [outer * aOuter + inner * aInner, outer * bOuter + inner * bInner];
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++, at++) {
        let sum = p.bias ? bias[j]! : 0;
        let magnitude = Math.abs(sum);
        for (let l = 0; l < k; l++) {
          const term =
            a[aStart + (p.transA ? l * m + i : i * k + l)]! * b[bStart + (p.transB ? j * k + l : l * n + j)]!;
          sum += term;
          magnitude += Math.abs(term);
        }
        scale[at] = magnitude;
        want[at] = [sum, Math.max(sum, 0), sum < 0 ? SLOPE * sum : sum, 1 / (1 + Math.exp(-sum)), Math.tanh(sum)][
          activation
        ]!;
      }
  }
  return { want, scale };
}

async function check(matmul: Matmul, p: Product): Promise<void> {
  const given = arrays(p);
  const got = await matmul(p, given);
  const { want, scale } = reference(p, given);
  expect(got.length).toBe(want.length);
  let worst = 0;
  let at = 0;
  want.forEach((value, i) => {
    const error = Math.abs(got[i]! - value) / (1e-6 + scale[i]!);
    if (!(error <= worst)) [worst, at] = [error, i];
  });
  expect(worst, `element ${at}: ${got[at]} for ${want[at]}, ${JSON.stringify(p)}`).toBeLessThan(1e-6);
}

const TRANSPOSES = [
  { transA: false, transB: false },
  { transA: false, transB: true },
  { transA: true, transB: false },
  { transA: true, transB: true },
];

/** One, primes, one more than a tile or a block, few rows, few columns. */
const SHAPES: [number, number, number][] = [
  [1, 1, 1],
  [1, 67, 31],
  [1, 3, 6],
  [67, 1, 31],
  [2, 33, 7],
  [5, 9, 1],
  [4, 8, 5],
  [7, 40, 19],
  [8, 37, 13],
  [13, 12, 50],
  [65, 65, 17],
  [97, 13, 257],
  [37, 11, 515],
  [64, 64, 16],
];

/** Batches as [batch, inner, strides of A, strides of B] for matrices of a and b elements. */
const BATCHES: [string, (a: number, b: number) => Partial<Product>][] = [
  ["one for one", (a, b) => ({ batch: 6, batchInner: 1, aOuter: a, bOuter: b })],
  ["A broadcast", (_, b) => ({ batch: 3, batchInner: 3, bInner: b })],
  ["B broadcast", (a) => ({ batch: 3, batchInner: 1, aOuter: a })],
  ["B broadcast over both", (a) => ({ batch: 6, batchInner: 3, aOuter: 3 * a, aInner: a })],
  ["outer by inner", (a, b) => ({ batch: 6, batchInner: 3, aOuter: a, bInner: b })],
  ["with gaps", (a, b) => ({ batch: 4, batchInner: 2, aOuter: 2 * a + 5, aInner: a, bOuter: 1, bInner: b + 3 })],
];

function common(matmul: () => Matmul): void {
  test.each(SHAPES)("m %i, n %i, k %i: every transposition, with and without bias", async (m, n, k) => {
    for (const transposes of TRANSPOSES)
      for (const bias of [false, true]) await check(matmul(), { m, n, k, ...transposes, bias });
  });

  test.each(ACTIVATIONS.map((name, activation) => [name, activation] as const))(
    "activation %s",
    async (_, activation) => {
      for (const [m, n, k] of [
        [1, 21, 5],
        [9, 3, 5],
        [21, 19, 9],
      ] as const)
        // prettier-ignore
        for (const bias of [false, true])
        for (const transA of [false, true]) await check(matmul(), { m, n, k, transA, bias, activation });
    },
  );

  test.each(BATCHES)("batch: %s", async (_, strides) => {
    for (const [m, n, k] of [
      [5, 17, 9],
      [6, 4, 7],
    ] as const)
      // prettier-ignore
      for (const transposes of TRANSPOSES)
        await check(matmul(), { m, n, k, ...transposes, ...strides(m * k, k * n), bias: true, activation: 2 });
  });
}

describe.each(["plain", "relaxed"])("wasm matmul, %s form", (form) => {
  setFlagsFromString("--experimental-wasm-relaxed-simd");
  const bytesOf = (name: string): Uint8Array<ArrayBuffer> =>
    new Uint8Array(readFileSync(`build/wasm/${name}.${form}.wasm`));
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 65536, shared: true });
  type Exports = Record<"matmul" | "matmul_pack" | "matmul_packed", (...args: number[]) => void>;
  const instances: Exports[] = [];
  const SCRATCH = FIRST_FREE;
  const MIB = 2 ** 20;

  beforeAll(async () => {
    for (let i = 0; i < 2; i++) {
      const { instance: shared } = await WebAssembly.instantiate(bytesOf("base"), { env: { memory } });
      const base = shared.exports as Record<string, (...args: number[]) => void>;
      base["set_scratch"]!(SCRATCH + i * 4 * MIB);
      const { instance } = await WebAssembly.instantiate(bytesOf("linear-algebra"), { env: { memory }, base });
      instances.push(instance.exports as unknown as Exports);
    }
  });

  /**
   * Runs the row ranges that `cuts` divide the rows into, in turns on two instances with garbage in their work areas; with
   * `panels`, after B has been laid out in shares that those divide its panels into.
   */
  const runSplit = (p: Product, { a, b, bias }: Arrays, cuts: number[], panels?: number[]): Float32Array => {
    new Float32Array(memory.buffer, SCRATCH, 2 * MIB).fill(NaN);
    let top = SCRATCH + 8 * MIB;
    const place = (values: Float32Array): number => {
      const at = top;
      new Float32Array(memory.buffer, at, values.length + 16).fill(NaN).set(values); // what follows an array must not be read
      top = (at + values.byteLength + 127) & ~63;
      return at;
    };
    const rows = p.m * (p.batch ?? 1);
    const pointers = [a, b, bias].map(place);
    const out = place(new Float32Array(rows * p.n).fill(NaN));
    const count = Math.ceil(p.n / 8);
    const packed = panels ? [place(new Float32Array(8 * count * p.k).fill(NaN))] : [];
    const share = (name: keyof Exports, bounds: number[]): void => {
      for (let i = 0; i + 1 < bounds.length; i++)
        instances[i % 2]![name](...pointers, out, ...params(p), SLOPE, ...packed, bounds[i]!, bounds[i + 1]!);
    };
    if (panels) share("matmul_pack", [0, ...panels, count]);
    share(panels ? "matmul_packed" : "matmul", [0, ...cuts, rows]);
    const result = new Float32Array(memory.buffer, out, rows * p.n + 16);
    for (const after of result.subarray(rows * p.n)) expect(after).toBeNaN();
    return Float32Array.from(result.subarray(0, rows * p.n));
  };

  common(() => (p, given) => Promise.resolve(runSplit(p, given, [])));

  test("several blocks in every dimension", async () => {
    const whole: Matmul = (p, given) => Promise.resolve(runSplit(p, given, []));
    await check(whole, { m: 101, n: 1037, k: 259, bias: true, activation: 1 });
    await check(whole, { m: 1030, n: 5, k: 33, transA: true, bias: true });
    await check(whole, { m: 6, n: 1029, k: 300, bias: true });
  });

  test("an operand laid out by several threads for all gives the same bits", async () => {
    for (const [m, n, k] of [
      [9, 13, 3],
      [67, 40, 31],
      [70, 83, 1035],
    ] as const)
      for (const transposes of TRANSPOSES) {
        const p: Product = { m, n, k, ...transposes, bias: true, activation: 2 };
        const given = arrays(p);
        await check((q, x) => Promise.resolve(runSplit(q, x, [4, 8], [1])), p);
        const apart = runSplit(p, given, []);
        for (const panels of [[], [1], [2, 4]].filter((cuts) => cuts.every((cut) => cut <= Math.ceil(n / 8))))
          expect(runSplit(p, given, [4, 8], panels)).toEqual(apart);
      }
  });

  test("rows split over instances", () => {
    for (const p of [
      { m: 29, n: 13, k: 7, bias: true, activation: 4 },
      { m: 29, n: 13, k: 7, transA: true, transB: true },
      { m: 29, n: 3, k: 7, transA: true, bias: true },
      { m: 5, n: 9, k: 6, batch: 4, batchInner: 2, aOuter: 60, aInner: 30, bInner: 54, bias: true },
      { m: 5, n: 9, k: 6, batch: 4, batchInner: 4, aInner: 30, transB: true },
    ]) {
      const given = arrays(p);
      const whole = runSplit(p, given, []);
      const rows = p.m * (p.batch ?? 1);
      for (const cuts of [[1], [rows - 1], [4, 5, 12], [Math.floor(rows / 2)], [0, 9, 9]])
        runSplit(p, given, cuts).forEach((value, i) => expect(Math.abs(value - whole[i]!)).toBeLessThan(2e-6));
    }
  });
});

describe("WebGPU matmul", () => {
  let matmul: Matmul;

  beforeAll(async () => {
    const gpu = create([]);
    Object.assign(globalThis, globals, { gpu }); // the object must outlive the device
    const adapter = await gpu.requestAdapter();
    if (!adapter) throw new Error("no WebGPU adapter: run the tests by npm test");
    const device = await adapter.requestDevice();
    device.addEventListener("uncapturederror", ({ error }) => expect.fail(error.message));
    const module = device.createShaderModule({ code: readFileSync("kernels/linear-algebra/matmul.wgsl", "utf8") });
    const types = ["uniform", "read-only-storage", "read-only-storage", "read-only-storage", "storage"] as const;
    const visibility = GPUShaderStage.COMPUTE;
    const layout = device.createBindGroupLayout({
      entries: types.map((type, binding) => ({ binding, visibility, buffer: { type } })),
    });
    const pipeline = await device.createComputePipelineAsync({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    });
    const upload = (data: Float32Array | Uint32Array, usage: number): GPUBuffer => {
      const buffer = device.createBuffer({ size: data.byteLength, usage, mappedAtCreation: true });
      new Uint8Array(buffer.getMappedRange()).set(new Uint8Array(data.buffer));
      buffer.unmap();
      return buffer;
    };
    matmul = async (p, { a, b, bias }) => {
      const words = Uint32Array.from([...params(p), 0, 0, 0]);
      new Float32Array(words.buffer)[13] = SLOPE;
      const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
      const garbage = new Float32Array(p.m * p.n * (p.batch ?? 1)).fill(NaN);
      const storage = [a, b, bias].map((data) => upload(data, STORAGE));
      const out = upload(garbage, STORAGE | COPY_SRC);
      const buffers = [upload(words, UNIFORM), ...storage, out];
      const result = device.createBuffer({ size: garbage.byteLength, usage: MAP_READ | COPY_DST });
      const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
      pass.dispatchWorkgroups(Math.ceil(p.n / 64), Math.ceil(p.m / 64), p.batch ?? 1);
      pass.end();
      encoder.copyBufferToBuffer(out, 0, result, 0, garbage.byteLength);
      device.queue.submit([encoder.finish()]);
      await result.mapAsync(GPUMapMode.READ);
      const values = new Float32Array(result.getMappedRange().slice(0));
      [...buffers, result].forEach((buffer) => buffer.destroy());
      return values;
    };
  });

  common(() => matmul);
});

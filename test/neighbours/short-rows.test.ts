import { NdArray } from "constella";
import type { Device } from "constella";
import { expect, test } from "vitest";
import { noGrad } from "../../src/graph";
import { kNearest } from "../../src/kernels/neighbours";
import { kNeighbours, knnGraph } from "../../src/neighbours/knn";
import { shortRows } from "../../src/neighbours/short-rows";
import type { Float32Rows } from "../../src/neighbours/short-rows";
import { empty, run, tensor, tidy } from "../../src/tensor";
import type { Tensor } from "../../src/tensor";
import { describeDevices, deviceOf } from "../devices";
import { uniforms } from "../uniforms";

/** Points about a space of `inner` dimensions, turned into d columns; each tenth is a point before it, and the first hundred lie far out. */
function nearlyFlat(n: number, d: number, inner: number, noise: number, seed: number): Float32Array<ArrayBuffer> {
  const random = uniforms(seed);
  const plane = Array.from({ length: inner * d }, () => random() - 0.5);
  const data = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    if (i % 10 === 9) {
      data.copyWithin(i * d, (i - 5) * d, (i - 4) * d);
      continue;
    }
    const at = Array.from({ length: inner }, () => (i < 100 ? 20 : 2) * (random() - 0.5));
    for (let c = 0; c < d; c++)
      data[i * d + c] = at.reduce((sum, value, a) => sum + value * plane[a * d + c]!, noise * (random() - 0.5));
  }
  return data;
}

/** The first columns of rows, and the length of the others. */
function cut({ data, n, d }: Float32Rows, width: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(n * (width + 1));
  for (let i = 0; i < n; i++) {
    out.set(data.subarray(i * d, i * d + width), i * (width + 1));
    out[i * (width + 1) + width] = Math.hypot(...data.subarray(i * d + width, (i + 1) * d));
  }
  return out;
}

describeDevices("k_nearest", (given) => {
  test.each([
    [130, 40, 3, 5],
    [97, 20, 12, 9],
    [70, 130, 1, 33],
  ])("%i points of %i columns by short rows of %i and a length: the same bits, k = %i", async (n, d, width, k) => {
    const device = await given();
    const data = nearlyFlat(n, d, width + 1, 0.3, n);
    const e = width + 1;
    const found = async (columns: number, short: Float32Array, slack: number): Promise<number[][]> => {
      const made: Tensor[] = tidy(() => {
        const [x, shortX] = [tensor(device, data, [n, d]), tensor(device, short, [n, columns])];
        const [indices, distances] = [empty(device, [n, k], "u32", "test"), empty(device, [n, k], "f32", "test")];
        const sizes = { n, m: n, d, e: columns, k, first: 0, own: 1, slack };
        noGrad(() => run(kNearest, { x, y: x, shortX, shortY: shortX, indices, distances, ...sizes }));
        return [indices, distances];
      });
      const read = await Promise.all(made.map(async (each) => [...(await each.data())]));
      for (const each of made) each.dispose();
      return read;
    };
    const longest = Math.max(...Array.from({ length: n }, (_, i) => Math.hypot(...data.subarray(i * d, (i + 1) * d))));
    const short = cut({ data, n, d }, width);
    const [want, got] = [await found(d, data, 0), await found(e, short, 2 * (d + 9) * 2 ** -24 * longest)];
    expect(got[0]).toEqual(want[0]);
    for (const [i, distance] of want[1]!.entries()) expect(got[1]![i]).toBeCloseTo(distance, 4);
  });
});

test("short rows are taken where few axes hold most, are never farther apart, and find the same neighbours", async () => {
  const device: Device = await deviceOf("wasm");
  const [n, d, k] = [8300, 64, 10];
  const data = nearlyFlat(n, d, 6, 0.2, 3);
  const rows = { data, n, d };
  let asked = 0;
  const reach = async (sample: Float32Rows): Promise<ArrayLike<number>> => {
    asked = sample.n;
    const points = new NdArray(data, [n, d]);
    const { distances } = await kNeighbours(new NdArray(sample.data, [sample.n, d]), points, k, { device });
    return Array.from({ length: sample.n }, (_, i) => distances.data[(i + 1) * k - 1]! ** 2);
  };
  const short = (await shortRows(rows, rows, device, reach))!;
  expect(asked).toBeGreaterThan(100);
  expect(short.width).toBeLessThan(16);
  expect(short.queries).toBe(short.points);
  const random = uniforms(1);
  const distance = (from: Float32Array, width: number, i: number, j: number): number =>
    Math.hypot(...Array.from({ length: width }, (_, c) => from[i * width + c]! - from[j * width + c]!));
  for (let pair = 0; pair < 2000; pair++) {
    const [i, j] = [Math.floor(n * random()), Math.floor(n * random())];
    expect(distance(short.points, short.width, i, j)).toBeLessThanOrEqual(distance(data, d, i, j) + short.slack);
  }
  const { indices, distances } = await knnGraph(new NdArray(data, [n, d]), k, { device });
  // of so few queries all columns of all pairs are looked at
  const first = new NdArray(data.slice(0, 300 * d), [300, d]);
  const plain = await kNeighbours(first, new NdArray(data, [n, d]), k + 1, { device });
  for (let i = 0; i < 300; i++) {
    const others = [...plain.indices.data.subarray(i * (k + 1), (i + 1) * (k + 1))].filter((j) => j !== i).slice(0, k);
    expect([...indices.data.subarray(i * k, (i + 1) * k)]).toEqual(others);
    expect(distances.data[i * k + k - 1]).toBe(plain.distances.data[i * (k + 1) + k]);
  }
});

test("rows that no few axes hold, and few rows, are measured as they are", async () => {
  const device = await deviceOf("wasm");
  const random = uniforms(2);
  const never = (): Promise<ArrayLike<number>> => Promise.reject(new Error("none is asked for"));
  const few = { data: new Float32Array(2000 * 64), n: 2000, d: 64 };
  expect(await shortRows(few, few, device, never)).toBeUndefined();
  const [n, d] = [8300, 64];
  const data = Float32Array.from({ length: n * d }, () => random() - 0.5);
  const far = (sample: Float32Rows): Promise<ArrayLike<number>> => Promise.resolve(new Float64Array(sample.n).fill(6));
  expect(await shortRows({ data, n, d }, { data, n, d }, device, far)).toBeUndefined();
});

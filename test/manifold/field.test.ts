// t-SNE's repulsion by a field on a grid: its transforms against their sums, and its forces against those of all pairs.
import { NdArray } from "constella";
import { expect, test } from "vitest";
import { hartley, hartleyFilter } from "../../src/kernels/manifold";
import { TSNE, trustworthiness } from "../../src/manifold";
import { gridOf, sortedByCell, TsneField } from "../../src/manifold/tsne/field";
import { empty, run, tensor } from "../../src/tensor";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";

const cas = (angle: number): number => Math.cos(angle) + Math.sin(angle);

/** Σ_i x_i cas(2πik / length) for every k. */
const transformOf = (x: readonly number[], length: number): number[] =>
  Array.from({ length }, (_, k) => x.reduce((sum, value, i) => sum + value * cas((2 * Math.PI * i * k) / length), 0));

const turnsOf = (length: number): Float32Array =>
  Float32Array.from({ length }, (_, at) => {
    const angle = (2 * Math.PI * (at >> 1)) / length;
    return at % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
  });

const noise = (count: number, seed: number): number[] => {
  const random = uniforms(seed);
  return Array.from({ length: count }, () => 2 * random() - 1);
};

/** Repulsion and Σ_(j≠i) w_ij of every pair, in float64. */
function ofPairs(y: Float32Array): { readonly forces: number[]; readonly z: number } {
  const n = y.length / 2;
  const forces = Array<number>(2 * n).fill(0);
  let z = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      if (i === j) continue;
      const [a, b] = [y[2 * i]! - y[2 * j]!, y[2 * i + 1]! - y[2 * j + 1]!];
      const w = 1 / (1 + a * a + b * b);
      z += w;
      forces[2 * i]! += w * w * a;
      forces[2 * i + 1]! += w * w * b;
    }
  return { forces, z };
}

const length = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));

describeDevices("t-SNE's field", (device, type) => {
  test.each([
    [1, 8, 8, 8],
    [5, 13, 32, 32],
    [4, 64, 20, 64],
    [3, 1000, 2048, 2048],
  ])("the Hartley transform of %i rows of %i numbers, %i kept of %i", async (rows, given, kept, size) => {
    const own = await device();
    const x = noise(rows * given, 7);
    const y = empty(own, [rows, kept], "f32", "test");
    run(hartley, {
      ...{ x: tensor(own, Float32Array.from(x), [rows, given]), turns: tensor(own, turnsOf(size)), y },
      ...{ rows, given, kept, length: size },
    });
    const values = await y.data();
    for (let r = 0; r < rows; r++) {
      const expected = transformOf(x.slice(r * given, (r + 1) * given), size);
      for (let k = 0; k < kept; k++) expect(Math.abs(values[r * kept + k]! - expected[k]!)).toBeLessThan(2e-5 * Math.sqrt(size)); // prettier-ignore
    }
  });

  test("columns are multiplied between two transforms, their far half by the mirrored factors", async () => {
    const own = await device();
    const [rows, size] = [11, 32];
    const half = size / 2 + 1;
    const [x, factors] = [noise(rows * size, 3), noise(half * half, 4)];
    const y = empty(own, [rows, size], "f32", "test");
    run(hartleyFilter, {
      ...{ x: tensor(own, Float32Array.from(x)), turns: tensor(own, turnsOf(size)), y },
      ...{ factors: tensor(own, Float32Array.from(factors)), rows, length: size },
    });
    const values = await y.data();
    for (let c = 0; c < size; c++) {
      const column = Array.from({ length: rows }, (_, r) => x[r * size + c]!);
      const between = transformOf(column, size).map(
        (value, k) => value * factors[Math.min(k, size - k) * half + Math.min(c, size - c)]!,
      );
      const back = transformOf(between, size);
      for (let r = 0; r < rows; r++) expect(Math.abs(values[r * size + c]! - back[r]!)).toBeLessThan(1e-3);
    }
  });

  const n = type === "wasm" ? 2000 : 400;
  test.each([
    ["a few units wide, dense", 2, 0.01],
    ["as wide as a map of these", Math.sqrt(n) / 2, 0.04],
    ["two points far from all others", 3, 0.02],
  ])("forces of places %s are those of all pairs", async (name, scale, bound) => {
    const own = await device();
    const y = Float32Array.from(noise(2 * n, 5), (v) => 10 + v * scale);
    if (name.includes("far")) y.set([40, -30, 41, -30.5]);
    const [forces, sums] = [empty(own, [n, 4], "f32", "test"), empty(own, [n, 2], "f32", "test")];
    const field = new TsneField(own, n);
    try {
      await field.repel(tensor(own, y, [n, 2]), forces, sums);
      const expected = ofPairs(y);
      const found = await forces.data();
      const differences = expected.forces.map((force, at) => found[4 * (at >> 1) + 2 + (at % 2)]! - force);
      expect(length(differences) / length(expected.forces)).toBeLessThan(bound);
      const z = Array.from(await sums.data()).reduce((sum, value, at) => (at % 2 === 0 ? sum + value : sum), 0);
      expect(Math.abs(z / expected.z - 1)).toBeLessThan(0.003);
    } finally {
      field.dispose();
    }
  });

  test("places that are no numbers are refused", async () => {
    const own = await device();
    const field = new TsneField(own, 2);
    const [forces, sums] = [empty(own, [2, 4], "f32", "test"), empty(own, [2, 2], "f32", "test")];
    await expect(field.repel(tensor(own, new Float32Array([0, NaN, 1, 1]), [2, 2]), forces, sums)).rejects.toThrow(
      "TSNE.fit: the places have run apart, got a span of NaN; lower learningRate",
    );
    field.dispose();
  });
});

test("a grid has room for its places, the finer the more room there is, and coarse beyond the largest", () => {
  const spanning = (span: number) => gridOf(new Float32Array([0, 0, span, span / 3]), "test");
  expect(spanning(0)).toEqual({ length: 32, step: 0.175, left: -1.4, bottom: -1.4 });
  for (const span of [1e-6, 1, 5.1, 60, 100, 500, 5000]) {
    const { length: size, step, left, bottom } = spanning(span);
    for (const [value, from] of [
      [0, left],
      [span, left],
      [0, bottom],
      [span / 3, bottom],
    ] as const) {
      // prettier-ignore
      expect((value - from) / step).toBeGreaterThanOrEqual(2);
      expect((value - from) / step).toBeLessThanOrEqual(size / 2 - 2);
    }
    if (span < 300) expect(step).toBeLessThanOrEqual(0.35);
  }
  const y = Float32Array.from(noise(200, 9));
  const grid = gridOf(y, "test");
  const { points, starts } = sortedByCell(y, grid);
  expect(starts.at(-1)).toBe(100);
  for (let cell = 0; cell + 1 < starts.length; cell++)
    for (let p = starts[cell]!; p < starts[cell + 1]!; p++)
      expect(Math.floor(points[2 * p + 1]!) * (grid.length / 2) + Math.floor(points[2 * p]!)).toBe(cell);
});

test("a map of 5,000 points is by the field: neighbours stay together, the same bytes for the same seed", async () => {
  const random = uniforms(1);
  const x = new NdArray(
    Float32Array.from({ length: 5000 * 4 }, (_, at) => random() + (at % 4 === (at >> 2) % 3 ? 3 : 0)),
    [5000, 4],
  );
  const options = { perplexity: 10, maxIter: 60, exaggerationIter: 40, seed: 1 };
  const places = await new TSNE(options).fitTransform(x);
  expect(await new TSNE(options).fitTransform(x)).toEqual(places);
  expect(await trustworthiness(x, places)).toBeGreaterThan(0.8);
});

import { describe, expect, test } from "vitest";
import { sinkhorn, tensor } from "constella";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";
import { ArrayRows } from "./row-source";

/** Log-probabilities of n items that lean towards some classes more than towards others. */
function logProbabilities(n: number, k: number, seed = 1): { data: Float32Array; shape: [number, number] } {
  const random = uniforms(seed);
  const data = new Float32Array(n * k);
  for (let i = 0; i < n; i++) {
    const logits = Array.from({ length: k }, (_, j) => 2 * random() + (3 * j) / k);
    const total = Math.log(logits.reduce((sum, v) => sum + Math.exp(v), 0));
    logits.forEach((v, j) => (data[i * k + j] = v - total));
  }
  return { data, shape: [n, k] };
}

const sizes = (labels: Uint32Array, k: number): number[] =>
  labels.reduce((counts, label) => (counts[label]!++, counts), new Array<number>(k).fill(0));

/** The recursion as the paper has it, in float64: labels and the scalings after the given iterations. */
function reference(logp: Float32Array, n: number, k: number, lambda: number, iterations: number): Float64Array {
  const p = Float64Array.from(logp, (v) => Math.exp(lambda * v));
  let c = new Float64Array(n).fill(1 / n);
  const r = new Float64Array(k);
  for (let t = 0; t < iterations; t++) {
    for (let j = 0; j < k; j++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += p[i * k + j]! * c[i]!;
      r[j] = 1 / k / sum;
    }
    c = c.map((_, i) => {
      let sum = 0;
      for (let j = 0; j < k; j++) sum += p[i * k + j]! * r[j]!;
      return 1 / n / sum;
    });
  }
  return Float64Array.from(p, (v, at) => v * r[at % k]! * c[Math.floor(at / k)]!);
}

describeDevices("sinkhorn", (device) => {
  test("rows that are read give the labels of the same rows in memory, in any blocks", async () => {
    const [n, k] = [700, 7];
    const logp = logProbabilities(n, k);
    const options = { lambda: 5, tolerance: 1e-3, device: await device() };
    const whole = await sinkhorn(logp, options);
    const [one, other] = [
      await sinkhorn(new ArrayRows(logp.data, k, 4 * 300 * k * 4), options),
      await sinkhorn(new ArrayRows(logp.data, k), options),
    ];
    expect(one).toEqual(other);
    expect(one.labels).toEqual(whole.labels);
    expect(one.converged).toBe(true);
    one.logColumn.forEach((value, j) => expect(Math.abs(value - whole.logColumn[j]!)).toBeLessThan(1e-3));
    await expect(sinkhorn(new ArrayRows(logp.data, k), { ...options, balance: true })).rejects.toThrow(
      "sinkhorn: balance must be false for rows that are read from a source, got true",
    );
  });

  test.each([
    [1, 1],
    [7, 3],
    [50, 17],
    [300, 300],
    [33, 600],
    [2100, 5],
  ])("n %i, k %i: the plan after 1 and 7 iterations is that of the recursion in float64", async (n, k) => {
    const logp = logProbabilities(n, k);
    for (const maxIterations of [1, 7]) {
      const found = await sinkhorn(logp, { lambda: 10, tolerance: 0, maxIterations, device: await device() });
      const want = reference(logp.data, n, k, 10, maxIterations);
      let worst = 0;
      want.forEach((q, at) => {
        const exponent = 10 * logp.data[at]! + found.logRow[Math.floor(at / k)]! + found.logColumn[at % k]!;
        worst = Math.max(worst, Math.abs(Math.exp(exponent) - q) / q);
      });
      expect(worst).toBeLessThan(5e-5);
    }
  });

  test("scalings that go far are taken into the plan: sharp probabilities, 60 iterations", async () => {
    const [n, k] = [200, 5];
    const logp = logProbabilities(n, k, 9);
    const found = await sinkhorn(logp, { lambda: 80, tolerance: 0, maxIterations: 60, device: await device() });
    const want = reference(logp.data, n, k, 80, 60);
    let worst = 0;
    want.forEach((q, at) => {
      const exponent = 80 * logp.data[at]! + found.logRow[Math.floor(at / k)]! + found.logColumn[at % k]!;
      worst = Math.max(worst, Math.abs(Math.exp(exponent) - q) * n);
    });
    expect(worst).toBeLessThan(1e-3);
  });

  test("columns of the plan have the same mass when the error has come down", async () => {
    const [n, k] = [500, 8];
    const logp = logProbabilities(n, k);
    const found = await sinkhorn(logp, { tolerance: 1e-3, device: await device() });
    expect(found.converged).toBe(true);
    expect(found.error).toBeLessThanOrEqual(1e-3);
    expect(found.iterations % 10).toBe(1);
    const mass = new Float64Array(k);
    logp.data.forEach((v, at) => {
      mass[at % k]! += Math.exp(25 * v + found.logRow[Math.floor(at / k)]! + found.logColumn[at % k]!);
    });
    for (const sum of mass) expect(sum * k).toBeCloseTo(1, 4);
  });

  test("the cap holds, and says that the tolerance was not met", async () => {
    const found = await sinkhorn(logProbabilities(200, 6), { tolerance: 0, maxIterations: 3, device: await device() });
    expect([found.iterations, found.converged]).toEqual([3, false]);
    expect(found.error).toBeGreaterThan(0);
  });

  test("rows in several tensors give what one tensor gives", async () => {
    const made = await device();
    const [n, k] = [1000, 12];
    const { data } = logProbabilities(n, k);
    const cuts = [0, 300, 301, 777, n];
    const parts = cuts
      .slice(1)
      .map((end, i) => tensor(made, data.subarray(cuts[i]! * k, end * k), [end - cuts[i]!, k]));
    const whole = tensor(made, data, [n, k]);
    const before = made.memory().buffers;
    const options = { tolerance: 0, maxIterations: 12 };
    const [one, several] = [await sinkhorn(whole, options), await sinkhorn(parts, options)];
    expect(several.labels).toEqual(one.labels);
    one.logColumn.forEach((v, j) => expect(several.logColumn[j]).toBeCloseTo(v, 3));
    expect(await sinkhorn(whole, options)).toEqual(one); // bit for bit
    expect(made.memory().buffers).toBe(before);
    for (const part of [...parts, whole]) part.dispose();
  });

  test.each([
    [1000, 7],
    [64, 64],
    [5, 9],
  ])("n %i, k %i: balanced classes differ by one item at most", async (n, k) => {
    const logp = logProbabilities(n, k, 3);
    const options = { lambda: 5, maxIterations: 1, device: await device() };
    const free = await sinkhorn(logp, options);
    const { labels, moved } = await sinkhorn(logp, { ...options, balance: true });
    const counts = sizes(labels, k);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    expect(moved).toBe(labels.filter((label, i) => label !== free.labels[i]).length);
  });

  test("balance moves the items that lose least", async () => {
    // all four prefer class 0; the last two by less
    const rows = [0.99, 0.95, 0.7, 0.6];
    const logp = rows.map((p) => [Math.log(p), Math.log(1 - p)]);
    const made = await device();
    const found = await sinkhorn(logp, { lambda: 1e-3, maxIterations: 1, balance: true, device: made });
    expect([...found.labels]).toEqual([0, 0, 1, 1]);
  });

  test("constant rows, and probabilities of 0, give finite scalings", async () => {
    const made = await device();
    const constant = await sinkhorn(
      { data: new Float32Array(60).fill(Math.log(1 / 6)), shape: [10, 6] },
      { device: made },
    );
    expect([...constant.logRow, ...constant.logColumn].every(Number.isFinite)).toBe(true);
    const sharp = tensor(
      made,
      Float32Array.from({ length: 60 }, (_, at) => (at % 6 === 0 ? 0 : -Infinity)),
      [10, 6],
    );
    const found = await sinkhorn(sharp, { balance: true });
    expect([...found.logRow, ...found.logColumn].every(Number.isFinite)).toBe(true);
    expect(sizes(found.labels, 6).sort()).toEqual([1, 1, 2, 2, 2, 2]);
    sharp.dispose();
  });

  test("an aborted signal ends it with its reason", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(sinkhorn(logProbabilities(20, 3), { signal, device: await device() })).rejects.toThrow("enough");
  });

  test("bad input gets one clear line", async () => {
    const made = await device();
    const parts = [tensor(made, [1, 2], [1, 2]), tensor(made, [1, 2, 3], [1, 3])];
    await expect(sinkhorn(parts)).rejects.toThrow(
      "sinkhorn: logp must be float32 [n, k] with one k, got [1, 2], [1, 3]",
    );
    for (const part of parts) part.dispose();
    const empty = { data: new Float32Array(0), shape: [0, 3] };
    await expect(sinkhorn(empty, { device: made })).rejects.toThrow("sinkhorn: logp must have rows and columns");
  });
});

describe("sinkhorn's options", () => {
  test.each([
    [{ lambda: 0 }, "lambda must be positive, got 0"],
    [{ tolerance: -1 }, "tolerance must be 0 or more, got -1"],
    [{ maxIterations: 0.5 }, "maxIterations must be a whole number from 1, got 0.5"],
    [{ checkEvery: 0 }, "checkEvery must be a whole number from 1, got 0"],
    [{ floor: 0 }, "floor must be negative and finite, got 0"],
  ])("%o", async (options, message) => {
    await expect(sinkhorn([[0]], options)).rejects.toThrow(message);
  });
});

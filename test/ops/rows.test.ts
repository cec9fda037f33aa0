import {
  argmax,
  argmin,
  grad,
  l2Normalize,
  layerNorm,
  parameter,
  pairwiseSquaredDistance,
  sum,
  tensor,
} from "constella";
import { expect, test } from "vitest";
import { describeDevices } from "../devices";

describeDevices("row by row", (device) => {
  test("ties go to the lowest index, whichever lane holds it", async () => {
    const made = await device();
    for (const n of [1, 2, 5, 64, 257, 1000]) {
      const levels = Array.from({ length: 2 * n }, (_, i) => (i * 7) % 3);
      for (const [axis, series] of [
        [1, (s: number) => levels.slice(s * n, (s + 1) * n)],
        [0, (s: number) => levels.filter((_, i) => i % 2 === s)],
      ] as const) {
        const x = tensor(made, levels, axis === 1 ? [2, n] : [n, 2]);
        const want = (best: (...values: number[]) => number): number[] =>
          [0, 1].map((s) => series(s).indexOf(best(...series(s))));
        expect([...(await argmax(x, axis).data())], `argmax of ${n} on axis ${axis}`).toEqual(want(Math.max));
        expect([...(await argmin(x, axis).data())], `argmin of ${n} on axis ${axis}`).toEqual(want(Math.min));
      }
    }
  });

  test("infinities are found", async () => {
    const x = tensor(await device(), [-Infinity, -Infinity, 3, Infinity, 1, Infinity, -Infinity, -Infinity], [2, 4]);
    expect([...(await argmax(x).data())]).toEqual([3, 1]);
    expect([...(await argmin(x).data())]).toEqual([0, 2]);
  });

  test("a zero row stays zero, and huge and tiny rows become unit vectors", async () => {
    const made = await device();
    const x = parameter(made, [0, 0, 3e30, 4e30, 3e-11, 4e-11], [3, 2]);
    const y = l2Normalize(x);
    expect([...(await y.data())]).toBeCloseToArray([0, 0, 0.6, 0.8, 0.6, 0.8], { rtol: 1e-6, atol: 0 });
    const [dx] = grad(sum(y), [x]);
    expect([...(await dx!.data())].every(Number.isFinite)).toBe(true);
  });

  test("close points far from the origin keep their distance", async () => {
    const made = await device();
    const a = parameter(made, [1000, 1000, 2000, -1000], [2, 2]);
    const b = parameter(made, [1000.0625, 1000, 1000, 1000], [2, 2]);
    const s = pairwiseSquaredDistance(a, b);
    expect([...(await s.data())].slice(0, 2)).toEqual([0.00390625, 0]);
    const [da] = grad(sum(s), [a]);
    expect((await da!.data())[0]).toBe(-0.125);
  });

  test("a constant row is normalised to beta", async () => {
    const made = await device();
    const y = layerNorm(tensor(made, [7, 7, 7], [1, 3]), tensor(made, [1, 2, 3]), tensor(made, [4, 5, 6]));
    expect([...(await y.data())]).toEqual([4, 5, 6]);
  });

  test("shapes that do not fit are named", async () => {
    const made = await device();
    const x = tensor(made, [1, 2, 3, 4], [2, 2]);
    expect(() => pairwiseSquaredDistance(x, tensor(made, [1, 2, 3], [1, 3]))).toThrow(/\[2, 2\] and \[1, 3\]/);
    expect(() => argmax(x, 2)).toThrow(/argmax: the axis must be within the rank, got 2 for shape \[2, 2\]/);
    expect(() => layerNorm(x, tensor(made, [1]), tensor(made, [1]))).toThrow(/layerNorm: gamma and beta/);
  });
});

import { NdArray, PCA, principalAxes, tensor } from "constella";
import { expect, test } from "vitest";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";

/** Rows of mean zero whose deviations along random directions fall by thirds. */
function rows(n: number, d: number, seed: number): Float32Array {
  const random = uniforms(seed);
  const normal = (): number => Array.from({ length: 12 }, random).reduce((a, b) => a + b, -6);
  const directions = Array.from({ length: d }, () => Array.from({ length: d }, normal));
  const x = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    const amounts = directions.map((_, axis) => normal() / 3 ** axis);
    for (let j = 0; j < d; j++) x[i * d + j] = amounts.reduce((sum, v, axis) => sum + v * directions[axis]![j]!, 0);
  }
  for (let j = 0; j < d; j++) {
    const mean = Array.from({ length: n }, (_, i) => x[i * d + j]!).reduce((a, b) => a + b, 0) / n;
    for (let i = 0; i < n; i++) x[i * d + j]! -= mean;
  }
  return x;
}

describeDevices("principalAxes", (device) => {
  test.each([
    [20, 6],
    [300, 5],
    [9, 70],
  ])("of two sets [%i, %i], up to their signs, those of PCA", async (n, d) => {
    const own = await device();
    const sets = [rows(n, d, 1), rows(n, d, 2)];
    const axes = await principalAxes(tensor(own, Float32Array.from(sets.flatMap((x) => [...x])), [2, n, d]), 3).data();
    for (const [s, x] of sets.entries()) {
      const { components } = await new PCA({ nComponents: 3, device: own }).fit(new NdArray(x, [n, d]));
      for (let c = 0; c < 3; c++) {
        let product = 0;
        for (let j = 0; j < d; j++) product += axes[(s * 3 + c) * d + j]! * components.data[c * d + j]!;
        expect(Math.abs(product), `set ${s}, axis ${c}`).toBeGreaterThan(1 - 1e-5);
      }
    }
  });

  test("axes without variance are 0: of items all alike, and of fewer items than axes", async () => {
    const own = await device();
    const alike = principalAxes(tensor(own, new Float32Array(2 * 5 * 3), [2, 5, 3]), 2);
    expect([...(await alike.data())]).toEqual(new Array(12).fill(0));
    const two = await principalAxes(tensor(own, [3, 0, 4, 0, -3, 0, -4, 0], [1, 2, 4]), 3).data();
    const sign = Math.sign(two[0]!);
    for (const [j, value] of [0.6, 0, 0.8, 0].entries()) expect(sign * two[j]!).toBeCloseTo(value, 6);
    expect([...two.subarray(4)]).toEqual(new Array(8).fill(0));
  });

  test("huge and tiny sets have the axes of others", async () => {
    const own = await device();
    const x = rows(12, 4, 5);
    const axesOf = async (factor: number): Promise<number[]> => [
      ...(await principalAxes(
        tensor(
          own,
          x.map((v) => factor * v),
          [1, 12, 4],
        ),
        2,
      ).data()),
    ];
    const [want, huge, tiny] = [await axesOf(1), await axesOf(2 ** 20), await axesOf(2 ** -20)];
    expect(huge).toEqual(want);
    expect(tiny).toEqual(want);
  });

  test("what cannot be", async () => {
    const own = await device();
    expect(() => principalAxes(tensor(own, [1, 2], [1, 2]), 1)).toThrow(
      "principalAxes: x must be sets of vectors [sets, n, d], none empty, got f32 [1, 2]",
    );
    expect(() => principalAxes(tensor(own, [1, 2], [1, 1, 2]), 3)).toThrow(
      "principalAxes: count must be a whole number from 1 to 2, got 3",
    );
  });
});

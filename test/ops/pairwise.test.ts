import {
  centerLoss,
  clusterAssignmentLoss,
  clusterCountLoss,
  divergenceLoss,
  estimateSameClusterShare,
  full,
  grad,
  indices,
  pairWeights,
  pairwiseCrossEntropy,
  parameter,
  randIndexLoss,
  requestDevice,
  sameClusterShare,
  softKMeans,
  tensor,
  tidy,
} from "constella";
import type { Device, Tensor } from "constella";
import { describe, expect, test } from "vitest";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";

describe("weights of pairs", () => {
  test("the thesis's values, and that they sum to 2", () => {
    const { same, different } = pairWeights(0.447);
    expect(different).toBeCloseTo(0.946, 2);
    expect(same).toBeCloseTo(1.054, 2);
    expect(same + different).toBeCloseTo(2, 12);
    expect(pairWeights(0.5)).toEqual({ same: 1, different: 1 });
    for (const share of [0, 1, NaN]) expect(() => pairWeights(share)).toThrow("between 0 and 1");
  });

  test("the share is that of the pairs", () => {
    expect(sameClusterShare([0, 0, 1, 1])).toBeCloseTo(2 / 6, 12);
    expect(sameClusterShare([5, 5, 5])).toBe(1);
    expect(sameClusterShare([1, 2, 3])).toBe(0);
  });

  test("the estimate stops when its interval is narrow enough", () => {
    const random = uniforms(5);
    let sets = 0;
    // two items, of one cluster with probability 0.3
    const share = estimateSameClusterShare(() => (sets++, [0, Number(random() >= 0.3)]), { interval: 0.02 });
    expect(Math.abs(share - 0.3)).toBeLessThan(0.03);
    const needed = (2 * 1.96) ** 2 * 0.3 * 0.7 * 0.02 ** -2;
    expect(sets).toBeGreaterThan(0.9 * needed);
    expect(sets).toBeLessThan(1.1 * needed);
    sets = 0;
    expect(estimateSameClusterShare(() => (sets++, [1, 1, 2]))).toBeCloseTo(1 / 3, 12);
    expect(sets).toBe(30);
    expect(() => estimateSameClusterShare(() => [1])).toThrow("a set must have two items or more, got 1");
  });
});

/** Every item uniform over the clusters of every k, P(k) uniform: P_ij = Σ_k 1/(K k) for all pairs. */
function uniformHeads(device: Device, n: number, kMax: number): { counts: Tensor; assignments: Tensor[] } {
  return {
    counts: parameter(device, new Float32Array(kMax).fill(1 / kMax), [1, kMax]),
    assignments: Array.from({ length: kMax }, (_, k) =>
      parameter(device, new Float32Array(n * (k + 1)).fill(1 / (k + 1)), [1, n, k + 1]),
    ),
  };
}

test("20,000 items: the loss is right and memory grows with items, not with pairs", async () => {
  const device = await requestDevice("wasm", { threads: 0 });
  const [n, kMax] = [20000, 5];
  const { counts, assignments } = uniformHeads(device, n, kMax);
  const labels = indices(
    device,
    Uint32Array.from({ length: n }, (_, i) => i % 2),
    [1, n],
  );
  const before = device.memory();
  const { loss, gradients } = tidy(() => {
    const loss = pairwiseCrossEntropy(counts, assignments, labels);
    return { loss, gradients: grad(loss, [counts, assignments[4]!]) };
  });
  const after = device.memory();
  const p = (1 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5) / 5;
  const same = (n / 2 - 1) / (n - 1);
  expect(await loss.item()).toBeCloseTo(-same * Math.log(p) - (1 - same) * Math.log(1 - p), 4);
  const slope = -same / p + (1 - same) / (1 - p);
  (await gradients[0]!.data()).forEach((value, k) => expect(value).toBeCloseTo(slope / (k + 1), 3));
  const each = await gradients[1]!.data();
  expect(each[0]! * n).toBeCloseTo(2 * slope * 0.04, 3);
  expect(after.bytes + after.pooled - before.bytes - before.pooled).toBeLessThan(40 * n * 15 * 4);
  device.destroy();
}, 120000);

describeDevices("losses over pairs", (device) => {
  test("probabilities of exactly 0 and 1 give a finite loss and finite gradients", async () => {
    const made = await device();
    const counts = parameter(made, [0, 1], [1, 2]);
    const a1 = parameter(made, [1, 1, 1], [1, 3, 1]);
    const a2 = parameter(made, [1, 0, 1, 0, 0, 1], [1, 3, 2]);
    const labels = indices(made, [0, 1, 0], [1, 3]);
    const { loss, gradients } = tidy(() => {
      const loss = pairwiseCrossEntropy(counts, [a1, a2], labels);
      return { loss, gradients: grad(loss, [counts, a2]) };
    });
    // pair (0, 1) is together and should not be, (0, 2) apart and should be together, (1, 2) apart and rightly so up to the clip
    expect(await loss.item()).toBeGreaterThan((2 * 15) / 3);
    expect(await loss.item()).toBeLessThan((2 * 17) / 3);
    for (const gradient of gradients) expect((await gradient.data()).every(Number.isFinite)).toBe(true);
    for (const used of [loss, ...gradients, counts, a1, a2, labels]) used.dispose();
  });

  test("a set of one item costs nothing", async () => {
    const made = await device();
    const { counts, assignments } = uniformHeads(made, 1, 3);
    const labels = indices(made, [0], [1, 1]);
    const losses = tidy(() => [
      pairwiseCrossEntropy(counts, assignments, labels),
      randIndexLoss(counts, assignments, labels),
      clusterAssignmentLoss(assignments),
      divergenceLoss(full(made, [1, 1, 3], 1 / 3), labels),
    ]);
    for (const loss of losses) expect(Math.abs(await loss.item())).toBe(0);
    for (const used of [...losses, counts, ...assignments, labels]) used.dispose();
  });

  test("points on their centre leave soft k-means finite gradients", async () => {
    const made = await device();
    const x = parameter(made, [0, 0, 0, 0], [2, 2]);
    const centers = parameter(made, [0, 0, 1, 1], [2, 2]);
    const gradients = tidy(() => {
      const result = softKMeans(x, centers, { iterations: 4 });
      return grad(clusterCountLoss(result.assignments, indices(made, [1, 2])), [x, centers]);
    });
    for (const gradient of gradients) expect((await gradient.data()).every(Number.isFinite)).toBe(true);
    for (const used of [...gradients, x, centers]) used.dispose();
  });

  test("what they refuse", async () => {
    const made = await device();
    const { counts, assignments } = uniformHeads(made, 4, 2);
    const labels = indices(made, [0, 1, 0, 1], [1, 4]);
    const refused: [() => Tensor, string][] = [
      [
        () => pairwiseCrossEntropy(counts, [assignments[1]!], labels),
        "assignments must be [sets, items, k] for k = 1, 2, …",
      ],
      [() => pairwiseCrossEntropy(tensor(made, [1], [1, 1]), assignments, labels), "P(k) must be [1, 2], got [1, 1]"],
      [() => randIndexLoss(counts, assignments, counts), "labels must be u32 of shape [1, 4], got f32 of [1, 2]"],
      [() => centerLoss(assignments[1]!, labels, 0), "clusters must be a whole number from 1, got 0"],
      [() => clusterCountLoss(counts, labels), "P(k) must be [sets, K] with as many u32 counts"],
      [
        () => softKMeans(tensor(made, [1], [1, 1]), tensor(made, [1, 2], [1, 2])).centers,
        "points must be [n, d] and centres [k, d]",
      ],
    ];
    for (const [call, message] of refused) expect(() => tidy(call)).toThrow(message);
    for (const used of [counts, ...assignments, labels]) used.dispose();
  });
});

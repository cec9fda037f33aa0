import {
  bceWithLogits,
  crossEntropy,
  decLoss,
  decTarget,
  grad,
  indices,
  klDivergence,
  parameter,
  softmax,
  studentT,
  tensor,
  tidy,
} from "constella";
import { expect, test } from "vitest";
import { describeDevices } from "../devices";

describeDevices("losses", (device) => {
  test("assignments to centres beyond float32's reach stay finite, and rows sum to 1", async () => {
    const made = await device();
    const z = parameter(made, [0, 1e20, -3e30, 1e19], [4, 1]);
    const mu = parameter(made, [1, 2e25, -1e28], [3, 1]);
    for (const alpha of [1, 100]) {
      const q = await studentT(z, mu, alpha).data();
      for (let i = 0; i < 4; i++) expect(q[3 * i]! + q[3 * i + 1]! + q[3 * i + 2]!).toBeCloseTo(1, 5);
      const p = tensor(made, [1, 0, 0, 0, 0.5, 0.5, 0, 0, 1, 0.25, 0.5, 0.25], [4, 3]);
      const [loss, dz, dmu] = tidy(() => {
        const loss = decLoss(z, mu, p, { alpha });
        return [loss, ...grad(loss, [z, mu])] as const;
      });
      expect(await loss.item()).toBeGreaterThan(0);
      for (const gradient of [dz!, dmu!])
        expect([...(await gradient.data())].every(Number.isFinite), `alpha ${alpha}`).toBe(true);
    }
  });

  test("a cluster without mass gets no target, and no NaN", async () => {
    const made = await device();
    const q = tensor(made, [0, 0.25, 0.75, 0, 0.5, 0.5, 0, 1, 0], [3, 3]);
    const p = await decTarget(q).data();
    expect([p[0], p[3], p[6]]).toEqual([0, 0, 0]);
    expect(p[1]! + p[2]!).toBeCloseTo(1, 6);
    expect(p[7]).toBe(1);
    expect([...(await decTarget(tensor(made, [0, 0], [1, 2])).data())]).toEqual([0, 0]);
  });

  test("zeros in a distribution contribute nothing to the divergence", async () => {
    const made = await device();
    const p = parameter(made, [0, 1, 0.5, 0.5], [2, 2]);
    const q = parameter(made, [0, 1, 1, 0], [2, 2]);
    const loss = klDivergence(p, q, "sum");
    const value = await loss.item();
    expect(value).toBeGreaterThan(40);
    expect(value).toBeLessThan(50);
    const [dq] = grad(loss, [q]);
    expect([...(await dq!.data())].slice(0, 3)).toEqual([-0, -1, -0.5]);
  });

  test("the divergence of nearly equal distributions keeps its digits", async () => {
    const made = await device();
    const p = Float32Array.from({ length: 64 }, (_, i) => (1 + 1e-3 * Math.sin(i)) / 64);
    const q = new Float32Array(64).fill(1 / 64);
    const want = p.reduce((sum, v, i) => sum + v * Math.log(v / q[i]!), 0);
    const got = await klDivergence(tensor(made, p), tensor(made, q), "sum").item();
    expect(Math.abs(got - want)).toBeLessThan(2e-8);
  });

  test("large logits give a finite loss and a saturated gradient", async () => {
    const made = await device();
    const x = parameter(made, [1e4, -1e4, 1e4, -1e4]);
    const loss = bceWithLogits(x, tensor(made, [1, 0, 0, 1]));
    expect(await loss.item()).toBe(5000);
    const [dx] = grad(loss, [x]);
    expect([...(await dx!.data())]).toEqual([0, 0, 0.25, -0.25]);
  });

  test("the loss and its gradients repeat bit for bit", async () => {
    const made = await device();
    const values = (length: number, f: (i: number) => number): Float32Array =>
      Float32Array.from({ length }, (_, i) => f(i));
    const z = parameter(made, values(4000, Math.sin), [1000, 4]);
    const mu = parameter(
      made,
      values(40, (i) => Math.cos(3 * i)),
      [10, 4],
    );
    const p = tensor(
      made,
      values(10000, () => 0.1),
      [1000, 10],
    );
    const once = async (): Promise<number[]> => {
      const made = tidy(() => {
        const loss = decLoss(z, mu, p);
        return [loss, ...grad(loss, [z, mu])];
      });
      return (await Promise.all(made.map(async (x) => [...(await x.data())]))).flat();
    };
    expect(await once()).toEqual(await once());
  });

  test("a label that names no class leaves its row out", async () => {
    const made = await device();
    const x = parameter(made, [1, 2, 3, 4], [2, 2]);
    const loss = crossEntropy(x, indices(made, [9, 0]), { weights: tensor(made, [1, 1]) });
    expect(await loss.item()).toBeCloseTo(Math.log(1 + Math.E), 5);
    const [dx] = grad(loss, [x]);
    expect([...(await dx!.data())].slice(0, 2)).toEqual([0, 0]);
  });

  test("softmax and cross-entropy of huge logits are finite", async () => {
    const made = await device();
    const x = parameter(made, [1e5, -1e5, 0, 1e30, 1e30, -1e30], [2, 3]);
    expect([...(await softmax(x).data())]).toEqual([1, 0, 0, 0.5, 0.5, 0]);
    const loss = crossEntropy(x, indices(made, [1, 0]));
    expect(await loss.item()).toBeCloseTo((2e5 + Math.LN2) / 2, 1);
    const [dx] = grad(loss, [x]);
    expect([...(await dx!.data())]).toBeCloseToArray([0.5, -0.5, 0, -0.25, 0.25, 0], { rtol: 1e-5, atol: 1e-6 });
  });
});

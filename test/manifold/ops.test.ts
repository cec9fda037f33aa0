import { add, exp, parameter, transpose } from "constella";
import { expect, test } from "vitest";
import { gmmLogProb } from "../../src/ops/mixture/gmm-log-prob";
import { tsneLoss } from "../../src/ops/manifold/tsne-loss";
import { rbfAffinity } from "../../src/spectral/affinity";
import { describeDevices } from "../devices";
import { checkCase } from "../ops/check-case";
import type { OpCase } from "../ops/cases";
import { array } from "../ops/cases/reference";
import type { Reference } from "../ops/cases/reference";

const squared = (x: Reference, i: number, j: number): number => {
  const d = x.shape[1]!;
  let total = 0;
  for (let c = 0; c < d; c++) total += (x.data[i * d + c]! - x.data[j * d + c]!) ** 2;
  return total;
};

/** (e^w + e^wᵀ) / Σ with zeros on the diagonal: affinities of any numbers. */
function affinities(w: Reference): Float64Array {
  const n = w.shape[0]!;
  const p = w.data.map((_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return i === j ? 0 : Math.exp(w.data[i * n + j]!) + Math.exp(w.data[j * n + i]!);
  });
  const total = p.reduce((a, b) => a + b, 0);
  return p.map((value) => value / total);
}

const CASES: readonly OpCase[] = [
  {
    op: "rbfAffinity",
    call: (x) => rbfAffinity(x!, 0.7),
    reference: (x) => {
      const n = x!.shape[0]!;
      return array(
        [n, n],
        Array.from({ length: n * n }, (_, at) => Math.exp(-0.7 * squared(x!, Math.floor(at / n), at % n))),
      );
    },
    shapes: [[[1, 1]], [[7, 3]], [[65, 2]]],
  },
  ...[1, 2, 3].map((dim): OpCase => ({
    op: "tsneLoss",
    variant: `${dim} columns`,
    call: (y, w) => {
      const n = w!.shape[0]!;
      const off = parameter(
        w!.device,
        Float32Array.from({ length: n * n }, (_, at) => (Math.floor(at / n) === at % n ? -200 : 0)),
        [n, n],
      );
      const both = add(exp(add(w!, off)), transpose(exp(add(w!, off)), [1, 0]));
      return tsneLoss(y!, both);
    },
    reference: (y, w) => {
      const n = w!.shape[0]!;
      const p = affinities(w!);
      // unnormalised: Σ p = mass
      let mass = 0;
      w!.data.forEach((_, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        if (i !== j) mass += Math.exp(w!.data[i * n + j]!) + Math.exp(w!.data[j * n + i]!);
      });
      let z = 0;
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (i !== j) z += 1 / (1 + squared(y!, i, j));
      let loss = 0;
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++)
          if (i !== j) loss += mass * p[i * n + j]! * Math.log(mass * p[i * n + j]! * (1 + squared(y!, i, j)) * z);
      return array([], [loss]);
    },
    shapes: [
      [
        [2, dim],
        [2, 2],
      ],
      [
        [7, dim],
        [7, 7],
      ],
      [
        [19, dim],
        [19, 19],
      ],
      [
        [65, dim],
        [65, 65],
      ],
    ],
    range: [
      [-2, 2],
      [-3, -1],
    ],
    gradients: [0],
    gradientAtol: 2e-5,
    rtol: 2e-5,
    atol: 1e-4,
  })),
  ...(["logProb", "resp"] as const).map((output): OpCase => ({
    op: "gmmLogProb",
    variant: output,
    call: (x, logits, means, logs) => gmmLogProb(x!, logits!, means!, logs!)[output],
    reference: (x, logits, means, logs) => {
      const [n, d] = x!.shape as [number, number];
      const k = logits!.shape[0]!;
      const weight = Array.from(logits!.data, Math.exp);
      const total = weight.reduce((a, b) => a + b, 0);
      const out: number[] = [];
      for (let i = 0; i < n; i++) {
        const densities = weight.map((w, j) => {
          let log = Math.log(w / total);
          for (let c = 0; c < d; c++) {
            const lv = logs!.data[j * d + c]!;
            log -=
              0.5 * (Math.log(2 * Math.PI) + lv + (x!.data[i * d + c]! - means!.data[j * d + c]!) ** 2 / Math.exp(lv));
          }
          return Math.exp(log);
        });
        const p = densities.reduce((a, b) => a + b, 0);
        out.push(...(output === "logProb" ? [Math.log(p)] : densities.map((value) => value / p)));
      }
      return array(output === "logProb" ? [n] : [n, k], out);
    },
    shapes: [
      [[1, 1], [1], [1, 1], [1, 1]],
      [[7, 3], [2], [2, 3], [2, 3]],
      [[67, 2], [5], [5, 2], [5, 2]],
    ],
    rtol: 1e-4,
    atol: 1e-5,
  })),
];

describeDevices("ops of manifolds and mixtures", (device) => {
  for (const row of CASES)
    for (const shapes of row.shapes)
      test(`${row.op} ${row.variant ?? ""} ${JSON.stringify(shapes)}`, async () => {
        expect(await checkCase(await device(), row, shapes)).toBeUndefined();
      });
});

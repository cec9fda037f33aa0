import * as c from "constella/vision";
import type { OpCase } from "./index";
import { array } from "./reference";
import type { Reference } from "./reference";

const scalar = (value: number): Reference => array([], [value]);

const rowOf = ({ data, shape }: Reference, i: number): Float64Array =>
  data.subarray(i * shape[1]!, (i + 1) * shape[1]!);

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** −ln of the share that the other view of a row has of all other rows' e^(cos / τ), the mean over rows. */
function ntXent(z: Reference, temperature: number): Reference {
  const rows = z.shape[0]!;
  const score = (i: number, j: number): number => {
    const [a, b] = [rowOf(z, i), rowOf(z, j)];
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)) / temperature;
  };
  let total = 0;
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < rows; j++) if (j !== i) sum += Math.exp(score(i, j));
    total += Math.log(sum) - score(i, (i + rows / 2) % rows);
  }
  return scalar(total / rows);
}

/** −mean ln(p · q) + λ Σ p̄ ln p̄ */
function scanLoss(p: Reference, q: Reference, entropyWeight: number): Reference {
  const [n, k] = p.shape as [number, number];
  let loss = 0;
  for (let i = 0; i < n; i++) loss -= Math.log(Math.max(dot(rowOf(p, i), rowOf(q, i)), 1e-8)) / n;
  for (let j = 0; j < k; j++) {
    let share = 0;
    for (let i = 0; i < n; i++) share += p.data[i * k + j]! / n;
    loss += entropyWeight * share * Math.log(Math.max(share, 1e-8));
  }
  return scalar(loss);
}

/** Losses of two views, and of neighbours. */
export const CONTRASTIVE: readonly OpCase[] = [
  ...[0.5, 0.1].map((temperature): OpCase => ({
    op: "ntXent",
    variant: `temperature ${temperature}`,
    call: (z) => c.ntXent(z!, temperature),
    reference: (z) => ntXent(z!, temperature),
    shapes: [[[2, 1]], [[2, 3]], [[14, 5]], [[34, 17]]],
    // away from zero, where a row has no direction
    range: [0.2, 2],
  })),
  ...[5, 0].map((entropyWeight): OpCase => ({
    op: "scanLoss",
    variant: `entropy ${entropyWeight}`,
    call: (p, q) => c.scanLoss(p!, q!, entropyWeight),
    reference: (p, q) => scanLoss(p!, q!, entropyWeight),
    shapes: [
      [
        [1, 1],
        [1, 1],
      ],
      [
        [7, 3],
        [7, 3],
      ],
      [
        [33, 17],
        [33, 17],
      ],
    ],
    range: [0.01, 0.4],
  })),
];

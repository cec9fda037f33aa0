// Principal components of few rows with many columns, and of many rows.
import { constellaPca, sklearnPca } from "../contenders/pca";
import type { PcaProblem } from "../contenders/pca";
import { array, uniform, workload } from "../workload";
import type { AnyWorkload, Result } from "../workload";

/** What scikit-learn takes at most of our time. */
const WITHIN_TWO = 1 / 2;

/** Rows around a few directions of falling strength, and noise. */
function problem(n: number, d: number, components: number): PcaProblem {
  const hidden = Math.min(components, 6);
  const [scores, directions] = [uniform(n * hidden, 5, -1, 1), uniform(hidden * d, 6, -1, 1)];
  const x = uniform(n * d, 7, -0.05, 0.05);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < hidden; k++) {
      const score = scores[i * hidden + k]! * 0.7 ** k;
      for (let j = 0; j < d; j++) x[i * d + j]! += score * directions[k * d + j]!;
    }
  return { x, n, d, components };
}

/** Holds variances and axes against the data: of the first few, the variance along each axis, in float64, and their products. */
function check({ x, n, d, components }: PcaProblem, result: Result): string {
  const axes = array(result, "components", components * d);
  const variances = array(result, "variances", components);
  const mean = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) mean[j]! += x[i * d + j]! / n;
  let worst = 0;
  for (let k = 0; k < Math.min(4, components); k++) {
    let along = 0;
    for (let i = 0; i < n; i++) {
      let score = 0;
      for (let j = 0; j < d; j++) score += (x[i * d + j]! - mean[j]!) * axes[k * d + j]!;
      along += score ** 2 / (n - 1);
    }
    worst = Math.max(worst, Math.abs(along / variances[k]! - 1));
    for (let other = 0; other <= k; other++) {
      let dot = 0;
      for (let j = 0; j < d; j++) dot += axes[k * d + j]! * axes[other * d + j]!;
      worst = Math.max(worst, Math.abs(dot - (other === k ? 1 : 0)));
    }
  }
  if (!(worst <= 1e-4)) throw new Error(`variances and products of the axes are off by ${worst}, at most 1e-4`);
  return `max error ${worst.toExponential(1)}`;
}

function pca(n: number, d: number, components: number, solver: string): AnyWorkload {
  const exact = { flops: 2 * n * d * Math.min(n, d), bytes: 4 * n * d };
  return workload<PcaProblem>({
    name: `pca-${n}x${d}`,
    title: `PCA of ${n} × ${d}, ${components} components, by ${solver}`,
    device: "wasm",
    quick: false,
    problem: () => problem(n, d, components),
    ...exact,
    validationRuns: 1,
    check,
    contenders: [
      {
        name: "constella wasm, 2 threads, plain",
        kind: "ours",
        roof: "wasm threads",
        target: WITHIN_TWO,
        load: constellaPca({ threads: 2, relaxed: false }),
      },
      { name: "scikit-learn, auto", kind: "peer", python: true, load: sklearnPca("auto") },
      { name: "scikit-learn, full", kind: "peer", python: true, load: sklearnPca("full") },
      { name: "scikit-learn, randomized", kind: "peer", python: true, load: sklearnPca("randomized") },
    ],
  });
}

/** All of them. */
export const PCA_WORKLOADS: readonly AnyWorkload[] = [
  pca(32, 12_288, 32, "the rows' products"),
  pca(20, 4000, 20, "the rows' products"),
  pca(70_000, 784, 50, "the covariance"),
];

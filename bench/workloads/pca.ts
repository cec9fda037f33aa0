// Principal components of few rows with many columns, and of many rows.
import { constellaPca, sklearnPca } from "../contenders/pca";
import type { PcaProblem } from "../contenders/pca";
import { array, uniform, workload } from "../workload";
import type { AnyWorkload, Result } from "../workload";
import { oursOnTwo } from "./entrants";

/** What scikit-learn takes at most of our time. */
const WITHIN_TWO = 1 / 2;

/** Rows around a few directions of falling strength, and noise. */
function problem(n: number, d: number, components: number, solver: PcaProblem["solver"]): PcaProblem {
  const hidden = Math.min(components, 6);
  const [scores, directions] = [uniform(n * hidden, 5, -1, 1), uniform(hidden * d, 6, -1, 1)];
  const x = uniform(n * d, 7, -0.05, 0.05);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < hidden; k++) {
      const score = scores[i * hidden + k]! * 0.7 ** k;
      for (let j = 0; j < d; j++) x[i * d + j]! += score * directions[k * d + j]!;
    }
  return { x, n, d, components, solver };
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

const NAMES = { covariance: "the covariance", gram: "the rows' products", randomized: "a random sample" } as const;

function pca(
  [n, d, components]: readonly [number, number, number],
  solver: PcaProblem["solver"],
  peers: readonly Parameters<typeof sklearnPca>[0][],
  target = WITHIN_TWO,
): AnyWorkload {
  return workload<PcaProblem>({
    name: `pca-${n}x${d}-${solver}`,
    title: `PCA of ${n} × ${d}, ${components} components, by ${NAMES[solver]}`,
    device: "wasm",
    quick: false,
    problem: () => problem(n, d, components, solver),
    ...{ flops: 2 * n * d * Math.min(n, d), bytes: 4 * n * d },
    validationRuns: 1,
    check,
    contenders: [
      ...oursOnTwo(constellaPca, target),
      ...peers.map((peer) => ({
        name: `scikit-learn, ${peer}`,
        kind: "peer" as const,
        python: true,
        load: sklearnPca(peer),
      })),
    ],
  });
}

/** All of them, each beside the solver that does the same: exact ones beside exact ones, samples beside samples. */
export const PCA_WORKLOADS: readonly AnyWorkload[] = [
  pca([32, 12_288, 32], "gram", ["full"]),
  pca([20, 4000, 20], "gram", ["full"]),
  pca([70_000, 784, 50], "covariance", ["covariance_eigh", "full"]),
  pca([70_000, 784, 50], "randomized", ["randomized"]),
  // the pixels of a cube of nine bands
  pca([366_025, 9, 9], "covariance", ["covariance_eigh", "full"], 1),
];

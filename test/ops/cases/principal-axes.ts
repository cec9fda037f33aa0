import * as c from "constella";
import type { OpCase } from "./index";
import { array } from "./reference";
import type { Reference } from "./reference";

/** First axes of the iteration and its rounds, as the op fixes them. */
const start = (at: number): number => (Math.imul(at + 1, 2654435769 | 0) >>> 8) / 2 ** 23 - 1;
const ROUNDS = 16;

const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, v, i) => sum + v * y[i]!, 0);

/** Gram and Schmidt's axes; what is left with 1e-6 of the longest is 0. */
function orthonormal(vectors: readonly (readonly number[])[]): number[][] {
  const axes: number[][] = [];
  let longest = 0;
  for (const vector of vectors) {
    const left = axes.reduce<number[]>(
      (v, axis) => {
        const share = dot(v, axis);
        return v.map((value, j) => value - share * axis[j]!);
      },
      [...vector],
    );
    const length = Math.sqrt(dot(left, left));
    longest = Math.max(longest, length);
    axes.push(left.map((v) => (length > 1e-6 * longest ? v / length : 0)));
  }
  return axes;
}

function axesOf(x: Reference, count: number): Reference {
  const [sets, n, d] = x.shape as [number, number, number];
  const found = Array.from({ length: sets }, (_, s) => {
    const row = (i: number): number[] => [...x.data.subarray((s * n + i) * d, (s * n + i + 1) * d)];
    const rows = Array.from({ length: n }, (_, i) => row(i));
    let axes = Array.from({ length: count }, (_, k) => Array.from({ length: d }, (_, j) => start(k * d + j)));
    for (let round = 0; round < ROUNDS; round++)
      axes = orthonormal(
        axes.map((axis) => {
          const scores = rows.map((v) => dot(v, axis));
          return axis.map((_, j) => rows.reduce((sum, v, i) => sum + scores[i]! * v[j]!, 0));
        }),
      );
    return axes;
  });
  return array([sets, count, d], Float64Array.from(found.flat(2)));
}

const row = (count: number, shapes: OpCase["shapes"]): OpCase => ({
  op: "principalAxes",
  spreads: true,
  variant: `${count} axes`,
  call: (x) => c.principalAxes(x!, count),
  reference: (x) => axesOf(x!, count),
  shapes,
  gradients: [],
  // axes of near variances turn into each other by what is rounded
  atol: 2e-4,
});

/** Axes of sets of vectors. */
export const PRINCIPAL_AXES: readonly OpCase[] = [
  row(1, [[[1, 1, 1]], [[3, 7, 2]], [[2, 5, 65]]]),
  row(3, [[[2, 20, 3]], [[1, 4, 7]], [[3, 65, 9]], [[17, 3, 5]]]),
  row(4, [[[2, 20, 64]], [[2, 300, 6]]]),
];

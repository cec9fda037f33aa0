import * as c from "constella";
import type { LSTMOptions, Tensor } from "constella";
import type { OpCase } from "./index";
import { array } from "./reference";
import type { Reference } from "./reference";

const tanh = Math.tanh;
const squash = {
  sigmoid: (v: number): number => 1 / (1 + Math.exp(-v)),
  hardSigmoid: (v: number): number => Math.min(1, Math.max(0, 0.2 * v + 0.5)),
};

/** Step by step, unit by unit: y, and the h and c that each direction ends with. */
function recur(
  [x, w, u, b, h0, c0]: readonly Reference[],
  gates: "sigmoid" | "hardSigmoid",
): Record<"y" | "h" | "c", Reference> {
  const [n, t, e] = x!.shape as [number, number, number];
  const [directions, , h] = u!.shape as [number, number, number];
  const y = array([n, t, directions * h]);
  const last = { h: array([directions, n, h]), c: array([directions, n, h]) };
  const sigma = squash[gates];
  for (let d = 0; d < directions; d++)
    for (let i = 0; i < n; i++) {
      const at = (d * n + i) * h;
      let hidden = Array.from({ length: h }, (_, j) => h0?.data[at + j] ?? 0);
      let cells = Array.from({ length: h }, (_, j) => c0?.data[at + j] ?? 0);
      for (let step = 0; step < t; step++) {
        const now = d === 0 ? step : t - 1 - step;
        const z = (row: number): number => {
          const r = d * 4 * h + row;
          let total = b!.data[r]!;
          for (let k = 0; k < e; k++) total += w!.data[r * e + k]! * x!.data[(i * t + now) * e + k]!;
          for (let k = 0; k < h; k++) total += u!.data[r * h + k]! * hidden[k]!;
          return total;
        };
        cells = cells.map((cell, j) => sigma(z(h + j)) * cell + sigma(z(j)) * tanh(z(2 * h + j)));
        hidden = cells.map((cell, j) => sigma(z(3 * h + j)) * tanh(cell));
        hidden.forEach((value, j) => (y.data[(i * t + now) * directions * h + d * h + j] = value));
      }
      last.h.data.set(hidden, at);
      last.c.data.set(cells, at);
    }
  return { y, ...last };
}

/** Shapes of x, w, u and b for n sequences of t steps of e features, in d directions of h units. */
const shapes = ([n, t, e, d, h]: readonly [number, number, number, number, number]): readonly (readonly number[])[] => [
  [n, t, e],
  [d, 4 * h, e],
  [d, 4 * h, h],
  [d, 4 * h],
];

const withStates = (sizes: readonly [number, number, number, number, number]): readonly (readonly number[])[] => {
  const [n, , , d, h] = sizes;
  return [...shapes(sizes), [d, n, h], [d, n, h]];
};

/** Sizes n, t, e, d, h: ones, primes, one step, more sequences and more units than a tile of either device. */
const SIZES = [
  [1, 1, 1, 1, 1],
  [1, 3, 2, 2, 1],
  [2, 7, 3, 1, 5],
  [5, 4, 3, 2, 4],
  [7, 1, 5, 2, 3],
  [67, 2, 1, 1, 2],
  [3, 2, 2, 2, 13],
  [1, 3, 2, 2, 19],
  [2, 2, 3, 1, 257],
] as const;

const row = (gates: NonNullable<LSTMOptions["gates"]>): OpCase => ({
  op: "lstm",
  variant: gates,
  call: (x, w, u, b) => c.lstm(x!, w!, u!, b!, { gates }),
  reference: (...inputs) => recur(inputs, gates).y,
  shapes: SIZES.map(shapes),
  range: gates === "sigmoid" ? [-1, 1] : [-0.7, 0.7],
  atol: 3e-5,
});

const states = (part: "y" | "h" | "c"): OpCase => ({
  op: "lstmStates",
  variant: part,
  call: (x, w, u, b, h0, c0) => c.lstmStates(x!, w!, u!, b!, { h0: h0!, c0: c0! })[part],
  reference: (...inputs) => recur(inputs, "sigmoid")[part],
  shapes: [[1, 1, 1, 1, 1] as const, [5, 3, 2, 1, 3] as const, [3, 4, 2, 2, 5] as const].map(withStates),
  range: [-1, 1],
});

/** Rows of the recurrent ops. */
export const RECURRENT: readonly OpCase[] = [
  row("sigmoid"),
  row("hardSigmoid"),
  {
    op: "lstm",
    variant: "more units than U packed leaves room for",
    call: (x: Tensor, w: Tensor, u: Tensor, b: Tensor) => c.lstm(x, w, u, b),
    reference: (...inputs: readonly Reference[]) => recur(inputs, "sigmoid").y,
    shapes: [shapes([2, 2, 1, 1, 421])],
    range: [-0.1, 0.1],
  } as OpCase,
  ...(["y", "h", "c"] as const).map(states),
];

/** Named parameters of the network, as float64. */
export type Weights = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float64Array }>>;

type Matrix = number[][];

const leaky = (v: number): number => (v > 0 ? v : 0.3 * v);
const hard = (v: number): number => Math.min(1, Math.max(0, 0.2 * v + 0.5));

function softmax(z: readonly number[]): number[] {
  const top = Math.max(...z);
  const e = z.map((v) => Math.exp(v - top));
  const sum = e.reduce((a, b) => a + b);
  return e.map((v) => v / sum);
}

function dense(x: Matrix, w: Weights, name: string): Matrix {
  const { data, shape } = w[`${name}.weight`]!;
  const [outputs, inputs] = shape as [number, number];
  return x.map((row) =>
    Array.from({ length: outputs }, (_, o) => {
      let total = w[`${name}.bias`]!.data[o]!;
      for (let i = 0; i < inputs; i++) total += data[o * inputs + i]! * row[i]!;
      return total;
    }),
  );
}

/** One sequence through both directions, [steps][2 units]. */
function blstm(x: Matrix, w: Weights, name: string): Matrix {
  const [input, recurrent, bias] = ["inputWeight", "recurrentWeight", "bias"].map((part) => w[`${name}.${part}`]!);
  const [directions, rows, e] = input!.shape as [number, number, number];
  const h = rows / 4;
  const y: Matrix = x.map(() => []);
  for (let d = 0; d < directions; d++) {
    let [hidden, cell] = [new Array<number>(h).fill(0), new Array<number>(h).fill(0)];
    for (let step = 0; step < x.length; step++) {
      const now = d === 0 ? step : x.length - 1 - step;
      const z = (row: number): number => {
        const r = d * rows + row;
        let total = bias!.data[r]!;
        for (let i = 0; i < e; i++) total += input!.data[r * e + i]! * x[now]![i]!;
        for (let i = 0; i < h; i++) total += recurrent!.data[r * h + i]! * hidden[i]!;
        return total;
      };
      cell = cell.map((c, j) => hard(z(h + j)) * c + hard(z(j)) * Math.tanh(z(2 * h + j)));
      hidden = cell.map((c, j) => hard(z(3 * h + j)) * Math.tanh(c));
      y[now]!.push(...hidden);
    }
  }
  return y;
}

/** Batch normalisation in training, eps of Keras. */
function norm(x: Matrix, w: Weights, name: string): Matrix {
  const columns = x[0]!.map((_, c) => {
    const values = x.map((row) => row[c]!);
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    return { mean, scale: w[`${name}.gamma`]!.data[c]! / Math.sqrt(variance + 1e-3) };
  });
  return x.map((row) => row.map((v, c) => (v - columns[c]!.mean) * columns[c]!.scale + w[`${name}.beta`]!.data[c]!));
}

/** Sets as arrays. */
export interface ReferenceSets {
  readonly items: Matrix[];
  readonly labels: readonly (readonly number[])[];
  readonly counts: readonly number[];
}

/** L = L_cc + λ L_ca of the network in training without dropout, by the formulas of the thesis, pair by pair in float64. */
export function referenceLoss(
  w: Weights,
  { items, labels, counts }: ReferenceSets,
  {
    layers,
    kMax,
    lambda,
    same,
    different,
    residual,
  }: Record<"layers" | "kMax" | "lambda" | "same" | "different", number> & {
    readonly residual: boolean;
  },
): number {
  const states: Matrix = [];
  const features = items.map((set) => {
    let x = dense(set, w, "input").map((row) => row.map(leaky));
    for (let layer = 0; layer < layers; layer++) {
      if (layer === layers - 1) {
        const y = blstm(x, w, "count.lstm");
        const h = y[0]!.length / 2;
        states.push([...y.at(-1)!.slice(0, h), ...y[0]!.slice(h)]);
      }
      const y = blstm(x, w, `layers.${layer}.lstm`);
      x = residual ? x.map((row, i) => row.map((v, c) => v + y[i]![c]!)) : y;
    }
    return x;
  });
  const hidden = norm(
    dense(norm(states, w, "count.norm"), w, "count.dense").map((row) => row.map(leaky)),
    w,
    "count.denseNorm",
  );
  const p = dense(hidden, w, "count.output").map(softmax);
  const countLoss = -p.reduce((sum, row, set) => sum + Math.log(row[counts[set]! - 1]!), 0) / p.length;
  let pairs = 0;
  features.forEach((x, set) => {
    const logits = dense(x, w, "heads.dense");
    const assigned = Array.from({ length: kMax }, (_, i) =>
      logits.map((row) => (i === 0 ? [1] : softmax(row.slice(((i + 1) * i) / 2 - 1, ((i + 1) * (i + 2)) / 2 - 1)))),
    );
    let total = 0;
    for (let i = 0; i < x.length; i++)
      for (let j = i + 1; j < x.length; j++) {
        let together = 0;
        assigned.forEach((a, k) => a[i]!.forEach((v, l) => (together += p[set]![k]! * v * a[j]![l]!)));
        const bounded = Math.min(1 - 1e-7, Math.max(1e-7, together));
        total -= labels[set]![i] === labels[set]![j] ? same * Math.log(bounded) : different * Math.log(1 - bounded);
      }
    pairs += total / ((x.length * (x.length - 1)) / 2);
  });
  return countLoss + (lambda * pairs) / features.length;
}

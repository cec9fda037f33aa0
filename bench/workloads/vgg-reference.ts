import { summarize, type StepSummary } from "./problems";
import { CONVOLUTIONS, type VggProblem } from "./vgg";

type Values = Float64Array;

/** What a layer hands on: its output, and from the gradient of that the gradients of its input and of its parameters in order. */
interface Layer {
  y: Values;
  backward(dy: Values): { dx: Values; parameters: Values[] };
}

/** 3 × 3 convolution with one row of zeros around images of the given side; x [n, inputs, side, side], w [outputs, inputs, 3, 3]. */
function convolution(x: Values, w: Values, n: number, inputs: number, outputs: number, side: number): Layer {
  const plane = side * side;
  const each = (visit: (tap: number, from: number, to: number, length: number) => void): void => {
    for (let i = 0; i < n; i++)
      for (let o = 0; o < outputs; o++)
        for (let c = 0; c < inputs; c++)
          for (let t = 0; t < 9; t++) {
            const [down, right] = [Math.floor(t / 3) - 1, (t % 3) - 1];
            const first = Math.max(0, -right);
            for (let row = Math.max(0, -down); row < Math.min(side, side - down); row++) {
              const from = (i * inputs + c) * plane + (row + down) * side + first + right;
              const to = (i * outputs + o) * plane + row * side + first;
              visit((o * inputs + c) * 9 + t, from, to, side - Math.abs(right));
            }
          }
  };
  const y = new Float64Array(n * outputs * plane);
  each((tap, from, to, length) => {
    const weight = w[tap]!;
    for (let k = 0; k < length; k++) y[to + k]! += weight * x[from + k]!;
  });
  return {
    y,
    backward: (dy) => {
      const [dx, dw] = [new Float64Array(x.length), new Float64Array(w.length)];
      each((tap, from, to, length) => {
        const weight = w[tap]!;
        let total = 0;
        for (let k = 0; k < length; k++) {
          total += dy[to + k]! * x[from + k]!;
          dx[from + k]! += weight * dy[to + k]!;
        }
        dw[tap]! += total;
      });
      return { dx, parameters: [dw] };
    },
  };
}

/** max(gamma (x − mean) / √(variance + 1e-5) + beta, 0) by the statistics of each of c channels of s pixels. */
function normalization(x: Values, gamma: Values, beta: Values, n: number, c: number, s: number): Layer {
  const count = n * s;
  const total = (channel: number, f: (at: number) => number): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) for (let p = 0, at = (i * c + channel) * s; p < s; p++, at++) sum += f(at);
    return sum;
  };
  const means = gamma.map((_, k) => total(k, (at) => x[at]!) / count);
  const scales = means.map((mean, k) => 1 / Math.sqrt(total(k, (at) => (x[at]! - mean) ** 2) / count + 1e-5));
  const channel = (at: number): number => Math.floor(at / s) % c;
  const normal = x.map((value, at) => (value - means[channel(at)]!) * scales[channel(at)]!);
  const y = normal.map((value, at) => Math.max(0, gamma[channel(at)]! * value + beta[channel(at)]!));
  return {
    y,
    backward: (gradient) => {
      const dy = gradient.map((value, at) => (y[at]! > 0 ? value : 0));
      const dbeta = beta.map((_, k) => total(k, (at) => dy[at]!));
      const dgamma = gamma.map((_, k) => total(k, (at) => dy[at]! * normal[at]!));
      const dx = dy.map((value, at) => {
        const k = channel(at);
        return gamma[k]! * scales[k]! * (value - dbeta[k]! / count - (normal[at]! * dgamma[k]!) / count);
      });
      return { dx, parameters: [dgamma, dbeta] };
    },
  };
}

/** The largest of each 2 × 2 pixels of `planes` images; a last odd row and column are left out. */
function pooling(x: Values, planes: number, side: number): Layer {
  const half = side >> 1;
  const y = new Float64Array(planes * half * half);
  const places = new Int32Array(y.length);
  for (let at = 0; at < y.length; at++) {
    const [plane, row, column] = [Math.floor(at / (half * half)), Math.floor(at / half) % half, at % half];
    const corner = (plane * side + 2 * row) * side + 2 * column;
    places[at] = [corner, corner + 1, corner + side, corner + side + 1].reduce((a, b) => (x[b]! > x[a]! ? b : a));
    y[at] = x[places[at]!]!;
  }
  return {
    y,
    backward: (dy) => {
      const dx = new Float64Array(x.length);
      dy.forEach((value, at) => (dx[places[at]!]! += value));
      return { dx, parameters: [] };
    },
  };
}

/** x wᵀ + b, and relu on request; x [n, inputs], w [outputs, inputs]. */
function linear(x: Values, w: Values, b: Values, n: number, relu: boolean): Layer {
  const [inputs, outputs] = [x.length / n, b.length];
  const y = new Float64Array(n * outputs);
  for (let i = 0; i < n; i++)
    for (let o = 0; o < outputs; o++) {
      let total = b[o]!;
      for (let k = 0; k < inputs; k++) total += x[i * inputs + k]! * w[o * inputs + k]!;
      y[i * outputs + o] = relu ? Math.max(0, total) : total;
    }
  return {
    y,
    backward: (gradient) => {
      const dy = relu ? gradient.map((value, at) => (y[at]! > 0 ? value : 0)) : gradient;
      const [dx, dw, db] = [new Float64Array(x.length), new Float64Array(w.length), new Float64Array(outputs)];
      for (let i = 0; i < n; i++)
        for (let o = 0; o < outputs; o++) {
          const value = dy[i * outputs + o]!;
          db[o]! += value;
          for (let k = 0; k < inputs; k++) {
            dx[i * inputs + k]! += value * w[o * inputs + k]!;
            dw[o * inputs + k]! += value * x[i * inputs + k]!;
          }
        }
      return { dx, parameters: [dw, db] };
    },
  };
}

/** The first step, in loops over float64. */
export function vggStep({ batch: n, classes, x, labels, parameters, learningRate }: VggProblem): StepSummary {
  const values = parameters.map((parameter) => Float64Array.from(parameter.values));
  const layers: Layer[] = [];
  let [h, next]: [Values, number] = [Float64Array.from(x), 0];
  const add = (layer: Layer): void => {
    layers.push(layer);
    h = layer.y;
  };
  const take = (): Values => values[next++]!;
  for (const [i, { inputs, outputs, side }] of CONVOLUTIONS.entries()) {
    add(convolution(h, take(), n, inputs, outputs, side));
    add(normalization(h, take(), take(), n, outputs, side * side));
    if (i % 2 === 1) add(pooling(h, n * outputs, side));
  }
  add(linear(h, take(), take(), n, false));
  add(normalization(h, take(), take(), n, h.length / n, 1));
  add(linear(h, take(), take(), n, true));
  add(linear(h, take(), take(), n, false));
  let loss = 0;
  let gradient = new Float64Array(h.length);
  for (let i = 0; i < n; i++) {
    const row = h.subarray(i * classes, (i + 1) * classes);
    const largest = Math.max(...row);
    const log = largest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0));
    loss += (log - row[labels[i]!]!) / n;
    row.forEach((value, k) => (gradient[i * classes + k] = (Math.exp(value - log) - Number(k === labels[i])) / n));
  }
  const changes: Values[] = [];
  for (const layer of layers.reverse()) {
    const { dx, parameters: own } = layer.backward(gradient);
    changes.unshift(...own);
    gradient = Float64Array.from(dx);
  }
  const after = changes.flatMap((change, p) => [...change].map((g, i) => values[p]![i]! - learningRate * g));
  return summarize(
    parameters.map((parameter) => parameter.values),
    [loss],
    after,
  );
}

// Files with the names and shapes that PyTorch's state dicts have, and what its layers make of an example, by their formulas in float64.
import { Random } from "constella";
import { writeSafetensors } from "../../src/data";
import { NdArray } from "../../src/ndarray";

type Draw = (...shape: number[]) => NdArray<Float32Array>;

function drawing(seed: number): Draw {
  const random = new Random(seed);
  return (...shape) => {
    const data = new Float32Array(shape.reduce((size, side) => size * side, 1));
    random.fillNormal(data, 0, 0.5);
    return new NdArray(data, shape);
  };
}

/** `Sequential(Conv2d(1, 4, 3, padding=1, bias=False), BatchNorm2d(4), ReLU(), MaxPool2d(2), Flatten(), Linear(64, 3))` on images of 8 × 8. */
export function convolutional(): Uint8Array {
  const draw = drawing(1);
  const [n, channels, side, outputs] = [2, 4, 8, 3];
  const kernel = draw(channels, 1, 3, 3);
  const [gamma, beta, mean] = [draw(channels), draw(channels), draw(channels)];
  const variance = new NdArray(Float32Array.of(0.5, 1, 2, 4), [channels]);
  const pooled = (side / 2) ** 2;
  const [weight, bias] = [draw(outputs, channels * pooled), draw(outputs)];
  const x = draw(n, 1, side, side);
  const y = new Float32Array(n * outputs);
  for (let i = 0; i < n; i++) {
    const at = (row: number, column: number): number =>
      row < 0 || column < 0 || row >= side || column >= side ? 0 : x.data[(i * side + row) * side + column]!;
    const features = new Float64Array(channels * pooled);
    for (let c = 0; c < channels; c++) {
      const values = Array.from({ length: side * side }, (_, p) => {
        let sum = 0;
        for (let dr = 0; dr < 3; dr++)
          for (let dc = 0; dc < 3; dc++)
            sum += kernel.data[(c * 3 + dr) * 3 + dc]! * at(Math.floor(p / side) + dr - 1, (p % side) + dc - 1);
        const normal = (sum - mean.data[c]!) / Math.sqrt(variance.data[c]! + 1e-5);
        return Math.max(0, gamma.data[c]! * normal + beta.data[c]!);
      });
      for (let p = 0; p < pooled; p++) {
        const [row, column] = [2 * Math.floor(p / (side / 2)), 2 * (p % (side / 2))];
        const four = [0, 1, side, side + 1].map((step) => values[row * side + column + step]!);
        features[c * pooled + p] = Math.max(...four);
      }
    }
    for (let o = 0; o < outputs; o++)
      y[i * outputs + o] = features.reduce(
        (sum, value, f) => sum + value * weight.data[o * features.length + f]!,
        bias.data[o]!,
      );
  }
  return writeSafetensors({
    "0.weight": kernel,
    ...{ "1.weight": gamma, "1.bias": beta, "1.running_mean": mean, "1.running_var": variance },
    "1.num_batches_tracked": new NdArray(BigInt64Array.of(7n), []),
    ...{ "5.weight": weight, "5.bias": bias },
    ...{ "example.x": x, "example.y": new NdArray(y, [n, outputs]) },
  });
}

/** `LSTM(3, 2, bidirectional=True, batch_first=True)` on two sequences of four steps. */
export function recurrent(): Uint8Array {
  const draw = drawing(2);
  const [n, steps, features, units] = [2, 4, 3, 2];
  const x = draw(n, steps, features);
  const y = new Float32Array(n * steps * 2 * units);
  const tensors: Record<string, NdArray<Float32Array>> = {};
  const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
  ["", "_reverse"].forEach((way, direction) => {
    const [w, u] = [draw(4 * units, features), draw(4 * units, units)];
    const [b, d] = [draw(4 * units), draw(4 * units)];
    Object.assign(tensors, {
      [`weight_ih_l0${way}`]: w,
      [`weight_hh_l0${way}`]: u,
      [`bias_ih_l0${way}`]: b,
      [`bias_hh_l0${way}`]: d,
    });
    for (let i = 0; i < n; i++) {
      let [h, c] = [new Array<number>(units).fill(0), new Array<number>(units).fill(0)];
      for (let step = 0; step < steps; step++) {
        const t = direction === 0 ? step : steps - 1 - step;
        const gate = (block: number, unit: number): number => {
          const row = block * units + unit;
          let sum = b.data[row]! + d.data[row]!;
          for (let f = 0; f < features; f++)
            sum += w.data[row * features + f]! * x.data[(i * steps + t) * features + f]!;
          for (let j = 0; j < units; j++) sum += u.data[row * units + j]! * h[j]!;
          return sum;
        };
        c = c.map((old, unit) => sigmoid(gate(1, unit)) * old + sigmoid(gate(0, unit)) * Math.tanh(gate(2, unit)));
        h = c.map((now, unit) => sigmoid(gate(3, unit)) * Math.tanh(now));
        y.set(h, ((i * steps + t) * 2 + direction) * units);
      }
    }
  });
  return writeSafetensors({ ...tensors, "example.x": x, "example.y": new NdArray(y, [n, steps, 2 * units]) });
}

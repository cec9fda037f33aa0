import {
  add,
  grad,
  LSTM,
  mean,
  orthogonal,
  Random,
  ResidualBLSTM,
  ResidualBLSTMStack,
  square,
  sub,
  tensor,
  tidy,
} from "constella";
import type { Device, Tensor } from "constella";
import { expect, test } from "vitest";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";

const sequences = (device: Device, [n, t, e]: readonly [number, number, number], seed = 3): Tensor => {
  const random = uniforms(seed);
  return tensor(
    device,
    Float32Array.from({ length: n * t * e }, () => 2 * random() - 1),
    [n, t, e],
  );
};

/** Gram matrix of the shorter side of a matrix. */
function gram(values: ArrayLike<number>, rows: number, columns: number): number[][] {
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
  const at = (i: number, k: number): number => values[rows < columns ? i * columns + k : k * columns + i]!;
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: count }, (_, j) => {
      let dot = 0;
      for (let k = 0; k < length; k++) dot += at(i, k) * at(j, k);
      return dot;
    }),
  );
}

test.each([
  [1, 1],
  [7, 3],
  [3, 7],
  [52, 13],
])("orthogonal, %i × %i", (rows, columns) => {
  gram(orthogonal([rows, columns], new Random(1)), rows, columns).forEach((row, i) =>
    row.forEach((dot, j) => expect(dot).toBeCloseTo(Number(i === j), 5)),
  );
});

describeDevices("LSTM modules", (device) => {
  test("Keras's initial values", async () => {
    const [e, h] = [6, 5];
    const layer = new LSTM(await device(), e, h, new Random(1), { bidirectional: true, init: "keras" });
    const bias = await layer.bias.data();
    expect([...bias]).toEqual(Array.from({ length: 8 * h }, (_, row) => Number(Math.floor(row / h) % 4 === 1)));
    const limit = Math.sqrt(6 / (e + 4 * h));
    const largest = Math.max(...(await layer.inputWeight.data()).map(Math.abs));
    expect(largest).toBeLessThanOrEqual(limit);
    expect(largest).toBeGreaterThan(0.9 * limit);
    const u = await layer.recurrentWeight.data();
    for (const d of [0, 1])
      gram(u.slice(d * 4 * h * h, (d + 1) * 4 * h * h), 4 * h, h).forEach((row, i) =>
        row.forEach((dot, j) => expect(dot).toBeCloseTo(Number(i === j), 5)),
      );
    expect(u.slice(0, h)).not.toEqual(u.slice(4 * h * h, 4 * h * h + h));
    layer.dispose();
  });

  test("cells that remember from the start: biases of the forget gates ln U(1, 71), of the input gates the negative", async () => {
    const h = 200;
    const layer = new LSTM(await device(), 2, h, new Random(1), { bidirectional: true, init: "keras", memory: 72 });
    const bias = await layer.bias.data();
    for (const first of [0, 4 * h]) {
      const forget = bias.slice(first + h, first + 2 * h);
      const times = [...forget].map(Math.exp);
      expect([...bias.slice(first, first + h)]).toEqual([...forget].map((value) => -value));
      expect(Math.min(...times)).toBeGreaterThanOrEqual(1);
      expect(Math.max(...times)).toBeLessThanOrEqual(71.001);
      expect(Math.abs(times.reduce((sum, time) => sum + time / h, 0) - 36)).toBeLessThan(6);
      expect(bias.slice(first + 2 * h, first + 4 * h).every((value) => value === 0)).toBe(true);
    }
    layer.dispose();
    const made = await device();
    expect(() => new LSTM(made, 2, 2, new Random(1), { memory: 2 })).toThrow(
      "LSTM: memory must be 3 steps or more, got 2",
    );
  });

  test("PyTorch's initial values", async () => {
    const layer = new LSTM(await device(), 3, 16, new Random(1));
    const u = await layer.recurrentWeight.data();
    expect(Math.max(...u.map(Math.abs))).toBeLessThanOrEqual(0.25);
    expect(Math.max(...u)).toBeGreaterThan(0.24);
    const bias = Math.max(...(await layer.bias.data()).map(Math.abs));
    expect(bias).toBeLessThanOrEqual(0.5);
    expect(bias).toBeGreaterThan(0.25);
    layer.dispose();
  });

  test("encode gives the last output of either direction", async () => {
    const layer = new LSTM(await device(), 3, 2, new Random(1), { bidirectional: true });
    const x = sequences(await device(), [2, 4, 3]);
    const { y, code } = tidy(() => ({ y: layer.forward(x), code: layer.encode(x) }));
    const all = await y.data();
    const at = (i: number, step: number, unit: number): number => all[(i * 4 + step) * 4 + unit]!;
    const want = [0, 1].flatMap((i) => [at(i, 3, 0), at(i, 3, 1), at(i, 0, 2), at(i, 0, 3)]);
    expect([...(await code.data())]).toEqual(want);
    for (const used of [y, code, x]) used.dispose();
    layer.dispose();
  });

  test("a residual block adds its input, and has the parameters of the thesis at 288 features", async () => {
    const block = new ResidualBLSTM(await device(), 4, new Random(1), { gates: "hardSigmoid", init: "keras" });
    const x = sequences(await device(), [3, 5, 4]);
    const difference = tidy(() => sub(block.forward(x), add(x, block.lstm.forward(x))));
    expect([...(await difference.data())].every((value) => value === 0)).toBe(true);
    for (const used of [difference, x]) used.dispose();
    block.dispose();
    const large = new ResidualBLSTM(await device(), 288, new Random(1));
    expect(large.parameters().reduce((sum, { size }) => sum + size, 0)).toBe(498816);
    large.dispose();
  });

  test("a stack of 14 has gradients everywhere, leaks nothing, and launches as much for long sequences as for short", async () => {
    const made = await device();
    const stack = new ResidualBLSTMStack(made, 14, 8, new Random(1));
    const { buffers } = made.memory();
    let launches = 0;
    const original = made.run.bind(made);
    made.run = (...args) => {
      launches++;
      original(...args);
    };
    const counts: number[] = [];
    try {
      for (const t of [5, 40]) {
        launches = 0;
        const x = sequences(made, [3, t, 8]);
        const gradients = tidy(() => grad(mean(square(stack.forward(x))), stack.parameters()));
        counts.push(launches);
        for (const gradient of gradients) {
          const values = await gradient.data();
          expect(values.every(Number.isFinite)).toBe(true);
          expect(values.some((value) => value !== 0)).toBe(true);
          gradient.dispose();
        }
        x.dispose();
      }
    } finally {
      made.run = original;
    }
    expect(counts[0]).toBe(counts[1]);
    expect(made.memory().buffers).toBe(buffers);
    stack.dispose();
  });

  test("outputs ends with what forward gives", async () => {
    const stack = new ResidualBLSTMStack(await device(), 3, 4, new Random(1));
    const x = sequences(await device(), [2, 3, 4]);
    const { y, all } = tidy(() => ({ y: stack.forward(x), all: stack.outputs(x) }));
    expect(all).toHaveLength(3);
    expect([...(await all[2]!.data())]).toEqual([...(await y.data())]);
    for (const used of [y, x, ...all]) used.dispose();
    stack.dispose();
  });

  test("what it refuses", async () => {
    const made = await device();
    const random = new Random(1);
    expect(() => new LSTM(made, 0, 3, random)).toThrow("LSTM: features must be a whole number from 1, got 0");
    expect(() => new ResidualBLSTM(made, 7, random)).toThrow("must be even");
    expect(() => new ResidualBLSTMStack(made, 0, 4, random)).toThrow("layers must be a whole number from 1, got 0");
    const layer = new LSTM(made, 3, 2, random);
    const x = sequences(made, [2, 4, 5]);
    expect(() => layer.forward(x)).toThrow("lstm: the input weight must be [1, 8, 5], got [1, 8, 3]");
    x.dispose();
    layer.dispose();
  });
});

// What the thesis prints beside the model that it ends with: the iterative model, the head of the divergence loss, soft k-means.
import {
  accuracy,
  leakyRelu,
  matmul,
  noGrad,
  Random,
  softKMeans,
  tensor,
  tidy,
  zeros,
  concat,
  add,
  reshape,
} from "constella";
import type { Device, Tensor } from "constella";
import type { RecurrentIterativeNetwork } from "../../../src/models/learning-to-cluster/networks/recurrent-iterative-network";
import { describe, expect, test } from "vitest";
import { deviceOf } from "../../devices";
import { lineSets } from "./line-sets";
import { begun, FIT, small } from "./small";

const values = async (make: () => Tensor): Promise<number[]> => {
  const made = tidy(() => noGrad(make));
  const found = [...(await made.data())];
  made.dispose();
  return found;
};

describe("iterative-lstm", () => {
  const built = async (device: Device): Promise<RecurrentIterativeNetwork> => {
    const model = await begun(device, { model: "iterative-lstm", layers: 1 });
    model.network.eval();
    return model.network as RecurrentIterativeNetwork;
  };

  test("an item is compared with every other and not with itself, from states that are zero", async () => {
    const device = await deviceOf("wasm");
    const network = await built(device);
    const { input, own, other, compared, update } = network;
    // a set of one item: there is nothing to compare it with, whatever it is
    const alone = await values(() => network.run(tensor(device, [3, -2], [1, 1, 2])).features);
    const bias = [...(await update.bias!.data())];
    alone.forEach((value, i) => expect(value).toBeCloseTo(bias[i]! > 0 ? bias[i]! : 0.3 * bias[i]!, 6));
    // of two and three items: the LSTM over the comparisons with the others, in their order
    const points = [0.4, -1, 1.2, 0.3, -0.7, 0.9];
    for (const n of [2, 3]) {
      const items = points.slice(0, 2 * n);
      const found = await values(() => network.run(tensor(device, items, [1, n, 2])).features);
      const expected = await values(() => {
        const e = leakyRelu(input.forward(tensor(device, items, [n, 2])), 0.3);
        const known = concat([e, zeros(device, [n, 16])], 1);
        const [a, b] = [own.forward(known), other.forward(known)];
        const row = (x: Tensor, i: number): Tensor => reshape(tensorRow(x, i), [1, 1, 16]);
        const states = Array.from({ length: n }, (_, i) => {
          const others = Array.from({ length: n }, (_, j) => j).filter((j) => j !== i);
          const sequence = concat(
            others.map((j) => leakyRelu(add(row(a, i), row(b, j)), 0.3)),
            1,
          );
          return leakyRelu(update.forward(compared.encode(sequence)), 0.3);
        });
        return concat(states, 0);
      });
      expect(found).toHaveLength(16 * n);
      found.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    }
  });

  test("learns to tell one, two and three places of a line apart; without steps it does not", async () => {
    const device = await deviceOf("wasm");
    const fit = { ...FIT, iterations: 120, batchSize: 16, length: 8, validateEvery: 60, validationSets: 40 };
    const trained = async (learningRate: number) => {
      const model = small(device, { model: "iterative-lstm", layers: 2, optimizer: { type: "adam", learningRate } });
      await model.fit(lineSets(), fit);
      const { validationLoss, NMI } = model.history.at(-1)!;
      model.dispose();
      return { validationLoss, NMI };
    };
    const [learned, still] = [await trained(1e-2), await trained(1e-9)];
    expect(learned.validationLoss).toBeLessThan(0.4 * still.validationLoss);
    expect(learned.NMI).toBeGreaterThan(still.NMI + 0.2);
  });
});

const tensorRow = (x: Tensor, i: number): Tensor => {
  const pick = tensor(
    x.device,
    Float32Array.from({ length: x.shape[0]! }, (_, j) => Number(i === j)),
    [1, x.shape[0]!],
  );
  return reshape(matmul(pick, x), [x.shape[1]!]);
};

describe("the head of the divergence loss", () => {
  test("256 → 128 → softmax: a rectified layer, then logits as they are; without it, 128 rectified outputs", async () => {
    const device = await deviceOf("wasm");
    for (const divergenceHidden of [undefined, 256]) {
      const regularizers = { divergence: 0.1, ...(divergenceHidden && { divergenceHidden }) };
      const { network } = await begun(device, { regularizers });
      expect(network.divergenceHidden?.weight.shape).toEqual(divergenceHidden && [256, 2]);
      expect(network.divergence!.weight.shape).toEqual([128, divergenceHidden ?? 2]);
      const x = tensor(device, [0.5, -1], [1, 1, 2]);
      const found = await values(() => network.divergenceLogits(x));
      const expected = await values(() => {
        const hidden = network.divergenceHidden ? leakyRelu(network.divergenceHidden.forward(x), 0.3) : x;
        const logits = network.divergence!.forward(hidden);
        return network.divergenceHidden ? logits : leakyRelu(logits, 0.3);
      });
      expect(found).toEqual(expected);
      x.dispose();
    }
  });
});

describe("soft k-means from centres in U[0, 1]", () => {
  /** Share of 40 draws of k tight clusters in the plane whose assignment is right everywhere. */
  const solved = async (k: number): Promise<number> => {
    const device = await deviceOf("wasm");
    let count = 0;
    for (let draw = 0; draw < 40; draw++) {
      const random = new Random(100 * k + draw);
      const places = Array.from({ length: 2 * k }, () => 2 * random.uniform() - 1);
      const truth = Int32Array.from({ length: 12 * k }, (_, i) => i % k);
      const points = Float32Array.from(
        { length: 24 * k },
        (_, i) => places[2 * truth[i >> 1]! + (i & 1)]! + 0.05 * random.normal(),
      );
      const centers = Float32Array.from({ length: 2 * k }, () => random.uniform());
      const q = await values(
        () => softKMeans(tensor(device, points, [12 * k, 2]), tensor(device, centers, [k, 2])).assignments,
      );
      const found = Int32Array.from(truth, (_, i) => {
        const row = q.slice(i * k, (i + 1) * k);
        return row.indexOf(Math.max(...row));
      });
      count += Number(accuracy(truth, found) === 1);
    }
    return count / 40;
  };

  test("finds two clusters nearly always, and more than four hardly ever, as the thesis reports", async () => {
    expect(await solved(2)).toBeGreaterThan(0.85);
    expect(await solved(5)).toBeLessThan(0.2);
    expect(await solved(6)).toBeLessThan(0.1);
  });
});

// Weights and outputs of networks that PyTorch wrote (test/fixtures/pytorch/make.py), by the map of docs/guides/pytorch.md.
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import {
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  Flatten,
  Linear,
  LSTM,
  MaxPool2d,
  noGrad,
  Random,
  ReLU,
  Sequential,
  tensor,
  tidy,
} from "constella";
import type { Device, Tensor } from "constella";
import { readSafetensors } from "constella/data";
import { CoderAutoencoder, ConvAutoencoder } from "constella/generative";
import { describeDevices } from "../devices";

interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}
type State = Readonly<Record<string, Values>>;

async function fixture(name: string): Promise<{ state: State; example: State }> {
  const { tensors } = readSafetensors(await readFile(`test/fixtures/pytorch/${name}.safetensors`));
  const all = [...tensors].map(([key, value]) => [key, value as unknown as Values] as const);
  const examples = all.filter(([key]) => key.startsWith("example."));
  return {
    state: Object.fromEntries(all.filter(([key]) => !key.startsWith("example."))),
    example: Object.fromEntries(examples.map(([key, value]) => [key.slice("example.".length), value])),
  };
}

const put = (device: Device, { data, shape }: Values): Tensor => tensor(device, data, shape);

/** Holds numbers to 1e-5 of PyTorch's, or of their size where that is above 1. */
async function expectSame(found: Tensor, wanted: Values): Promise<void> {
  const values = await found.data();
  expect(values.length).toBe(wanted.data.length);
  values.forEach((value, i) =>
    expect(Math.abs(value - wanted.data[i]!), `${i}`).toBeLessThan(1e-5 * Math.max(1, Math.abs(wanted.data[i]!))),
  );
  found.dispose();
}

/** The names of a convolutional autoencoder here: layers without weights do not count. */
const CODER = {
  ...{
    "encoder.0": "encoder.convolutions.0",
    "encoder.2": "encoder.convolutions.1",
    "encoder.5": "encoder.head.linear",
  },
  ...{
    "decoder.0": "decoder.layers.0.linear",
    "decoder.3": "decoder.convolutions.0",
    "decoder.5": "decoder.convolutions.1",
  },
} as const;

/** Tensors with the layers' names given by a map. */
const renamed = (state: State, layers: Readonly<Record<string, string>>): State =>
  Object.fromEntries(
    Object.entries(state).map(([name, value]) => {
      const at = name.lastIndexOf(".");
      return [`${layers[name.slice(0, at)]}${name.slice(at)}`, value];
    }),
  );

describeDevices("weights from PyTorch", (device, type) => {
  test("a convolutional encoder and its decoder, sides odd and even", async () => {
    const { state, example } = await fixture("autoencoder");
    const made = await device();
    const spec = { type: "convolutional", channels: [3, 4] } as const;
    const network = new CoderAutoencoder(made, spec, [2, 7, 6], 5, new Random(0));
    const before = tidy(() => noGrad(() => network.encode(put(made, example["x"]!))));
    await expect(expectSame(before, example["code"]!), "untrained").rejects.toThrow();
    network.loadStateDict(renamed(state, CODER));
    await expectSame(
      tidy(() => noGrad(() => network.encode(put(made, example["x"]!)))),
      example["code"]!,
    );
    await expectSame(
      tidy(() => noGrad(() => network.forward(put(made, example["x"]!)))),
      example["y"]!,
    );
    // and back: PyTorch's names, shapes and bits
    const names = Object.fromEntries(Object.entries(CODER).map(([theirs, ours]) => [ours, theirs]));
    const own = Object.entries(network.stateDict()).map(
      async ([name, value]) => [name, { shape: value.shape, data: await value.data() }] as const,
    );
    expect(renamed(Object.fromEntries(await Promise.all(own)) as State, names)).toEqual(
      Object.fromEntries(Object.entries(state).map(([name, { shape, data }]) => [name, { shape: [...shape], data }])),
    );
    network.dispose();
  });

  if (type === "wasm")
    test("the model of that network, fitted for no epochs", async () => {
      const { state, example } = await fixture("autoencoder");
      const made = await device();
      const model = new ConvAutoencoder({ inputShape: [2, 7, 6], channels: [3, 4], code: 5, device: made });
      await model.fit(example["x"]!, { epochs: 0 });
      model.network.loadStateDict(renamed(state, CODER));
      await expectSame(tensor(made, (await model.transform(example["x"]!)).data), example["code"]!);
      await expectSame(tensor(made, (await model.reconstruct(example["x"]!)).data), example["y"]!);
      model.dispose();
    });

  test("strided and transposed convolutions with batch normalisation, pooling and a linear layer", async () => {
    const { state, example } = await fixture("strided");
    const made = await device();
    const random = new Random(0);
    const network = new Sequential([
      new Conv2d(made, 1, 4, 3, random, { stride: 2, padding: 1, bias: false }),
      new BatchNorm2d(made, 4),
      new ReLU(),
      new ConvTranspose2d(made, 4, 3, 3, random, { stride: 2, padding: 1, outputPadding: 1 }),
      new BatchNorm2d(made, 3),
      new ReLU(),
      new MaxPool2d(2),
      new Flatten(),
      new Linear(made, 48, 3, random),
    ]).eval();
    const norm: Readonly<Record<string, string>> = {
      ...{ weight: "gamma", bias: "beta", running_mean: "runningMean", running_var: "runningVariance" },
    };
    const entries = Object.entries(state).flatMap(([name, value]) => {
      const [place, own] = name.split(".") as [string, string];
      if (own === "num_batches_tracked") return [];
      return [[`layers.${place}.${place === "1" || place === "4" ? norm[own] : own}`, value] as const];
    });
    network.loadStateDict(Object.fromEntries(entries));
    await expectSame(
      tidy(() => noGrad(() => network.forward(put(made, example["x"]!)))),
      example["y"]!,
    );
    network.dispose();
  });

  test("an LSTM of two directions", async () => {
    const { state, example } = await fixture("lstm");
    const made = await device();
    const lstm = new LSTM(made, 3, 2, new Random(0), { bidirectional: true });
    const both = (name: string): Values => {
      const parts = ["", "_reverse"].map((way) => state[`${name}_l0${way}`]!);
      return {
        shape: [2, ...parts[0]!.shape],
        data: Float32Array.from(parts.flatMap(({ data }) => [...data])),
      };
    };
    const [ih, hh] = [both("bias_ih"), both("bias_hh")];
    lstm.loadStateDict({
      inputWeight: both("weight_ih"),
      recurrentWeight: both("weight_hh"),
      bias: { shape: ih.shape, data: ih.data.map((value, i) => value + hh.data[i]!) },
    });
    await expectSame(
      tidy(() => noGrad(() => lstm.forward(put(made, example["x"]!)))),
      example["y"]!,
    );
    lstm.dispose();
  });
});

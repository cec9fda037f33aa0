// What onnxruntime-web, in WebAssembly, makes of networks that were written as ONNX: the same as the library, of every layer and every kind of encoder.
import { InferenceSession, Tensor as OrtTensor, env } from "onnxruntime-web/wasm";
import { describe, expect, test } from "vitest";
import {
  AvgPool2d,
  BatchNorm1d,
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  DEC,
  DeepCluster,
  Flatten,
  GlobalAvgPool2d,
  LeakyReLU,
  Linear,
  LSTM,
  MaxPool2d,
  Random,
  ReLU,
  Sequential,
  tensor,
} from "constella";
import type { Device, Module, NdArray } from "constella";
import { ConvDEC } from "constella/deep";
import { ResidualAutoencoder, VAE } from "constella/generative";
import { toOnnx } from "constella/onnx";
import { deviceOf } from "../devices";
import { digits } from "../models/digits";

env.wasm.numThreads = 1;

/** What the runtime makes of items, by the names of the outputs. */
async function computed(
  file: Uint8Array,
  x: Float32Array,
  shape: readonly number[],
): Promise<Record<string, Float32Array>> {
  const session = await InferenceSession.create(file);
  const outputs = await session.run({ x: new OrtTensor("float32", x, shape) });
  await session.release();
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
}

const farthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
};

const drawn = (shape: readonly number[]): Float32Array => {
  const x = new Float32Array(shape.reduce((product, size) => product * size, 1));
  new Random(3).fillNormal(x);
  return x;
};

/** Statistics that are no longer those of a new layer: of two batches. */
async function seen(network: Module, device: Device, shape: readonly number[]): Promise<Module> {
  for (const batch of [0, 1]) {
    const x = new Float32Array(shape.reduce((product, size) => product * size, 1));
    new Random(batch).fillNormal(x, 0.5, 2);
    network
      .train()
      .forward(tensor(device, x, shape))
      .dispose();
  }
  return network.eval();
}

describe("layers as ONNX", () => {
  type Make = (device: Device, random: Random) => Module[];
  const cases: readonly (readonly [name: string, inputShape: readonly number[], make: Make])[] = [
    ...(["relu", "leakyRelu", "sigmoid", "tanh"] as const).map((activation) => {
      const make: Make = (device, random) => [
        new Linear(device, 7, 5, random, { activation }),
        new Linear(device, 5, 3, random, { bias: false }),
      ];
      return [`Linear, ${activation}`, [7], make] as const;
    }),
    [
      "convolutions, normalisation, maxima, Linear",
      [2, 11, 9],
      (device, random) => [
        new Conv2d(device, 2, 4, 3, random, { padding: "same", stride: 2, bias: false }),
        new BatchNorm2d(device, 4, { activation: "leakyRelu", slope: 0.2, eps: 1e-3 }),
        new Conv2d(device, 4, 6, [3, 2], random, { padding: [1, 0], activation: "tanh" }),
        new MaxPool2d(3, { stride: 2, padding: 1 }),
        new Flatten(),
        new Linear(device, 36, 5, random),
        new BatchNorm1d(device, 5, { affine: false }),
        new ReLU(),
      ],
    ],
    [
      "transposed convolutions and means",
      [3, 4, 5],
      (device, random) => [
        new ConvTranspose2d(device, 3, 4, 3, random, { stride: 2, padding: 1, outputPadding: [1, 0] }),
        new LeakyReLU(0.3),
        new AvgPool2d(3, { padding: 1, stride: 2 }),
        new GlobalAvgPool2d(),
      ],
    ],
  ];
  test.each(cases)("%s", async (_, inputShape, make) => {
    const device = await deviceOf("wasm");
    const shape = [3, ...inputShape];
    const network = await seen(new Sequential(make(device, new Random(1))), device, shape);
    const x = drawn(shape);
    const wanted = await network.forward(tensor(device, x, shape)).data();
    const { y } = await computed(await toOnnx(network, { inputShape }), x, shape);
    expect(farthest(y!, wanted)).toBeLessThan(1e-5);
    network.dispose();
  });

  test("tells what it does not take", async () => {
    const device = await deviceOf("wasm");
    const layer = new Linear(device, 4, 3, new Random(0));
    const lstm = new LSTM(device, 4, 3, new Random(0));
    await expect(toOnnx(layer)).rejects.toThrow("toOnnx: inputShape must be given for Linear, got none");
    await expect(toOnnx(layer, { inputShape: [5] })).rejects.toThrow("toOnnx: a Linear here takes items of 4 numbers");
    await expect(toOnnx(lstm, { inputShape: [4] })).rejects.toThrow("must be of layers that ONNX has, got LSTM");
    layer.dispose();
    lstm.dispose();
  });
});

describe("encoders as ONNX", () => {
  interface Fitted {
    readonly network: Module;
    fit(x: NdArray, options: { epochs: number }): Promise<unknown>;
    transform(x: NdArray): Promise<NdArray>;
    dispose(): void;
  }
  const image = { inputShape: [1, 8, 8], epochs: 1, batchSize: 32 };
  const makers: readonly (readonly [name: string, output: string, make: (device: Device) => Fitted])[] = [
    [
      "DEC",
      "code",
      (device) => new DEC({ layers: [64, 32, 5], nClusters: 4, pretrainEpochs: 1, layerEpochs: 0, device }),
    ],
    [
      "ConvDEC",
      "code",
      (device) =>
        new ConvDEC({ inputShape: [1, 8, 8], channels: [4, 6], code: 3, nClusters: 4, pretrainEpochs: 1, device }),
    ],
    [
      "ResidualAutoencoder",
      "code",
      (device) => new ResidualAutoencoder({ ...image, channels: [4, 6], code: 3, device }),
    ],
    ["VAE", "mu", (device) => new VAE({ ...image, network: { type: "dense", sizes: [24, 12] }, latents: 3, device })],
    [
      "DeepCluster",
      "features",
      (device) =>
        new DeepCluster({ network: { type: "vgg", input: [1, 8, 8], channels: 2, hidden: 6 }, nClusters: 4, device }),
    ],
  ];
  test.each(makers)("%s", async (_, output, make) => {
    const device = await deviceOf("wasm");
    const { x } = digits(64);
    const model = make(device);
    await model.fit(x, { epochs: 1 });
    const wanted = await model.transform(x);
    const shape = output === "features" ? [64, 1, 8, 8] : [64, ...shapeIn(model.network)];
    const outputs = await computed(await toOnnx(model.network), Float32Array.from(x.data as Float32Array), shape);
    expect(farthest(outputs[output]!, wanted.data as Float32Array)).toBeLessThan(1e-5);
    if (output === "mu") expect(Object.keys(outputs)).toEqual(["mu", "logvar"]);
    model.dispose();
  });

  /** Sizes of an item as an encoder of the test has them. */
  const shapeIn = (network: Module): readonly number[] => {
    const { encoder } = network as unknown as { encoder: { readonly inputShape?: readonly number[] } };
    return encoder.inputShape ?? [64];
  };
});

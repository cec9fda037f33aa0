// What models name: a device has loaded it, and compiled it, before they launch it.
import { describe, expect, test } from "vitest";
import { NdArray, requestDevice } from "constella";
import type { Device } from "constella";
import { ConditionalVAE, ConditionalVAEClustering, DIVERGENCES, HypercolumnSegmentation, ResidualAutoencoder, VaDE, VAE } from "constella/generative"; // prettier-ignore
import { ConvIDEC, ConvN2D, DCN, DipDECK, N2D } from "constella/deep";
import { ClassSets } from "constella/data";
import { LearningToCluster } from "constella/sets";
import { DeepCluster } from "constella/vision";
import { GaussianMixture } from "constella/density";
import type { Kernel } from "../../src/kernel";
import { MODELS, sets, x } from "../lifecycle/models";
import type { AnyModel } from "../lifecycle/models";

const images = new NdArray(
  Float32Array.from({ length: 60 * 64 }, (_, i) => Math.abs(Math.sin(i * 1.3))),
  [60, 1, 8, 8],
);

/** Sets of pictures of ten classes. */
const pictures = (): ClassSets =>
  new ClassSets(
    new NdArray(images.data, [60, 8, 8]),
    Array.from({ length: 60 }, (_, i) => i % 10),
    { kMax: 3, shares: [0.4, 0.3, 0.3] },
  );

/** Trainings of models: those of the lifecycle's tests, and others with other networks and options. */
const FITS: Readonly<Record<string, (device: Device) => readonly [AnyModel, (model: never) => Promise<unknown>]>> = {
  ...Object.fromEntries(
    Object.entries(MODELS).map(([name, { make, fit }]) => [name, (device: Device) => [make(device), fit]]),
  ),
  "DeepCluster, VGG, augmented": (device) => [
    new DeepCluster({
      ...{ nClusters: 3, batchSize: 16, statisticsBatches: 2, device },
      network: { type: "vgg", input: [1, 8, 8], blocks: 1, channels: 4, hidden: 8 },
      augment: { flip: 0.5, rotate: 5, jitter: { brightness: 0.1 } },
    }),
    (model: DeepCluster) => model.fit(images, { epochs: 1 }),
  ],
  N2D: (device) => [
    new N2D({ ...{ layers: [8, 12, 3], nClusters: 3, epochs: 1, layoutEpochs: 5, nNeighbors: 5, nInit: 2 }, device }),
    (model: N2D) => model.fit(x),
  ],
  DCN: (device) => [
    new DCN({
      layers: [8, 12, 3],
      nClusters: 3,
      layerEpochs: 1,
      pretrainEpochs: 1,
      nInit: 2,
      updateInterval: 5,
      device,
    }),
    (model: DCN) => model.fit(x, { epochs: 2 }),
  ],
  DipDECK: (device) => [
    new DipDECK({
      ...{ layers: [8, 12, 3], initialClusters: 6, layerEpochs: 1, pretrainEpochs: 1, nInit: 2, updateInterval: 5 },
      device,
    }),
    (model: DipDECK) => model.fit(x, { epochs: 2 }),
  ],
  ConvIDEC: (device) => [
    new ConvIDEC({
      ...{ inputShape: [1, 8, 8], channels: [4, 6], code: 3, nClusters: 3, pretrainEpochs: 1, nInit: 2, device },
      updateInterval: 5,
    }),
    (model: ConvIDEC) => model.fit(images, { epochs: 2 }),
  ],
  ConvN2D: (device) => [
    new ConvN2D({
      ...{ inputShape: [1, 8, 8], channels: [4, 6], code: 3, nClusters: 3, epochs: 1, nInit: 2, device },
      ...{ layoutEpochs: 5, nNeighbors: 5 },
    }),
    (model: ConvN2D) => model.fit(images),
  ],
  VAE: (device) => [
    new VAE({ inputShape: [8], epochs: 1, batchSize: 20, styleUnits: 1, device }),
    (model: VAE) => model.fit(x),
  ],
  ConditionalVAE: (device) => [
    new ConditionalVAE({ inputShape: [8], epochs: 1, batchSize: 20, device }),
    (model: ConditionalVAE) => model.fit(x),
  ],
  VaDE: (device) => [
    new VaDE({ ...{ inputShape: [8], nClusters: 3, latents: 2, epochs: 1, pretrainEpochs: 1, batchSize: 20 }, device }),
    (model: VaDE) => model.fit(x),
  ],
  ResidualAutoencoder: (device) => [
    new ResidualAutoencoder({ inputShape: [1, 8, 8], channels: [4, 6], epochs: 1, batchSize: 20, device }),
    (model: ResidualAutoencoder) => model.fit(images),
  ],
  HypercolumnSegmentation: (device) => [
    new HypercolumnSegmentation({
      ...{ inputShape: [1, 8, 8], nClusters: 3, channels: [4, 6], epochs: 1, batchSize: 20, device },
      at: ["input", "encoder1"],
    }),
    (model: HypercolumnSegmentation) => model.fit(images),
  ],
  ConditionalVAEClustering: (device) => [
    new ConditionalVAEClustering({ inputShape: [8], epochs: 1, batchSize: 20, components: 5, device }),
    (model: ConditionalVAEClustering) => model.fit(x),
  ],
  ...Object.fromEntries(
    DIVERGENCES.map((divergence) => [
      `VAE, ${divergence}`,
      (device: Device) => [
        new VAE({ inputShape: [8], epochs: 1, batchSize: 20, divergence, device }),
        (model: VAE) => model.fit(x),
      ],
    ]),
  ),
  ...Object.fromEntries(
    (["cnn", "blstm", "cnn-lstm"] as const).map((type) => [
      `LearningToCluster, ${type}`,
      (device: Device) => [
        new LearningToCluster({
          ...{ itemShape: [8, 8], layers: 1, units: 4, countUnits: 3, kMax: 3, device },
          embedding: { type, dense: [4] },
          optimizer: { type: "adam" },
          augment: { rotate: 3 },
          regularizers: { center: 0.1, divergence: 0.1, clusterAssignment: 0.1, emptyCluster: 0.1 },
        }),
        (made: LearningToCluster) =>
          made.fit(pictures(), { iterations: 2, batchSize: 2, length: 6, validateEvery: 1, validationSets: 2 }),
      ],
    ]),
  ),
  "VAE, convolutional": (device) => [
    new VAE({
      ...{ inputShape: [1, 8, 8], epochs: 1, batchSize: 20, device },
      network: { type: "convolutional", channels: [4, 8] },
    }),
    (model: VAE) => model.fit(images),
  ],
  "GaussianMixture, float32": (device) => [
    new GaussianMixture({ nComponents: 2, precision: "float32", maxIter: 3, device }),
    (model: GaussianMixture) => model.fit(x),
  ],
  ...Object.fromEntries(
    (["soft-kmeans", "iterative", "iterative-lstm"] as const).map((model) => [
      `LearningToCluster, ${model}`,
      (device: Device) => [
        new LearningToCluster({ itemShape: [2], model, layers: 1, units: 4, countUnits: 3, kMax: 5, device }),
        (made: LearningToCluster) =>
          made.fit(sets, { iterations: 2, batchSize: 2, length: 8, validateEvery: 1, validationSets: 2 }),
      ],
    ]),
  ),
};

/** What a training launches on a device, and what of that nobody had named before. */
async function launchedBy(name: string): Promise<{ readonly launched: Set<string>; readonly unnamed: Set<string> }> {
  const device = await requestDevice("wasm", { threads: 0 });
  const named = new Set<Kernel>();
  const [launched, unnamed] = [new Set<string>(), new Set<string>()];
  const { prepare, run } = device;
  device.prepare = async (kernels): Promise<void> => {
    await prepare.call(device, kernels);
    for (const kernel of kernels) named.add(kernel);
  };
  device.run = (kernel, args): void => {
    const place = `${kernel.family!.name}/${kernel.name}`;
    launched.add(place);
    if (!named.has(kernel as Kernel)) unnamed.add(place);
    run.call(device, kernel, args);
  };
  const [model, fit] = FITS[name]!(device);
  await fit(model as never);
  model.dispose();
  device.destroy();
  return { launched, unnamed };
}

/** Methods that compute on the host alone. */
const ON_THE_HOST = new Set(["DBSCAN", "ClassicalMDS", "AgglomerativeClustering", "HDBSCAN", "OPTICS", "ESOM"]);

describe("fit launches no kernel that its model did not name, so that the device has loaded and compiled it", () => {
  test.each(Object.keys(FITS))("%s", async (name) => {
    const { launched, unnamed } = await launchedBy(name);
    if (!ON_THE_HOST.has(name)) expect(launched.size).toBeGreaterThan(0);
    expect([...unnamed]).toEqual([]);
  });
});

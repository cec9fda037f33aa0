// Every model with options that train it in an instant, and what else the tests of the lifecycle share.
import {
  DBSCAN,
  DEC,
  IDEC,
  KMeans,
  MiniBatchKMeans,
  NdArray,
  PCA,
  SphericalKMeans,
  StackedAutoencoder,
} from "constella";
import { LearningToCluster } from "constella/sets";
import { DeepCluster, LinearProbe, OnlineDeepCluster, SCAN, SelfLabeling, Supervised } from "constella/vision";
import type { Device, RunOptions } from "constella";
import { SLIC } from "../../src/astronomy";
import { AgglomerativeClustering, BayesianGaussianMixture, GaussianMixture, HDBSCAN, OPTICS } from "../../src/density";
import {
  ConditionalVAE,
  ConditionalVAEClustering,
  ConvAutoencoder,
  ConvVAE,
  HypercolumnSegmentation,
  ResidualAutoencoder,
  VaDE,
  VAE,
} from "../../src/generative";
import { ConvDEC, ConvIDEC, ConvN2D, DCN, DipDECK, N2D } from "../../src/deep";
import { ClassicalMDS, Isomap, TSNE, UMAP } from "../../src/manifold";
import { CSOM, ESOM, SOM } from "../../src/som";
import { LDMGI, SEC, SpectralClustering, SpectralEmbedding } from "../../src/spectral";
import { PointsProvider } from "../../src/data";

/** 200 items of 8 numbers, and classes that have nothing to do with them. */
export const x = new NdArray(
  Float32Array.from({ length: 1600 }, (_, i) => Math.sin(i * 1.7) + (i % 3)),
  [200, 8],
);
export const y = Int32Array.from({ length: 200 }, (_, i) => i % 3);
/** Of no points, 210 of them, so that the eigenvectors take their rounds. */
const distances = new NdArray(
  Float64Array.from({ length: 210 ** 2 }, (_, at) => {
    const [i, j] = [Math.floor(at / 210), at % 210];
    return i === j ? 0 : 1 + Math.abs(Math.sin(1e4 * Math.sin(i * j + i + j)));
  }),
  [210, 210],
);
export const sets = new PointsProvider({});

const network = { type: "mlp", layers: [8, 16, 6] } as const;
const autoencoder = {
  ...{ layers: [8, 12, 3], layerEpochs: 1, pretrainEpochs: 2, pretrainBatchSize: 32, batchSize: 32 },
  ...{ nClusters: 3, nInit: 2, updateInterval: 5, tolerance: 0, seed: 3 },
};
const { nClusters: _, ...uncounted } = autoencoder;
const coder = {
  ...{ inputShape: [1, 2, 4], channels: [4], code: 3, pretrainEpochs: 2, pretrainBatchSize: 32, batchSize: 32 },
  ...{ nClusters: 3, nInit: 2, updateInterval: 5, tolerance: 0, seed: 3 },
};
const places = { nNeighbors: 6, layoutEpochs: 5, nInit: 2 };
const reconstruction = { epochs: 3, batchSize: 32, seed: 3 };
const networks = { network, nClusters: 3, batchSize: 32, seed: 3 };

/** What the tests need of a model. */
export interface AnyModel {
  readonly history: readonly unknown[];
  save(): Promise<Uint8Array>;
  dispose(): void;
}

/** A model: how it is made, loaded, trained and asked. */
export interface Subject {
  make(device: Device): AnyModel;
  load(bytes: Uint8Array, device?: Device): Promise<AnyModel>;
  fit(model: AnyModel, options?: RunOptions): Promise<unknown>;
  ask(model: AnyModel): Promise<unknown>;
}

const set = { iterations: 6, batchSize: 2, length: 8, validateEvery: 2, validationSets: 2 };

function subject<M extends AnyModel>(
  make: (device: Device) => M,
  load: (bytes: Uint8Array, device?: Device) => Promise<M>,
  fit: (model: M, options?: RunOptions) => Promise<unknown>,
  ask: (model: M) => Promise<unknown>,
): Subject {
  return { make, load, fit: (model, options) => fit(model as M, options), ask: (model) => ask(model as M) };
}

export const MODELS: Readonly<Record<string, Subject>> = {
  KMeans: subject(
    (device) => new KMeans({ nClusters: 3, nInit: 2, device }),
    (bytes, device) => KMeans.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.transform(x),
  ),
  MiniBatchKMeans: subject(
    (device) => new MiniBatchKMeans({ nClusters: 3, batchSize: 40, maxIter: 5, device }),
    (bytes, device) => MiniBatchKMeans.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.transform(x),
  ),
  SphericalKMeans: subject(
    (device) => new SphericalKMeans({ nClusters: 3, nInit: 2, maxIter: 5, device }),
    (bytes, device) => SphericalKMeans.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.predict(x),
  ),
  PCA: subject(
    (device) => new PCA({ nComponents: 3, device }),
    (bytes, device) => PCA.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.transform(x),
  ),
  DBSCAN: subject(
    () => new DBSCAN({ eps: 1.2, minSamples: 4 }),
    (bytes) => DBSCAN.load(bytes),
    (model, options) => model.fit(x, options),
    (model) => model.predict(x),
  ),
  GaussianMixture: subject(
    (device) => new GaussianMixture({ nComponents: 3, nInit: 2, maxIter: 8, device }),
    (bytes, device) => GaussianMixture.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.softAssignments(x),
  ),
  BayesianGaussianMixture: subject(
    (device) => new BayesianGaussianMixture({ nComponents: 4, maxIter: 8, device }),
    (bytes, device) => BayesianGaussianMixture.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.softAssignments(x),
  ),
  HDBSCAN: subject(
    (device) => new HDBSCAN({ minClusterSize: 4, device }),
    (bytes, device) => HDBSCAN.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.predict(x),
  ),
  OPTICS: subject(
    (device) => new OPTICS({ minSamples: 4, device }),
    (bytes, device) => OPTICS.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    async (model) => model.labelsAt(1),
  ),
  AgglomerativeClustering: subject(
    () => new AgglomerativeClustering({ nClusters: 3 }),
    (bytes) => AgglomerativeClustering.load(bytes),
    (model, options) => model.fit(x, options),
    async (model) => model.cut(5),
  ),
  SpectralClustering: subject(
    (device) => new SpectralClustering({ nClusters: 3, affinity: "knn", nInit: 2, device }),
    (bytes, device) => SpectralClustering.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    async (model) => model.labels,
  ),
  SpectralEmbedding: subject(
    (device) => new SpectralEmbedding({ affinity: "knn", device }),
    (bytes, device) => SpectralEmbedding.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    async (model) => model.embedding,
  ),
  UMAP: subject(
    (device) => new UMAP({ nNeighbors: 6, nEpochs: 30, device }),
    (bytes, device) => UMAP.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.transform(new NdArray(x.data.map((value) => value + 0.01).subarray(0, 80), [10, 8])),
  ),
  TSNE: subject(
    (device) => new TSNE({ perplexity: 8, maxIter: 120, exaggerationIter: 60, device }),
    (bytes, device) => TSNE.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    async (model) => model.embedding,
  ),
  Isomap: subject(
    (device) => new Isomap({ nNeighbors: 6, nLandmarks: 40, device }),
    (bytes, device) => Isomap.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.transform(new NdArray(x.data.subarray(0, 80), [10, 8])),
  ),
  ClassicalMDS: subject(
    () => new ClassicalMDS(),
    (bytes) => ClassicalMDS.load(bytes),
    (model, options) => model.fit(distances, options),
    async (model) => model.embedding,
  ),
  SEC: subject(
    (device) => new SEC({ nClusters: 3, nInit: 2, device }),
    (bytes, device) => SEC.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    async (model) => model.labels,
  ),
  LDMGI: subject(
    (device) => new LDMGI({ nClusters: 3, nInit: 2, device }),
    (bytes, device) => LDMGI.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    async (model) => model.labels,
  ),
  SOM: subject(
    (device) => new SOM({ rows: 4, columns: 3, epochs: 4, device }),
    (bytes, device) => SOM.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.predict(x),
  ),
  "SOM, online": subject(
    (device) => new SOM({ rows: 4, columns: 3, epochs: 4, training: "online", nClusters: 3, device }),
    (bytes, device) => SOM.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.transform(x),
  ),
  CSOM: subject(
    (device) => new CSOM({ epochs: 4, device }),
    (bytes, device) => CSOM.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.predict(x),
  ),
  ESOM: subject(
    (device) => new ESOM({ passes: 3, search: "tiled", tile: 32, device }),
    (bytes, device) => ESOM.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.results(x),
  ),
  SLIC: subject(
    (device) => new SLIC({ nSegments: 12, device }),
    (bytes, device) => SLIC.load(bytes, { device }),
    (model, options) => model.fit({ data: x.data, shape: [4, 20, 20] }, options),
    async (model) => model.labels.data,
  ),
  StackedAutoencoder: subject(
    (device) => new StackedAutoencoder({ layers: [8, 12, 3], layerEpochs: 1, epochs: 2, batchSize: 32, device }),
    (bytes, device) => StackedAutoencoder.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.transform(x),
  ),
  DEC: subject(
    (device) => new DEC({ ...autoencoder, device }),
    (bytes, device) => DEC.load(bytes, { device }),
    (model, options) => model.fit(x, { epochs: 3, ...options }),
    (model) => model.softAssignments(x),
  ),
  IDEC: subject(
    (device) => new IDEC({ ...autoencoder, device }),
    (bytes, device) => IDEC.load(bytes, { device }),
    (model, options) => model.fit(x, { epochs: 3, ...options }),
    (model) => model.softAssignments(x),
  ),
  N2D: subject(
    (device) =>
      new N2D({
        ...{ layers: [8, 12, 3], nClusters: 3, layerEpochs: 1, epochs: 2, batchSize: 32 },
        ...{ ...places, seed: 3, device },
      }),
    (bytes, device) => N2D.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.softAssignments(x),
  ),
  DCN: subject(
    (device) => new DCN({ ...autoencoder, device }),
    (bytes, device) => DCN.load(bytes, { device }),
    (model, options) => model.fit(x, { epochs: 3, ...options }),
    (model) => model.transform(x),
  ),
  DipDECK: subject(
    (device) => new DipDECK({ ...uncounted, initialClusters: 6, device }),
    (bytes, device) => DipDECK.load(bytes, { device }),
    (model, options) => model.fit(x, { epochs: 3, ...options }),
    (model) => model.transform(x),
  ),
  ConvDEC: subject(
    (device) => new ConvDEC({ ...coder, device }),
    (bytes, device) => ConvDEC.load(bytes, { device }),
    (model, options) => model.fit(x, { epochs: 3, ...options }),
    (model) => model.softAssignments(x),
  ),
  ConvIDEC: subject(
    (device) => new ConvIDEC({ ...coder, device }),
    (bytes, device) => ConvIDEC.load(bytes, { device }),
    (model, options) => model.fit(x, { epochs: 3, ...options }),
    (model) => model.softAssignments(x),
  ),
  ConvN2D: subject(
    (device) =>
      new ConvN2D({
        ...{ inputShape: [1, 2, 4], channels: [4], code: 3, nClusters: 3, epochs: 2, batchSize: 32 },
        ...{ ...places, seed: 3, device },
      }),
    (bytes, device) => ConvN2D.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.softAssignments(x),
  ),
  VAE: subject(
    (device) =>
      new VAE({
        inputShape: [8],
        network: { type: "dense", sizes: [12] },
        beta: { from: 0, to: 1, over: 0.5 },
        ...reconstruction,
        device,
      }),
    (bytes, device) => VAE.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.reconstruct(x),
  ),
  ConvVAE: subject(
    (device) =>
      new ConvVAE({
        inputShape: [1, 2, 4],
        network: { type: "convolutional", channels: [4] },
        ...reconstruction,
        device,
      }),
    (bytes, device) => ConvVAE.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.transform(x),
  ),
  ConditionalVAE: subject(
    (device) =>
      new ConditionalVAE({ inputShape: [8], network: { type: "dense", sizes: [12] }, ...reconstruction, device }),
    (bytes, device) => ConditionalVAE.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.style(x),
  ),
  ConditionalVAEClustering: subject(
    (device) =>
      new ConditionalVAEClustering({
        ...{ inputShape: [8], network: { type: "dense", sizes: [12] }, components: 5 },
        ...{ ...reconstruction, device },
      }),
    (bytes, device) => ConditionalVAEClustering.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.softAssignments(x),
  ),
  VaDE: subject(
    (device) =>
      new VaDE({
        ...{ inputShape: [8], nClusters: 3, latents: 2, network: { type: "dense", sizes: [12] } },
        ...{ ...reconstruction, pretrainEpochs: 2, nInit: 2, device },
      }),
    (bytes, device) => VaDE.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.softAssignments(x),
  ),
  ConvAutoencoder: subject(
    (device) => new ConvAutoencoder({ inputShape: [1, 2, 4], channels: [4], code: 3, ...reconstruction, device }),
    (bytes, device) => ConvAutoencoder.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.transform(x),
  ),
  ResidualAutoencoder: subject(
    (device) =>
      new ResidualAutoencoder({ inputShape: [1, 2, 4], channels: [4, 5], code: 3, ...reconstruction, device }),
    (bytes, device) => ResidualAutoencoder.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    (model) => model.reconstruct(x),
  ),
  HypercolumnSegmentation: subject(
    (device) =>
      new HypercolumnSegmentation({
        ...{ inputShape: [1, 2, 4], nClusters: 2, channels: [4], code: 3, smooth: false, nInit: 2 },
        ...{ ...reconstruction, device },
      }),
    (bytes, device) => HypercolumnSegmentation.load(bytes, { device }),
    (model, options) => model.fit(x, options),
    async (model) => (await model.predict(x)).data,
  ),
  DeepCluster: subject(
    (device) => new DeepCluster({ ...networks, device }),
    (bytes, device) => DeepCluster.load(bytes, { device }),
    (model, options) => model.fit(x, { epochs: 3, ...options }),
    (model) => model.transform(x),
  ),
  OnlineDeepCluster: subject(
    (device) => new OnlineDeepCluster({ ...networks, minCluster: 1, device }),
    (bytes, device) => OnlineDeepCluster.load(bytes, { device }),
    (model, options) => model.fit(x, { epochs: 3, ...options }),
    (model) => model.transform(x),
  ),
  SelfLabeling: subject(
    (device) => new SelfLabeling({ ...networks, device }),
    (bytes, device) => SelfLabeling.load(bytes, { device }),
    (model, options) => model.fit(x, { epochs: 3, ...options }),
    (model) => model.transform(x),
  ),
  SCAN: subject(
    (device) =>
      new SCAN({
        ...networks,
        ...{ network: { type: "vgg", input: [1, 2, 4], blocks: 1, channels: 2, hidden: 6 }, augment: { rotate: 9 } },
        ...{ pretrainEpochs: 1, clusterEpochs: 1, nNeighbors: 4, heads: 2, threshold: 0.3, device },
        clusterAugment: { rotate: 3 },
      }),
    (bytes, device) => SCAN.load(bytes, { device }),
    (model, options) => model.fit(x, { epochs: 2, ...options }),
    (model) => model.softAssignments(x),
  ),
  Supervised: subject(
    (device) => new Supervised({ network, nClasses: 3, batchSize: 32, seed: 3, device }),
    (bytes, device) => Supervised.load(bytes, { device }),
    (model, options) => model.fit(x, y, { epochs: 3, ...options }),
    (model) => model.probabilities(x),
  ),
  LinearProbe: subject(
    (device) => new LinearProbe({ nClasses: 3, batchSize: 32, device }),
    (bytes, device) => LinearProbe.load(bytes, { device }),
    (model, options) => model.fit(x, y, { epochs: 3, ...options }),
    (model) => model.probabilities(x),
  ),
  LearningToCluster: subject(
    (device) => new LearningToCluster({ itemShape: [2], layers: 1, units: 4, countUnits: 3, kMax: 5, device }),
    (bytes, device) => LearningToCluster.load(bytes, { device }),
    (model, options) => model.fit(sets, { ...set, ...options }),
    (model) => model.predict(new NdArray(x.data.subarray(0, 40), [20, 2])),
  ),
};

/** A checkpoint with its state changed, as a file of the first format, which has no checksum to tell. */
export function edited(bytes: Uint8Array, change: (state: Record<string, unknown>) => unknown): Uint8Array {
  const size = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size))) as {
    __metadata__: Record<string, string>;
  };
  const state = JSON.parse(header.__metadata__["state"]!) as Record<string, unknown>;
  Object.assign(header.__metadata__, { format: "constella checkpoint 1", state: JSON.stringify(change(state)) });
  const text = new TextEncoder().encode(JSON.stringify(header));
  const out = new Uint8Array(8 + text.length + bytes.length - 8 - size);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
  out.set(text, 8);
  out.set(bytes.subarray(8 + size), 8 + text.length);
  return out;
}

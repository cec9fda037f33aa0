/**
 * The methods by name, each loaded when it is chosen: its title, what it takes, its options, how it is made, saved and loaded; and one
 * function that runs any of them.
 * @module constella/methods
 */
import { didYouMean } from "../checks";
import { readSafetensors } from "../data/formats/safetensors";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import type { Estimator } from "./method";
import type { AnyMethod } from "./schema";

/** Where a method is, and what lists show of it before it is loaded. */
export interface MethodEntry {
  readonly title: string;
  /** Imports its module. */
  readonly load: () => Promise<AnyMethod>;
}

const ENTRIES = {
  kmeans: { title: "k-means", load: async () => (await import("./points/kmeans")).kmeans },
  "mini-batch-kmeans": {
    title: "mini-batch k-means",
    load: async () => (await import("./points/mini-batch-kmeans")).miniBatchKMeans,
  },
  "spherical-kmeans": {
    title: "spherical k-means",
    load: async () => (await import("./points/spherical-kmeans")).sphericalKMeans,
  },
  "gaussian-mixture": {
    title: "Gaussian mixture",
    load: async () => (await import("./points/gaussian-mixture")).gaussianMixture,
  },
  "bayesian-gaussian-mixture": {
    title: "Bayesian Gaussian mixture",
    load: async () => (await import("./points/bayesian-gaussian-mixture")).bayesianGaussianMixture,
  },
  hdbscan: { title: "HDBSCAN", load: async () => (await import("./points/hdbscan")).hdbscan },
  optics: { title: "OPTICS", load: async () => (await import("./points/optics")).optics },
  agglomerative: {
    title: "agglomerative clustering",
    load: async () => (await import("./points/agglomerative")).agglomerative,
  },
  "spectral-clustering": {
    title: "spectral clustering",
    load: async () => (await import("./points/spectral-clustering")).spectralClustering,
  },
  dbscan: { title: "DBSCAN", load: async () => (await import("./points/dbscan")).dbscan },
  dec: { title: "DEC", load: async () => (await import("./embedded/dec")).dec },
  idec: { title: "IDEC", load: async () => (await import("./embedded/idec")).idec },
  dcn: { title: "DCN", load: async () => (await import("./embedded/dcn")).dcn },
  dipdeck: { title: "DipDECK", load: async () => (await import("./embedded/dipdeck")).dipdeck },
  "conv-dec": { title: "ConvDEC", load: async () => (await import("./embedded/conv-clustering")).convDEC },
  "conv-idec": { title: "ConvIDEC", load: async () => (await import("./embedded/conv-clustering")).convIDEC },
  "conv-n2d": { title: "ConvN2D", load: async () => (await import("./embedded/conv-clustering")).convN2D },
  n2d: { title: "N2D", load: async () => (await import("./embedded/n2d")).n2d },
  vade: { title: "VaDE", load: async () => (await import("./embedded/vade")).vade },
  "conditional-vae": {
    title: "Conditional VAE",
    load: async () => (await import("./embedded/conditional-vae")).conditionalVAE,
  },
  "deep-cluster": { title: "DeepCluster", load: async () => (await import("./vision/deep-cluster")).deepCluster },
  "online-deep-cluster": {
    title: "Online deep clustering",
    load: async () => (await import("./vision/online-deep-cluster")).onlineDeepCluster,
  },
  "self-labeling": { title: "Self-labelling", load: async () => (await import("./vision/self-labeling")).selfLabeling },
  scan: { title: "SCAN", load: async () => (await import("./vision/scan")).scan },
  pca: { title: "Principal components", load: async () => (await import("./points/pca")).pca },
  "stacked-autoencoder": {
    title: "Stacked autoencoder",
    load: async () => (await import("./embedded/stacked-autoencoder")).stackedAutoencoder,
  },
  vae: { title: "Variational autoencoder", load: async () => (await import("./embedded/vae")).vae },
  "conv-vae": {
    title: "Convolutional variational autoencoder",
    load: async () => (await import("./embedded/vae")).convVAE,
  },
  "conv-autoencoder": {
    title: "Convolutional autoencoder",
    load: async () => (await import("./embedded/conv-autoencoder")).convAutoencoder,
  },
  "residual-autoencoder": {
    title: "Residual autoencoder",
    load: async () => (await import("./embedded/conv-autoencoder")).residualAutoencoder,
  },
  "hypercolumn-segmentation": {
    title: "Segmentation by hypercolumns",
    load: async () => (await import("./maps/hypercolumn-segmentation")).hypercolumnSegmentation,
  },
  "learning-to-cluster": {
    title: "Learning to Cluster",
    load: async () => (await import("./vision/learning-to-cluster")).learningToCluster,
  },
  som: { title: "Self-organising map", load: async () => (await import("./maps/som")).som },
  csom: { title: "Stack of self-organising maps", load: async () => (await import("./maps/csom")).csom },
  esom: { title: "Evolving self-organising map", load: async () => (await import("./maps/esom")).esom },
  slic: { title: "SLIC superpixels", load: async () => (await import("./maps/slic")).slic },
} as const satisfies Readonly<Record<string, MethodEntry>>;

/** Names of the methods. */
export type MethodName = keyof typeof ENTRIES;

/** Every method, in the order of lists. */
export const METHODS: Readonly<Record<MethodName, MethodEntry>> = ENTRIES;

/** Every name, in the order of lists. */
export const methodNames = Object.keys(METHODS) as readonly MethodName[];

/** Loads a method by name. @throws `methods: there is no k-means, did you mean kmeans?` */
export async function loadMethod(name: string): Promise<AnyMethod> {
  const entry = (METHODS as Readonly<Record<string, MethodEntry | undefined>>)[name];
  if (!entry) throw new Error(`methods: there is no ${name}${didYouMean(name, methodNames)}`);
  const method = await entry.load();
  return method;
}

/** Loads all methods. */
export const loadMethods = (): Promise<readonly AnyMethod[]> => Promise.all(methodNames.map(loadMethod));

/** The name of a method without hyphens is that of its model in files, without capitals and a "Clustering" at the end. */
const bare = (name: string): string =>
  name
    .replaceAll("-", "")
    .toLowerCase()
    .replace(/clustering$/, "");

/** The method whose model a file holds, by the name in its metadata: `KMeans` is of `kmeans`. */
export const methodOfModel = (model: string): MethodName | undefined =>
  methodNames.find((name) => bare(name) === bare(model));

/** Reads a model of any method. @throws when the bytes hold none, or that of a method that cannot be loaded */
export async function loadModel(
  bytes: Bytes,
  options: { readonly device?: Device } = {},
): Promise<{ readonly method: AnyMethod; readonly estimator: Estimator }> {
  const { model } = readSafetensors(bytes).metadata;
  const name = model === undefined ? undefined : methodOfModel(model);
  if (name === undefined) throw new Error(`methods: the file holds no model of a method, but ${model ?? "no model"}`);
  const method = await loadMethod(name);
  if (!method.load) throw new Error(`methods: a model of ${name} cannot be loaded`);
  return { method, estimator: await method.load(bytes, options) };
}

export type {
  CommonOptions,
  DataKind,
  DataSummary,
  Estimator,
  EstimatorFitOptions,
  FittedLabels,
  GradientSizes,
  Method,
} from "./method";
export { followedRows } from "./film";
export type { Film, FilmFrame } from "./film";
export { embeddingOf, labelsOf, makerOf, runMethod, RunInterrupted } from "./run-method";
export type { Outcome, RunCheckpoint, RunRecord, RunTask, StageResult, TracePoint } from "./run-method";
export { headline } from "../metrics/measures";
export type { Measures } from "../metrics/measures";
export { runHistory } from "./history";
export type { RunHistory } from "./history";
export { checkMethodOptions, defaultsOf, described, optionsOf, spell } from "./schema";
export type { AnyMethod, Described, OptionSpec, OptionValues, Schema } from "./schema";
export { kindOf } from "../kinds";
export type { FormField, Kind } from "../kinds";
// Rules of options, for descriptors of one's own.
export { choice, finite, flag, fraction, integer, list, positive, range, share, sizes } from "../options";
export type { Rule, Spelling, TextSpelling } from "../options";

export { chooseK } from "./choose-k";
export type { ChooseKOptions, ChosenK, MakeModel, NumberScore } from "./choose-k";
export { clustersRule, rangeOf } from "./choose-k/range";
export type { Clusters, FoundNumber } from "./choose-k/range";
export type { Criterion } from "./choose-k/criteria";

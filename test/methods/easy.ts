// Every method on a problem so easy that it must solve it: what each runtime is tried with.
import { accuracy, DBSCAN, DEC, IDEC, KMeans, MiniBatchKMeans, nmi, PCA } from "constella";
import { DeepCluster, LinearProbe, OnlineDeepCluster, SelfLabeling, Supervised } from "constella/vision";
import type { Device } from "constella";
import { blobs } from "../cluster/blobs";

const N = 96;
const D = 8;
const K = 3;
/** Three groups, well apart, about zero. */
const x = { data: blobs(N, D, K, 4).map((v) => (v - 10) / 10), shape: [N, D] };
const truth = Int32Array.from({ length: N }, (_, i) => i % K);

const unless = (good: boolean, what: string): string | undefined => (good ? undefined : what);
const found = (labels: Int32Array): string | undefined =>
  unless(accuracy(truth, labels) === 1, `the groups are not found, accuracy ${accuracy(truth, labels)}`);

const network = { type: "mlp", layers: [D, 16, 8] } as const;
const trained = { network, nClusters: K, learningRate: 0.1, batchSize: 8, seed: 3 } as const;
const autoencoder = {
  ...{ layers: [D, 16, 2], nClusters: K, layerEpochs: 0, pretrainEpochs: 30, pretrainLearningRate: 5e-3 },
  ...{ batchSize: 32, pretrainBatchSize: 32, seed: 1 },
};

/** A model of one of the classes that share fit, predict, history and dispose. */
interface Learner {
  fit(rows: typeof x, options: { epochs: number }): Promise<unknown>;
  predict(rows: typeof x): Promise<Int32Array>;
  readonly labels: Int32Array;
  readonly history: readonly { readonly stage: string; readonly loss: number }[];
  dispose(): void;
}

/**
 * What is wrong with what a model learned. Random features tell such groups apart too, so that it learned shows in the loss of its first
 * stage alone. `predictsLabels`: whether what it says of its items is what it found.
 */
async function learned(model: Learner, predictsLabels = true): Promise<string | undefined> {
  await model.fit(x, { epochs: 4 });
  const predicted = await model.predict(x);
  const { labels, history } = model;
  model.dispose();
  const losses = history.filter(({ stage }) => stage === history[0]!.stage).map(({ loss }) => loss);
  const same = !predictsLabels || predicted.every((label, i) => label === labels[i]);
  return (
    unless(
      history.every(({ loss }) => Number.isFinite(loss)),
      "a loss is not finite",
    ) ??
    unless(same, "predict gives other labels than fit") ??
    unless(nmi(truth, labels) > 0.6, `NMI ${nmi(truth, labels)}`) ??
    unless(
      losses.at(-1)! < 0.8 * losses[0]!,
      `nothing was learned, the loss went from ${losses[0]} to ${losses.at(-1)}`,
    )
  );
}

/** Options that put others in the place of those of the problem: see STILL. */
export interface Rates {
  readonly learningRate?: number;
  readonly pretrainLearningRate?: number;
}

/** What to call with a device, and rates in place of those of the problem; each resolves to what is wrong, or to undefined. */
export const LEARNERS: Readonly<Record<string, (device: Device, rates?: Rates) => Promise<string | undefined>>> = {
  DEC: (device, rates) => learned(new DEC({ ...autoencoder, ...rates, device })),
  IDEC: (device, rates) => learned(new IDEC({ ...autoencoder, ...rates, device })),
  DeepCluster: (device, rates) => learned(new DeepCluster({ ...trained, ...ofNetwork(rates), components: 4, device })),
  OnlineDeepCluster: (device, rates) =>
    learned(new OnlineDeepCluster({ ...trained, ...ofNetwork(rates), device }), false), // labels are those of its memory
  SelfLabeling: (device, rates) => learned(new SelfLabeling({ ...trained, ...ofNetwork(rates), device }), false), // labels are balanced, predictions need not be
  Supervised: async (device, rates) => {
    const { nClusters: nClasses, ...options } = trained;
    const model = await new Supervised({ ...options, ...ofNetwork(rates), nClasses, device }).fit(x, truth, {
      epochs: 8,
    });
    const score = await model.score(x, truth);
    model.dispose();
    return unless(score > 0.9, `score ${score}`);
  },
  LinearProbe: async (device, rates) => {
    const model = await new LinearProbe({ nClasses: K, seed: 1, ...ofNetwork(rates), device }).fit(x, truth);
    const score = await model.score(x, truth);
    model.dispose();
    return unless(score > 0.9, `score ${score}`);
  },
};

/** The rates of methods that have one stage. */
const ofNetwork = ({ learningRate }: Rates = {}): Rates => (learningRate === undefined ? {} : { learningRate });

/** The same with the methods that train nothing. */
export const METHODS: Readonly<Record<string, (device: Device) => Promise<string | undefined>>> = {
  KMeans: async (device) => found((await new KMeans({ nClusters: K, seed: 1, device }).fit(x)).labels),
  MiniBatchKMeans: async (device) =>
    found((await new MiniBatchKMeans({ nClusters: K, seed: 1, device }).fit(x)).labels),
  DBSCAN: async () => found((await new DBSCAN({ eps: 0.4, minSamples: 4 }).fit(x)).labels),
  PCA: async (device) => {
    const scores = await new PCA({ nComponents: 2, device }).fitTransform(x);
    const { labels } = await new KMeans({ nClusters: K, seed: 1, device }).fit(scores);
    return unless(scores.shape.join() === `${N},2`, `shape [${scores.shape.join()}]`) ?? found(labels);
  },
  ...LEARNERS,
};

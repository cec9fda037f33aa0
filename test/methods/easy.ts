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
const trained = { network, nClusters: K, learningRate: 0.05, batchSize: 32, seed: 1 } as const;

/** A model of one of the classes that share fit, predict, history and dispose. */
async function learned(
  model: {
    fit(rows: typeof x, options: { epochs: number }): Promise<unknown>;
    predict(rows: typeof x): Promise<Int32Array>;
    readonly labels: Int32Array;
    readonly history: readonly { readonly loss: number }[];
    dispose(): void;
  },
  predictsLabels = true,
): Promise<string | undefined> {
  await model.fit(x, { epochs: 3 });
  const predicted = await model.predict(x);
  const { labels, history } = model;
  model.dispose();
  const finite = history.every(({ loss }) => Number.isFinite(loss));
  const same = !predictsLabels || predicted.every((label, i) => label === labels[i]);
  return (
    unless(finite, "a loss is not finite") ??
    unless(same, "predict gives other labels than fit") ??
    unless(nmi(truth, labels) > 0.3, `NMI ${nmi(truth, labels)}`)
  );
}

const autoencoder = { layers: [D, 16, 2], nClusters: K, layerEpochs: 0, pretrainEpochs: 30, batchSize: 32, seed: 1 };

/** What to call with a device; each resolves to what is wrong, or to undefined. */
export const METHODS: Readonly<Record<string, (device: Device) => Promise<string | undefined>>> = {
  KMeans: async (device) => found((await new KMeans({ nClusters: K, seed: 1, device }).fit(x)).labels),
  MiniBatchKMeans: async (device) =>
    found((await new MiniBatchKMeans({ nClusters: K, seed: 1, device }).fit(x)).labels),
  DBSCAN: async () => found((await new DBSCAN({ eps: 0.4, minSamples: 4 }).fit(x)).labels),
  PCA: async (device) => {
    const { data, shape } = await new PCA({ nComponents: 2, device }).fitTransform(x);
    return unless(shape.join() === `${N},2` && data.every(Number.isFinite), `shape [${shape.join()}] or not finite`);
  },
  DEC: (device) => learned(new DEC({ ...autoencoder, device })),
  IDEC: (device) => learned(new IDEC({ ...autoencoder, device })),
  DeepCluster: (device) => learned(new DeepCluster({ ...trained, components: 4, device })),
  OnlineDeepCluster: (device) => learned(new OnlineDeepCluster({ ...trained, device }), false), // labels are those of its memory
  SelfLabeling: (device) => learned(new SelfLabeling({ ...trained, device }), false), // labels are balanced, predictions need not be
  Supervised: async (device) => {
    const { nClusters: nClasses, ...options } = trained;
    const model = await new Supervised({ ...options, nClasses, device }).fit(x, truth, { epochs: 20 });
    const score = await model.score(x, truth);
    model.dispose();
    return unless(score > 0.9, `score ${score}`);
  },
  LinearProbe: async (device) => {
    const model = await new LinearProbe({ nClasses: K, seed: 1, device }).fit(x, truth);
    const score = await model.score(x, truth);
    model.dispose();
    return unless(score > 0.9, `score ${score}`);
  },
};

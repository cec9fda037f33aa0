// How well sets of classes that were never seen are clustered: by the model, and by k-means that is told the number of clusters or looks for it.
import { KMeans, NdArray, noGrad, Random, silhouette, tensor, tidy } from "constella";
import { labelsFor } from "constella/sets";
import type { Device } from "constella";
import type { LearningToCluster, SetClustering, SetPart, SetProvider } from "constella/sets";
import { estimate, estimateOf, score, type Estimate, type Estimates, type Scores } from "../scores";

/** Names of the rows. */
export const METHODS = {
  model: "the model",
  orders: "the model, mean of eight orders",
  told: "the model, told k",
  found: "k-means on the model's embedding, k by silhouette, one below its threshold",
  embedding: "k-means on the model's embedding, told k",
  values: "k-means on the items themselves, told k",
} as const;

/** One of the rows. */
export type Method = keyof typeof METHODS;

/** What the model is held against, set by set. */
export const RIVALS = ["found", "embedding"] as const satisfies readonly Method[];
export type Rival = (typeof RIVALS)[number];
export type Gain = Readonly<Record<"nmi" | "bbn" | "mr", Estimate>>;

/** One set with its clusterings. */
export interface ShownSet {
  /** [n, …itemShape] */
  readonly items: NdArray<Float32Array>;
  readonly truth: Int32Array;
  readonly count: number;
  readonly found: SetClustering;
  readonly scores: Readonly<Record<Method, Scores>>;
}

/** Scores over many sets, with standard errors. */
export interface Evaluation {
  readonly sets: number;
  readonly rows: Readonly<Record<Method, Estimates>>;
  /** The model, mean of eight orders, minus k-means on the embedding, set by set. */
  readonly gains: Readonly<Record<Rival, Gain>>;
  /** Share of sets whose number of clusters is found. */
  readonly countAccuracy: number;
  /** Sets by true number (rows) and found number of clusters (columns). */
  readonly counts: readonly (readonly number[])[];
  /** Largest silhouette below which k-means on the embedding takes a set for one cluster, chosen on sets of validation. */
  readonly threshold: number;
  /** The first sets. */
  readonly shown: readonly ShownSet[];
}

/** What is evaluated on. */
export interface EvaluationOptions {
  readonly sets: number;
  readonly length: number;
  readonly seed: number;
  /** Sets to keep for pictures. */
  readonly show: number;
}

const AT_ONCE = 25;
const ORDERS = 8;
/** Sets of validation that the threshold is chosen on, at most. */
const THRESHOLD_SETS = 150;

/** Embeddings of all items of the sets, by themselves: [batch, n, size]. */
async function embed(model: LearningToCluster, device: Device, items: NdArray<Float32Array>): Promise<NdArray> {
  const { network } = model;
  network.eval();
  const z = tidy(() => noGrad(() => network.run(tensor(device, items.data, items.shape), { lean: true }).embedding));
  try {
    return new NdArray((await z.data()) as Float32Array, z.shape);
  } finally {
    z.dispose();
  }
}

/** A clustering in two clusters or more, with its mean silhouette; one cluster has none. */
export interface Silhouetted {
  readonly labels: Int32Array;
  readonly score: number;
}

type Clusterer = (x: NdArray, k: number) => Promise<Int32Array>;

/** k-means with the number of clusters, from 2 to `most`, whose mean silhouette is the largest. */
async function bySilhouette(x: NdArray, most: number, kmeans: Clusterer): Promise<Silhouetted> {
  let best: Silhouetted | undefined;
  for (let k = 2; k <= most; k++) {
    const labels = await kmeans(x, k);
    const { score } = silhouette(x, labels);
    if (!best || score > best.score) best = { labels, score };
  }
  return best!;
}

/** The clusters of largest silhouette; one cluster where even that is below the threshold. */
export const orOne = ({ labels, score }: Silhouetted, threshold: number): Int32Array =>
  score < threshold ? new Int32Array(labels.length) : labels;

/** The threshold with which clusterings of sets whose truth is known have the largest mean NMI; of several, the lowest. */
export function bestThreshold(sets: readonly { readonly found: Silhouetted; readonly truth: Int32Array }[]): number {
  const scores = sets.map(({ found }) => found.score).sort((a, b) => a - b);
  const candidates = [-1, ...scores.slice(1).map((score, i) => (score + scores[i]!) / 2), 1];
  let best = { threshold: -1, value: -1 };
  for (const threshold of candidates) {
    const value = sets.reduce((sum, { found, truth }) => sum + score(truth, orOne(found, threshold)).nmi, 0);
    if (value > best.value) best = { threshold, value };
  }
  return best.threshold;
}

/** Sets of one length, each with the vectors of its items, and its truth. */
async function* embedded(
  model: LearningToCluster,
  device: Device,
  provider: SetProvider,
  part: SetPart,
  { sets, length, random }: { readonly sets: number; readonly length: number; readonly random: Random },
) {
  for (let done = 0; done < sets; done += AT_ONCE) {
    const batch = await provider.sample(part, Math.min(AT_ONCE, sets - done), length, random);
    const size = batch.items.size / batch.labels.length;
    const rows = (data: Float32Array, width: number, set: number): NdArray =>
      new NdArray(data.slice(set * length * width, (set + 1) * length * width), [length, width]);
    const embedding = await embed(model, device, batch.items);
    yield Array.from(batch.counts, (k, set) => ({
      k,
      items: rows(batch.items.data, size, set),
      vectors: rows(embedding.data, embedding.shape[2]!, set),
      truth: batch.labels.slice(set * length, (set + 1) * length),
    }));
  }
}

/** Draws sets of one part of the provider and scores each method on each of them. */
export async function evaluate(
  model: LearningToCluster,
  device: Device,
  provider: SetProvider,
  part: SetPart,
  { sets, length, seed, show }: EvaluationOptions,
): Promise<Evaluation> {
  const kmeans: Clusterer = (x, nClusters) => new KMeans({ nClusters, nInit: 10, seed: 0, device }).fitPredict(x);
  const known: { found: Silhouetted; truth: Int32Array }[] = [];
  // eslint-disable-next-line no-restricted-syntax -- the figures in README were measured on these
  const onValidation = { sets: Math.min(sets, THRESHOLD_SETS), length, random: new Random(seed + 2) };
  for await (const batch of embedded(model, device, provider, "validation", onValidation))
    for (const { vectors, truth } of batch)
      known.push({ found: await bySilhouette(vectors, provider.kMax, kmeans), truth });
  const threshold = bestThreshold(known);
  // eslint-disable-next-line no-restricted-syntax -- the figures in README were measured on these
  const random = new Random(seed);
  const scores: Record<Method, Scores[]> = {
    ...{ model: [], orders: [], told: [], found: [], embedding: [], values: [] },
  };
  const counts = Array.from({ length: provider.kMax }, () => new Array<number>(provider.kMax).fill(0));
  const shown: ShownSet[] = [];
  let right = 0;
  for await (const batch of embedded(model, device, provider, part, { sets, length, random })) {
    const inputs = batch.map(({ items }) => new NdArray(items.data as Float32Array, [length, ...provider.itemShape]));
    const found = await model.predictSets(inputs);
    // eslint-disable-next-line no-restricted-syntax -- the figures in README were measured on these
    const averaged = await model.predictSets(inputs, { orders: ORDERS, seed: seed + 1 });
    for (const [set, { k, items, vectors, truth }] of batch.entries()) {
      const clustering = found[set]!;
      const own = {
        model: score(truth, clustering.labels),
        orders: score(truth, averaged[set]!.labels),
        told: score(truth, labelsFor(clustering, k)),
        found: score(truth, orOne(await bySilhouette(vectors, provider.kMax, kmeans), threshold)),
        embedding: score(truth, await kmeans(vectors, k)),
        values: score(truth, await kmeans(items, k)),
      };
      for (const method of Object.keys(scores) as Method[]) scores[method].push(own[method]);
      counts[k - 1]![clustering.k - 1]!++;
      right += Number(clustering.k === k);
      if (shown.length < show) shown.push({ items: inputs[set]!, truth, count: k, found: clustering, scores: own });
    }
  }
  const gainOver = (rival: Rival): Gain => {
    const of = (measure: keyof Gain): Estimate =>
      estimateOf(scores.orders.map((one, i) => one[measure] - scores[rival][i]![measure]));
    return { nmi: of("nmi"), bbn: of("bbn"), mr: of("mr") };
  };
  const rows = Object.fromEntries(Object.entries(scores).map(([method, all]) => [method, estimate(all)])) as Record<
    Method,
    Estimates
  >;
  const gains = { found: gainOver("found"), embedding: gainOver("embedding") };
  return { sets, rows, gains, countAccuracy: right / sets, counts, threshold, shown };
}

// How well sets of classes that were never seen are clustered: by the model, and by k-means that is told the number of clusters or looks for it.
import { KMeans, labelsFor, NdArray, noGrad, Random, silhouette, tensor, tidy } from "constella";
import type { Device, LearningToCluster, SetClustering, SetPart, SetProvider } from "constella";
import { estimate, estimateOf, score, type Estimate, type Estimates, type Scores } from "../scores";

/** Names of the rows. */
export const METHODS = {
  model: "the model",
  orders: "the model, mean of eight orders",
  told: "the model, told k",
  found: "k-means on the model's embedding, k by silhouette",
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

/** k-means with the number of clusters, from 2 to `most`, whose mean silhouette is the largest; one cluster has no silhouette. */
async function bySilhouette(
  x: NdArray,
  most: number,
  kmeans: (x: NdArray, k: number) => Promise<Int32Array>,
): Promise<Int32Array> {
  let best: { readonly labels: Int32Array; readonly score: number } | undefined;
  for (let k = 2; k <= most; k++) {
    const labels = await kmeans(x, k);
    const { score } = silhouette(x, labels);
    if (!best || score > best.score) best = { labels, score };
  }
  return best!.labels;
}

/** Draws sets of one part of the provider and scores each method on each of them. */
export async function evaluate(
  model: LearningToCluster,
  device: Device,
  provider: SetProvider,
  part: SetPart,
  { sets, length, seed, show }: EvaluationOptions,
): Promise<Evaluation> {
  const random = new Random(seed);
  const scores: Record<Method, Scores[]> = {
    ...{ model: [], orders: [], told: [], found: [], embedding: [], values: [] },
  };
  const counts = Array.from({ length: provider.kMax }, () => new Array<number>(provider.kMax).fill(0));
  const shown: ShownSet[] = [];
  let right = 0;
  for (let done = 0; done < sets; done += AT_ONCE) {
    const batch = await provider.sample(part, Math.min(AT_ONCE, sets - done), length, random);
    const size = batch.items.size / batch.labels.length;
    const rows = (data: Float32Array, width: number, set: number): NdArray =>
      new NdArray(data.slice(set * length * width, (set + 1) * length * width), [length, width]);
    const embedding = await embed(model, device, batch.items);
    const inputs = Array.from(
      batch.counts,
      (_, set) => new NdArray(rows(batch.items.data, size, set).data, [length, ...provider.itemShape]),
    );
    const found = await model.predictSets(inputs);
    const averaged = await model.predictSets(inputs, { orders: ORDERS, seed: seed + 1 });
    for (const [set, clustering] of found.entries()) {
      const truth = batch.labels.slice(set * length, (set + 1) * length);
      const k = batch.counts[set]!;
      const kmeans = (x: NdArray, nClusters: number): Promise<Int32Array> =>
        new KMeans({ nClusters, nInit: 10, seed: 0, device }).fitPredict(x);
      const vectors = rows(embedding.data, embedding.shape[2]!, set);
      const own = {
        model: score(truth, clustering.labels),
        orders: score(truth, averaged[set]!.labels),
        told: score(truth, labelsFor(clustering, k)),
        found: score(truth, await bySilhouette(vectors, provider.kMax, kmeans)),
        embedding: score(truth, await kmeans(vectors, k)),
        values: score(truth, await kmeans(rows(batch.items.data, size, set), k)),
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
  return { sets, rows, gains, countAccuracy: right / sets, counts, shown };
}

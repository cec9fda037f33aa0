// How well sets of classes that were never seen are clustered: by the model, and by k-means that is told the number of clusters.
import { KMeans, labelsFor, NdArray, noGrad, Random, tensor, tidy } from "constella";
import type { Device, LearningToCluster, SetClustering, SetPart, SetProvider } from "constella";
import { estimate, estimateOf, score, type Estimate, type Estimates, type Scores } from "../scores";

/** Names of the rows. */
export const METHODS = {
  model: "the model",
  told: "the model, told k",
  embedding: "k-means on the model's embedding, told k",
  values: "k-means on the items themselves, told k",
} as const;

/** One of the rows. */
export type Method = keyof typeof METHODS;

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
  /** Model minus k-means on the embedding, set by set. */
  readonly gain: Readonly<Record<"nmi" | "bbn" | "mr", Estimate>>;
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

/** Draws sets of one part of the provider and scores each method on each of them. */
export async function evaluate(
  model: LearningToCluster,
  device: Device,
  provider: SetProvider,
  part: SetPart,
  { sets, length, seed, show }: EvaluationOptions,
): Promise<Evaluation> {
  const random = new Random(seed);
  const scores: Record<Method, Scores[]> = { model: [], told: [], embedding: [], values: [] };
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
    for (const [set, clustering] of found.entries()) {
      const truth = batch.labels.slice(set * length, (set + 1) * length);
      const k = batch.counts[set]!;
      const kmeans = (x: NdArray): Promise<Int32Array> =>
        new KMeans({ nClusters: k, nInit: 10, seed: 0, device }).fitPredict(x);
      const own = {
        model: score(truth, clustering.labels),
        told: score(truth, labelsFor(clustering, k)),
        embedding: score(truth, await kmeans(rows(embedding.data, embedding.shape[2]!, set))),
        values: score(truth, await kmeans(rows(batch.items.data, size, set))),
      };
      for (const method of Object.keys(scores) as Method[]) scores[method].push(own[method]);
      counts[k - 1]![clustering.k - 1]!++;
      right += Number(clustering.k === k);
      if (shown.length < show) shown.push({ items: inputs[set]!, truth, count: k, found: clustering, scores: own });
    }
  }
  const gainIn = (measure: "nmi" | "bbn" | "mr"): Estimate =>
    estimateOf(scores.model.map((one, i) => one[measure] - scores.embedding[i]![measure]));
  return {
    sets,
    rows: {
      model: estimate(scores.model),
      told: estimate(scores.told),
      embedding: estimate(scores.embedding),
      values: estimate(scores.values),
    },
    gain: { nmi: gainIn("nmi"), bbn: gainIn("bbn"), mr: gainIn("mr") },
    ...{ countAccuracy: right / sets, counts, shown },
  };
}

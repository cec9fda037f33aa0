// Neighbours, places, densities, hierarchies and spectra: from rows on the host to a result on the host, by constella and by its peers.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { DBSCAN } from "constella";
import type { Device } from "constella";
import { AgglomerativeClustering, GaussianMixture, HDBSCAN } from "constella/density";
import { TSNE, UMAP } from "constella/manifold";
import { knnGraph, minimumSpanningTree } from "constella/neighbours";
import { SpectralClustering } from "constella/spectral";
import type { Program } from "../workload";
import type { KMeansProblem } from "../workloads/problems";
import { start } from "./constella";
import type { Setup } from "./constella";
import { loadPeer } from "./load";
import { nested } from "./ml-kmeans";
import { python, threadVariables } from "./python";

/** What is asked of the rows. */
export type Kind = "knn" | "umap" | "tsne" | "gmm" | "ward" | "spectral" | "dbscan" | "hdbscan";

/** Rows [n, d], and the numbers that the question takes. */
export interface RowsProblem {
  readonly kind: Kind;
  readonly n: number;
  readonly d: number;
  readonly x: Float32Array;
  /** Neighbours, components or clusters. */
  readonly k?: number;
  readonly epochs?: number;
  readonly eps?: number;
  readonly minSamples?: number;
  readonly minClusterSize?: number;
  /** The groups that the rows were made of, −1 for none. */
  readonly groups?: Int32Array;
}

type Answer = Float32Array | readonly number[];

const OURS: Readonly<Record<Kind, (problem: RowsProblem, device: Device) => Promise<ArrayLike<number>>>> = {
  knn: async (p, device) => (await knnGraph(rowsOf(p), p.k!, { device })).indices.data,
  umap: async (p, device) =>
    (await new UMAP({ nNeighbors: p.k!, nEpochs: p.epochs!, device }).fitTransform(rowsOf(p))).data,
  tsne: async (p, device) => (await new TSNE({ device }).fitTransform(rowsOf(p))).data,
  gmm: async (p, device) => {
    const options = { nComponents: p.k!, maxIter: p.epochs!, tolerance: null, device } as const;
    const mixture = await new GaussianMixture(options).fit(rowsOf(p));
    return mixture.lowerBoundTrace.slice(-1);
  },
  ward: (p) => new AgglomerativeClustering({ nClusters: p.k! }).fitPredict(rowsOf(p)),
  spectral: (p, device) => new SpectralClustering({ nClusters: p.k!, affinity: "knn", device }).fitPredict(rowsOf(p)),
  dbscan: (p) => new DBSCAN({ eps: p.eps!, minSamples: p.minSamples! }).fitPredict(rowsOf(p)),
  hdbscan: (p, device) => new HDBSCAN({ minClusterSize: p.minClusterSize!, device }).fitPredict(rowsOf(p)),
};

const rowsOf = ({ x, n, d }: RowsProblem): { data: Float32Array; shape: [number, number] } => ({
  data: x,
  shape: [n, d],
});

/** A program of what finds an answer, which it holds for the check. */
function answering(find: () => Promise<ArrayLike<number>>): Program {
  let found: Answer = [];
  return {
    run: async () => void (found = Float32Array.from(await find())),
    result: async () => ({ answer: found }),
  };
}

export const constella =
  (setup: Setup) =>
  async (problem: RowsProblem): Promise<Program> => {
    const device = await start(setup);
    return answering(() => OURS[problem.kind](problem, device));
  };

/** DBSCAN, and the minimum spanning tree of the ten nearest neighbours: what HDBSCAN is held against. */
export const densityAndTree =
  (setup: Setup) =>
  async (problem: RowsProblem): Promise<Program> => {
    const device = await start(setup);
    return answering(async () => {
      const labels = await OURS.dbscan(problem, device);
      const k = 10;
      const { indices, distances } = await knnGraph(rowsOf(problem), k, { device });
      const from = Uint32Array.from(distances.data, (_, e) => Math.floor(e / k));
      minimumSpanningTree(problem.n, { from, to: indices.data, weights: distances.data });
      return labels;
    });
  };

/** scikit-learn on so many threads. */
export const sklearn =
  (threads: number) =>
  ({ x, groups: _, ...problem }: RowsProblem): Promise<Program> =>
    python({
      ...{ script: "neighbours_peers.py", packages: ["sklearn"], problem, arrays: { x }, outputs: ["answer"] },
      env: threadVariables(threads),
    });

/** Lloyd's algorithm by scikit-learn from the given centres, on two threads. */
export const sklearnKMeans = ({ x, centers, rows, columns, k, iterations }: KMeansProblem): Promise<Program> =>
  python({
    ...{ script: "neighbours_peers.py", packages: ["sklearn"], arrays: { x, centers } },
    ...{ problem: { kind: "kmeans", n: rows, d: columns, k, epochs: iterations }, outputs: ["centers"] },
    env: threadVariables(2),
  });

/** mulberry32, so that a peer that draws gives the same places every time. */
function seeded(): () => number {
  let state = 7;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface UmapJs {
  UMAP: new (options: object) => { fit(rows: number[][]): number[][] };
}

export async function umapJs({ x, d, k, epochs }: RowsProblem): Promise<Program> {
  const { UMAP: Peer } = await loadPeer<UmapJs>("umap-js");
  const rows = nested(x, d);
  return answering(async () => new Peer({ nNeighbors: k!, nEpochs: epochs!, random: seeded() }).fit(rows).flat());
}

interface EmbeddingAtlas {
  createUMAP(
    n: number,
    d: number,
    dim: number,
    x: Float32Array,
    options: object,
  ): Promise<{ embedding: Float32Array; run(): Promise<void>; destroy(): void }>;
}

/** Its UMAP in WebAssembly. The package's main entry is a viewer with parts that are not installed; the file of its UMAP needs none of them. */
export async function embeddingAtlas({ x, n, d, k, epochs }: RowsProblem): Promise<Program> {
  const main = createRequire(join(process.cwd(), "bench/package.json")).resolve("embedding-atlas");
  const { createUMAP } = (await import(pathToFileURL(join(dirname(main), "umap.js")).href)) as EmbeddingAtlas;
  return answering(async () => {
    const umap = await createUMAP(n, d, 2, x, { nNeighbors: k!, nEpochs: epochs!, seed: 7 });
    await umap.run();
    const places = umap.embedding.slice();
    umap.destroy();
    return places;
  });
}

interface HdbscanTs {
  HDBSCAN: new (options: object) => { fit(rows: number[][]): number[] };
}

export async function hdbscanTs({ x, d, minClusterSize }: RowsProblem): Promise<Program> {
  const { HDBSCAN: Peer } = await loadPeer<HdbscanTs>("hdbscan-ts");
  const rows = nested(x, d);
  return answering(async () => new Peer({ minClusterSize: minClusterSize!, minSamples: minClusterSize! }).fit(rows));
}

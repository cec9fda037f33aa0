import type { Tensor } from "constella";
import { scale } from "constella";
import { NdArray } from "../../../src/ndarray";
import { ClassicalMDS } from "../../../src/manifold/classical-mds";
import { Isomap } from "../../../src/manifold/isomap";
import { shortestPaths } from "../../../src/neighbours/graph";
import { knnGraph } from "../../../src/neighbours/knn";
import { tsneLoss } from "../../../src/ops/manifold/tsne-loss";
import { givenAffinities, tsneAffinities } from "../../../src/manifold/tsne/affinities";
import { TsneDescent } from "../../../src/manifold/tsne/descent";
import { affinitiesOf } from "../../../src/manifold/tsne/kept";
import { onDevice, onHost, tensors } from "../adapter";
import type { Adapters } from "../adapter";
import type { Values } from "../format";

/** Columns are defined up to a sign: that of each one's inner product with the expected one. */
export function towards(expected: Values | undefined, got: NdArray<Float64Array>): NdArray<Float64Array> {
  const columns = got.shape[1]!;
  const signs = Array.from({ length: columns }, (_, c) => {
    let dot = 0;
    for (let i = c; i < got.size; i += columns) dot += got.data[i]! * Number(expected?.data[i] ?? got.data[i]!);
    return dot < 0 ? -1 : 1;
  });
  return new NdArray(
    got.data.map((value, i) => value * signs[i % columns]!),
    got.shape,
  );
}

interface TsneRun {
  readonly iterations: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly exaggeration: number;
  readonly minGain: number;
}

export const MANIFOLD: Adapters = {
  knn_graph: onDevice<{ x: Values }, { k: number; includeSelf: boolean }>(({ x }, { k, includeSelf }, { device }) =>
    knnGraph(x, k, { includeSelf, device }).then(({ indices, distances }) => ({ indices, distances })),
  ),
  shortest_paths: onHost<{ edges: Values; weights: Values }, { n: number; directed: boolean; unreachable: number }>(
    async ({ edges, weights }, { n, directed, unreachable }) => {
      const ends = Array.from(edges.data as Int32Array);
      const graph = {
        from: ends.filter((_, e) => e % 2 === 0),
        to: ends.filter((_, e) => e % 2 === 1),
        weights: weights.data as Float32Array,
      };
      const lengths = await shortestPaths(n, graph, { directed });
      return {
        dist: new NdArray(
          lengths.data.map((length) => (length === Infinity ? unreachable : length)),
          lengths.shape,
        ),
      };
    },
  ),
  isomap: onDevice<{ x: Values }, { neighbors: number; components: number }>(
    async ({ x }, { neighbors, components }, { device, expected }) => {
      const isomap = await new Isomap({ nNeighbors: neighbors, nComponents: components, device }).fit(x);
      return {
        geodesic: isomap.geodesicDistances,
        eigenvalues: isomap.eigenvalues,
        embedding: towards(expected["embedding"], isomap.embedding),
        reconstruction_error: isomap.reconstructionError,
        n_connected: isomap.nConnected,
      };
    },
  ),
  classical_mds: onHost<{ dist: Values }, { components: number }>(async ({ dist }, { components }, { expected }) => {
    const mds = await new ClassicalMDS({ nComponents: components }).fit(dist);
    return { eigenvalues: mds.eigenvalues, embedding: towards(expected["embedding"], mds.embedding) };
  }),
  tsne_affinities: onHost<{ x: Values }, { perplexity: number }>(async ({ x }, { perplexity }) => {
    const { conditional, beta, p } = await tsneAffinities(x, perplexity);
    return { conditional, beta, P: p };
  }),
  tsne_step: tensors<{ y: Tensor; P: Tensor }, { exaggeration: number }>(({ y, P }, { exaggeration }) => ({
    loss: tsneLoss(y, exaggeration === 1 ? P : scale(P, exaggeration)),
  })),
  tsne_run: onDevice<{ y0: Values; P: Values }, TsneRun>(
    async ({ y0, P }, { iterations, learningRate, momentum, exaggeration, minGain }, { device }) => {
      const [n, dim] = y0.shape as [number, number];
      const descent = new TsneDescent(
        device,
        affinitiesOf(givenAffinities(P, n, "tsne_run")),
        y0.data as Float32Array,
        dim,
      );
      const trace: number[] = [];
      for (let t = 0; t < iterations; t++) {
        await descent.step({ exaggeration, momentum, learningRate, minGain });
        trace.push(...(await descent.held()).places.data);
      }
      descent.dispose();
      return { y: { data: trace, shape: [iterations, n, dim] } };
    },
  ),
};

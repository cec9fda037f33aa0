import { NdArray } from "../../src/ndarray";
import { ClassicalMDS } from "../../src/manifold/classical-mds";
import { Isomap } from "../../src/manifold/isomap";
import { shortestPaths } from "../../src/neighbours/graph";
import { knnGraph } from "../../src/neighbours/knn";
import { onDevice, onHost } from "./adapter";
import type { Adapters } from "./adapter";
import type { Values } from "./format";

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
};

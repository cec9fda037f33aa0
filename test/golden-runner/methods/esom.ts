import { EvolvingMap } from "../../../src/som/maps/evolving-map";
import { onHost } from "../adapter";
import type { Adapters } from "../adapter";
import type { Values } from "../format";

interface Attributes {
  readonly passes: readonly { readonly epsilon: number; readonly gamma: number }[];
  readonly beta: number;
  readonly pruneEvery: number;
  readonly maxNodes: number | null;
  readonly removeOrphans: boolean;
  readonly minStrength: number;
}

export const ESOM: Adapters = {
  esom: onHost<{ x: Values }, Attributes>(({ x }, { passes, maxNodes, minStrength, ...rest }) => {
    const [n, d] = x.shape as [number, number];
    const rows = Float64Array.from(x.data as ArrayLike<number>);
    const map = new EvolvingMap(d);
    const trace: { size: number; id: number; distance: number }[] = [];
    for (const pass of passes)
      for (let i = 0; i < n; i++) {
        const step = map.step(rows, i * d, { ...rest, ...pass, maxNodes: maxNodes ?? Infinity });
        trace.push({ size: map.size, ...step });
      }
    const epsilon = passes.at(-1)!.epsilon;
    const { prototypes, ids, ...state } = map.state();
    const sorted = Array.from(state.strengths, (strength, l) => [
      state.links[2 * l]!,
      state.links[2 * l + 1]!,
      strength,
    ]).sort((p, q) => p[0]! - q[0]! || p[1]! - q[1]!);
    const found = Array.from({ length: n }, (_, i) => map.nearest(rows, i * d));
    const clusters = map.clusters(minStrength);
    const hits = new Int32Array(map.size);
    for (const { place } of found) hits[place]!++;
    return {
      n_trace: trace.map(({ size }) => size),
      bmu_id_trace: trace.map(({ id }) => id),
      distance_trace: trace.map(({ distance }) => distance),
      prototypes: { data: prototypes, shape: [map.size, d] },
      node_ids: ids,
      links: { data: sorted.flatMap(([i, j]) => [i!, j!]), shape: [map.linkCount, 2] },
      strengths: sorted.map(([, , strength]) => strength!),
      bmu: found.map(({ place }) => place),
      activation: found.map(({ square }) => Math.exp((-2 * square) / epsilon ** 2)),
      node_cluster: clusters,
      cluster: found.map(({ place }) => clusters[place]!),
      hits,
      quantization_error: found.reduce((sum, { square }) => sum + Math.sqrt(square), 0) / n,
    };
  }),
};

import type { Tensor } from "constella";
import { SEC } from "../../../src/spectral/sec";
import { LDMGI } from "../../../src/spectral/ldmgi";
import { SpectralClustering } from "../../../src/spectral/spectral-clustering";
import { matrixOf } from "../../../src/linear-algebra/smallest-eigen";
import { NdArray } from "../../../src/ndarray";
import { knnAffinity, rbfAffinity } from "../../../src/spectral/affinity";
import { normalizedLaplacian, spectralEmbedding } from "../../../src/spectral/laplacian";
import { ldmgiLaplacian, secOperator } from "../../../src/spectral/graph-laplacians";
import { onDevice, onHost, tensors } from "../adapter";
import type { Adapters } from "../adapter";
import type { Values } from "../format";

/** U Uᵀ of orthonormal columns [n, k]: free of their signs and rotation. */
function projector({ data, shape }: NdArray<Float64Array>): NdArray<Float64Array> {
  const [n, k] = shape as [number, number];
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) for (let c = 0; c < k; c++) out[i * n + j]! += data[i * k + c]! * data[j * k + c]!;
  return new NdArray(out, [n, n]);
}

/** Clusters by the numbers of the expected ones that they share most points with. */
function relabelled(labels: Int32Array, expected: Values | undefined): Int32Array {
  if (!expected) return labels;
  const shared = new Map<string, number>();
  labels.forEach((label, i) => {
    const key = `${label} ${Number(expected.data[i])}`;
    shared.set(key, (shared.get(key) ?? 0) + 1);
  });
  const [names, taken] = [new Map<number, number>(), new Set<number>()];
  for (const [key] of [...shared].sort((a, b) => b[1] - a[1])) {
    const [label, name] = key.split(" ").map(Number) as [number, number];
    if (names.has(label) || taken.has(name)) continue;
    names.set(label, name);
    taken.add(name);
  }
  return labels.map((label) => names.get(label) ?? -1);
}

interface Sec {
  readonly clusters: number;
  readonly neighbors: number;
  readonly sigma2: number;
  readonly mu: number;
  readonly gamma: number;
}

interface Ldmgi {
  readonly clusters: number;
  readonly cliqueSize: number;
  readonly lambda: number;
}

export const SPECTRAL: Adapters = {
  rbf_affinity: tensors<{ x: Tensor }, { gamma: number }>(({ x }, { gamma }) => ({ W: rbfAffinity(x, gamma) })),
  knn_affinity: onDevice<{ x: Values }, { k: number }>(async ({ x }, { k }, { device }) => {
    const w = await knnAffinity(x, k, { device });
    return { W: new NdArray(w.toDense(), w.shape) };
  }),
  normalized_laplacian: onHost<{ W: Values }>(async ({ W }) => {
    const laplacian = normalizedLaplacian(W);
    return { L: new NdArray(await matrixOf(laplacian), W.shape), degree: laplacian.degrees };
  }),
  spectral_embedding: onHost<{ W: Values }, { components: number; dropFirst: boolean }>(
    async ({ W }, { components, dropFirst }) => {
      const { eigenvalues, vectors } = await spectralEmbedding(W, components, { dropFirst });
      return { eigenvalues, projector: projector(vectors) };
    },
  ),
  spectral_clustering: onDevice<
    { x: Values },
    { clusters: number; affinity: "rbf" | "knn"; gamma?: number; k?: number }
  >(async ({ x }, { clusters, affinity, gamma = 1, k = 10 }, { device, expected }) => {
    const options = { nClusters: clusters, affinity, gamma, nNeighbors: k, device };
    const { labels } = await new SpectralClustering(options).fit(x);
    return { labels: relabelled(labels, expected["labels"]) };
  }),
  sec: onDevice<{ x: Values }, Sec>(async ({ x }, { clusters, neighbors, sigma2, mu, gamma }, { device, expected }) => {
    const options = { neighbors, sigma2, mu, gamma, device };
    const operator = await secOperator(x, options);
    const sec = await new SEC({ nClusters: clusters, ...options }).fit(x);
    const shape = [operator.n, operator.n];
    return {
      W: new NdArray(operator.affinity.toDense(), shape),
      L: new NdArray(await matrixOf(operator.laplacian), shape),
      Lg: new NdArray(await matrixOf(operator.linear), shape),
      eigenvalues: sec.eigenvalues,
      projector: projector(sec.embedding),
      labels: relabelled(sec.labels, expected["labels"]),
    };
  }),
  ldmgi: onDevice<{ x: Values }, Ldmgi>(async ({ x }, { clusters, cliqueSize, lambda }, { device, expected }) => {
    const options = { cliqueSize, lambda, device };
    const laplacian = await ldmgiLaplacian(x, options);
    const ldmgi = await new LDMGI({ nClusters: clusters, ...options }).fit(x);
    return {
      L: new NdArray(laplacian.toDense(), laplacian.shape),
      eigenvalues: ldmgi.eigenvalues,
      projector: projector(ldmgi.embedding),
      labels: relabelled(ldmgi.labels, expected["labels"]),
    };
  }),
};

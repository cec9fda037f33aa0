import module from "../../build/host/silhouette.host.wasm";
import { HostModule, onHost, type Host, type HostArray, type HostFunctions } from "../host";
import { toContiguous, type MatrixLike } from "../matrix";
import { encode, LABELS, type Labels } from "./labels";

/** Functions of wasm/host/silhouette.ts. */
const SILHOUETTE = /* @__PURE__ */ new HostModule<
  HostFunctions<"silhouette", void> & HostFunctions<"davies_bouldin", number>
>(module);

/** Points sorted by cluster in the host's memory. */
interface Clusters {
  readonly n: number;
  readonly k: number;
  /** Features, padded with zeros to a multiple of 4. */
  readonly d: number;
  readonly points: HostArray<Float64Array>;
  /** Cluster a is rows starts[a] … starts[a + 1]. */
  readonly starts: HostArray<Uint32Array>;
  /** Where each row comes from. */
  readonly order: HostArray<Uint32Array>;
}

function sortByCluster(op: string, host: Host, x: MatrixLike, labels: Labels): Clusters {
  const { data, shape } = toContiguous(x, op, "x");
  const [n = 0, features = 0] = shape;
  if (shape.length !== 2) throw new Error(`${op}: x must be a matrix, got shape [${shape.join(", ")}]`);
  const coding = encode(host, labels, op, "labels");
  const { k } = coding;
  if (coding.n !== n) throw new Error(`${op}: x has ${n} rows, labels has ${coding.n}`);
  if (k < 2 || k >= n) throw new Error(`${op}: 2 to n - 1 = ${n - 1} clusters are needed, given ${k}`);
  const starts = host.u32(k + 1);
  const order = host.u32(n);
  host.of(LABELS).group_order(coding.codes.pointer, n, k, starts.pointer, order.pointer);
  const d = Math.ceil(features / 4) * 4;
  const points = host.f64(n * d);
  const { view } = points;
  view.fill(0);
  order.view.forEach((from, to) => {
    for (let f = 0; f < features; f++) {
      const value = Number(data[from * features + f]);
      if (!Number.isFinite(value)) throw new Error(`${op}: x must be finite, got ${value} at row ${from}, column ${f}`);
      view[to * d + f] = value;
    }
  });
  return { n, k, d, points, starts, order };
}

/**
 * Silhouette coefficients of x [n, d] with labels [n]: samples[i] = (b − a) / max(a, b), where a is the mean Euclidean distance to the
 * other members of the own cluster and b the least mean distance to the members of another; 0 for the only member of a cluster.
 * `score` is their mean, −1 … 1. Exact: O(n² d) time, O(n d) memory, in float64.
 * Throws unless there are 2 to n − 1 clusters and x is finite. Rousseeuw, Silhouettes, 1987.
 */
export function silhouette(x: MatrixLike, labels: Labels): { readonly samples: Float64Array; readonly score: number } {
  return onHost((host) => {
    const { n, k, d, points, starts, order } = sortByCluster("silhouette", host, x, labels);
    const [along, across, nearest, sorted] = [1, 2, 3, 4].map(() => host.f64(n));
    const arrays = [along, across, nearest, sorted].map((array) => array!.pointer);
    host.of(SILHOUETTE).silhouette(points.pointer, n, d, starts.pointer, k, ...arrays);
    const samples = new Float64Array(n);
    const scores = sorted!.view;
    order.view.forEach((to, from) => (samples[to] = scores[from]!));
    return { samples, score: samples.reduce((sum, s) => sum + s, 0) / n };
  });
}

/**
 * Davies–Bouldin index of x [n, d] with labels [n]: mean over clusters i of max_j (s_i + s_j) / |c_i − c_j|, where s is the mean Euclidean
 * distance of a cluster's members to its mean c. Smaller is better, 0 the least; clusters with the same mean do not count for each other.
 * Throws unless there are 2 to n − 1 clusters and x is finite. Davies, Bouldin, A cluster separation measure, 1979.
 */
export function daviesBouldin(x: MatrixLike, labels: Labels): number {
  return onHost((host) => {
    const { k, d, points, starts } = sortByCluster("daviesBouldin", host, x, labels);
    const centers = host.f64(k * d);
    const spreads = host.f64(k);
    return host.of(SILHOUETTE).davies_bouldin(points.pointer, d, starts.pointer, k, centers.pointer, spreads.pointer);
  });
}

/**
 * Calinski–Harabasz index of x [n, d] with labels [n]: (B / (k − 1)) / (W / (n − k)), where W is the sum of squared distances of members to their cluster's
 * mean and B that of the cluster means to the mean of all, each as often as it has members. Larger is better; 1 where W is 0.
 * Throws unless there are 2 to n − 1 clusters and x is finite. Caliński, Harabasz, A dendrite method for cluster analysis, 1974.
 */
export function calinskiHarabasz(x: MatrixLike, labels: Labels): number {
  return onHost((host) => {
    const { n, k, d, points, starts } = sortByCluster("calinskiHarabasz", host, x, labels);
    const [view, bounds] = [points.view, starts.view];
    const meanOf = (from: number, to: number): Float64Array => {
      const mean = new Float64Array(d);
      for (let i = from; i < to; i++) for (let f = 0; f < d; f++) mean[f]! += view[i * d + f]! / (to - from);
      return mean;
    };
    const center = meanOf(0, n);
    let [within, between] = [0, 0];
    for (let cluster = 0; cluster < k; cluster++) {
      const [from, to] = [bounds[cluster]!, bounds[cluster + 1]!];
      const mean = meanOf(from, to);
      for (let f = 0; f < d; f++) between += (to - from) * (mean[f]! - center[f]!) ** 2;
      for (let i = from; i < to; i++) for (let f = 0; f < d; f++) within += (view[i * d + f]! - mean[f]!) ** 2;
    }
    return within === 0 ? 1 : (between * (n - k)) / (within * (k - 1));
  });
}

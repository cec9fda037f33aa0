import type { Points } from "../cluster/points";
import type { Device } from "../device";
import { noGrad } from "../graph";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import { columnMeans, centeredRows, takeRows } from "../neighbours/rows";
import type { HostRows } from "../neighbours/rows";
import { sizesOf, takePoints } from "../neighbours/sparse-rows";
import { choice, positive, integer } from "../options";
import type { Rules } from "../options";
import { SparseMatrix } from "../sparse";
import { tensor, tidy } from "../tensor";
import { affinityAmong, rbfAffinity } from "./affinity";

/** Where the weights between points come from: exp(−γ d²), the k nearest neighbours, or a matrix [n, n] given as x. */
export type AffinityKind = "rbf" | "knn" | "precomputed";

/** Options that `SpectralClustering` and `SpectralEmbedding` share. */
export interface AffinityOptions {
  /** Default "rbf". */
  readonly affinity?: AffinityKind;
  /** γ of "rbf". Default 1. */
  readonly gamma?: number;
  /** Neighbours of "knn", the point itself counted. Default 10. */
  readonly nNeighbors?: number;
  /** Where to compute; default: a tensor's own device, else one requested at first need. */
  readonly device?: Device | undefined;
}

/** The same, all of them. */
export type AffinitySettings = Required<Omit<AffinityOptions, "device">>;

/** Rules of the options. */
export const AFFINITY_RULES: Rules<AffinitySettings> = {
  affinity: choice("rbf", "knn", "precomputed"),
  gamma: positive,
  nNeighbors: integer(1),
};

/** What holds where nothing is given. */
export const AFFINITY_DEFAULTS: AffinitySettings = { affinity: "rbf", gamma: 1, nNeighbors: 10 };

/** Points of which "rbf" holds all pairs, at most. */
const MOST_PAIRS = 5000;

/**
 * Whether a fit that stands keeps its affinity: that of neighbours, which takes a search and is sparse. One that was given is given again, and that of all pairs, 4 bytes
 * each, is made again in less time than one round of its eigenvectors takes.
 */
export const keepsAffinity = ({ affinity }: AffinitySettings): boolean => affinity === "knn";

/**
 * The weights between the rows of x by the options; a sparse matrix is points as a dense one is.
 * @throws when x is not what they take, or is a sparse matrix that looks like the weights themselves
 */
export async function affinityOf(
  x: Points | SparseMatrix,
  op: string,
  { affinity, gamma, nNeighbors }: AffinitySettings,
  device: Device,
  signal: AbortSignal,
): Promise<SparseMatrix | MatrixLike> {
  if (affinity === "precomputed") {
    if (x instanceof SparseMatrix) return x;
    const { data, n, d } = await takeRows(x, op);
    return new NdArray(data, [n, d]);
  }
  if (x instanceof SparseMatrix && isGraph(x))
    throw new Error(
      `${op}: a symmetric sparse matrix of weights needs affinity "precomputed", got affinity "${affinity}"; give points like these with their zeros`,
    );
  const given = await takePoints(x, op);
  if (affinity === "knn") return affinityAmong(given, { nNeighbors }, op, { device, signal });
  const { n, d } = sizesOf(given);
  if (n > MOST_PAIRS)
    throw new Error(`${op}: affinity "rbf" holds all pairs of up to ${MOST_PAIRS} points, got ${n}; use "knn"`);
  const rows = given instanceof SparseMatrix ? { data: given.toDense(), n, d } : given;
  const points = await centeredRows(rows, columnMeans(rows), op);
  const w = tidy(() => noGrad(() => rbfAffinity(tensor(device, points, [rows.n, rows.d]), gamma)));
  try {
    const weights = Float64Array.from(await w.data());
    checkTold(weights, rows, gamma, op);
    return new NdArray(weights, w.shape);
  } finally {
    w.dispose();
  }
}

/** Whether a sparse matrix is square and its own mirror image, as weights between nodes are and points hardly ever. */
const isGraph = (x: SparseMatrix): boolean => {
  if (x.shape[0] !== x.shape[1] || x.shape[0] < 2) return false;
  return x.mirrors().every((mirror, p) => mirror >= 0 && x.data[mirror] === x.data[p]);
};

/** @throws where γ is so small or large beside the squared distances that float32 gives all pairs of points that differ one weight */
function checkTold(weights: Float64Array, { data, n, d }: HostRows, gamma: number, op: string): void {
  const differ = (i: number, j: number): boolean => {
    for (let c = 0; c < d; c++) if (data[i * d + c] !== data[j * d + c]) return true;
    return false;
  };
  let [low, high] = [2, -1];
  for (let i = 0; i < n && n > 2; i++)
    for (let j = 0; j < i; j++) {
      if (!differ(i, j)) continue;
      low = Math.min(low, weights[i * n + j]!);
      high = Math.max(high, weights[i * n + j]!);
      if (low < 1 && high > 0) return;
    }
  if (low === 1 || high === 0)
    throw new Error(
      `${op}: gamma must suit the squared distances, got ${gamma}, which gives every pair of points the weight ${low === 1 ? 1 : 0}; scale x, or change it`,
    );
}

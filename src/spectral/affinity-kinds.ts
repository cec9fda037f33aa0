import type { Points } from "../cluster/points";
import type { Device } from "../device";
import { noGrad } from "../graph";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import { columnMeans, centeredRows, takeRows } from "../neighbours/rows";
import type { HostRows } from "../neighbours/rows";
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

/** The weights between the rows of x by the options. @throws when x is not what they take */
export async function affinityOf(
  x: Points | SparseMatrix,
  op: string,
  { affinity, gamma, nNeighbors }: AffinitySettings,
  device: Device,
  signal: AbortSignal,
): Promise<SparseMatrix | MatrixLike> {
  if (x instanceof SparseMatrix) {
    if (affinity === "precomputed") return x;
    throw new Error(`${op}: a sparse matrix is taken as a precomputed affinity only, got affinity "${affinity}"`);
  }
  const rows = await takeRows(x, op);
  if (affinity === "precomputed") return new NdArray(rows.data, [rows.n, rows.d]);
  if (affinity === "knn") return affinityAmong(rows, { nNeighbors }, op, { device, signal });
  if (rows.n > MOST_PAIRS)
    throw new Error(`${op}: affinity "rbf" holds all pairs of up to ${MOST_PAIRS} points, got ${rows.n}; use "knn"`);
  const points = centeredRows(rows, columnMeans(rows), op);
  const w = tidy(() => noGrad(() => rbfAffinity(tensor(device, points, [rows.n, rows.d]), gamma)));
  try {
    const weights = Float64Array.from(await w.data());
    checkTold(weights, rows, gamma, op);
    return new NdArray(weights, w.shape);
  } finally {
    w.dispose();
  }
}

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

import { PCA } from "../../cluster";
import type { Device } from "../../device";
import { NdArray } from "../../ndarray";
import type { Projection } from "../../report";
import type { ProgressDisplay } from "../progress";
import type { Items } from "../data/scaling";

/** UMAP looks for neighbours among so many principal components at most. */
const COMPONENTS = 50;

/** Points in the plane. */
export interface Plane {
  /** The two principal components [n, 2], or the one of data that has but one. */
  readonly components: NdArray<Float32Array>;
  readonly projections: readonly Projection[];
}

/** Principal components of points [n, d], and UMAP of a sample of them, which begins from the first two. */
export async function project(
  points: Items,
  {
    device,
    seed,
    signal,
    progress,
    columns,
  }: {
    readonly device: Device;
    readonly seed: number;
    readonly signal: AbortSignal;
    readonly progress: ProgressDisplay;
    /** Names of the columns, of points that are the data themselves. */
    readonly columns?: readonly string[] | null | undefined;
  },
): Promise<Plane> {
  const { umapProjection } = await import("../../report");
  const [n, d] = points.shape as [number, number];
  if (n < 2) return { components: new NdArray(new Float32Array(2 * n), [n, 2]), projections: [] };
  const count = Math.min(COMPONENTS, n, d);
  const pca = new PCA({ nComponents: count, device });
  const scores = await pca.fitTransform(points);
  const shares = pca.explainedVarianceRatio;
  signal.throwIfAborted();
  const xy = new Float32Array(2 * n);
  for (let row = 0; row < n; row++)
    for (let axis = 0; axis < Math.min(2, count); axis++) xy[2 * row + axis] = scores.data[row * count + axis]!;
  const umap = await umapProjection(scores.data, n, {
    ...{ seed, signal, device, init: xy },
    onEpoch: (done, total) => progress.update({ stage: "drawing", done, total }),
  });
  const components = count > 1 ? new NdArray(xy, [n, 2]) : scores;
  const share = (axis: number): string => `PC ${axis + 1}, ${(100 * (shares[axis] ?? 0)).toFixed(1)} % of the variance`;
  const flat: Projection =
    d === 2 && columns?.length === 2
      ? { name: "The data", xy: points.data, axes: [columns[0]!, columns[1]!] }
      : { name: "PCA", xy, axes: [share(0), share(1)] };
  return { components, projections: [flat, umap] };
}

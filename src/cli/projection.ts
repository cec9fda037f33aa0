import { PCA } from "../cluster";
import { NdArray } from "../ndarray";
import type { Projection } from "../report";
import type { Outcome, Task } from "./methods/task";

/** UMAP looks for neighbours among so many principal components at most. */
const COMPONENTS = 50;

/** The embedding (else the data) in the plane. */
export interface Plane {
  /** The two principal components [n, 2], or the one of data that has but one. */
  readonly components: NdArray<Float32Array>;
  readonly projections: readonly Projection[];
}

/** Principal components of the embedding (else the data), and UMAP of a sample of them, which begins from the first two. */
export async function project({ x, device, seed, signal, progress }: Task, { embedding = x }: Outcome): Promise<Plane> {
  const { umapProjection } = await import("../report");
  const [n, d] = embedding.shape as [number, number];
  if (n < 2) return { components: new NdArray(new Float32Array(2 * n), [n, 2]), projections: [] };
  const count = Math.min(COMPONENTS, n, d);
  const scores = await new PCA({ nComponents: count, device }).fitTransform(embedding);
  signal.throwIfAborted();
  const xy = new Float32Array(2 * n);
  for (let row = 0; row < n; row++)
    for (let axis = 0; axis < Math.min(2, count); axis++) xy[2 * row + axis] = scores.data[row * count + axis]!;
  const umap = await umapProjection(scores.data, n, {
    ...{ seed, signal, init: xy },
    onEpoch: (done, total) => progress.update({ stage: "drawing", done, total }),
  });
  const components = count > 1 ? new NdArray(xy, [n, 2]) : scores;
  return { components, projections: [{ name: "PCA", xy }, umap] };
}

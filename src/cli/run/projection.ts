import { PCA } from "../../cluster";
import type { Device } from "../../device";
import { NdArray } from "../../ndarray";
import type { Projection } from "../../report";
import type { ProgressDisplay } from "../progress";
import type { Items } from "../data/scaling";
import type { AnyMethod } from "../../methods";
import { isWhole } from "../../checks";
import type { Rule } from "../../options";

/** How many items the map by UMAP has: a number at most, all, or what costs little beside the run. */
export type MapPoints = number | "all" | "auto";

/** What --map-points must be. */
export const MAP_POINTS: Rule<MapPoints> = {
  words: "a whole number from 4, all, or auto",
  holds: (value) => value === "auto" || value === "all" || isWhole(value as number, 4),
  spelled: {
    as: "text",
    placeholder: "N|all|auto",
    parse: (text) => (/^\d{1,9}$/.test(text) ? Number(text) : (text as MapPoints)),
  },
};

/**
 * What auto is: 100,000 items of a method that trains a network, which takes hours of as many where the map takes half a minute; else 10,000, three
 * seconds. By the method and not by the clock, so that a seed gives the same map.
 */
const AUTO = { network: 100_000, others: 10_000 };

/** Items on the map, at most. */
export function mapPointsOf(asked: MapPoints | undefined, { network }: AnyMethod): number {
  if (typeof asked === "number") return asked;
  return asked === "all" ? Infinity : network ? AUTO.network : AUTO.others;
}

/** UMAP looks for neighbours among so many principal components at most. */
const COMPONENTS = 50;

/**
 * Principal components of points [n, d], and UMAP of them, or of a sample of `mapPoints`, which begins from the first two; `found` is given the
 * components before the map is computed.
 */
export async function project(
  points: Items,
  {
    device,
    seed,
    signal,
    progress,
    columns,
    mapPoints,
    found,
  }: {
    readonly device: Device;
    readonly seed: number;
    readonly signal: AbortSignal;
    readonly progress: ProgressDisplay;
    /** Names of the columns, of points that are the data themselves. */
    readonly columns?: readonly string[] | null | undefined;
    readonly mapPoints: number;
    readonly found?: (components: NdArray<Float32Array>) => Promise<void>;
  },
): Promise<readonly Projection[]> {
  const { umapProjection } = await import("../../report");
  const [n, d] = points.shape as [number, number];
  if (n < 2) {
    await found?.(new NdArray(new Float32Array(2 * n), [n, 2]));
    return [];
  }
  const count = Math.min(COMPONENTS, n, d);
  const pca = new PCA({ nComponents: count, device });
  const scores = await pca.fitTransform(points);
  const shares = pca.explainedVarianceRatio;
  signal.throwIfAborted();
  const xy = new Float32Array(2 * n);
  for (let row = 0; row < n; row++)
    for (let axis = 0; axis < Math.min(2, count); axis++) xy[2 * row + axis] = scores.data[row * count + axis]!;
  await found?.(count > 1 ? new NdArray(xy, [n, 2]) : scores);
  const umap = await umapProjection(scores.data, n, {
    ...{ seed, signal, device, init: xy, maxPoints: Math.min(n, mapPoints) },
    onEpoch: (done, total) => progress.update({ stage: "drawing", done, total }),
  });
  const share = (axis: number): string => `PC ${axis + 1}, ${(100 * (shares[axis] ?? 0)).toFixed(1)} % of the variance`;
  const flat: Projection =
    d === 2 && columns?.length === 2
      ? { name: "The data", xy: points.data, axes: [columns[0]!, columns[1]!] }
      : { name: "PCA", xy, axes: [share(0), share(1)] };
  return [flat, umap];
}

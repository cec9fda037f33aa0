// What a fitted method can tell beside labels and codes: of a network what it gives back, what its centres look like, and how hard they pull; of a map its units.
import type { Estimator } from "../methods/method";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { shownMap, type ShownMap } from "./maps/shown";
import { stream } from "../random";
import { sampleRows } from "./sections/sample";

/** What a report shows of a network or a map, of methods that have one. */
export interface Insights {
  /** The p-values by which clusters were merged, in their order. */
  readonly merges?: readonly { readonly pValue: number }[];
  /** What is to be told of the items, in words. */
  readonly remarks?: readonly string[];
  /** The units of a self-organising map, or the nodes of an evolving one. */
  readonly map?: ShownMap;
  /** Some items as the network is given them, and as it gives them back, [m, values]: their rows. */
  readonly decoded?: {
    readonly rows: Uint32Array;
    readonly given: NdArray<Float32Array>;
    readonly values: NdArray<Float32Array>;
  };
  /** The same items with a share of their values set to 0, and what the network gives back of those. */
  readonly denoised?: {
    readonly share: number;
    readonly given: NdArray<Float32Array>;
    readonly values: NdArray<Float32Array>;
  };
  /** What the decoder makes of the centres, [K, values]. */
  readonly decodedCenters?: NdArray<Float32Array>;
  /** q and the size of the gradient of pairs of an item and a centre, by the definition of `decGradient`. */
  readonly pulls?: { readonly q: Float32Array; readonly size: Float32Array };
}

/** Items that are given back, and items whose gradients are told. */
const [DECODED, PULLED] = [20, 2000];
/** Of the values of an item, where the method says no other. */
const CORRUPTION = 0.2;

/** Items with a share of their values set to 0, at random by the seed. */
function corrupted({ data, shape }: NdArray<Float32Array>, share: number, seed: number): NdArray<Float32Array> {
  const random = stream(seed, "report.corruption");
  return new NdArray(
    data.map((value) => (random.uniform() < share ? 0 : value)),
    shape,
  );
}

/** Some rows of items. */
function taken(x: NdArray<TypedArray>, rows: Uint32Array): NdArray<Float32Array> {
  const [n, ...shape] = x.shape as [number, ...number[]];
  const width = x.size / n;
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    for (let j = 0; j < width; j++) data[i * width + j] = Number(x.data[row * width + j]!);
  });
  return new NdArray(data, [rows.length, ...shape]);
}

/**
 * Asks a fitted estimator for what its report shows of it: its map of units, and `reconstruct`, `decode` and `clusterCenters`, `gradientSizes`, as far as
 * it has them.
 * @param x items as they were fitted
 * @param seed of the items that are taken at random
 */
export async function insightsOf(estimator: Estimator, x: NdArray<TypedArray>, seed: number): Promise<Insights> {
  const [n] = x.shape as [number];
  const rows = sampleRows(n, DECODED, seed);
  const given = taken(x, rows);
  const values = await estimator.reconstruct?.(given);
  const centers = estimator.clusterCenters;
  const fromCenters =
    typeof centers === "object" && estimator.reconstruct ? await estimator.decode?.(centers) : undefined;
  const { corruption } = estimator.settings as { readonly corruption?: number };
  const share = corruption || CORRUPTION;
  const broken = fromCenters && corrupted(given, share, seed);
  const denoised = broken && (await estimator.reconstruct!(broken));
  const map = await shownMap(estimator);
  const pulls = await estimator.gradientSizes?.(taken(x, sampleRows(n, PULLED, seed)));
  return {
    ...(estimator.remarks?.length && { remarks: estimator.remarks }),
    ...(estimator.merges?.length && { merges: estimator.merges }),
    ...(map && { map }),
    ...(values && { decoded: { rows, given, values } }),
    ...(broken && denoised && { denoised: { share, given: broken, values: denoised } }),
    ...(fromCenters && { decodedCenters: fromCenters }),
    ...(pulls && { pulls: { q: pulls.q.data, size: pulls.size.data } }),
  };
}

// Clusters of pixels by their hypercolumns: how channels are made comparable, and which cluster is a pixel's.
import { KMeans } from "../../cluster/kmeans/kmeans";
import { GaussianMixture } from "../../density/gaussian-mixture";
import type { Device } from "../../device";
import type { Fit } from "../../lifecycle/fit";
import type { Checkpoint } from "../../lifecycle/checkpoint";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { add, mul, square, sub } from "../../ops/elementwise";
import { argmax } from "../../ops/arg-extremum";
import { matmul } from "../../ops/matmul";
import { tensor } from "../../tensor";
import type { Tensor } from "../../tensor";
import { mapTo } from "../../typed-arrays";

/** What clusters pixels. */
export const CLUSTERINGS = ["k-means", "gaussian-mixture"] as const;

/** Channels less `shift`, times `scale`; then the largest of `constants` + columns · `linear` + columns² · `quadratic` is a pixel's cluster. */
export interface PixelClusters {
  /** [channels] */
  readonly shift: NdArray<Float32Array>;
  readonly scale: NdArray<Float32Array>;
  /** [clusters] */
  readonly constants: NdArray<Float32Array>;
  /** [clusters, channels]; the quadratic ones are 0 of k-means. */
  readonly linear: NdArray<Float32Array>;
  readonly quadratic: NdArray<Float32Array>;
}

/** How pixels are clustered. */
export interface PixelClustering {
  readonly clustering: (typeof CLUSTERINGS)[number];
  readonly nClusters: number;
  readonly nInit: number;
  readonly seed: number;
  /** Whether channels are taken to mean 0 and variance 1, and layers to weigh the same. */
  readonly standardize: boolean;
  /** Channels of each layer. */
  readonly layers: readonly number[];
}

/** Clusters of pixels [n, channels]. */
export async function clusterPixels(
  pixels: NdArray<Float32Array>,
  { clustering, nClusters, nInit, seed, standardize, layers }: PixelClustering,
  device: Device,
  fit: Fit,
): Promise<PixelClusters> {
  const [n, channels] = pixels.shape as [number, number];
  const [shift, scale] = [new Float32Array(channels), new Float32Array(channels).fill(1)];
  if (standardize) {
    const weights = layers.flatMap((size) => Array.from({ length: size }, () => 1 / Math.sqrt(size)));
    for (let c = 0; c < channels; c++) {
      let [mean, variance] = [0, 0];
      for (let i = c; i < pixels.data.length; i += channels) mean += pixels.data[i]! / n;
      for (let i = c; i < pixels.data.length; i += channels) variance += (pixels.data[i]! - mean) ** 2 / n;
      shift[c] = mean;
      scale[c] = weights[c]! / Math.sqrt(variance + 1e-8);
    }
  }
  const points = new NdArray(
    pixels.data.map((value, i) => (value - shift[i % channels]!) * scale[i % channels]!),
    pixels.shape,
  );
  const [linear, quadratic] = [new Float32Array(nClusters * channels), new Float32Array(nClusters * channels)];
  const constants = new Float32Array(nClusters);
  const { signal } = fit;
  if (clustering === "k-means") {
    using model = new KMeans({ nClusters, nInit, seed, device });
    await fit.resting(() => model.fit(points, { signal }));
    const { data } = model.clusterCenters;
    data.forEach((value, i) => {
      linear[i] = value;
      constants[Math.floor(i / channels)]! -= value ** 2 / 2;
    });
  } else {
    using model = new GaussianMixture({ nComponents: nClusters, covarianceType: "diag", nInit, regCovar: 1e-4, seed, device }); // prettier-ignore
    await fit.resting(() => model.fit(points, { signal }));
    const { weights, means, covariances } = model;
    for (let i = 0; i < nClusters * channels; i++) {
      const [mean, variance] = [means.data[i]!, covariances.data[i]!];
      linear[i] = mean / variance;
      quadratic[i] = -0.5 / variance;
      constants[Math.floor(i / channels)]! -= 0.5 * (mean ** 2 / variance + Math.log(variance));
    }
    weights.forEach((weight, j) => (constants[j]! += Math.log(weight)));
  }
  return {
    shift: new NdArray(shift, [channels]),
    scale: new NdArray(scale, [channels]),
    constants: new NdArray(constants, [nClusters]),
    linear: new NdArray(linear, [nClusters, channels]),
    quadratic: new NdArray(quadratic, [nClusters, channels]),
  };
}

/** The cluster of each pixel: columns [n, channels] → u32 [n]. */
export function clusterOf(columns: Tensor, clusters: PixelClusters): Tensor {
  const of = ({ data, shape }: NdArray<Float32Array>): Tensor => tensor(columns.device, data, shape);
  const points = mul(sub(columns, of(clusters.shift)), of(clusters.scale));
  const products = add(matmul(points, of(clusters.linear), { transB: true }), of(clusters.constants));
  const isPlain = clusters.quadratic.data.every((value) => value === 0);
  return argmax(
    isPlain ? products : add(products, matmul(square(points), of(clusters.quadratic), { transB: true })),
    1,
  );
}

/** Pixels that a median is of, at most. */
const SAMPLED = 2 ** 16;

/** Which clusters of pixels have a mean brightness above the median by more than 1.4826 median absolute deviations, the deviation of normal noise. */
export function brightClusters(labels: Int32Array, brightness: Float32Array, nClusters: number): Uint8Array {
  const step = Math.max(1, Math.floor(labels.length / SAMPLED));
  const sample = brightness.filter((_, i) => i % step === 0).sort();
  const middle = sample[sample.length >> 1]!;
  const deviation = 1.4826 * sample.map((value) => Math.abs(value - middle)).sort()[sample.length >> 1]!;
  const [sums, counts] = [new Float64Array(nClusters), new Float64Array(nClusters)];
  labels.forEach((label, i) => {
    counts[label]!++;
    sums[label]! += brightness[i]!;
  });
  return mapTo(Uint8Array, sums, (sum, j) => Number(counts[j]! > 0 && sum / counts[j]! > middle + deviation));
}

const NAMES = ["shift", "scale", "constants", "linear", "quadratic"] as const;

/** As a checkpoint keeps them. */
export const clusterArrays = (clusters: PixelClusters): Record<string, NdArray<TypedArray>> =>
  Object.fromEntries(NAMES.map((name) => [`pixels.${name}`, clusters[name]]));

/** The way back, of so many clusters; undefined where there are none. @throws when an array is missing or of another size */
export function restoredClusters(saved: Checkpoint, nClusters: number): PixelClusters | undefined {
  const linear = saved.array("pixels.linear", [nClusters, -1]);
  if (!linear) return undefined;
  const channels = linear.shape[1]!;
  const rest = { shift: [channels], scale: [channels], constants: [nClusters], quadratic: [nClusters, channels] };
  const arrays = Object.entries(rest).map(([name, shape]) => {
    const found = saved.array(`pixels.${name}`, shape);
    if (!found) throw new Error(`checkpoint: pixels.${name} must be there`);
    return [name, found];
  });
  return { linear, ...(Object.fromEntries(arrays) as Omit<PixelClusters, "linear">) };
}

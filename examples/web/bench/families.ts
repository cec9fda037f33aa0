// Workloads of the families that have entries of their own: masks, distances of distributions, neighbours, mixtures, manifolds, maps, sky.
import * as c from "constella";
import { BandPCA, psfMatched, readBands, reprojected, slic, Wcs } from "constella/astronomy";
import { GaussianMixture } from "constella/density";
import { componentSums, gaussianW2Full, selectObject, sortedWasserstein } from "constella/generative";
import { SparseMatrix, TSNE, UMAP } from "constella/manifold";
import { kNeighbours, knnGraph } from "constella/neighbours";
import { SOM } from "constella/som";
import { backAndForth, labelsOf, made, values } from "./workload";
import type { Workload } from "./workload";

/** Bands [bands, side, side] of smooth numbers far from 0. */
function cube(bands: number, side: number): c.NdArray<Float32Array<ArrayBuffer>> {
  const data = Float32Array.from({ length: bands * side * side }, (_, i) => {
    const [band, row, column] = [Math.floor(i / side ** 2), Math.floor(i / side) % side, i % side];
    return 3 + Math.sin(row / 7 + band) + Math.cos(column / 9 - band);
  });
  return new c.NdArray(data, [bands, side, side]);
}

/** A grid of side² pixels of an arcsecond, turned by some degrees. */
const sky = (side: number, degrees: number): Wcs => {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return new Wcs({
    ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRVAL1: 150, CRVAL2: 2, CRPIX1: side / 2, CRPIX2: side / 2 },
    ...{ CD1_1: -cos / 3600, CD1_2: sin / 3600, CD2_1: sin / 3600, CD2_2: cos / 3600 },
  });
};

const points = (n: number, d: number): c.NdArray<Float32Array<ArrayBuffer>> => new c.NdArray(values(n * d), [n, d]);

/** Affinities [n, n] of points on a ring to the two beside them. */
function ring(n: number): SparseMatrix {
  const rows = Uint32Array.from({ length: 2 * n }, (_, e) => e >> 1);
  const columns = rows.map((i, e) => (i + (e % 2 === 0 ? 1 : n - 1)) % n);
  return SparseMatrix.fromEntries([n, n], { rows, columns, values: new Float64Array(2 * n).fill(1 / (2 * n)) });
}

/** Workloads of families, in the order of the page. */
export const FAMILIES: readonly Workload[] = [
  {
    name: "histograms of gradients",
    sizes: { batch: [4, 32, 128], side: [32, 64, 96] },
    run: (device, { batch, side }) => void c.tidy(() => c.hog(made(device, [batch!, 1, side!, side!]))),
  },
  {
    name: "objects in masks",
    sizes: { batch: [4, 16, 64], side: [32, 64, 128] },
    run: (device, { batch, side }) => {
      const shape = [batch!, side!, side!];
      c.tidy(() => {
        const mask = labelsOf(device, batch! * side! * side!, 3, shape);
        const object = selectObject(mask, { by: "largest" });
        return [object.statistics, componentSums(made(device, [batch!, 5, side!, side!]), object.mask, 1)];
      });
    },
  },
  {
    name: "Wasserstein distances",
    sizes: { n: [256, 4096, 16384], d: 8 },
    run: (device, { n, d }) => {
      const [z, prior] = [made(device, [n!, d!]), made(device, [n!, d!], 2)];
      backAndForth([z], (t) => sortedWasserstein(t, prior));
      const [m, eye] = [
        64,
        Float32Array.from({ length: 64 * d! * d! }, (_, i) => ((i % (d! * d!)) % (d! + 1) === 0 ? 1 : 0)),
      ];
      const spread = c.parameter(device, eye, [m, d!, d!]);
      backAndForth([spread], (a) =>
        gaussianW2Full(made(device, [m, d!]), a, made(device, [m, d!], 2), c.scale(spread, 2)),
      );
    },
  },
  {
    name: "nearest neighbours",
    sizes: { n: [500, 4000, 20000], d: [16, 50, 64], k: 15 },
    run: async (device, { n, d, k }) => void (await kNeighbours(points(n!, d!), points(n!, d!), k!, { device })),
  },
  {
    // numbers of one digit: the launches that sort by a second one differ from the first's in buffers alone, and are launched again once for both
    name: "nearest neighbours, approximate",
    sizes: { n: 256, d: [16, 128, 784], k: [10, 15, 30] },
    run: async (device, { n, d, k }) => void (await knnGraph(points(n!, d!), k!, { approximate: true, device })),
  },
  {
    name: "Gaussian mixture",
    sizes: { n: [500, 10000, 50000], d: 16, k: 8 },
    run: async (device, { n, d, k }) =>
      void (await new GaussianMixture({ nComponents: k!, maxIter: 2, precision: "float32", device }).fit(
        points(n!, d!),
      )),
  },
  {
    name: "t-SNE",
    sizes: { n: [200, 1000, 4000], d: 16 },
    run: async (device, { n, d }) => void (await new TSNE({ maxIter: 2, perplexity: 10, device }).fit(points(n!, d!))),
  },
  {
    name: "t-SNE by a field on a grid",
    sizes: { n: [5000, 20_000, 70_000] }, // fewer points are placed by their pairs
    run: async (device, { n }) => {
      const options = { maxIter: 2, init: "random", device } as const;
      await new TSNE(options).fit(points(n!, 2), { probabilities: ring(n!) });
    },
  },
  {
    name: "UMAP",
    sizes: { n: [300, 2000, 10000], d: 16 },
    run: async (device, { n, d }) => {
      for (const nComponents of [2, 6])
        await new UMAP({ nComponents, nEpochs: 2, init: "pca", device }).fit(points(n!, d!));
    },
  },
  {
    name: "self-organising map",
    sizes: { n: [1000, 20000, 200000], d: 9, side: 10 },
    run: async (device, { n, d, side }) => {
      const map = { rows: side!, columns: side!, epochs: 1, init: "sample", device } as const;
      await new SOM(map).fit(points(n!, d!));
      await new SOM({ ...map, training: "online" }).fit(points(Math.min(n!, 2000), d!));
    },
  },
  {
    name: "superpixels",
    sizes: { bands: 3, side: [64, 256, 600], segments: [16, 100, 400] },
    run: async (device, { bands, side, segments }) =>
      void (await slic(cube(bands!, side!), { nSegments: segments!, maxIter: 2, device })),
  },
  {
    name: "bands: components, point spread, new grid",
    sizes: { bands: 3, side: [64, 256, 600] },
    run: async (device, { bands, side }) => {
      const image = cube(bands!, side!);
      await new BandPCA({ nComponents: 2, device }).fit(image);
      const fwhm = Array.from({ length: bands! }, (_, band) => 2 + band);
      await readBands(psfMatched(image, { fwhm, pixelScale: 1, device }));
      const grid = { wcs: sky(side!, 20), width: side!, height: side! };
      await readBands(reprojected(image, sky(side!, 0), grid, { device }));
    },
  },
];

// Clusterings of a cube's pixels, and what says nothing of its bands.
import { KMeans } from "constella";
import type { Device, NdArray } from "constella";
import { GALAXY_CLASSES, painted, pixelItems, slic, superpixelItems } from "constella/astronomy";
import { ESOM, SOM } from "constella/som";

/** What a clustering is made of. */
export interface Task {
  /** [bands, height, width] */
  readonly cube: NdArray<Float32Array>;
  readonly seed: number;
  readonly device: Device;
}

/** A row of the table. */
export interface Method {
  readonly id: string;
  readonly title: string;
  /** Whether it is trivial: what others must be better than. */
  readonly trivial?: true;
  /** The cluster of each pixel [height, width], −1 where a band has no data. */
  readonly cluster: (task: Task) => Promise<NdArray<Int32Array>>;
}

/** Clusters where their number is told: classes that there are. */
const K = GALAXY_CLASSES.length;

// Chosen on galaxies of seeds from 100 on, of which none is scored.
/** Share of all pixels that links two units of a map. */
const LINKS = 0.003;
const ESOM_OPTIONS = { epsilon: { quantile: 0.25 }, minStrength: 0.3 };
/** Pixels to a superpixel, and how they are found. */
const SLIC_OPTIONS = { pixels: 12, compactness: 0.1, sigma: 1 };

/** Labels of the pixels by those of rows. */
async function ofPixels(
  { cube }: Task,
  cluster: (x: NdArray<Float32Array>) => Promise<ArrayLike<number>>,
): Promise<NdArray<Int32Array>> {
  const items = pixelItems(cube);
  return painted(await cluster(items.x), items);
}

/** A model of rows, as far as it is asked here. */
interface RowsModel {
  readonly labels: Int32Array;
  fit(x: NdArray<Float32Array>): Promise<unknown>;
  dispose(): void;
}

async function fitted(model: RowsModel, x: NdArray<Float32Array>): Promise<Int32Array> {
  try {
    await model.fit(x);
    return model.labels;
  } finally {
    model.dispose();
  }
}

const ofTask = ({ seed, device }: Task): Pick<Task, "seed" | "device"> => ({ seed, device });

const kmeans = (x: NdArray<Float32Array>, task: Task): Promise<Int32Array> =>
  fitted(new KMeans({ nClusters: K, nInit: 5, ...ofTask(task) }), x);

/** K equal parts by the mean of the bands. */
function brightness({ data, shape: [n = 0, d = 1] }: NdArray<Float32Array>): Int32Array {
  const means = Float64Array.from({ length: n }, (_, i) =>
    data.subarray(i * d, (i + 1) * d).reduce((a, b) => a + b, 0),
  );
  const order = Array.from(means.keys()).sort((a, b) => means[a]! - means[b]!);
  const labels = new Int32Array(n);
  order.forEach((i, rank) => (labels[i] = Math.floor((rank * K) / n)));
  return labels;
}

/** All of them, the trivial ones first. */
export const METHODS: readonly Method[] = [
  {
    ...{ id: "one", title: "one cluster for all", trivial: true },
    cluster: (task) => ofPixels(task, async ({ shape }) => new Int32Array(shape[0]!)),
  },
  {
    ...{ id: "brightness", title: `${K} equal parts by brightness`, trivial: true },
    cluster: (task) => ofPixels(task, async (x) => brightness(x)),
  },
  { id: "kmeans", title: `k-means, K = ${K}`, cluster: (task) => ofPixels(task, (x) => kmeans(x, task)) },
  {
    ...{ id: "som-linkage", title: "SOM 10 × 10 + two winners linkage" },
    cluster: (task) =>
      ofPixels(task, (x) =>
        fitted(new SOM({ clustering: "linkage", minLinks: Math.round(LINKS * x.shape[0]!), ...ofTask(task) }), x),
      ),
  },
  {
    ...{ id: "som-kmeans", title: `SOM 10 × 10 + k-means of its units, K = ${K}` },
    cluster: (task) => ofPixels(task, (x) => fitted(new SOM({ nClusters: K, ...ofTask(task) }), x)),
  },
  {
    ...{ id: "esom", title: "ESOM, connected components" },
    cluster: (task) => ofPixels(task, (x) => fitted(new ESOM({ ...ESOM_OPTIONS, ...ofTask(task) }), x)),
  },
  {
    ...{ id: "slic-kmeans", title: `SLIC + k-means of superpixels, K = ${K}` },
    cluster: async (task) => {
      const [, height, width] = task.cube.shape as [number, number, number];
      const nSegments = Math.round((height * width) / SLIC_OPTIONS.pixels);
      const { compactness, sigma } = SLIC_OPTIONS;
      const { labels } = await slic(task.cube, { nSegments, compactness, sigma, device: task.device });
      const items = superpixelItems(task.cube, labels);
      return painted(await kmeans(items.x, task), items);
    },
  },
];

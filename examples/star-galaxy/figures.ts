// What the report shows beside the table: pixels before and after preparing, reproductions, segmentations and the hidden plane, each kept in a file.
import { join } from "node:path";
import { NdArray } from "constella";
import { SKY_SIGMA } from "constella/data";
import {
  ConvAutoencoder,
  HypercolumnSegmentation,
  prepareStamps,
  ResidualAutoencoder,
  VAE,
} from "constella/generative";
import { AXES, PREPARATIONS } from "./data";
import type { Preparation, Stamps } from "./data";
import { kept } from "./kept";
import type { Setting } from "./methods";

/** Pictures [n, height, width] as a file keeps them. */
export interface Pictures {
  readonly data: readonly number[];
  readonly shape: readonly number[];
}

/** How often values of pixels occur, of each band. */
export interface Histogram {
  readonly preparation: Preparation;
  /** Middles of the bins. */
  readonly values: readonly number[];
  readonly bands: readonly { readonly name: string; readonly counts: readonly number[] }[];
}

/** All figures of a setting. */
export interface Figures {
  readonly histograms: readonly Histogram[];
  /** Rows of pictures by their names: stamps in r, and what autoencoders make of them. */
  readonly reproductions: readonly { readonly name: string; readonly pictures: Pictures }[];
  /** The same of clusters, from the darkest to the brightest, and masks. */
  readonly segmentations: readonly { readonly name: string; readonly pictures: Pictures }[];
  /** Two latents and the label of some test stamps. */
  readonly plane: readonly (readonly [number, number, number])[];
}

/** Stamps of a histogram, stamps that networks of images learn from, and those that are shown. */
const [COUNTED, LEARNT, SHOWN, DOTS] = [400, 400, 6, 1500];
const SIDE = 32;
const BINS = 40;
/** How networks of images are given the stamps. */
const SKY = { skySigma: SKY_SIGMA, stretch: "asinh" } as const;

const rounded = (values: ArrayLike<number>): number[] => Array.from(values, (value) => Number(value.toPrecision(3)));

const some = ({ images: { data, shape } }: Stamps, n: number): NdArray<Float32Array> =>
  new NdArray(data.subarray(0, (Math.min(n, shape[0]!) * data.length) / shape[0]!), [Math.min(n, shape[0]!), ...shape.slice(1)]); // prettier-ignore

function histogramOf(stamps: Stamps, preparation: Preparation): Histogram {
  const { data, shape } = prepareStamps(some(stamps, COUNTED), { skySigma: SKY_SIGMA, ...PREPARATIONS[preparation] });
  const [n, bands, height, width] = shape as [number, number, number, number];
  const area = height * width;
  const sorted = data.slice().sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  const [low, high] = [at(0.0005), at(0.9995)];
  const counts = Array.from({ length: bands }, () => new Array<number>(BINS).fill(0));
  data.forEach((value, i) => {
    const bin = Math.floor(((value - low) / (high - low)) * BINS);
    if (bin >= 0 && bin < BINS) counts[Math.floor(i / area) % bands]![bin]!++;
  });
  const names = bands === 1 ? ["mean of g, r, i"] : ["u", "g", "r", "i", "z"];
  return {
    preparation,
    values: rounded(Array.from({ length: BINS }, (_, bin) => low + ((bin + 0.5) * (high - low)) / BINS)),
    bands: counts.map((own, band) => ({ name: names[band]!, counts: own.map((count) => count / (n * area)) })),
  };
}

/** Band r of the stamps that are shown, of rows of five bands. */
function redOf(data: Float32Array): Pictures {
  const area = SIDE * SIDE;
  const planes = Array.from({ length: SHOWN }, (_, i) => data.subarray((5 * i + 2) * area, (5 * i + 3) * area));
  return { data: planes.flatMap((plane) => rounded(plane)), shape: [SHOWN, SIDE, SIDE] };
}

async function reproductions({ train, test, device }: Setting): Promise<Figures["reproductions"]> {
  const shown = some(test, SHOWN);
  const rows = [{ name: "stamps", pictures: redOf(prepareStamps(shown, SKY).data) }];
  for (const [name, Kind] of [
    ["autoencoder", ConvAutoencoder],
    ["residual autoencoder", ResidualAutoencoder],
  ] as const) {
    // prettier-ignore
    using model = new Kind({ inputShape: [5, SIDE, SIDE], preparation: SKY, epochs: 12, batchSize: 25, learningRate: 4e-3, seed: 0, device }); // prettier-ignore
    await model.fit(some(train, LEARNT));
    rows.push({ name, pictures: redOf((await model.reconstruct(shown)).data) });
  }
  return rows;
}

async function segmentations({ train, test, device }: Setting): Promise<Figures["segmentations"]> {
  const shown = some(test, SHOWN);
  const seen = redOf(prepareStamps(shown, SKY).data);
  const rows: { name: string; pictures: Pictures }[] = [{ name: "stamps", pictures: seen }];
  for (const nClusters of [2, 3, 4, 6]) {
    using model = new HypercolumnSegmentation({ inputShape: [5, SIDE, SIDE], preparation: SKY, nClusters, epochs: 6, batchSize: 25, learningRate: 4e-3, seed: 0, device }); // prettier-ignore
    await model.fit(some(train, LEARNT));
    const labels = (await model.predict(shown)).data;
    const sums = Array.from({ length: nClusters }, () => [0, 0] as [number, number]);
    labels.forEach((label, p) => {
      sums[label]![0] += seen.data[p]!;
      sums[label]![1]++;
    });
    const order = [...sums.keys()].sort((a, b) => sums[a]![0] / (sums[a]![1] || 1) - sums[b]![0] / (sums[b]![1] || 1));
    const rank = order.map((_, label) => order.indexOf(label));
    rows.push({ name: `k = ${nClusters}`, pictures: { data: Array.from(labels, (label) => rank[label]!), shape: seen.shape } }); // prettier-ignore
    const masks = (await model.masks(shown)).data;
    if (nClusters === 3) rows.push({ name: "objects by k = 3", pictures: { data: [...masks], shape: seen.shape } });
  }
  return rows;
}

async function plane({ axes, test, epochs, device }: Setting): Promise<Figures["plane"]> {
  const given = await axes("white");
  using model = new VAE({ inputShape: [AXES], latents: 2, epochs, seed: 0, device });
  await model.fit(given.train);
  const { data } = await model.transform(given.test);
  return Array.from(test.labels.subarray(0, DOTS), (label, i) => [...rounded(data.subarray(2 * i, 2 * i + 2)), label] as never); // prettier-ignore
}

/** The figures of a setting, from their files or made now. */
export async function figuresOf(setting: Setting): Promise<Figures> {
  const from = <T>(name: string, make: () => Promise<T>): Promise<T> =>
    kept(join(setting.folder, "figures", `${name}.json`), make);
  return {
    histograms: await from(
      "histograms",
      () =>
      Promise.resolve((["raw", "asinh", "peak", "white"] as const).map((preparation) => histogramOf(setting.train, preparation))), // prettier-ignore
    ),
    reproductions: await from("reproductions", () => reproductions(setting)),
    segmentations: await from("segmentations", () => segmentations(setting)),
    plane: await from("plane", () => plane(setting)),
  };
}

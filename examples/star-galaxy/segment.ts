// npm run example:star-galaxy-segments [-- options]: how well objects are cut out of stamps without labels, by thresholds, pixels and hypercolumns.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { NdArray, requestDevice } from "constella";
import type { Device } from "constella";
import { simulateStarsGalaxies, SKY_SIGMA } from "constella/data";
import { HypercolumnSegmentation, middleObjects, objectCatalogue } from "constella/generative";
import type { HypercolumnSegmentationOptions } from "constella/generative";
import { run } from "constella/commands";
import { formatSpread, spread } from "../spread";
import { kept } from "./kept";

interface Options {
  readonly seeds: string;
  readonly rows?: string;
  readonly out: string;
}

const [N, SIDE, SEED] = [250, 32, 11];

/** A row of the table: a threshold on the mean of g, r and i in sky sigmas, or pixels clustered by layers. */
interface Row {
  readonly id: string;
  readonly title: string;
  readonly threshold?: { readonly above: number; readonly smooth: boolean };
  readonly options?: Partial<HypercolumnSegmentationOptions>;
}

const TRAINED = { epochs: 20, batchSize: 25, learningRate: 4e-3 } as const;
const PIXELS = { at: ["input"], epochs: 0 } as const;
const INNER = { at: ["encoder1", "decoder1"] } as const;
/** The sky of the mean of g, r and i in the units of one band. */
const OF_MEAN = 1 / Math.sqrt(3);

/** All rows. */
export const ROWS: readonly Row[] = [
  { id: "threshold", title: "threshold at 2 sky sigmas", threshold: { above: 2, smooth: false } },
  { id: "smoothed", title: "smoothed, threshold at 1.5 sky sigmas", threshold: { above: 1.5, smooth: true } },
  {
    id: "smoothed-mean",
    title: "smoothed, threshold at 1.5 sigmas of the mean's own sky",
    threshold: { above: 1.5 * OF_MEAN, smooth: true },
  },
  { id: "pixels", title: "k-means on pixels", options: { ...PIXELS, smooth: false } },
  { id: "pixels-3x3", title: "k-means on 3 × 3-averaged pixels", options: PIXELS },
  { id: "untrained", title: "untrained residual network, inner layers", options: { ...INNER, epochs: 0 } },
  { id: "untrained-input", title: "untrained, input and output", options: { epochs: 0 } },
  { id: "inner", title: "residual autoencoder, inner layers", options: { ...TRAINED, ...INNER } },
  {
    id: "inner-standardized",
    title: "the same, channels to variance 1",
    options: { ...TRAINED, ...INNER, comparable: "standardize" },
  },
  { id: "inner-6", title: "inner layers, K = 6", options: { ...TRAINED, ...INNER, nClusters: 6 } },
  { id: "default", title: "residual autoencoder, input and reconstruction", options: TRAINED },
  {
    id: "plain",
    title: "autoencoder without residuals and connections, input and reconstruction",
    options: { ...TRAINED, depth: 0, skip: false, code: 32 },
  },
];

/** What a row came to with a seed. */
interface Cell {
  /** Pixels in both the mask and the truth over those in either. */
  readonly iou: number;
  /** The same of the object in the middle and the first source. */
  readonly middle: number;
  /** Share of blends of which two objects were found. */
  readonly separated: number;
}

interface Truth {
  readonly images: NdArray<Float32Array>;
  readonly masks: NdArray<Uint8Array>;
  readonly blend: Float32Array;
}

function overlap(found: ArrayLike<number>, truth: ArrayLike<number>, is: (value: number) => boolean): number {
  let [both, either] = [0, 0];
  for (let p = 0; p < found.length; p++) {
    const [a, b] = [found[p]! > 0, is(truth[p]!)];
    both += Number(a && b);
    either += Number(a || b);
  }
  return both / either;
}

/** Pixels above so many sky sigmas in the mean of g, r and i, smoothed by (1 2 1) across and down or as it is. */
function thresholded({ data }: NdArray<Float32Array>, { above, smooth }: NonNullable<Row["threshold"]>): Uint8Array {
  const area = SIDE * SIDE;
  const at = (i: number): number => Math.min(SIDE - 1, Math.max(0, i));
  const weights = smooth ? [1, 2, 1] : [0, 4, 0];
  return Uint8Array.from({ length: N * area }, (_, i) => {
    const [stamp, row, column] = [Math.floor(i / area), Math.floor((i % area) / SIDE), i % SIDE];
    let sum = 0;
    for (const band of [1, 2, 3])
      for (let dy = -1; dy <= 1; dy++)
        for (let dx = -1; dx <= 1; dx++) {
          const value = data[(stamp * 5 + band) * area + at(row + dy) * SIDE + at(column + dx)]!;
          sum += (weights[dy + 1]! * weights[dx + 1]! * value) / (16 * 3 * SKY_SIGMA[band]!);
        }
    return Number(sum > above);
  });
}

async function segmented(
  options: NonNullable<Row["options"]>,
  seed: number,
  images: NdArray<Float32Array>,
  device: Device,
): Promise<Uint8Array> {
  using model = new HypercolumnSegmentation({
    ...{
      inputShape: [5, SIDE, SIDE],
      preparation: { skySigma: SKY_SIGMA, stretch: "asinh" },
      nClusters: 3,
      seed,
      device,
    },
    ...options,
  });
  await model.fit(images);
  return (await model.masks(images)).data;
}

async function measured({ threshold, options }: Row, seed: number, truth: Truth, device: Device): Promise<Cell> {
  const { images, masks, blend } = truth;
  const mask = new NdArray(
    threshold ? thresholded(images, threshold) : await segmented(options!, seed, images, device),
    [N, SIDE, SIDE],
  );
  const objects = await objectCatalogue(device, mask, images, 5);
  const middle = await middleObjects(device, mask);
  const counts = new Uint32Array(N);
  for (const { image } of objects) counts[image]!++;
  const blends = Array.from(blend.keys()).filter((i) => blend[i] === 1);
  return {
    iou: overlap(mask.data, masks.data, (value) => value > 0),
    middle: overlap(middle.data, masks.data, (value) => value === 1),
    separated: blends.filter((i) => counts[i]! > 1).length / blends.length,
  };
}

async function study({ seeds, rows, out }: Options): Promise<void> {
  const { images, masks, columns } = simulateStarsGalaxies({ n: N, seed: SEED, size: SIDE });
  const device = await requestDevice();
  const results: Record<string, readonly Cell[]> = {};
  for (const row of ROWS.filter(({ id }) => rows === undefined || rows.split(",").includes(id))) {
    const cells: Cell[] = [];
    for (let seed = 0; seed < (row.threshold ? 1 : Number(seeds)); seed++)
      cells.push(
        await kept(join(out, "segments", `${row.id}-${seed}.json`), () =>
          measured(row, seed, { images, masks, blend: columns.blend }, device),
        ),
      );
    results[row.id] = cells;
    const [iou, middle, separated] = (["iou", "middle", "separated"] as const).map((name) =>
      formatSpread(spread(cells.map((one) => one[name])), 3),
    );
    const least = Math.min(...cells.map((one) => one.iou)).toFixed(3);
    console.log(`| ${row.title} | ${iou} | ${least} | ${middle} | ${separated} |`);
  }
  device.destroy();
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "segments.json"), `${JSON.stringify(results, null, 2)}\n`);
}

await run(
  new Command("star-galaxy-segments")
    .description("cuts objects out of 250 simulated stamps without labels and compares how, by intersection over union")
    .option("--seeds <N>", "seeds of each row that is drawn at random", "5")
    .option("--rows <IDS>", `some rows only: ${ROWS.map(({ id }) => id).join(",")}`)
    .option("--out <DIR>", "folder of results, where finished cells are kept", "out/star-galaxy")
    .action(study),
);

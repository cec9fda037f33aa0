// Every class of every entry refuses options that it does not have; a class that is added is tried without a line here.
import { SparseMatrix } from "../src/sparse";
import { NdArray, parameter } from "constella";
import { expect, test } from "vitest";
import { deviceOf } from "./devices";

const ENTRIES = import.meta.glob<Record<string, unknown>>(["../src/index.ts", "../src/*/index.ts", "!../src/cli/**"]);

type Class = new (...args: unknown[]) => unknown;

const isClass = (value: unknown): value is Class =>
  typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));

/** Classes whose constructors take no options: values, files, layers of networks (their sizes and a device), and what they are made by. */
const WITHOUT_OPTIONS = new Set([
  ...["Tensor", "NdArray", "SparseMatrix", "Random", "Markup", "UnionFind", "KdTree", "Grid", "EvolvingMap", "Wcs"],
  ...["DeviceError", "RunInterrupted", "Interrupted", "ProgressDisplay", "Model", "RowsModel", "Module", "Optimizer", "BandSummaries", "NpyFile", "NpyDataset", "NpyWriter"],
  ...["FitsFile", "FitsHeader", "FitsImage", "FitsTable", "FitsWriter", "Sequential", "Autoencoder", "FeatureNetwork"],
  ...["Flatten", "LeakyReLU", "ReLU", "Conv2d", "ConvTranspose2d", "Linear", "LSTM", "ResidualBLSTM", "AvgPool2d", "MaxPool2d"],
  ...["ResidualBLSTMStack", "BatchNorm1d", "BatchNorm2d", "GlobalAvgPool2d", "MLP", "VGG", "SetNetwork"],
  ...["Scaler", "Pipeline", "RegionSums", "CoderAutoencoder", "Camera", "Looking", "PlaneView", "Surface"],
]); // prettier-ignore

/** What comes before the options. */
async function before(name: string): Promise<unknown[]> {
  const rows = new NdArray(new Float32Array(12), [6, 2]);
  if (name === "ClassSets") return [rows, [0, 0, 0, 1, 1, 1]];
  if (name === "SimilarityGraphSets") return [rows, []];
  if (name === "GivenSets") return [{}];
  if (name === "SparseRows") return [new SparseMatrix([1, 2], [0, 1], [0], [1])];
  if (name === "ShuffleBuffer") return [{ length: 6, rowShape: [2], range: () => undefined, rows: () => undefined }];
  if (/^(SGD|Adam|AdamW|RMSprop|Adadelta)$/.test(name)) return [[parameter(await deviceOf("wasm"), [1, 2])]];
  return [];
}

test.each(Object.entries(ENTRIES))("classes of %s refuse unknown options by name", async (_, load) => {
  for (const [name, value] of Object.entries(await load())) {
    if (!isClass(value) || WITHOUT_OPTIONS.has(name)) continue;
    const args = await before(name);
    const make = (): unknown => new value(...args, { n_bananas: 1 });
    expect(make, name).toThrow(/^[\w.]+: unknown option n_bananas, /);
    const listed = (): unknown => new value(...args, [1]);
    expect(listed, name).toThrow(/^[\w.]+: options must be an object, got \[1\]/);
  }
});

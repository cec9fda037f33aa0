import { Command } from "commander";
import { isRowSource, ROW_MEMORY } from "../../data/datasets/row-source";
import type { RowSource } from "../../data/datasets/row-source";
import { subsetRows } from "../../data/datasets/row-views";
import { ScratchRows } from "../../data/datasets/scratch-rows";
import { loadLabels, loadMatrix, readFile } from "../../data/formats/files";
import { readSafetensors } from "../../data/formats/safetensors";
import type { Device } from "../../device";
import { flattenRows, toFloat32 } from "../../matrix";
import { loadMethod, loadModel, methodOfModel } from "../../methods";
import type { Estimator } from "../../methods";
import { auc } from "../../metrics";
import { LinearProbe } from "../../models/vision/linear-probe";
import { NetworkModel } from "../../models/vision/network-model";
import type { NetworkSettings } from "../../models/vision/network-options";
import { Supervised } from "../../models/vision/supervised";
import { NdArray, sizeOf } from "../../ndarray";
import { stream } from "../../random";
import { decodeRun } from "../run/checkpoint";
import { loadData } from "../data/load";
import { columnOf, READING, STREAMING, type DataOptions } from "../data/options";
import { DEVICE_OPTIONS, openDevice, type DeviceOptions } from "../device";
import { integer, list, positive, share, text, toOption, type OptionSpec } from "../option";
import { scaledRows } from "../data/scaling";
import { openStreamed } from "../streams/open";
import { inPieces } from "../streams/pieces";
import { scaledSource } from "../streams/scaling";
import { generate, mapTo } from "../../typed-arrays";

const OPTIONS: readonly OptionSpec[] = [
  { name: "labels", rule: text("FILE"), help: "known classes of the items: npy, npz, idx or CSV" },
  { name: "data", rule: text("FILE"), help: "the items, where a checkpoint is probed: npy, npz, idx or CSV" },
  {
    name: "labelColumn",
    rule: text("NAME"),
    help: "the column of a CSV file that holds them, by name or number from 0",
  },
  ...READING,
  ...STREAMING,
  { name: "testShare", rule: share, help: "share of the items that are kept back to measure on (default 0.2)" },
  {
    name: "at",
    rule: text("LAYER"),
    help: "layer of the checkpoint's network that is read: block1, block2, … or hidden of a VGG, hidden1, … of an MLP (default: its features)",
  },
  {
    name: "hidden",
    rule: list(integer(1), 1),
    help: "sizes of layers before the classes (default: none, a linear probe)",
  },
  { name: "epochs", rule: integer(1), help: "passes over the training items (default 30)" },
  { name: "learningRate", rule: positive, help: "of SGD (default 0.01; 0.01 too with --fine-tune)" },
  { name: "batchSize", rule: integer(1), help: "items a step (default 256)" },
  { name: "seed", rule: integer(0), help: "of the split and the classifier (default 0)" },
  ...DEVICE_OPTIONS,
];

interface ProbeOptions extends DeviceOptions, DataOptions {
  readonly data?: string;
  readonly testShare?: number;
  readonly at?: string;
  readonly hidden?: number[];
  readonly epochs?: number;
  readonly learningRate?: number;
  readonly batchSize?: number;
  readonly seed?: number;
  readonly untrained?: boolean;
  readonly fineTune?: boolean;
  readonly json?: boolean;
}

/** `constella probe FEATURES_OR_CHECKPOINT`: what a classifier makes of features. */
export function probeCommand(print: (text: string) => void): Command {
  const command = new Command("probe")
    .description(
      "train a classifier on features and measure it on items kept back: a matrix of features (embedding.npy), or a checkpoint and its --data",
    )
    .argument("<features>", "features [n, d]: npy, npz or CSV; or a checkpoint.safetensors");
  for (const spec of OPTIONS) command.addOption(toOption(spec));
  return command
    .option("--untrained", "the checkpoint's network as it was before training, to compare with")
    .option("--fine-tune", "train the checkpoint's network together with the classifier")
    .option("--json", "print one JSON object")
    .action((path: string, given: ProbeOptions) => probe(path, given, print));
}

async function probe(path: string, given: ProbeOptions, print: (text: string) => void): Promise<void> {
  if (given.labels === undefined) throw new Error("--labels is missing, a probe learns known classes");
  const known = await loadLabels(
    given.labels,
    given.labelColumn === undefined ? {} : { label: columnOf(given.labelColumn) },
  );
  const labels = known.labels.subarray(0, given.first);
  const bad = labels.findIndex((label) => label < 0);
  if (bad >= 0) throw new Error(`${given.labels}: classes must be from 0, got ${labels[bad]} at ${bad}`);
  const isCheckpoint = /\.safetensors$/i.test(path);
  if (!isCheckpoint)
    for (const name of ["data", "untrained", "fineTune", "at"] as const)
      if (given[name] !== undefined)
        throw new Error(
          `--${name === "fineTune" ? "fine-tune" : name} is for checkpoints (.safetensors), ${path} is none`,
        );
  if (given.at !== undefined && given.fineTune)
    throw new Error("--at reads a layer as it is, --fine-tune trains the whole network: one of them");
  const device = await openDevice(given);
  const held: (() => Promise<void>)[] = [];
  try {
    const opened = isCheckpoint
      ? await openCheckpoint(path, given, device)
      : { ...(await openFeatures(path, given)), model: undefined };
    const { x, model } = opened;
    held.push(opened.close);
    if (countOf(x) !== labels.length)
      throw new Error(
        `${given.labels} has ${labels.length} labels for the ${countOf(x)} rows of ${given.data ?? path}`,
      );
    const result = await probed({ x, model, labels, given, device, held });
    if (given.json) return print(JSON.stringify(result, null, 2));
    for (const [name, value] of Object.entries(result))
      print(`${name.padEnd(14)} ${Number.isInteger(value) ? value : value.toFixed(4)}`);
  } finally {
    for (const close of held) await close();
    device.destroy();
  }
}

/** Features or items: in memory, or read when they are needed. */
type Matrix = NdArray<Float32Array> | RowSource;

const countOf = (x: Matrix): number => (isRowSource(x) ? x.length : x.shape[0]!);
const widthOf = (x: Matrix): number => (isRowSource(x) ? sizeOf(x.rowShape) : x.shape[1]!);

async function openFeatures(path: string, given: ProbeOptions): Promise<{ x: Matrix; close: () => Promise<void> }> {
  const streamed = await openStreamed(path, given);
  if (streamed) return { x: streamed.source, close: streamed.close };
  const matrix = await loadMatrix(path, given.array === undefined ? {} : { array: given.array });
  const x = toFloat32(matrix, path, "features");
  return { x: rowsOf(x, firstOf(x, given.first)), close: async () => undefined };
}

/** The numbers of the first rows, or of all. */
const firstOf = (x: Matrix, rows = Infinity): Uint32Array =>
  generate(Uint32Array, Math.min(rows, countOf(x)), (row) => row);

/** Trains on most of the items and measures on those kept back. */
async function probed({
  x,
  model: loaded,
  labels,
  given,
  device,
  held,
}: {
  readonly x: Matrix;
  readonly model: Loaded | undefined;
  readonly labels: Int32Array;
  readonly given: ProbeOptions;
  readonly device: Device;
  readonly held: (() => Promise<void>)[];
}): Promise<Record<string, number>> {
  const { train, test } = split(labels.length, given.testShare ?? 0.2, given.seed ?? 0);
  const classes = labels.reduce((most, label) => Math.max(most, label + 1), 2);
  const model =
    given.untrained && loaded instanceof NetworkModel ? await untrainedOf(loaded, x, labels, classes, device) : loaded;
  const fitted = given.fineTune
    ? await fineTune(model, x, labels, train, classes, given, device)
    : await linear(model ? await featuresOf(model, x, given.at, held) : x, labels, train, classes, given, device);
  const { classifier } = fitted;
  const score = (rows: Uint32Array): Promise<number> =>
    classifier.score(rowsOf(fitted.x, rows), labelsOf(labels, rows));
  const result: Record<string, number> = {
    ...{ train: train.length, test: test.length, classes, features: widthOf(fitted.x) },
    ...{ trainAccuracy: await score(train), testAccuracy: await score(test) },
  };
  if (classes === 2) {
    const p = await classifier.probabilities(rowsOf(fitted.x, test));
    const known = labelsOf(labels, test);
    if (new Set(known).size === 2)
      result["testAUC"] = auc(
        known,
        mapTo(Float64Array, known, (_, i) => p.data[2 * i + 1]!),
      );
  }
  classifier.dispose();
  model?.dispose();
  return result;
}

/** A model with an embedding of items. */
type Loaded = Pick<Required<Estimator>, "transform" | "dispose">;

/** What the network makes of the items, at one of its layers where that is told; of items that are read, in a scratch file. */
async function featuresOf(
  model: Loaded,
  x: Matrix,
  at: string | undefined,
  held: (() => Promise<void>)[],
): Promise<Matrix> {
  const of = (part: Matrix): Promise<NdArray<Float32Array>> => {
    if (at === undefined) return model.transform(part);
    if (model instanceof NetworkModel) return model.transform(part, { at });
    throw new Error("--at is for networks under a classifier");
  };
  if (!isRowSource(x)) return of(x);
  let file: ScratchRows | undefined;
  for await (const { data, shape } of inPieces(x, of)) {
    if (!file) {
      const made = (file = await ScratchRows.create(shape[1]!, x.memory ?? ROW_MEMORY));
      held.push(() => made.dispose());
    }
    await file.append(data);
  }
  return file!;
}

/** A trained classifier, and what it classifies. */
interface Fitted {
  readonly x: Matrix;
  readonly classifier: LinearProbe | Supervised;
}

async function openCheckpoint(
  path: string,
  given: ProbeOptions,
  device: Device,
): Promise<{ x: Matrix; model: Loaded; close: () => Promise<void> }> {
  if (given.data === undefined) throw new Error("--data is missing, a checkpoint is probed on items");
  const content = await readFile(path);
  const { metadata } = readSafetensors(content);
  const model = await openModel(path, content, metadata["model"], device);
  const own = metadata["model"] === undefined ? undefined : methodOfModel(metadata["model"]);
  const streams = metadata["model"] === "Supervised" || (own !== undefined && (await loadMethod(own)).streams);
  const run = metadata["run"] === undefined ? undefined : decodeRun(path, content);
  const unlabelled = { ...given, labels: undefined, labelColumn: undefined };
  const data = await loadData(given.data, unlabelled, { streams, earlier: run?.reading });
  const scaling = run?.scaling ?? ({ kind: "none" } as const);
  const { streamed } = data;
  const x = streamed
    ? scaledSource(given.data, streamed.source, scaling)
    : toFloat32(scaledRows(data, scaling), given.data, "data");
  if (given.untrained && !(model instanceof NetworkModel))
    throw new Error(`--untrained is for networks under a classifier, ${path} holds ${metadata["model"]}`);
  return { x, model, close: async () => streamed?.close() };
}

/** The network of a model as it was before training, with the statistics of the items. */
async function untrainedOf(
  model: NetworkModel<NetworkSettings>,
  x: Matrix,
  labels: Int32Array,
  nClasses: number,
  device: Device,
): Promise<Loaded> {
  const { network, seed, batchSize, statisticsBatches } = model.settings;
  model.dispose();
  const untrained = new Supervised({ network, nClasses, seed, batchSize, statisticsBatches, device });
  return untrained.fit(x, labels, { epochs: 0 });
}

/** The model of a file, of a method or of a classifier. @throws where it has no embedding to probe */
async function openModel(path: string, content: Uint8Array, name: string | undefined, device: Device): Promise<Loaded> {
  if (name === "Supervised") return Supervised.load(content, { device });
  const { estimator } = await loadModel(content, { device }).catch((error: Error) => {
    throw new Error(`${path}: ${error.message}`, { cause: error });
  });
  if (!estimator.transform || "inertia" in estimator) throw new Error(`${path} holds no network to probe, but ${name}`);
  return estimator as Loaded;
}

async function linear(
  features: Matrix,
  labels: Int32Array,
  train: Uint32Array,
  nClasses: number,
  { hidden, learningRate, batchSize, seed = 0, epochs }: ProbeOptions,
  device: Device,
): Promise<Fitted> {
  const x = isRowSource(features) ? features : flattenRows(features);
  const options = { ...(hidden && { hidden }), ...(learningRate && { learningRate }), ...(batchSize && { batchSize }) };
  const probe = new LinearProbe({ nClasses, ...options, seed, device });
  await probe.fit(rowsOf(x, train), labelsOf(labels, train), epochs === undefined ? {} : { epochs });
  return { x, classifier: probe };
}

async function fineTune(
  model: Loaded | undefined,
  x: Matrix,
  labels: Int32Array,
  train: Uint32Array,
  nClasses: number,
  { learningRate = 0.01, batchSize, seed = 0, epochs = 30 }: ProbeOptions,
  device: Device,
): Promise<Fitted> {
  if (!(model instanceof NetworkModel)) throw new Error("--fine-tune is for networks under a classifier");
  const { network } = model.settings;
  const options = {
    nClasses,
    learningRate,
    schedule: "cosine",
    seed,
    device,
    ...(batchSize && { batchSize }),
  } as const;
  const supervised = new Supervised({ network, ...options });
  await supervised.startFrom(model);
  await supervised.fit(rowsOf(x, train), labelsOf(labels, train), { epochs });
  return { x, classifier: supervised };
}

/** Rows to train on and rows kept back. @throws when either would be empty */
function split(n: number, testShare: number, seed: number): { train: Uint32Array; test: Uint32Array } {
  const kept = Math.round(n * testShare);
  if (kept === 0 || kept === n)
    throw new Error(`--test-share leaves ${kept} of ${n} items to measure on, and ${n - kept} to train on`);
  const order = stream(seed, "probe.split").permutation(n);
  return { train: order.subarray(kept), test: order.subarray(0, kept) };
}

function rowsOf<X extends Matrix>(x: X, rows: Uint32Array): X {
  if (isRowSource(x)) return subsetRows(x, rows) as X;
  const { data, shape } = x;
  const d = shape[1]!;
  const out = new Float32Array(rows.length * d);
  rows.forEach((row, i) => out.set(data.subarray(row * d, (row + 1) * d), i * d));
  return new NdArray(out, [rows.length, d]) as Matrix as X;
}

const labelsOf = (labels: Int32Array, rows: Uint32Array): Int32Array => mapTo(Int32Array, rows, (row) => labels[row]!);

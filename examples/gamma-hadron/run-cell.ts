// One cell of the study: trains a method (or goes on with it), probes its features, and leaves labels and gamma scores as files.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { auc, KMeans, MiniBatchKMeans, NdArray } from "constella";
import { DeepCluster, LinearProbe, OnlineDeepCluster, SelfLabeling, Supervised } from "constella/vision";
import type { Device, FitOptions } from "constella";
import type { GridCell, VGGSpec } from "constella/vision";
import { stepProgress, type ProgressDisplay } from "constella/commands";
import { readFile, writeAtomic, writeNpy } from "constella/data";
import type { Part, StudyImages } from "./images";
import { AUGMENTATION, BASELINES, METHOD_OPTIONS, TITLES, TRIVIAL } from "./settings";
import type { BaselineName, MethodName, Setting, TrivialName } from "./settings";
import { balancedAccuracy, occupation } from "./tables";
import { withFeatures } from "./trivial";

/** What a cell needs beside its own values. */
export interface CellContext {
  readonly device: Device;
  readonly setting: Setting;
  readonly images: StudyImages;
  readonly progress: ProgressDisplay;
  readonly signal: AbortSignal;
  /** Folder of the cell's files. */
  readonly folder: string;
  /** Whether the features of a method are probed; else its clustering is all that is kept. */
  readonly probed: boolean;
}

/** Which method, of how many clusters, with which seed. */
export interface StudyCell extends GridCell {
  readonly seed: number;
  readonly method: keyof typeof TITLES;
  readonly clusters: number;
}

type Measures = Record<string, number>;

/** Where a cell's files are. */
export const cellFolder = (out: string, { seed, method, clusters }: StudyCell): string =>
  join(out, "cells", `${method}-${clusters}-${seed}`);

/** Trains and measures. Killed on the way, the next call goes on from the last checkpoint. */
export async function runCell(cell: StudyCell, context: CellContext): Promise<Measures> {
  await mkdir(context.folder, { recursive: true });
  const { method } = cell;
  if ((BASELINES as readonly string[]).includes(method)) return runBaseline(cell, method as BaselineName, context);
  const measures =
    method === "supervised"
      ? await runSupervised(cell, context)
      : (TRIVIAL as readonly string[]).includes(method)
        ? await runTrivial(cell, method as TrivialName, context)
        : await runMethod(cell, method === "random" ? undefined : (method as MethodName), context);
  await rm(checkpointOf(context.folder), { force: true });
  return measures;
}

/** Where training is kept until its cell is measured. */
const checkpointOf = (folder: string): string => join(folder, "checkpoint.safetensors");

const write = (folder: string, name: string, values: Int32Array | Float32Array): Promise<void> =>
  writeAtomic(join(folder, name), writeNpy(new NdArray(values, [values.length])));

async function runBaseline(
  { seed, clusters }: StudyCell,
  method: BaselineName,
  context: CellContext,
): Promise<Measures> {
  const { device, images, folder, progress, signal } = context;
  progress.update({ stage: `${TITLES[method]}, ${clusters} clusters`, done: 0, total: 1 });
  const options = { nClusters: clusters, seed, device };
  const Model = { "k-means": KMeans, "mini-batch-k-means": MiniBatchKMeans }[method];
  const model = await new Model(options).fit(images.train.x, { signal });
  progress.stop();
  await write(folder, "labels.npy", model.labels);
  return { inertia: model.inertia, ...occupation(model.labels, clusters) };
}

/** Options that all networks of a cell share. */
function shared({ seed }: StudyCell, method: MethodName | "supervised", { device, setting, images }: CellContext) {
  const network: VGGSpec = { type: "vgg", blocks: setting.blocks, input: [1, images.side, images.side] };
  const { batchSize } = setting;
  const learningRate = setting.learningRate[method];
  return { network, batchSize, learningRate, seed, device, augment: AUGMENTATION[images.source] };
}

/** Trains with progress and a checkpoint after each pass; Ctrl-C leaves one too. */
async function train(
  title: string,
  model: { save(): Promise<Uint8Array> },
  fit: (options: FitOptions) => Promise<unknown>,
  { folder, progress, signal, setting }: CellContext,
): Promise<void> {
  const path = checkpointOf(folder);
  const keep = async (): Promise<void> => writeAtomic(path, await model.save());
  let begun = false; // before that there is nothing to keep
  try {
    await fit({
      epochs: setting.epochs,
      signal,
      onStep: (report) => {
        begun = true;
        progress.update(stepProgress(report, { stage: title }));
      },
      onEpoch: keep,
    });
  } catch (error) {
    if (signal.aborted && begun) await keep();
    throw error;
  }
  progress.stop();
}

/** A kept checkpoint, where an earlier run was cut off. */
async function kept(folder: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(checkpointOf(folder));
  } catch (error) {
    if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT") return undefined;
    throw error;
  }
}

async function runSupervised(cell: StudyCell, context: CellContext): Promise<Measures> {
  const { images, folder, device } = context;
  const checkpoint = await kept(folder);
  const model = checkpoint
    ? await Supervised.load(checkpoint, { device })
    : new Supervised({ ...shared(cell, "supervised", context), nClasses: images.classNames.length });
  const { x, labels } = images.train;
  await train(TITLES.supervised, model, (options) => model.fit(x, labels, options), context);
  const measures: Measures = { probe: await model.score(images.test.x, images.test.labels) };
  if (images.observation) Object.assign(measures, await observe(model, images.observation, folder));
  model.dispose();
  return measures;
}

/** The classifier of `probe` on numbers that need no training without labels. */
async function runTrivial(cell: StudyCell, method: TrivialName, context: CellContext): Promise<Measures> {
  const { images, setting } = context;
  if (method !== "random-blocks") {
    const own = <P extends Part>(part: P): P => withFeatures(part, images.side, method);
    const { probe: labelled, test, observation } = images;
    const parts = { probe: own(labelled), test: own(test), observation: observation && own(observation) };
    return probe(cell, { transform: ({ x }) => Promise.resolve(x) }, { ...context, images: { ...images, ...parts } });
  }
  const { network, seed, batchSize, device } = shared(cell, "supervised", context);
  const model = new Supervised({ network, seed, batchSize, device, nClasses: images.classNames.length });
  await model.fit(images.train.x, images.train.labels, { epochs: 0 });
  const at = `block${setting.blocks}`;
  const measures = await probe(cell, { transform: ({ x }) => model.transform(x, { at }) }, context, DENSE);
  model.dispose();
  return measures;
}

/** What a classifier says of an observation, most of which are hadrons: measures that "always hadron" has 0.5 of. */
async function observe(
  classifier: Pick<Supervised | LinearProbe, "probabilities">,
  { x, labels }: Part,
  folder: string,
): Promise<Measures> {
  const gamma = column(await classifier.probabilities(x), 1);
  await write(folder, "gamma.npy", gamma);
  const found = Int32Array.from(gamma, (p) => Number(p > 0.5));
  return { wobble: balancedAccuracy(labels, found), wobbleAUC: auc(labels, gamma) };
}

/** Without a method: the network as it begins. */
async function runMethod(cell: StudyCell, method: MethodName | undefined, context: CellContext): Promise<Measures> {
  const { images, folder, device, setting } = context;
  const { clusters } = cell;
  const Model = {
    "deep-cluster": DeepCluster,
    "online-deep-cluster": OnlineDeepCluster,
    "self-labeling": SelfLabeling,
  }[method ?? "deep-cluster"];
  const checkpoint = await kept(folder);
  const options = {
    ...shared(cell, method ?? "deep-cluster", context),
    ...(method && METHOD_OPTIONS[method]),
    nClusters: clusters,
  };
  const model = checkpoint ? await Model.load(checkpoint, { device }) : new Model(options);
  const title = method ? `${TITLES[method]}, ${clusters} clusters` : TITLES.random;
  const within = method ? context : { ...context, setting: { ...setting, epochs: 0 } };
  await train(title, model, (options) => model.fit(images.train.x, options), within);
  const measures: Measures = {};
  if (method) {
    await write(folder, "labels.npy", model.labels);
    Object.assign(measures, occupation(model.labels, clusters));
  }
  if (context.probed) Object.assign(measures, await probe(cell, { transform: ({ x }) => model.transform(x) }, context));
  model.dispose();
  return measures;
}

/** Both dense layers of the network, learned anew on what its convolutions make of an image. */
const DENSE = [512, 512];

/** Accuracies of a classifier on features, linear where no layers are told; its gamma scores of the observation are kept. */
async function probe(
  { seed }: StudyCell,
  { transform }: { readonly transform: (part: Part) => Promise<NdArray<Float32Array>> },
  { device, images, setting, folder }: CellContext,
  hidden: readonly number[] = [],
): Promise<Measures> {
  const classifier = new LinearProbe({ device, seed, hidden, nClasses: images.classNames.length });
  await classifier.fit(await transform(images.probe), images.probe.labels, { epochs: setting.probeEpochs });
  const measures: Measures = { probe: await classifier.score(await transform(images.test), images.test.labels) };
  const { observation } = images;
  if (observation) {
    const observed = { ...observation, x: await transform(observation) };
    Object.assign(measures, await observe(classifier, observed, folder));
  }
  classifier.dispose();
  return measures;
}

function column({ data, shape }: NdArray<Float32Array>, at: number): Float32Array {
  const [n, width] = shape as [number, number];
  return Float32Array.from({ length: n }, (_, i) => data[i * width + at]!);
}

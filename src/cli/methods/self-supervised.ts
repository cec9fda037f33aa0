import { DeepCluster } from "../../models/deep-cluster";
import { OnlineDeepCluster } from "../../models/online-deep-cluster";
import { SelfLabeling } from "../../models/self-labeling";
import type { NetworkFitOptions, NetworkOptions } from "../../models/network-model";
import type { NdArray } from "../../ndarray";
import type { MLPSpec } from "../../nn/feature-network";
import type { VGGSpec } from "../../nn/vgg";
import type { EpochRecord } from "../../training/loop";
import { augmentationOf, FLIP, WARPS } from "../augmentation";
import { headline } from "../../metrics/measures";
import { nonNegative, oneOf, positive, share, whole, wholes } from "../option";
import type { OptionSpec } from "../option";
import { stepProgress } from "../progress";
import { recorderOf, trained } from "./recorder";
import type { Checkpoint, Method, Outcome, Task, TracePoint } from "./task";

/** Passes over the data: an option of `fit`. */
const EPOCHS = 50;

/** Layers of the fully connected network between an item and its features. */
const MLP = [256, 64];

/** The network of the comparison on telescope images. */
const VGG_DEFAULTS = { blocks: 2, channels: 16, hidden: 512 };

const NETWORK: readonly OptionSpec[] = [
  { name: "network", kind: oneOf("vgg", "mlp"), help: "convolutional, for images; or fully connected" },
  { name: "blocks", kind: whole(1), help: "of the vgg: two convolutions and a pooling each" },
  { name: "channels", kind: whole(1), help: "of the first block of the vgg; each further one has twice as many" },
  { name: "hidden", kind: whole(1), help: "width of the fully connected layers of the vgg, the features among them" },
  { name: "layers", kind: wholes(1, 2), help: "sizes of the mlp from the input to the features" },
  { name: "epochs", kind: whole(0), help: "passes over the data" },
  { name: "learningRate", kind: positive, help: "of SGD" },
  { name: "momentum", kind: share, help: "of SGD" },
  { name: "weightDecay", kind: nonNegative, help: "of SGD" },
  { name: "batchSize", kind: whole(1), help: "items a step" },
  {
    name: "statisticsBatches",
    kind: whole(0),
    help: "that batch normalisation's statistics are taken from; 0: running",
  },
  FLIP,
  ...WARPS,
];

/** Options that describe the network or the images, not of the model itself. */
const OF_NETWORK = new Set(["network", "blocks", "channels", "hidden", "layers", "epochs", "flip", "rotate", "crop"]);

/** What the three methods have in common. */
interface Model {
  readonly name: string;
  readonly settings: object;
  readonly history: readonly EpochRecord[];
  readonly labels: Int32Array;
  fit(x: NdArray<Float32Array>, options: NetworkFitOptions): Promise<unknown>;
  transform(x: NdArray<Float32Array>): Promise<NdArray<Float32Array>>;
  save(): Promise<Uint8Array>;
}

interface Kind {
  load(content: Uint8Array, options: Pick<NetworkOptions, "device">): Promise<Model>;
  make(options: NetworkOptions & { nClusters: number }): Model;
}

const SMALLEST = { network: { type: "mlp", layers: [1] }, nClusters: 1 } as const;

/** The library's own defaults; the network depends on the data. */
function defaultsOf({ settings }: Model): Readonly<Record<string, unknown>> {
  const own = pick({ ...settings }, (name) => !["network", "nClusters", "seed"].includes(name));
  const network = { network: "vgg for images, mlp for tables", ...VGG_DEFAULTS, layers: `input,${MLP.join(",")}` };
  return { ...network, ...own, epochs: EPOCHS, flip: 0, rotate: 0, crop: 0 };
}

function method(title: string, summary: string, kind: Kind, options: readonly OptionSpec[]): Method {
  return {
    ...{ title, summary, takesClusters: true, deep: true, options: [...NETWORK, ...options] },
    defaults: defaultsOf(kind.make(SMALLEST)),
    run: (task) => train(kind, task),
  };
}

const COMPONENTS: OptionSpec = { name: "components", kind: whole(1), help: "features are whitened to, at most" };
const KMEANS: OptionSpec = { name: "kmeansIterations", kind: whole(1), help: "of k-means" };

/** `cluster --method deep-cluster`. */
export const deepCluster = method(
  "DeepCluster",
  "k-means and a new classifier every epoch (Caron et al. 2018)",
  { load: (content, options) => DeepCluster.load(content, options), make: (options) => new DeepCluster(options) },
  [
    COMPONENTS,
    KMEANS,
    { name: "clusterInterval", kind: whole(1), help: "epochs from one clustering to the next" },
    { name: "headLearningRate", kind: positive, help: "of the classifier" },
    { name: "sampling", kind: oneOf("uniform", "shuffled", "reordered"), help: "which items an epoch trains on" },
  ],
);

/** `cluster --method online-deep-cluster`. */
export const onlineDeepCluster = method(
  "Online deep clustering",
  "labels and centres change with every batch (Zhan et al. 2020)",
  {
    load: (content, options) => OnlineDeepCluster.load(content, options),
    make: (options) => new OnlineDeepCluster(options),
  },
  [
    KMEANS,
    { name: "memoryMomentum", kind: share, help: "share of the new features in an item's memory" },
    { name: "centroidInterval", kind: whole(1), help: "steps between two renewals of the centres" },
    { name: "minCluster", kind: whole(1), help: "clusters of fewer items are merged and filled anew" },
    { name: "assignment", kind: oneOf("dot", "nearest"), help: "which cluster an item belongs to" },
  ],
);

/** `cluster --method self-labeling`. */
export const selfLabeling = method(
  "Self-labelling",
  "classes of equal size by optimal transport (Asano, Rupprecht and Vedaldi 2020)",
  { load: (content, options) => SelfLabeling.load(content, options), make: (options) => new SelfLabeling(options) },
  [
    { name: "heads", kind: whole(1), help: "classifiers with labels of their own" },
    { name: "lambda", kind: positive, help: "exponent of the probabilities in the transport problem" },
    { name: "updates", kind: whole(1), help: "of the labels in a training" },
    { name: "schedule", kind: oneOf("quadratic", "linear"), help: "when labels are updated" },
    { name: "sinkhornIterations", kind: whole(1), help: "of an update, at most" },
  ],
);

/** The network that the options ask for: by default convolutional where items are images. */
function networkOf({ options, itemShape, x }: Task): MLPSpec | VGGSpec {
  const { network = itemShape.length >= 2 ? "vgg" : "mlp", blocks, channels, hidden, layers } = options;
  if (network === "mlp") return { type: "mlp", layers: (layers as number[] | undefined) ?? [x.shape[1]!, ...MLP] };
  if (layers !== undefined) throw new Error("--layers is for --network mlp");
  if (itemShape.length !== 2 && itemShape.length !== 3)
    throw new Error(
      `--network vgg takes images [n, height, width] or [n, channels, height, width], items are [${itemShape.join(", ")}]`,
    );
  const [c, h, w] = (itemShape.length === 2 ? [1, ...itemShape] : itemShape) as [number, number, number];
  const given = Object.entries({ blocks, channels, hidden }).filter(([, value]) => value !== undefined);
  return { type: "vgg", ...VGG_DEFAULTS, input: [c, h, w], ...(Object.fromEntries(given) as Record<string, number>) };
}

/** Trains, or goes on training, with measures after every epoch. @throws TrainingInterrupted where the signal ended it */
async function train(kind: Kind, task: Task): Promise<Outcome> {
  const { x, truth, signal, progress, device, checkpoint, options } = task;
  const recorder = recorderOf(task);
  const given = { ...checkpoint?.record.fit, ...pick(options, (name) => OF_NETWORK.has(name)) };
  const epochs = (given["epochs"] as number | undefined) ?? EPOCHS;
  const augment = augmentationOf(given);
  const network = networkOf({ ...task, options: given });
  if (augment && network.type === "mlp") throw new Error("--flip, --rotate and --crop are for --network vgg");
  const { type, ...sizes } = network;
  const fit = { ...given, ...pick({ ...sizes }, (name) => name !== "input"), network: type, epochs };
  const own = pick(options, (name) => !OF_NETWORK.has(name));
  const model = checkpoint
    ? await kind.load(checkpoint.model, { device })
    : kind.make({ ...own, network, ...(augment && { augment }), nClusters: task.nClusters!, seed: task.seed, device });
  const trace: TracePoint[] = [...(checkpoint?.record.trace ?? [])];
  const save = (): Promise<Checkpoint> => recorder.checkpoint(model, { fit, trace, stages: [] });
  await trained(
    model.fit(x, {
      epochs,
      signal,
      onStep: (report) => {
        const figures: Record<string, number> = trace.length > 0 ? { ACC: trace.at(-1)!["ACC"]! } : {};
        progress.update(stepProgress(report, { figures }));
      },
      onEpoch: async ({ epoch }) => {
        if (truth) trace.push({ step: epoch, ...headline(truth, model.labels) });
        await task.keep?.(save);
      },
    }),
    task,
    save,
  );
  return {
    labels: model.labels,
    nClusters: task.nClusters!,
    embedding: await model.transform(x),
    settings: { ...model.settings, ...fit },
    history: model.history,
    checkpoint: await save(),
  };
}

/** The options whose names are wanted. */
function pick(options: Readonly<Record<string, unknown>>, wanted: (name: string) => boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => wanted(name)));
}

import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { Command } from "commander";
import { readFile, writeAtomic } from "../../data/formats/files";
import { Random } from "../../random";
import { requestDevice } from "../../request-device";
import { evaluateSets, LearningToCluster } from "../../models/learning-to-cluster";
import type { EmbeddingSpec, LearningToClusterOptions, SetFitOptions } from "../../models/learning-to-cluster";
import { NdArray } from "../../ndarray";
import type { SetProvider } from "../../data/datasets/sets";
import { augmentationOf, WARPS } from "../augmentation";
import { checkSameOptions } from "../checkpoint";
import { commandLine } from "../command-line";
import { Interrupted, interruptible } from "../interrupt";
import { nonNegative, oneOf, positive, share, text, toOption, whole, wholes, type OptionSpec } from "../option";
import { ProgressDisplay, stepProgress } from "../progress";
import { checkpointPath, versions } from "../session";
import { encodeLearned, readLearned } from "../sets/checkpoint";
import { learningData, POINTS, type LearningData, type SetDataOptions, type SetScale } from "../sets/data";
import { renderSets, type ShownSet } from "../sets/report";

const DATA: readonly OptionSpec[] = [
  { name: "labels", kind: text("FILE"), help: "class of each item: npy, npz, idx or CSV; folders name their own" },
  { name: "labelColumn", kind: text("NAME"), help: "the column of a CSV file that holds them" },
  { name: "array", kind: text("NAME"), help: "the array of an npz file that holds the items" },
  {
    name: "scale",
    kind: oneOf<SetScale | "auto">("auto", "none", "signed", "set"),
    help: "signed: bytes to -1 … 1; set: points of a set to mean 0, variance 1 (default auto: signed for bytes, set for points)",
  },
  { name: "kMax", kind: whole(2), help: "most clusters in a set (default 5)" },
  { name: "minimum", kind: whole(1), help: "items that a class has in a set at least (default 2)" },
  { name: "length", kind: whole(2), help: `items of a set (default 72 for ${POINTS}, else 20)` },
];

const MODEL: readonly OptionSpec[] = [
  {
    name: "embedding",
    kind: oneOf("identity", "fourier", "cnn", "blstm", "cnn-lstm"),
    help: "what makes a vector of an item (default identity; cnn for images)",
  },
  { name: "blocks", kind: wholes(1, 1), help: "channels of the convolutions (default 32,64,128)" },
  { name: "dense", kind: wholes(1, 1), help: "sizes of the dense layers after them (default 256,256)" },
  { name: "principalAxes", kind: whole(1), help: "that the vectors of a set are projected on (default: none)" },
  { name: "model", kind: oneOf("rbdlstm", "soft-kmeans", "iterative"), help: "what clusters (default rbdlstm)" },
  { name: "layers", kind: whole(1), help: "residual bidirectional LSTM layers (default 14)" },
  { name: "units", kind: whole(2), help: "features between them, even (default 288)" },
  { name: "countUnits", kind: whole(1), help: "of the LSTM that counts clusters (default 128)" },
  { name: "gates", kind: oneOf("hardSigmoid", "sigmoid"), help: "of the LSTM layers (default hardSigmoid)" },
  { name: "memory", kind: whole(2), help: "items that their cells remember over from the start (default: bias 1)" },
  { name: "lambda", kind: nonNegative, help: "factor of the pairwise loss (default 5)" },
];

const TRAINING: readonly OptionSpec[] = [
  { name: "optimizer", kind: oneOf("adadelta", "adam"), help: "(default adadelta)" },
  { name: "learningRate", kind: positive, help: "(default 5 for adadelta, 0.001 for adam)" },
  { name: "schedule", kind: oneOf("constant", "cosine"), help: "of the learning rate (default constant)" },
  { name: "clipNorm", kind: positive, help: "largest norm of the gradients (default: no limit)" },
  { name: "warmup", kind: whole(0), help: "iterations in which it rises first (default 0)" },
  { name: "dropout", kind: share, help: "share of the counting head's features that is dropped (default 0.5)" },
  ...WARPS,
  { name: "iterations", kind: whole(1), help: "steps in all (default 100000)" },
  { name: "batchSize", kind: whole(2), help: "sets a step (default 32)" },
  { name: "validateEvery", kind: whole(1), help: "iterations between two validations (default 100)" },
  { name: "validationSets", kind: whole(1), help: "sets of a validation (default ten batches)" },
  {
    name: "patience",
    kind: whole(1),
    help: "iterations without a better validation after which training stops (default 15000)",
  },
  { name: "testSets", kind: whole(1), help: "sets that the trained model is measured on (default 300)" },
  { name: "seed", kind: whole(0), help: "of everything random (default 0)" },
];

const DEVICE: readonly OptionSpec[] = [
  {
    name: "device",
    kind: oneOf("webgpu", "wasm"),
    help: "default: a hardware WebGPU adapter if there is one, else wasm",
  },
  { name: "threads", kind: whole(0), help: "of the wasm device (default: as many as processors)" },
];

/** What the command takes; names are those of the library's options. */
interface LearnOptions extends SetDataOptions, Omit<SetFitOptions, "onStep" | "onValidation" | "signal"> {
  readonly embedding?: "identity" | "fourier" | "cnn" | "blstm" | "cnn-lstm";
  readonly blocks?: number[];
  readonly dense?: number[];
  readonly principalAxes?: number;
  readonly model?: NonNullable<LearningToClusterOptions["model"]>;
  readonly layers?: number;
  readonly units?: number;
  readonly countUnits?: number;
  readonly gates?: "hardSigmoid" | "sigmoid";
  readonly memory?: number;
  readonly clipNorm?: number;
  readonly lambda?: number;
  readonly dropout?: number;
  readonly optimizer?: "adadelta" | "adam";
  readonly learningRate?: number;
  readonly schedule?: "constant" | "cosine";
  readonly warmup?: number;
  readonly rotate?: number;
  readonly crop?: number;
  readonly testSets?: number;
  readonly device?: "webgpu" | "wasm";
  readonly threads?: number;
  readonly out: string;
  readonly resume?: boolean;
  readonly half?: boolean;
}

/** Sets that the report shows. */
const SHOWN = 6;

const SUMMARY = "train a model that clusters sets it has never seen, from example clusterings";

/** `constella learn DATA`: trains Learning to Cluster into a folder of results. */
export function learnCommand(print: (text: string) => void): Command {
  const command = new Command("learn")
    .summary(SUMMARY)
    .description(
      `${SUMMARY}\n\nSets are made of items of known classes (a file with --labels, or a folder with one folder of pictures a class), ` +
        `some classes for training, others for validation and for the test; or of generated points. Writes model.safetensors for ` +
        `cluster --model, checkpoint.safetensors, metrics.json and report.html. Ctrl-C leaves a checkpoint, from which --resume goes on.`,
    )
    .argument("<data>", `items with classes: npy, npz, idx, CSV or a folder of pictures; or the word ${POINTS}`);
  const groups = [
    [DATA, "Options of the sets:"],
    [MODEL, "Options of the model:"],
    [TRAINING, "Options of the training:"],
  ] as const;
  for (const [specs, title] of groups) for (const spec of specs) command.addOption(toOption(spec, title));
  for (const spec of DEVICE) command.addOption(toOption(spec));
  return command
    .option("--mirror", "pictures of training sets are mirrored at random")
    .option("--half", "model.safetensors in float16: half the size")
    .requiredOption("--out <DIR>", "folder for the results, made where it is missing")
    .option("--resume", "go on from the checkpoint in --out, with its options")
    .action((path: string, given: LearnOptions) => learn(path, given, print));
}

async function learn(path: string, given: LearnOptions, print: (text: string) => void): Promise<void> {
  const { out, resume = false, half = false, device: type, threads, ...own } = given;
  if (threads !== undefined && type === "webgpu") throw new Error("--threads is for --device wasm");
  const place = checkpointPath(out);
  const content = resume ? await readFile(place) : undefined;
  const saved = content && readLearned(place, content);
  if (content && !saved?.options) throw new Error(`${place} was not written by constella learn`);
  const { iterations: _longer, testSets: _more, ...same } = own;
  if (saved?.options) checkSameOptions(place, saved.options, same);
  const options: Omit<LearnOptions, "out"> = { ...saved?.options, ...own };
  const data = await learningData(path, options);
  if (saved && saved.data !== data.fingerprint)
    throw new Error(`${place} was trained on other data than ${path}; leave --resume out to start anew`);
  await mkdir(out, { recursive: true });
  const progress = new ProgressDisplay();
  const { signal, release } = interruptible((line) => progress.note(line));
  const device = await requestDevice(type, threads === undefined ? {} : { threads });
  const begin = performance.now();
  const seconds = (): number => (saved?.seconds ?? 0) + (performance.now() - begin) / 1000;
  try {
    const model = content
      ? await LearningToCluster.load(content, { device })
      : new LearningToCluster({ ...modelOptions(options, data.provider), device });
    const record = () => ({ scale: data.scale, data: data.fingerprint, seconds: seconds(), options });
    const keep = async (): Promise<void> => writeAtomic(place, encodeLearned(await model.save(), record()));
    try {
      await model.fit(data.provider, { ...fitOptions(path, options), signal, ...shown(progress, model, keep) });
    } catch (error) {
      progress.stop();
      if (!signal.aborted || error !== signal.reason) throw error;
      await keep();
      const again = resume ? commandLine() : `${commandLine()} --resume`;
      throw new Interrupted(`interrupted, ${place} holds all so far; go on with: ${again}`);
    }
    progress.stop();
    await keep();
    const weights = await model.save({ weightsOnly: true, half });
    await writeAtomic(join(out, "model.safetensors"), encodeLearned(weights, record()));
    const { scores, sets } = await measure(model, data, { path, options, progress });
    const metrics = { scores, best: model.best, seconds: seconds(), options, device: device.description, versions };
    await writeAtomic(join(out, "metrics.json"), `${JSON.stringify(metrics, null, 2)}\n`);
    const html = await renderSets({
      ...{ title: `Learning to cluster ${basename(path)}`, lead: data.words, model, device: device.description },
      ...{ seed: model.settings.seed, seconds: seconds(), command: commandLine(), versions, sets },
      scores: { words: `Means of ${scores.sets} sets of the test that were not trained on`, values: scores },
    });
    await writeAtomic(join(out, "report.html"), html);
    print(
      `${model.history.at(-1)?.iteration ?? 0} iterations in ${seconds().toFixed(1)} s, best ${model.best?.iteration ?? 0}; ` +
        `on ${scores.sets} test sets NMI ${scores.nmi.mean.toFixed(4)}, BBN ${scores.bbnNorm.mean.toFixed(4)}, ` +
        `MR ${scores.mr.mean.toFixed(4)}, number of clusters found ${(100 * scores.countAccuracy.mean).toFixed(1)} %`,
    );
    print(`results in ${out}: open ${out}/report.html`);
  } finally {
    progress.stop();
    release();
    device.destroy();
  }
}

type Options = Omit<LearnOptions, "out">;

function embeddingOf({ embedding, blocks, dense }: Options, itemShape: readonly number[]): EmbeddingSpec {
  const type = embedding ?? (itemShape.length >= 2 ? "cnn" : "identity");
  const plain = type === "identity" || type === "fourier";
  if (plain || type === "blstm") {
    if (blocks) throw new Error("--blocks is for --embedding cnn and cnn-lstm");
    if (plain && dense) throw new Error("--dense is for --embedding cnn, blstm and cnn-lstm");
  }
  if (plain) return type === "identity" ? type : { type };
  return { type, ...(dense && { dense }), ...(blocks && type !== "blstm" && { blocks }) };
}

/** Options that are the model's by the same name. */
const OF_MODEL = [
  "principalAxes",
  "model",
  "kMax",
  "layers",
  "units",
  "countUnits",
  "gates",
  "memory",
  "lambda",
  "dropout",
  "clipNorm",
  "seed",
];

function modelOptions(options: Options, { itemShape }: SetProvider): LearningToClusterOptions {
  const { optimizer: type = "adadelta", learningRate, schedule, warmup } = options;
  const given = pick(options, OF_MODEL);
  const augment = augmentationOf({ ...options });
  if (augment && itemShape.length < 2) throw new Error("--rotate and --crop are for images");
  return {
    ...(given as Partial<LearningToClusterOptions>),
    ...{ itemShape, embedding: embeddingOf(options, itemShape), ...(augment && { augment }) },
    optimizer: { type, ...(learningRate !== undefined && { learningRate }) },
    schedule: { ...(schedule && { type: schedule }), ...(warmup !== undefined && { warmup }) },
  };
}

const lengthOf = (path: string, { length }: Options): number => length ?? (path === POINTS ? 72 : 20);

function fitOptions(path: string, options: Options): SetFitOptions {
  const given = pick(options, ["iterations", "batchSize", "validateEvery", "validationSets", "patience"]);
  return { ...(given as SetFitOptions), length: lengthOf(path, options) };
}

const pick = (options: object, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name)));

/** Time between two checkpoints at least. */
const KEEP_EVERY_MS = 10_000;

/** Progress and checkpoints while it trains; a line for every validation that is better than those before. */
function shown(
  progress: ProgressDisplay,
  model: LearningToCluster,
  keep: () => Promise<void>,
): Pick<SetFitOptions, "onStep" | "onValidation"> {
  let last = performance.now();
  let best = model.best?.loss ?? Infinity;
  return {
    onStep: (report) => progress.update(stepProgress(report, { stage: "learning" })),
    onValidation: async ({ iteration, validationLoss, countAccuracy, NMI }) => {
      if (validationLoss < best) {
        best = validationLoss;
        const figures = `validation loss ${best.toFixed(4)}  k found ${countAccuracy.toFixed(3)}  NMI ${NMI.toFixed(4)}`;
        progress.note(`${String(iteration).padStart(7)}  ${figures}`);
      }
      if (performance.now() - last < KEEP_EVERY_MS) return;
      await keep();
      last = performance.now();
    },
  };
}

/** Scores on sets of the test, and some of these sets. */
async function measure(
  model: LearningToCluster,
  { provider }: LearningData,
  { path, options, progress }: { path: string; options: Options; progress: ProgressDisplay },
) {
  const length = lengthOf(path, options);
  const seed = model.settings.seed + 1;
  const sets = options.testSets ?? 300;
  const part = "test" as const;
  const onProgress = (done: number, total: number): void => progress.update({ stage: "testing", done, total });
  const scores = await evaluateSets(model, provider, { sets, length, seed, part, onProgress });
  progress.stop();
  const shownSets = Math.min(SHOWN, sets);
  const { items, labels, counts } = await provider.sample(part, shownSets, length, new Random(seed));
  const size = items.size / shownSets;
  const all: ShownSet[] = [];
  for (let set = 0; set < shownSets; set++) {
    const own = new NdArray(items.data.slice(set * size, (set + 1) * size), [length, ...provider.itemShape]);
    const truth = labels.slice(set * length, (set + 1) * length);
    const name = `Set ${set + 1}: ${counts[set]} ${counts[set] === 1 ? "cluster" : "clusters"}`;
    all.push({ name, items: own, truth, clustering: await model.predict(own) });
  }
  return { scores, sets: all };
}

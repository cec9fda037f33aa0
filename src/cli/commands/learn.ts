import { basename } from "node:path";
import { Command } from "commander";
import type { Device } from "../../device";
import { defaultsOf, loadMethod, runMethod, RunInterrupted } from "../../methods";
import type { AnyMethod, OptionValues, RunCheckpoint, RunTask } from "../../methods";
import type { LearnedSets } from "../../methods/vision/learning-to-cluster";
import { evaluateSets } from "../../models/learning-to-cluster";
import type { LearningToCluster, ValidationRecord } from "../../models/learning-to-cluster";
import { NdArray } from "../../ndarray";
import { stream } from "../../random";
import { requestDevice } from "../../request-device";
import { checkSameOptions } from "../run/checkpoint";
import { commandLine } from "../command-line";
import { READING } from "../data/options";
import { checkDevice, DEVICE_OPTIONS, openDevice, type DeviceOptions } from "../device";
import { checkpointPath, readCheckpoint, takeFolder, type OutFolder } from "../run/folder";
import { Interrupted, interruptible } from "../run/interrupt";
import { inFlags, methodFlags, methodList, methodOptions } from "../method-options";
import { choice, integer, text, toOption, type OptionSpec } from "../option";
import { ProgressDisplay, stepProgress } from "../progress";
import { versions } from "../run/session";
import { encodeLearned, readLearned, type LearnedRun } from "../sets/checkpoint";
import { learningData, POINTS, type LearningData, type SetDataOptions, type SetScale } from "../sets/data";
import { renderSets, type ShownSet } from "../sets/report";

const DATA: readonly OptionSpec[] = [
  { name: "labels", rule: text("FILE"), help: "class of each item: npy, npz, idx or CSV; folders name their own" },
  { name: "labelColumn", rule: text("NAME"), help: "the column of a CSV file that holds them" },
  ...READING,
  {
    name: "scale",
    rule: choice<SetScale | "auto">("auto", "none", "signed", "set"),
    help: "signed: bytes to -1 … 1; set: points of a set to mean 0, variance 1 (default auto: signed for bytes, set for points)",
  },
  { name: "minimum", rule: integer(1), help: "items that a class has in a set at least (default 2)" },
  { name: "testSets", rule: integer(1), help: "sets that the trained model is measured on (default 300)" },
  { name: "seed", rule: integer(0), help: "of everything random (default 0)" },
];

/** Options that are of the data and the command, and part of what a resumed run shares. */
const OF_DATA = ["minimum", "mirror", "seed"] as const;

/** What the command takes beside the options of the method, whose values are texts. */
interface LearnOptions extends Omit<SetDataOptions, "kMax">, DeviceOptions {
  readonly testSets?: number;
  readonly out: string;
  readonly resume?: boolean;
  readonly half?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Sets that the report shows. */
const SHOWN = 6;

const SUMMARY = "train a model that clusters sets it has never seen, from example clusterings";

/** `constella learn DATA`: trains Learning to Cluster into a folder of results. */
export async function learnCommand(print: (text: string) => void): Promise<Command> {
  const method = await loadMethod("learning-to-cluster");
  const command = new Command("learn")
    .summary(SUMMARY)
    .description(
      `${SUMMARY}\n\nSets are made of items of known classes (a file with --labels, or a folder with one folder of pictures or WAV files a class), ` +
        `some classes for training, others for validation and for the test; or of generated points. Writes model.safetensors for ` +
        `cluster --model, checkpoint.safetensors, metrics.json and report.html. A run that is stopped or killed goes on by --resume.`,
    )
    .argument(
      "<data>",
      `items with classes: npy, npz, idx, CSV, or a folder of pictures or WAV files; or the word ${POINTS}`,
    );
  for (const spec of [...DATA, ...DEVICE_OPTIONS]) command.addOption(toOption(spec));
  for (const option of methodFlags([method])) command.addOption(option);
  return command
    .option("--mirror", "pictures of training sets are mirrored at random")
    .option("--half", "model.safetensors in float16: half the size")
    .requiredOption("--out <DIR>", "folder for the results, made where it is missing")
    .option("--resume", "go on from the checkpoint in --out, with its options")
    .option("--json", "print one JSON object: what metrics.json holds")
    .option("--quiet", "print nothing but errors")
    .addHelpText(
      "after",
      () => `\nExample:\n  constella learn points --iterations 2000 --out run\n\n${methodList([method])}`,
    )
    .action((path: string, given: LearnOptions) => learn(method, path, given, print));
}

async function learn(
  method: AnyMethod,
  path: string,
  given: LearnOptions,
  print: (text: string) => void,
): Promise<void> {
  checkDevice(given);
  const place = checkpointPath(given.out);
  const saved = given.resume ? readLearned(place, await readCheckpoint(given.out)) : undefined;
  if (given.resume && !saved) throw new Error(`${place} was not written by constella learn`);
  const ofMethod = methodOptions(method, [method], { ...given });
  const own = { ...ofMethod, ...pick(given, OF_DATA) };
  const before = saved?.checkpoint.record.options;
  const { iterations: _longer, ...same } = own as Record<string, unknown>;
  if (before) checkSameOptions(place, { ...defaultsOf(method), ...before }, same);
  const out = await takeFolder(given.out);
  try {
    const data = await learningData(path, { ...given, ...before, ...own } as SetDataOptions, saved?.reading);
    if (saved && saved.data !== data.fingerprint)
      throw new Error(`${place} was trained on other data than ${path}; leave --resume out to start anew`);
    const options = { length: path === POINTS ? 72 : 20, ...before, ...own };
    await train({ method, path, given, options, saved, data, out }, print);
  } catch (error) {
    if (error instanceof Error) error.message = inFlags(method, error.message);
    throw error;
  } finally {
    await out.release();
  }
}

/** What one call of the command comes to. */
interface Asked {
  readonly method: AnyMethod;
  readonly path: string;
  readonly given: LearnOptions;
  readonly options: OptionValues;
  readonly saved: LearnedRun | undefined;
  readonly data: LearningData;
  readonly out: OutFolder;
}

async function train(asked: Asked, print: (text: string) => void): Promise<void> {
  const { method, given, options, saved, data, out } = asked;
  const progress = new ProgressDisplay(given.quiet ? null : process.stderr);
  const { signal, release } = interruptible((line) => progress.note(line));
  const devices: Device[] = [];
  const encoded = (checkpoint: RunCheckpoint): Uint8Array => {
    const record = { ...checkpoint.record, options };
    return encodeLearned({
      checkpoint: { ...checkpoint, record },
      scale: data.scale,
      data: data.fingerprint,
      reading: data.reading,
    });
  };
  const write = (checkpoint: RunCheckpoint): Promise<void> => out.write("checkpoint.safetensors", encoded(checkpoint));
  let learned: LearnedSets | undefined;
  try {
    devices.push(await openDevice(given));
    const { minimum: _minimum, mirror: _mirror, ...ofMethod } = options;
    const checkpoint = saved?.checkpoint && {
      ...saved.checkpoint,
      record: { ...saved.checkpoint.record, options: {} },
    };
    const outcome = await runMethod(method, {
      ...{ x: data.provider, options: ofMethod, device: devices[0]!, signal, checkpoint, keep: write },
      data: { n: 0, itemShape: data.provider.itemShape, bytes: data.scale === "signed" },
      nextDevice: async (error) => {
        const next = await requestDevice("wasm");
        devices.push(next);
        progress.note(`${error.message.split(";")[0]}; going on with ${next.description}`);
        return next;
      },
      onStep: (report) => progress.update(stepProgress(report, { stage: "learning" })),
      ...better(progress),
    });
    progress.stop();
    await write(outcome.checkpoint);
    learned = outcome.estimator as LearnedSets;
    const weights = await learned.save({ weightsOnly: true, half: given.half ?? false });
    await out.write("model.safetensors", encoded({ ...outcome.checkpoint, model: weights }));
    await finish(
      asked,
      learned.model,
      { seconds: outcome.checkpoint.record.seconds, device: outcome.device },
      progress,
      print,
    );
  } catch (error) {
    if (!(error instanceof RunInterrupted)) throw error;
    await write(error.checkpoint);
    const again = given.resume ? commandLine() : `${commandLine()} --resume`;
    const place = checkpointPath(out.path);
    throw new Interrupted(`interrupted, ${place} holds all so far; go on with: ${again}`, signal.reason);
  } finally {
    progress.stop();
    release();
    learned?.dispose();
    for (const device of devices) device.destroy();
  }
}

/** Measures and draws what was learned. */
async function finish(
  { path, given, options, data, out }: Asked,
  model: LearningToCluster,
  { seconds, device }: { seconds: number; device: Device },
  progress: ProgressDisplay,
  print: (text: string) => void,
): Promise<void> {
  const length = options["length"] as number;
  const testSets = given.testSets ?? 300;
  const { scores, sets } = await measure(model, data, { length, testSets, progress });
  const metrics = { scores, best: model.best, seconds, options, device: device.description, versions };
  await out.write("metrics.json", `${JSON.stringify(metrics, null, 2)}\n`);
  const html = await renderSets({
    ...{ title: `Learning to cluster ${basename(path)}`, lead: data.words, model, device: device.description },
    ...{ seed: model.settings.seed, seconds, command: commandLine(), versions, sets },
    scores: { words: `Means of ${scores.sets} sets of the test that were not trained on`, values: scores },
  });
  await out.write("report.html", html);
  if (given.json) return print(JSON.stringify(metrics, null, 2));
  if (given.quiet) return;
  print(
    `${model.history.at(-1)?.iteration ?? 0} iterations in ${seconds.toFixed(1)} s, best ${model.best?.iteration ?? 0}; ` +
      `on ${scores.sets} test sets NMI ${scores.nmi.mean.toFixed(4)}, BBN ${scores.bbnNorm.mean.toFixed(4)}, ` +
      `MR ${scores.mr.mean.toFixed(4)}, number of clusters found ${(100 * scores.countAccuracy.mean).toFixed(1)} %`,
  );
  print(`results in ${out.path}: open ${out.path}/report.html`);
}

const pick = (options: object, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name)));

/** A line for every validation that is better than those before. */
function better(progress: ProgressDisplay): Pick<RunTask, "onEstimator" | "onEpoch"> {
  let best = Infinity;
  return {
    onEstimator: (estimator) => {
      best = (estimator as LearnedSets).model.best?.loss ?? Infinity;
    },
    onEpoch: (record) => {
      const { iteration, validationLoss, countAccuracy, NMI } = record as ValidationRecord;
      if (validationLoss >= best) return;
      best = validationLoss;
      const figures = `validation loss ${best.toFixed(4)}  k found ${countAccuracy.toFixed(3)}  NMI ${NMI.toFixed(4)}`;
      progress.note(`${String(iteration).padStart(7)}  ${figures}`);
    },
  };
}

/** Scores on sets of the test, and some of these sets. */
async function measure(
  model: LearningToCluster,
  { provider }: LearningData,
  { length, testSets, progress }: { length: number; testSets: number; progress: ProgressDisplay },
) {
  const { seed: own } = model.settings;
  const seed = stream(own, "learn.test").nextUint32();
  const part = "test" as const;
  const onProgress = (done: number, total: number): void => progress.update({ stage: "testing", done, total });
  const scores = await evaluateSets(model, provider, { sets: testSets, length, seed, part, onProgress });
  progress.stop();
  const shownSets = Math.min(SHOWN, testSets);
  const { items, labels, counts } = await provider.sample(part, shownSets, length, stream(own, "learn.shown"));
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

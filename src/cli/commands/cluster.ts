import { basename } from "node:path";
import { Command } from "commander";
import type { Device } from "../../device";
import { requestDevice } from "../../request-device";
import { checkSameOptions, type RunIdentity } from "../checkpoint";
import { commandLine } from "../command-line";
import { chooseScale, fingerprint, loadData, toRows, type Scale } from "../data";
import { interruptible } from "../interrupt";
import { headline } from "../../metrics/measures";
import { checkOptionsOf, METHODS, methodOptions } from "../methods";
import { kebab, oneOf, spell, text, toOption, whole, type OptionSpec } from "../option";
import { ProgressDisplay } from "../progress";
import { checkpointPath, readRun, runSession } from "../session";
import type { Method, Outcome, Task } from "../methods/task";
import { clusterSet, type ClusterSetOptions } from "./cluster-sets";

/** What the command takes whatever the method. */
interface ClusterOptions {
  readonly method?: string;
  readonly clusters?: number;
  readonly labels?: string;
  readonly labelColumn?: string;
  readonly array?: string;
  readonly scale?: Scale;
  readonly device?: "webgpu" | "wasm";
  readonly threads?: number;
  readonly seed?: number;
  readonly out: string;
  readonly resume?: boolean;
  readonly model?: string;
  readonly dropoutRuns?: number;
}

const METHOD: OptionSpec = { name: "method", kind: oneOf(...Object.keys(METHODS)), help: "how to cluster" };

const COMMON: readonly OptionSpec[] = [
  { name: "clusters", kind: whole(1), help: "number of clusters K (not for dbscan)" },
  { name: "labels", kind: text("FILE"), help: "known classes of the items: npy, npz, idx or CSV; only to measure by" },
  {
    name: "labelColumn",
    kind: text("NAME"),
    help: "the column of a CSV file that holds them, by name or number from 0",
  },
  { name: "array", kind: text("NAME"), help: "the array of an npz file, or the field of records, that holds the data" },
  {
    name: "scale",
    kind: oneOf<Scale>("auto", "none", "unit", "standard"),
    help:
      "unit: to 0 … 1 (bytes / 255); standard: each column to mean 0, variance 1; " +
      "auto: for networks bytes are unit and CSV is standard, all else none (default auto)",
  },
  {
    name: "device",
    kind: oneOf("webgpu", "wasm"),
    help: "default: a hardware WebGPU adapter if there is one, else wasm",
  },
  { name: "threads", kind: whole(0), help: "of the wasm device (default: as many as processors)" },
  { name: "seed", kind: whole(0), help: "of everything random (default 0)" },
];

const OF_MODELS: readonly OptionSpec[] = [
  {
    name: "model",
    kind: text("FILE"),
    help: "in place of --method: the items are one set, clustered by a trained model",
  },
  { name: "dropoutRuns", kind: whole(1), help: "P(k) from so many runs with dropout and shuffled items" },
];

const SUMMARY = "cluster the rows of a file: npy, npz, idx (also .gz) or CSV";
const DETAILS = [
  "Writes labels.npy, embedding.npy (the network's; of the other methods two principal components), metrics.json,",
  "checkpoint.safetensors and report.html. Ctrl-C while a network trains leaves a checkpoint, from which --resume goes on.",
];

/** `constella cluster DATA`: clusters a file into a folder of results. */
export function clusterCommand(print: (text: string) => void): Command {
  const command = new Command("cluster")
    .summary(SUMMARY)
    .argument("<data>", "items to cluster, one a row; or a folder of PNG and JPEG files, one folder a class");
  command.description(`${SUMMARY}\n\n${DETAILS.join(" ")}`).addOption(toOption(METHOD));
  for (const spec of COMMON) command.addOption(toOption(spec));
  command.requiredOption("--out <DIR>", "folder for the results, made where it is missing");
  command.option("--resume", "go on from the checkpoint in --out, with its method and options");
  for (const spec of OF_MODELS) command.addOption(toOption(spec, "Options with a model of constella learn:"));
  for (const { spec, help } of methodOptions())
    command.addOption(toOption({ ...spec, help }, "Options of the methods:"));
  const methods = Object.entries(METHODS).map(([name, { summary }]) => `  ${name.padEnd(18)} ${summary}`);
  command.addHelpText("after", `\nMethods:\n${methods.join("\n")}`);
  return command.action((path: string, given: ClusterOptions) => cluster(path, given, print));
}

async function cluster(path: string, given: ClusterOptions, print: (text: string) => void): Promise<void> {
  const { out, resume = false } = given;
  if (given.model !== undefined) {
    checkForModel(given);
    return clusterSet(path, given as ClusterSetOptions, print);
  }
  if (given.dropoutRuns !== undefined) throw new Error("--dropout-runs is for --model");
  const checkpoint = resume ? await readRun(out) : undefined;
  const name = checkpoint?.identity.method ?? given.method;
  const method = METHODS[name ?? ""];
  if (!name || !method) throw new Error(`--method is missing, one of ${Object.keys(METHODS).join(", ")}`);
  const options = Object.fromEntries(
    methodOptions().flatMap(({ spec }) => (spec.name in given ? [[spec.name, given[spec.name as "out"]]] : [])),
  );
  checkOptionsOf(given.method ?? name, options);
  if (resume && !method.deep)
    throw new Error(`--resume is for ${deepMethods()}, ${name} has no training to go on with`);
  const saved = checkpoint?.settings;
  const place = checkpointPath(out);
  if (saved)
    checkSameOptions(place, { ...saved, clusters: saved["nClusters"] }, { ...sharedOptions(given), ...options });

  const data = await loadData(path, given);
  const scale = chooseScale((saved?.["scale"] as Scale | undefined) ?? given.scale ?? "auto", data, method.deep);
  const x = toRows(data, scale);
  const nClusters = checkClusters(
    method,
    name,
    (saved?.["nClusters"] as number | undefined) ?? given.clusters,
    x.shape[0]!,
  );
  checkLayers({ ...saved, ...options }["layers"], x.shape[1]!, path);
  const identity: RunIdentity = { method: name, scale, data: fingerprint(x) };
  if (checkpoint && checkpoint.identity.data !== identity.data)
    throw new Error(`${place} was trained on other data than ${path}; leave --resume out to start anew`);
  const progress = new ProgressDisplay();
  const { signal, release } = interruptible((text) => progress.note(text));
  let device: Device | undefined;
  try {
    device = await openDevice(given);
    const seed = (saved?.["seed"] as number | undefined) ?? given.seed ?? 0;
    const task: Task = {
      ...{ x, itemShape: data.raw.shape.slice(1), nClusters, seed, device, signal, progress, checkpoint },
      options: method.deep ? options : { ...method.defaults, ...options },
      truth: data.truth?.labels,
    };
    const title = `${method.title} of ${basename(path)}`;
    const report = { title, command: commandLine() };
    const resumeCommand = resume ? commandLine() : `${commandLine()} --resume`;
    const outcome = await runSession({ method, task, data, identity, out, resumeCommand, report });
    print(summaryOf(method, task, outcome));
    print(`results in ${out}: open ${out}/report.html`);
  } finally {
    release();
    device?.destroy();
  }
}

/** @throws for options that only a method has */
function checkForModel(given: ClusterOptions): void {
  if (given.method !== undefined) throw new Error("--method and --model are two ways to cluster, give one of them");
  if (given.resume) throw new Error("--resume is for methods that train, --model has been trained");
  const foreign = methodOptions().find(({ spec }) => spec.name in given);
  if (foreign) throw new Error(`--${kebab(foreign.spec.name)} is for methods, not for --model`);
}

const deepMethods = (): string =>
  Object.entries(METHODS)
    .flatMap(([name, { deep }]) => (deep ? [name] : []))
    .join(", ");

/** The options of every method that a resumed run must share. */
const sharedOptions = ({ method, clusters, seed, scale }: ClusterOptions): Record<string, unknown> => ({
  method,
  clusters,
  seed,
  ...(scale !== "auto" && { scale }),
});

function checkClusters(method: Method, name: string, clusters: number | undefined, n: number): number | undefined {
  if (!method.takesClusters) {
    if (clusters !== undefined) throw new Error(`--clusters is not an option of ${name}, which finds their number`);
    return undefined;
  }
  if (clusters === undefined) throw new Error(`--clusters is missing, ${name} needs the number of clusters`);
  if (clusters > n) throw new Error(`--clusters must be at most the number of rows, ${n}, given ${clusters}`);
  return clusters;
}

function checkLayers(layers: unknown, width: number, path: string): void {
  if (Array.isArray(layers) && layers[0] !== width)
    throw new Error(`--layers must begin with the ${width} values a row of ${path}, given ${spell(layers)}`);
}

async function openDevice({ device, threads }: ClusterOptions): Promise<Device> {
  if (threads !== undefined && device === "webgpu") throw new Error("--threads is for --device wasm");
  return requestDevice(device, threads === undefined ? {} : { threads });
}

function summaryOf({ title, takesClusters }: Method, { truth, x }: Task, outcome: Outcome): string {
  const { labels, nClusters, inertia, checkpoint } = outcome;
  const parts = [`${title}: ${x.shape[0]} items in ${nClusters} clusters, ${checkpoint.record.seconds.toFixed(1)} s`];
  if (!takesClusters) parts.push(`${labels.filter((label) => label < 0).length} left as noise`);
  if (inertia !== undefined) parts.push(`inertia ${inertia.toPrecision(6)}`);
  if (truth)
    for (const [name, value] of Object.entries(headline(truth, labels))) parts.push(`${name} ${value.toFixed(4)}`);
  return parts.join(", ");
}

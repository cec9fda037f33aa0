import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { Command } from "commander";
import type { RowSource } from "../../data/datasets/row-source";
import type { Device } from "../../device";
import { defaultsOf, loadMethods, optionsOf, rangeOf } from "../../methods";
import type { AnyMethod, Clusters, OptionValues } from "../../methods";
import { headline } from "../../metrics/measures";
import { sizeOf } from "../../ndarray";
import { checkSameOptions, decodeRun, type RunIdentity, type SavedRun } from "../run/checkpoint";
import { commandLine } from "../command-line";
import { fingerprint, itemShapeOf, loadData, type CubesTaken, type DataSet, type Scale } from "../data/load";
import type { DataOptions } from "../data/options";
import { checkDevice, openDevice } from "../device";
import { checkpointPath, readCheckpoint, takeFolder, type OutFolder } from "../run/folder";
import { interruptible } from "../run/interrupt";
import { inFlags, methodFlags, methodList, methodOptions } from "../method-options";
import type { NdArray } from "../../ndarray";
import { choice, kebab, spell, toOption, type OptionSpec } from "../option";
import { CLUSTERS_FLAG, findNumber } from "../run/number-of-clusters";
import { ProgressDisplay } from "../progress";
import { chooseScale, isBytes, scaledRows, scalingOf, unevenColumns, type Items, type Scaling } from "../data/scaling";
import { runSession, type SessionResult } from "../run/session";
import { scaledSource, streamedScaling } from "../streams/scaling";
import { watchedRows } from "../streams/watched";
import { AS_SLICES, COMMON, OF_MAPS, OF_MODELS, OF_RESULTS, type ClusterOptions } from "./cluster-options";
import { clusterSet, type ClusterSetOptions } from "./cluster-sets";

/** Methods that cluster the rows of a file, its images, or the pixels of a cube, without being shown classes. */
export const clusters = ({ takes, target, clusters }: AnyMethod): boolean =>
  (["rows", "images", "cube"] as const).some((kind) => takes.includes(kind)) &&
  target !== "needed" &&
  clusters !== "none";

/** Methods that place the same items, and find no clusters. */
export const places = ({ takes, target, clusters }: AnyMethod): boolean =>
  (takes.includes("rows") || takes.includes("images")) && target !== "needed" && clusters === "none";

/** A command that runs methods: which, and how it is spoken of. */
interface MethodCommand {
  readonly name: "cluster" | "embed";
  readonly summary: string;
  readonly details: string;
  readonly example: string;
  readonly wanted: (method: AnyMethod) => boolean;
}

const CLUSTER: MethodCommand = {
  name: "cluster",
  summary:
    "cluster the rows of a file (npy, npz, idx, Matrix Market, also .gz, CSV, parquet), pictures or sounds, or the pixels of a FITS cube",
  details:
    "Writes labels.npy and labels.csv, embedding.npy (the method's; else two principal components), metrics.json, " +
    "checkpoint.safetensors, which predict takes, and report.html. Of a FITS file labels.npy is [height, width], labels.fits has its world " +
    "coordinates, and clusters.csv sizes, places and spectra; maps also write results.csv of each item or pixel. A run that is stopped by Ctrl-C or a signal, or killed, " +
    "goes on by --resume, and ends with the same numbers.",
  example: "constella cluster digits.npy --method dec --clusters 10 --out run",
  wanted: clusters,
};

const EMBED: MethodCommand = {
  name: "embed",
  summary: "place the rows of a file in a space of few dimensions",
  details:
    "Writes embedding.npy, metrics.json and checkpoint.safetensors, which predict takes. A run that is stopped or killed goes on by --resume.",
  example: "constella embed digits.npy --method pca --out run",
  wanted: places,
};

/** `constella cluster DATA`: clusters a file into a folder of results. */
export const clusterCommand = (print: (text: string) => void): Promise<Command> => methodCommand(CLUSTER, print);

/** `constella embed DATA`: the methods that place items and find no clusters. */
export const embedCommand = (print: (text: string) => void): Promise<Command> => methodCommand(EMBED, print);

async function methodCommand(what: MethodCommand, print: (text: string) => void): Promise<Command> {
  const methods = (await loadMethods()).filter(what.wanted);
  const named: OptionSpec = {
    name: "method",
    rule: choice(...methods.map(({ name }) => name)),
    help: `how to ${what.name}: one of the methods below`,
  };
  const command = new Command(what.name)
    .summary(what.summary)
    .argument(
      "<data>",
      "items, one a row, - for standard input; or a folder of PNG and JPEG or of WAV files, or of one such folder a class",
    )
    .description(`${what.summary}\n\n${what.details}`)
    .addOption(toOption({ ...named, placeholder: "METHOD" }));
  for (const spec of COMMON) command.addOption(toOption(what === CLUSTER && spec.name === "as" ? AS_SLICES : spec));
  command.requiredOption("--out <DIR>", "folder for the results, made where it is missing");
  command.option("--resume", "go on from the checkpoint in --out, with its method and options");
  command.option("--json", "print one JSON object: what metrics.json holds");
  command.option("--quiet", "print nothing but errors");
  if (what === CLUSTER) for (const spec of [OF_RESULTS, OF_MAPS]) command.addOption(toOption(spec));
  if (what === CLUSTER)
    for (const spec of OF_MODELS) command.addOption(toOption(spec, "Options with a model of constella learn:"));
  for (const option of methodFlags(methods)) command.addOption(option);
  command.addHelpText("after", () => `\nExample:\n  ${what.example}\n\n${methodList(methods)}`);
  return command.action((path: string, given: ClusterOptions) => cluster(path, given, methods, print));
}

async function cluster(
  path: string,
  given: ClusterOptions,
  methods: readonly AnyMethod[],
  print: (text: string) => void,
): Promise<void> {
  if (given.model !== undefined) {
    checkForModel(given, methods);
    return clusterSet(path, given as ClusterSetOptions, print);
  }
  if (given.dropoutRuns !== undefined) throw new Error("--dropout-runs is for --model");
  checkDevice(given);
  const { as, ...rest } = given;
  if (as !== "slices") return clusterWhole(path, { ...rest, as }, methods, print);
  const { eachSlice } = await import("./cluster-slices");
  return eachSlice(path, rest, async ({ slice, name, out }) => {
    const resume = rest.resume && (await stat(checkpointPath(out)).catch(() => undefined)) !== undefined;
    if (!rest.quiet && !rest.json) print(`${name}:`);
    await clusterWhole(path, { ...rest, as: "pixels", slice, out, resume }, methods, print);
  });
}

/** The options of one run. */
type RunOptions = ClusterOptions & DataOptions;

async function clusterWhole(
  path: string,
  given: RunOptions,
  methods: readonly AnyMethod[],
  print: (text: string) => void,
): Promise<void> {
  const saved = given.resume ? decodeRun(checkpointPath(given.out), await readCheckpoint(given.out)) : undefined;
  const name = saved?.identity.method ?? given.method;
  const method = methods.find((candidate) => candidate.name === name);
  if (!method) throw new Error(`--method is missing, one of ${methods.map((each) => each.name).join(", ")}`);
  const options = methodOptions(methods.find((each) => each.name === given.method) ?? method, methods, { ...given });
  if (saved) checkResumed(saved, method, given, options);
  const out = await takeFolder(given.out);
  try {
    const data = await loadData(path, given, {
      ...{ streams: method.streams, earlier: saved?.reading, cubes: takesCubes(method) },
    });
    try {
      await run({ path, given, method, options, saved, data, out }, print);
    } finally {
      await data.streamed?.close();
    }
  } catch (error) {
    if (error instanceof Error) error.message = inFlags(method, error.message);
    throw error;
  } finally {
    await out.release();
  }
}

/** How a method takes cubes; one of images alone takes none. */
export const takesCubes = ({ takes }: AnyMethod): CubesTaken | undefined =>
  takes.includes("rows") ? "rows" : takes.includes("cube") ? "whole" : takes.includes("field") ? "tiles" : undefined;

/** What one call of the command comes to. */
interface Asked {
  readonly path: string;
  readonly given: RunOptions;
  readonly method: AnyMethod;
  readonly options: OptionValues;
  readonly saved: SavedRun | undefined;
  readonly data: DataSet;
  readonly out: OutFolder;
}

async function run(asked: Asked, print: (text: string) => void): Promise<void> {
  const { path, given, method, options, saved, data, out } = asked;
  checkTaken(method, data);
  const progress = new ProgressDisplay(given.quiet ? null : process.stderr);
  const summary = { n: data.n, itemShape: itemShapeOf(data), bytes: isBytes(data.raw) };
  const remark = method.remark?.(summary);
  for (const note of [...(data.notes ?? []), ...(remark === undefined ? [] : [`${path}: ${remark}`])])
    progress.note(note);
  const { x, scaling, identity } = await scaledData(asked, progress).finally(() => progress.stop());
  const before = saved?.checkpoint.record.options;
  const clusters = checkClusters(method, (before?.["nClusters"] as number | undefined) ?? given.clusters, data);
  checkLayers({ ...before, ...options }["layers"], sizeOf(itemShapeOf(data)), path);
  if (saved && saved.identity.data !== identity.data)
    throw new Error(
      `${checkpointPath(given.out)} was trained on other data than ${path}; leave --resume out to start anew`,
    );
  if (scaling.kind === "none") for (const note of unevenColumns(data)) progress.note(note);
  const { signal, release } = interruptible((line) => progress.note(line));
  let device: Device | undefined;
  try {
    device = await openDevice(given);
    const seed = (before?.["seed"] as number | undefined) ?? given.seed ?? 0;
    const numberOfClusters =
      typeof clusters === "string"
        ? await findNumber(clusters, method, {
            ...{ options: { ...options, seed }, device, signal, progress, x: x as Items, again: commandLine() },
            data: summary,
          })
        : saved?.numberOfClusters;
    const nClusters = typeof clusters === "string" ? numberOfClusters!.k : clusters;
    const result = await runSession({
      ...{ method, data, x, scaling, identity, device, signal, progress, out, checkpoint: saved?.checkpoint },
      numberOfClusters,
      options: { ...options, ...(nClusters !== undefined && { nClusters }), seed },
      plain: method.network ?? false,
      ...{ rgb: given.rgb, results: given.results, mapPoints: given.mapPoints },
      resumeCommand: given.resume ? commandLine() : `${commandLine()} --resume`,
      report: { title: `${method.title} of ${basename(path)}`, command: commandLine() },
    });
    if (given.json) print(JSON.stringify(result.metrics, null, 2));
    else if (!given.quiet) {
      print(summaryOf(method, data, result));
      if (numberOfClusters) print(`clusters: ${numberOfClusters.reason}`);
      print(`results in ${given.out}${method.clusters === "none" ? "" : `: open ${given.out}/report.html`}`);
    }
  } finally {
    release();
    device?.destroy();
  }
}

/** @throws for data of a kind that the method does not take */
function checkTaken({ name, takes }: AnyMethod, { path, cube }: DataSet): void {
  if (takes.some((kind) => kind === "rows" || kind === "images") || cube) return;
  throw new Error(`${name} takes a cube, ${path} is none: a FITS file, a picture or an array [bands, height, width]`);
}

/** @throws for options that prepare stamps one by one, of a whole field */
function checkField(path: string, method: AnyMethod, options: OptionValues): void {
  const own = optionsOf(method).find(
    ([name, { single, default: none = "none" }]) => single && options[name] !== undefined && options[name] !== none,
  );
  if (own) throw new Error(`--${kebab(own[0])} is for stamps, ${path} is taken as a whole field`);
}

/** The items scaled: as before, where a run is resumed. */
async function scaledData(
  asked: Asked,
  progress: ProgressDisplay,
): Promise<{
  readonly x: Items | RowSource;
  readonly scaling: Scaling;
  readonly identity: RunIdentity;
}> {
  const { path, given, method, saved, data } = asked;
  if (data.cube?.as === "cube" || data.cube?.as === "tiles") {
    if (given.scale !== undefined && given.scale !== "auto" && given.scale !== "none")
      throw new Error(
        data.cube.as === "cube"
          ? `--scale is for methods that take rows, ${method.name} scales all bands together`
          : `--scale is for rows, a field is taken as it is; --sky-sigma and --stretch prepare it`,
      );
    if (data.cube.as === "tiles") checkField(path, method, asked.options);
    const cube = data.cube.as === "cube" ? data.cube.cube : (data.raw as NdArray<Float32Array>);
    return {
      ...{ x: cube, scaling: { kind: "none" } },
      identity: { method: method.name, scale: "none", data: fingerprint(cube) },
    };
  }
  const scale = chooseScale(
    (saved?.identity.scale as Scale | undefined) ?? given.scale ?? "auto",
    data,
    method.network ?? false,
  );
  const { streamed } = data;
  if (streamed) {
    const source = watchedRows(streamed.source, (done, total) => progress.reading(done, total));
    const scaling = saved?.scaling ?? (await streamedScaling(path, { ...streamed, source }, scale));
    const x = scaledSource(path, source, scaling);
    const digest = await streamed.digest((done, total) => progress.update({ stage: "hashing", done, total }));
    return { x, scaling, identity: { method: method.name, scale, data: digest } };
  }
  const scaling = scalingOf(data, scale);
  const x = scaledRows(data, scaling);
  return { x, scaling, identity: { method: method.name, scale, data: fingerprint(x) } };
}

/** @throws for options that only a method has */
function checkForModel(given: ClusterOptions, methods: readonly AnyMethod[]): void {
  if (given.method !== undefined) throw new Error("--method and --model are two ways to cluster, give one of them");
  if (typeof given.clusters === "string")
    throw new Error(
      `--clusters must be one number with --model, which finds it where none is given, got ${given.clusters}`,
    );
  if (given.resume) throw new Error("--resume is for methods that train, --model has been trained");
  const flags = new Set(methodFlags(methods).map((option) => option.attributeName()));
  const foreign = Object.keys(given).find((name) => flags.has(name));
  if (foreign) throw new Error(`--${kebab(foreign)} is for methods, not for --model`);
}

/** @throws for options that a resumed run cannot change */
function checkResumed(saved: SavedRun, method: AnyMethod, given: ClusterOptions, options: OptionValues): void {
  const { identity, checkpoint } = saved;
  const before = {
    ...defaultsOf(method),
    ...checkpoint.record.options,
    method: identity.method,
    scale: identity.scale,
    clusters: saved.numberOfClusters?.asked ?? checkpoint.record.options["nClusters"],
  };
  const { method: name, clusters, seed, scale } = given;
  const asked = typeof clusters === "string" ? { clusters } : { nClusters: clusters };
  const shared = { method: name, ...asked, seed, ...(scale !== "auto" && { scale }) };
  const resumable = method.options as Readonly<Record<string, { readonly resumable?: boolean }>>;
  const fixed = Object.fromEntries(Object.entries(options).filter(([option]) => !resumable[option]?.resumable));
  checkSameOptions(checkpointPath(given.out), before, { ...shared, ...fixed });
}

function checkClusters(
  method: AnyMethod,
  asked: Clusters | undefined,
  { n, path, streamed }: DataSet,
): Clusters | undefined {
  const { name, clusters } = method;
  if (clusters === "found" || clusters === "none") {
    if (asked === undefined) return undefined;
    const why = clusters === "found" ? "finds their number" : "finds none";
    throw new Error(`--clusters is not an option of ${name}, which ${why}`);
  }
  if (asked === undefined) {
    if (clusters === "either") return undefined;
    throw new Error(`--clusters is missing, ${name} needs the number of clusters`);
  }
  if (typeof asked === "string") {
    if (streamed)
      throw new Error(
        `--clusters must be one number for items that are read when they are needed, as those of ${path}, got ${asked}; try some of them with --first`,
      );
    rangeOf(asked, n, CLUSTERS_FLAG);
  } else if (asked > n) throw new Error(`--clusters must be at most the number of rows, ${n}, got ${asked}`);
  return asked;
}

function checkLayers(layers: unknown, width: number, path: string): void {
  if (Array.isArray(layers) && layers[0] !== width)
    throw new Error(`--layers must begin with the ${width} values a row of ${path}, got ${spell(layers)}`);
}

function summaryOf(
  { title, clusters }: AnyMethod,
  { truth, n }: DataSet,
  { outcome, dimensions }: SessionResult,
): string {
  const { labels, nClusters = 0, inertia, checkpoint } = outcome;
  const place = clusters === "none" ? `in ${dimensions} dimensions` : `in ${nClusters} clusters`;
  const parts = [`${title}: ${n} items ${place}, ${checkpoint.record.seconds.toFixed(1)} s`];
  if (!(labels instanceof Int32Array)) return parts.join(", ");
  if (clusters === "found" || clusters === "either")
    parts.push(`${labels.filter((label) => label < 0).length} left as noise`);
  if (inertia !== undefined) parts.push(`inertia ${inertia.toPrecision(6)}`);
  if (truth)
    for (const [name, value] of Object.entries(headline(truth.labels, labels)))
      parts.push(`${name} ${value.toFixed(4)}`);
  return parts.join(", ");
}

// npm start [-- options]: clusters real handwritten digits by N2D, and beside it by k-means, an autoencoder and k-means, and DEC; draws a report.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Command, Option } from "commander";
import { DEC, requestDevice } from "constella";
import type { Device } from "constella";

import {
  checkpointPath,
  checkSameOptions,
  choice,
  decodeRun,
  fingerprint,
  integer,
  interruptible,
  list,
  ProgressDisplay,
  readCheckpoint,
  run,
  runSession,
  scaledRows,
  scalingOf,
  stepProgress,
  takeFolder,
  text,
  toOption,
  versions,
} from "constella/commands";
import { defaultsOf, headline, loadMethod, runMethod } from "constella/methods";
import type { Outcome, StageResult } from "constella/methods";
import type { N2D } from "constella/deep";
import type { Items } from "constella/commands";
import { writeAtomic } from "constella/data";
import { loadDigits } from "./digits";
import { stageTable, studyTable, type SeedResult } from "./study";

/** How the digits are clustered: options of the library. DEC begins with N2D's autoencoder. */
const AUTOENCODER = { layers: [784, 500, 500, 2000, 10], layerEpochs: 0, batchSize: 128, learningRate: 1e-3 };
const DEC_RECIPE = { target: "batch", learningRate: 0.05, batchSize: 256, tolerance: 1e-3 } as const;
const RECIPE = {
  digits: {
    kmeans: { nInit: 4 },
    n2d: { ...AUTOENCODER, epochs: 24 },
    dec: { ...DEC_RECIPE, updateInterval: 20 },
    decEpochs: 10,
  },
  all: {
    kmeans: { nInit: 4 },
    n2d: { ...AUTOENCODER, epochs: 18 },
    dec: { ...DEC_RECIPE, updateInterval: 50 },
    decEpochs: 10,
  },
};

interface Options {
  readonly all?: boolean;
  readonly seed?: number;
  readonly seeds?: number[];
  readonly device?: "webgpu" | "wasm";
  readonly out?: string;
  readonly resume?: boolean;
}

const program = new Command("npm start --")
  .description("clusters MNIST's digits and writes a report")
  .option("--all", "all 70,000 digits instead of the 10,000 test digits")
  .addOption(toOption({ name: "seed", rule: integer(0), help: "of everything random (default 0)" }))
  .addOption(
    toOption({ name: "seeds", rule: list(integer(0), 1), help: "a run for each, and a table of means" }).conflicts(
      "seed",
    ),
  )
  .addOption(toOption({ name: "device", rule: choice("webgpu", "wasm"), help: "default: the best there is" }))
  .addOption(toOption({ name: "out", rule: text("DIR"), help: "default: out/mnist" }))
  .addOption(new Option("--resume", "go on where Ctrl-C ended the last run"))
  .allowExcessArguments(false)
  .action(study);

await run(program);

async function study({ all = false, seed = 0, seeds, device: type, resume = false, out }: Options): Promise<void> {
  const folder = out ?? (all ? "out/mnist-70000" : "out/mnist");
  const progress = new ProgressDisplay();
  const { signal, release } = interruptible((line) => progress.note(line));
  const device = await requestDevice(type);
  const task = { device, signal, progress, all };
  console.log(`constella on ${device.description}`);
  try {
    if (!seeds) {
      const { stages, report } = await cluster({ ...task, seed, resume, out: folder });
      console.log(`\n${stageTable(stages)}\n\nreport: ${report}`);
      return;
    }
    const results: SeedResult[] = [];
    for (const each of seeds) {
      const { stages } = await cluster({ ...task, seed: each, resume, out: join(folder, `seed-${each}`) });
      console.log(`\nseed ${each}\n${stageTable(stages)}\n`);
      results.push({ seed: each, stages });
    }
    const table = studyTable(results);
    await mkdir(folder, { recursive: true });
    await writeAtomic(join(folder, "study.md"), `${table}\n\nSeeds ${seeds.join(", ")}, ${device.description}.\n`);
    await writeAtomic(
      join(folder, "study.json"),
      JSON.stringify({ device: device.description, versions, results }, null, 2),
    );
    console.log(`${table}\n\nstudy: ${join(folder, "study.md")}`);
  } finally {
    release();
    device.destroy();
  }
}

interface Run {
  readonly device: Device;
  readonly signal: AbortSignal;
  readonly progress: ProgressDisplay;
  readonly all: boolean;
  readonly seed: number;
  readonly resume: boolean;
  readonly out: string;
}

/** All stages with one seed, into a folder of results. */
async function cluster(run: Run): Promise<{ stages: StageResult[]; report: string }> {
  const out = await takeFolder(run.out);
  try {
    return await clusterInto(run, out);
  } finally {
    await out.release();
  }
}

async function clusterInto(
  { all, resume, seed, device, signal, progress, out: folder }: Run,
  out: Awaited<ReturnType<typeof takeFolder>>,
): Promise<{ stages: StageResult[]; report: string }> {
  const recipe = all ? RECIPE.all : RECIPE.digits;
  const [kmeans, n2d] = [await loadMethod("kmeans"), await loadMethod("n2d")];
  const data = await loadDigits(all);
  const scaling = scalingOf(data, "unit");
  const x = scaledRows(data, scaling);
  const identity = { method: "n2d", scale: "unit", data: fingerprint(x) };
  const truth = data.truth!.labels;
  const shape = { n: x.shape[0]!, itemShape: [28, 28], bytes: true };
  const place = checkpointPath(folder);
  const saved = resume ? decodeRun(place, await readCheckpoint(folder)) : undefined;
  if (saved) {
    checkSameOptions(place, { ...defaultsOf(n2d), ...saved.checkpoint.record.options }, { seed, ...recipe.n2d });
    if (saved.identity.data !== identity.data)
      throw new Error(`${place} is of other digits: ${all ? "leave out --all" : "add --all"}`);
  }
  const stages: StageResult[] = [
    { name: "one cluster for all", measures: headline(truth, new Int32Array(truth.length)), seconds: 0 },
  ];
  if (!saved?.checkpoint.model) {
    const options = { nClusters: 10, seed, ...recipe.kmeans };
    const { estimator, labels, checkpoint } = await runMethod(kmeans, { x, data: shape, options, device, signal });
    await estimator.dispose();
    stages.push({
      name: "k-means",
      measures: headline(truth, labels as Int32Array),
      seconds: checkpoint.record.seconds,
    });
  }
  const command = ["npm start", ...(process.argv.length > 2 ? ["--", ...process.argv.slice(2)] : [])].join(" ");
  const { outcome } = await runSession({
    ...{ method: n2d, data, x, scaling, identity, device, signal, progress, out, stages },
    options: { nClusters: 10, ...recipe.n2d, seed },
    compare: (outcome) => compare(outcome, { x, truth, seed, signal, progress, recipe }),
    checkpoint: saved?.checkpoint.model ? saved.checkpoint : undefined,
    resumeCommand: resume ? command : `${command}${command.includes(" -- ") ? "" : " --"} --resume`,
    report: {
      title: `${x.shape[0]!.toLocaleString("en")} handwritten digits`,
      summary: "Digits of MNIST, clustered without their labels, which only measure the result.",
      command,
    },
  });
  const { record } = outcome.checkpoint;
  const last = { name: n2d.title, measures: headline(truth, outcome.labels as Int32Array), seconds: record.seconds };
  return { stages: [...record.stages, last], report: join(folder, "report.html") };
}

interface Comparison {
  readonly x: Items;
  readonly truth: Int32Array;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly progress: ProgressDisplay;
  readonly recipe: (typeof RECIPE)[keyof typeof RECIPE];
}

/** k-means on the codes of N2D's autoencoder, and DEC from there: what else could have been made of it. Seconds count the autoencoder's. */
async function compare(
  { estimator, device, checkpoint }: Outcome,
  { x, truth, seed, signal, progress, recipe }: Comparison,
): Promise<StageResult[]> {
  const { stages, ended } = checkpoint.record;
  const name = "autoencoder + k-means";
  if (stages.some((stage) => stage.name === name)) return []; // a resumed run that had come so far
  const before = ended?.["autoencoder"] ?? NaN;
  const since = performance.now();
  const row = (name: string, labels: Int32Array): StageResult => ({
    ...{ name, measures: headline(truth, labels), seconds: before + (performance.now() - since) / 1000 },
  });
  const { network } = estimator as N2D;
  const { layers } = recipe.n2d;
  using dec = new DEC({ nClusters: 10, layers, seed, device, ...recipe.dec });
  await dec.startFrom(network);
  const rows: StageResult[] = [];
  await dec.fit(x, {
    ...{ epochs: recipe.decEpochs, signal },
    onStep: (report) => {
      if (rows.length === 0) rows.push(row(name, dec.labels));
      progress.update(stepProgress(report));
    },
  });
  progress.stop();
  return [...rows, row("DEC", dec.labels)];
}

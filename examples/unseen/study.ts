// What the examples on classes never seen share: train on some classes, cluster others, write a report.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Command, Option } from "commander";
import { requestDevice } from "constella";
import { LearningToCluster } from "constella/sets";
import type { Device } from "constella";
import type { LearningToClusterOptions, SetFitOptions, SetPart, SetProvider } from "constella/sets";
import {
  choice,
  integer,
  Interrupted,
  interruptible,
  positive,
  ProgressDisplay,
  stepProgress,
  text,
  toOption,
} from "constella/commands";
import { readFile, writeAtomic } from "constella/data";
import { formatEstimate } from "../scores";
import { evaluate, METHODS, RIVALS, type Evaluation, type Method } from "./evaluate";
import { renderUnseen } from "./report";

/** Sets that the trained model is measured on. */
export interface StudyTest {
  readonly id: string;
  readonly title: string;
  readonly provider: SetProvider;
  readonly part: SetPart;
}

/** One of the examples. */
export interface UnseenStudy {
  readonly title: string;
  /** One sentence on what is clustered. */
  readonly lead: string;
  /** Where the data comes from and how it was split. */
  readonly origin: string;
  readonly provider: SetProvider;
  readonly tests: readonly StudyTest[];
  readonly model: Omit<LearningToClusterOptions, "device" | "itemShape" | "kMax">;
  readonly fit: Required<Pick<SetFitOptions, "iterations" | "batchSize" | "length" | "validationSets">>;
}

/** A network that trains in minutes on one thread, for pictures and spectrograms in sets of `length`. */
export const smallNetwork = (length: number): UnseenStudy["model"] => ({
  embedding: { type: "cnn", blocks: [8, 16, 32], dense: [64] },
  principalAxes: 4,
  ...{ layers: 6, units: 96, countUnits: 32, memory: length, dropout: 0 },
  gates: "sigmoid",
  optimizer: { type: "adam", learningRate: 3e-3 },
  schedule: { type: "cosine", warmup: 50, final: 0.02 },
  clipNorm: 1,
});

/** Options of the command line. */
export interface StudyOptions {
  readonly data: string;
  readonly out: string;
  readonly sets: number;
  readonly seed: number;
  readonly iterations?: number;
  readonly layers?: number;
  readonly units?: number;
  readonly learningRate?: number;
  readonly device?: "webgpu" | "wasm";
  readonly threads?: number;
  readonly resume?: boolean;
}

/** Pictures of that many sets of each test. */
const SHOWN = 6;

/** The command of an example; `make` reads its data. */
export function studyProgram(
  name: string,
  description: string,
  make: (options: StudyOptions) => Promise<UnseenStudy>,
): Command {
  return new Command(`npm run example:${name} --`)
    .description(description)
    .addOption(toOption({ name: "data", rule: text("DIR"), help: "folder of the data" }).default("../shared/data"))
    .addOption(toOption({ name: "out", rule: text("DIR"), help: "folder of results" }).default(join("out", name)))
    .addOption(toOption({ name: "iterations", rule: integer(1), help: "training steps" }))
    .addOption(toOption({ name: "layers", rule: integer(1), help: "recurrent layers" }))
    .addOption(toOption({ name: "units", rule: integer(2), help: "features of a recurrent layer, an even number" }))
    .addOption(toOption({ name: "learningRate", rule: positive, help: "at its highest" }))
    .addOption(toOption({ name: "sets", rule: integer(2), help: "sets that each figure is a mean of" }).default(300))
    .addOption(toOption({ name: "seed", rule: integer(0), help: "of weights, splits and sets" }).default(0))
    .addOption(toOption({ name: "device", rule: choice("webgpu", "wasm"), help: "default: the best there is" }))
    .addOption(toOption({ name: "threads", rule: integer(1), help: "of the wasm device" }))
    .addOption(new Option("--resume", "go on from the model that an earlier run left in the folder of results"))
    .allowExcessArguments(false)
    .action(async (options: StudyOptions) => runStudy(name, await make(options), options));
}

/** Reads a file of the data folder by `read`; where it is missing, says what to give. */
export async function dataFile<T>(
  { data }: StudyOptions,
  file: string,
  read: (path: string) => Promise<T>,
): Promise<T> {
  try {
    return await read(join(data, file));
  } catch (error) {
    throw new Error(`${(error as Error).message}; give the folder that has ${file} with --data DIR`, { cause: error });
  }
}

async function runStudy(name: string, study: UnseenStudy, options: StudyOptions): Promise<void> {
  const { out, sets, seed } = options;
  const progress = new ProgressDisplay();
  const { signal, release } = interruptible((line) => progress.note(line));
  await mkdir(out, { recursive: true });
  const device = await requestDevice(options.device, options.threads === undefined ? {} : { threads: options.threads });
  console.log(`constella on ${device.description}`);
  try {
    const begin = performance.now();
    const model = await train(study, options, device, progress, signal);
    const minutes = (performance.now() - begin) / 60_000;
    const evaluations: [StudyTest, Evaluation][] = [];
    for (const test of study.tests) {
      const { length } = study.fit;
      const evaluation = await evaluate(model, device, test.provider, test.part, {
        // eslint-disable-next-line no-restricted-syntax -- the figures in README were measured on these
        ...{ sets, length, seed: seed + 1, show: SHOWN },
      });
      evaluations.push([test, evaluation]);
      console.log(`\n${test.title}, ${sets} sets of ${length}\n${textTable(evaluation)}`);
    }
    const results = evaluations.map(([{ id, title }, { shown: _, ...figures }]) => ({ id, title, ...figures }));
    const best = model.best;
    await writeAtomic(join(out, "results.json"), JSON.stringify({ minutes, best, results }, null, 1));
    const command = [
      "npm run",
      `example:${name}`,
      ...(process.argv.length > 2 ? ["--", ...process.argv.slice(2)] : []),
    ];
    const html = await renderUnseen({
      study,
      evaluations,
      model,
      device: device.description,
      command: command.join(" "),
    });
    await writeAtomic(join(out, "report.html"), html);
    console.log(`\nreport: ${join(out, "report.html")}`);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    progress.stop();
    throw new Interrupted(`interrupted; go on with --resume, the model is in ${out}`);
  } finally {
    release();
    device.destroy();
  }
}

async function train(
  study: UnseenStudy,
  { out, seed, iterations, layers, units, learningRate, resume = false }: StudyOptions,
  device: Device,
  progress: ProgressDisplay,
  signal: AbortSignal,
): Promise<LearningToCluster> {
  const file = join(out, "model.safetensors");
  const { itemShape, kMax } = study.provider;
  const model = resume
    ? await LearningToCluster.load(await readFile(file), { device })
    : new LearningToCluster({
        ...study.model,
        ...(layers !== undefined && { layers }),
        ...(units !== undefined && { units }),
        ...(learningRate !== undefined && { optimizer: { type: "adam", learningRate } }),
        ...{ itemShape, kMax, seed, device },
      });
  const save = async (): Promise<void> => writeAtomic(file, await model.save());
  try {
    await model.fit(study.provider, {
      ...study.fit,
      ...(iterations !== undefined && { iterations, validateEvery: Math.min(100, iterations) }),
      signal,
      onStep: (report) => progress.update(stepProgress(report, { stage: "training" })),
      onValidation: async (record) => {
        const { validationLoss, countAccuracy, NMI } = record;
        progress.note(
          `${String(record.iteration).padStart(6)}  validation loss ${validationLoss.toFixed(4)}  k ${countAccuracy.toFixed(3)}  NMI ${NMI.toFixed(4)}`,
        );
        await save();
      },
    });
  } finally {
    progress.stop();
    await save();
  }
  return model;
}

function textTable({ rows, gains, countAccuracy, threshold }: Evaluation): string {
  const named = [
    ...(Object.keys(METHODS) as Method[]).map((method) => [METHODS[method], rows[method]] as const),
    ...RIVALS.map((rival) => [`  eight orders minus ${METHODS[rival]}`, gains[rival]] as const),
  ];
  const width = Math.max(...named.map(([title]) => title.length));
  const lines = named.map(
    ([title, { nmi, bbn, mr }]) =>
      `${title.padEnd(width)}  NMI ${formatEstimate(nmi)}  BBN ${formatEstimate(bbn)}  MR ${formatEstimate(mr)}`,
  );
  return [
    ...lines,
    `number of clusters found in ${(100 * countAccuracy).toFixed(1)} % of the sets`,
    `k-means takes a set for one cluster where no silhouette is above ${threshold.toFixed(3)}, chosen on validation`,
  ].join("\n");
}

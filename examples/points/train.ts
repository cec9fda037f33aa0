// node scripts/run.mjs examples/points/train.ts [-- options]: trains the model of examples/points/model, and writes its learning curve.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { requestDevice } from "constella";
import { LearningToCluster } from "constella/sets";
import type { ValidationRecord } from "constella/sets";
import { choice, integer, interruptible, run, text, toOption } from "constella/commands";
import { PointsProvider, readFile, writeAtomic } from "constella/data";
import { curveToCsv, toCurve } from "./curves";
import { calibrated, lastWeights } from "./last-weights";
import { BATCH, MODEL, NETWORK, PHASES, VALIDATE_EVERY, VALIDATION_SETS } from "./settings";

interface Options {
  readonly plain?: boolean;
  readonly out?: string;
  readonly resume?: boolean;
  readonly device?: "webgpu" | "wasm";
  readonly threads?: number;
}

/** Validations between two checkpoints to resume from. */
const CHECKPOINT_EVERY = 4;

await run(
  new Command("train")
    .description("trains a network that clusters sets of points in the plane")
    .option("--plain", "layers without the identity beside them, to show what that is for")
    .addOption(toOption({ name: "out", rule: text("DIR"), help: `default ${MODEL}, with --plain out/points-plain` }))
    .option("--resume", "go on from the last checkpoint in the folder")
    .addOption(toOption({ name: "device", rule: choice("webgpu", "wasm"), help: "default: the best there is" }))
    .addOption(toOption({ name: "threads", rule: integer(0), help: "of the wasm device (default: all)" }))
    .allowExcessArguments(false)
    .action(train),
);

async function train({ plain = false, resume = false, threads, ...options }: Options): Promise<void> {
  const out = options.out ?? (plain ? "out/points-plain" : MODEL);
  await mkdir(out, { recursive: true });
  const device = await requestDevice(options.device, threads === undefined ? {} : { threads });
  const checkpoint = join(out, "checkpoint.safetensors");
  const { signal, release } = interruptible(console.log);
  console.log(`constella on ${device.description}`);
  let model = resume
    ? await LearningToCluster.load(await readFile(checkpoint), { device })
    : new LearningToCluster({ ...NETWORK, residual: !plain, device });
  const begin = performance.now();
  const onValidation = async ({ epoch, loss, validationLoss, countAccuracy, NMI }: ValidationRecord): Promise<void> => {
    const curve = toCurve(model.history);
    const seconds = ((performance.now() - begin) / 1000).toFixed(0);
    const figures = { loss, validationLoss, countAccuracy, NMI };
    const shown = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(4)}`);
    console.log(`${seconds} s  iteration ${curve.at(-1)!.iteration}  ${shown.join("  ")}`);
    await writeAtomic(join(out, "learning-curve.csv"), curveToCsv(curve));
    if (epoch % CHECKPOINT_EVERY === 0) await writeAtomic(checkpoint, await model.save());
  };
  try {
    let begun = 0;
    for (const { frequencies, ...phase } of PHASES) {
      const done = model.history.length * VALIDATE_EVERY - begun;
      begun += phase.iterations;
      if (done >= phase.iterations) continue;
      if (done === 0 && model.history.length > 0) {
        const best = await model.save({ weightsOnly: true });
        model.dispose();
        model = await LearningToCluster.load(best, { device });
      }
      const provider = new PointsProvider({ kMax: NETWORK.kMax, ...(frequencies && { frequencies }) });
      const sizes = { batchSize: BATCH, validateEvery: VALIDATE_EVERY, validationSets: VALIDATION_SETS };
      await model.fit(provider, { ...phase, ...sizes, patience: phase.iterations, signal, onValidation });
    }
    const last = await LearningToCluster.load(await lastWeights(await model.save(), device), { device });
    const weights = await calibrated(last);
    last.dispose();
    await writeAtomic(join(out, "points.safetensors"), weights);
    console.log(`${join(out, "points.safetensors")}: ${(weights.length / 1e6).toFixed(2)} MB`);
  } finally {
    release();
    device.destroy();
  }
}

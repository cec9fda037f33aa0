// node scripts/run.mjs examples/points/calibrate.ts [-- options]: measures on fresh sets how far the model's passes agree, and keeps it with the model.
import { Command } from "commander";
import { requestDevice } from "constella";
import { LearningToCluster } from "constella/sets";
import { join } from "node:path";
import { choice, integer, ProgressDisplay, run, text, toOption } from "constella/commands";
import { readFile, writeAtomic } from "constella/data";
import { calibrated } from "./last-weights";
import { MODEL } from "./settings";

interface Options {
  readonly model: string;
  readonly device?: "webgpu" | "wasm";
  readonly threads?: number;
}

await run(
  new Command("calibrate")
    .description("measures how far passes over a set agree where it is like those that the model of points has learned")
    .addOption(
      toOption({ name: "model", rule: text("FILE"), help: "the network" }).default(join(MODEL, "points.safetensors")),
    )
    .addOption(toOption({ name: "device", rule: choice("webgpu", "wasm"), help: "default: the best there is" }))
    .addOption(toOption({ name: "threads", rule: integer(0), help: "of the wasm device (default: all)" }))
    .allowExcessArguments(false)
    .action(calibrate),
);

async function calibrate({ model: path, threads, ...options }: Options): Promise<void> {
  const device = await requestDevice(options.device, threads === undefined ? {} : { threads });
  const progress = new ProgressDisplay();
  try {
    const model = await LearningToCluster.load(await readFile(path), { device });
    const file = await calibrated(model, (done, total) => progress.update({ stage: "sets", done, total }));
    progress.stop();
    await writeAtomic(path, file);
    console.log(
      `agreement by number of clusters: ${model.calibration!.least.map((least) => least.toFixed(3)).join(", ")}`,
    );
  } finally {
    progress.stop();
    device.destroy();
  }
}

// npm run example:points [-- options]: clusters fresh sets of points with the shipped model, k-means and DBSCAN, and writes a page.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { requestDevice } from "constella";
import { LearningToCluster } from "constella/sets";
import { choice, integer, ProgressDisplay, run, text, toOption } from "constella/commands";
import { readFile, writeAtomic } from "constella/data";
import { curveFromCsv, drawCurves } from "./curves";
import { evaluate, latencies, METHODS, type Method } from "./evaluate";
import { renderPoints } from "./report";
import { markdownTable } from "../scores";
import { LENGTH, MODEL } from "./settings";

interface Options {
  readonly sets: number;
  readonly seed: number;
  readonly overlapping?: boolean;
  readonly model: string;
  readonly device?: "webgpu" | "wasm";
  readonly threads?: number;
  readonly out: string;
}

/** Sets of these lengths are timed. */
const LENGTHS = [LENGTH, 500, 1000, 2000, 5000, 10_000];

await run(
  new Command("npm run example:points --")
    .description("clusters points in the plane by a network that has learned to, and writes a page of what it finds")
    .addOption(toOption({ name: "sets", rule: integer(5), help: "fresh sets of 72 points" }).default(300))
    .addOption(toOption({ name: "seed", rule: integer(0), help: "of the sets" }).default(1))
    .option("--overlapping", "draw some groups over others, as the code of the thesis does")
    .addOption(
      toOption({ name: "model", rule: text("FILE"), help: "the network" }).default(join(MODEL, "points.safetensors")),
    )
    .addOption(toOption({ name: "device", rule: choice("webgpu", "wasm"), help: "default: the best there is" }))
    .addOption(toOption({ name: "threads", rule: integer(0), help: "of the wasm device (default: all)" }))
    .addOption(toOption({ name: "out", rule: text("DIR"), help: "where the page goes" }).default("out/points"))
    .allowExcessArguments(false)
    .action(main),
);

async function main({ sets, seed, overlapping = false, threads, out, ...options }: Options): Promise<void> {
  const device = await requestDevice(options.device, threads === undefined ? {} : { threads });
  const progress = new ProgressDisplay();
  try {
    const model = await LearningToCluster.load(await readFile(options.model), { device });
    const parameters = model.network.parameters().reduce((sum, { size }) => sum + size, 0);
    const times = await latencies(model, LENGTHS, 100);
    const onProgress = (done: number, total: number): void => progress.update({ stage: "sets", done, total });
    const evaluation = await evaluate(model, device, { ...{ sets, seed, overlapping, onProgress }, show: 2 });
    progress.stop();
    const rows = (Object.keys(METHODS) as Method[]).map((name) => [METHODS[name], evaluation.rows[name]] as const);
    console.log(`\n${sets} sets of ${LENGTH} points, ${parameters} parameters, ${device.description}\n`);
    console.log(markdownTable(rows));
    console.log(`\n${times.map(({ n, milliseconds }) => `${n} points ${milliseconds.toFixed(1)} ms`).join(", ")}`);
    const trainings = await trainingsOf(MODEL);
    const page = await renderPoints({
      ...{ evaluation, latencies: times, parameters, seed, device: device.description, trainings },
    });
    await mkdir(out, { recursive: true });
    await writeAtomic(join(out, "learning-curve.svg"), await drawCurves(trainings));
    await writeAtomic(join(out, "report.html"), page);
    console.log(`\npage: ${join(out, "report.html")}`);
  } finally {
    progress.stop();
    device.destroy();
  }
}

/** Learning curves of the shipped model and of one without residual connections, as far as that was trained. */
async function trainingsOf(folder: string) {
  const read = async (name: string, file: string) => ({
    name,
    points: curveFromCsv(new TextDecoder().decode(await readFile(join(folder, file)))),
  });
  return Promise.all([
    read("residual", "learning-curve.csv"),
    read("without residual connections", "learning-curve-plain.csv"),
  ]);
}

// npm run example:showers [-- options]: self-supervised clustering of telescope images, as the comparison of DeepCluster, ODC and SeLa has it.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Command, Option } from "commander";
import { requestDevice } from "constella";
import { GridSearch } from "constella/vision";
import { folderStore } from "constella/data";
import {
  choice,
  integer,
  Interrupted,
  interruptible,
  list,
  ProgressDisplay,
  run,
  text,
  toOption,
} from "constella/commands";
import { COLLECTIONS } from "./collections";
import { searchGrid } from "./grid";
import { loadImages, type Source, type StudyImages } from "./images";
import { writeOutcome } from "./outcome";
import { cellFolder, runCell, type StudyCell } from "./run-cell";
import {
  BASELINES,
  METHODS,
  settingOf,
  SIZE_NAMES,
  TITLES,
  TRIVIAL,
  trivialOf,
  type MethodName,
  type Size,
} from "./settings";
import { accuracyText } from "./tables";

interface Options {
  readonly images: Source;
  readonly size: Size;
  readonly full?: boolean;
  readonly seeds?: number[];
  readonly grid?: boolean;
  readonly probeOnly?: boolean;
  readonly untrained?: boolean;
  readonly device?: "webgpu" | "wasm";
  readonly data?: string;
  readonly out?: string;
  readonly resume?: boolean;
}

const program = new Command("npm run example:showers --")
  .description("clusters telescope images without labels by three methods, and writes a report and tables")
  .addOption(new Option("--images <KIND>", "what is clustered").choices(["showers", ...COLLECTIONS]).default("showers"))
  .addOption(new Option("--size <SIZE>", "how many images and passes").choices(SIZE_NAMES).default("small"))
  .option("--full", "the same as --size full")
  .addOption(
    toOption({ name: "seeds", rule: list(integer(0), 1), help: "accuracies are means over these (default 0)" }),
  )
  .option("--grid", "search over learning rate, blocks and clusters of each method instead, and print its tables")
  .option("--probe-only", "accuracies only: no clusterings of other numbers of clusters")
  .option("--untrained", "only what needs no training: trivial baselines and random weights")
  .addOption(toOption({ name: "device", rule: choice("webgpu", "wasm"), help: "default: the best there is" }))
  .addOption(toOption({ name: "data", rule: text("DIR"), help: "data that is not generated (default ../shared/data)" }))
  .addOption(toOption({ name: "out", rule: text("DIR"), help: "default: out/ and the kind of images" }))
  .addOption(new Option("--resume", "go on where the last run ended: what is done is not done again"))
  .allowExcessArguments(false)
  .action(study);

await run(program);

async function study(options: Options): Promise<void> {
  const { images: source, full = false, seeds = [0], probeOnly = false, untrained = false, resume = false } = options;
  const size = full ? "full" : options.size;
  const setting = settingOf(source, size);
  const out = options.out ?? join("out", size === "small" ? source : `${source}-${size}`);
  const progress = new ProgressDisplay();
  const { signal, release } = interruptible((line) => progress.note(line));
  const device = await requestDevice(options.device);
  console.log(`constella on ${device.description}`);
  try {
    if (!resume) for (const kept of ["cells", "grid"]) await rm(join(out, kept), { recursive: true, force: true });
    await mkdir(out, { recursive: true });
    const store = folderStore(join(out, "cells"));
    const made = JSON.stringify({ source, setting });
    const before = await store.read("setting.json");
    if (before !== undefined && before !== made)
      throw new Error(`${out} has results of other images or another size; give another --out, or leave out --resume`);
    await store.write("setting.json", made);
    let loaded: { seed: number; images: StudyImages } | undefined;
    const imagesOf = async (seed: number): Promise<StudyImages> => {
      if (loaded?.seed !== seed)
        loaded = { seed, images: await loadImages(source, setting, seed, options.data ?? "../shared/data") };
      return loaded.images;
    };
    if (options.grid) {
      const images = await imagesOf(seeds[0]!);
      console.log(`\n${await searchGrid({ device, setting, images, progress, signal, out })}`);
      return;
    }
    const counts = [...new Set([...setting.clusters, ...Object.values(setting.best)])].sort((a, b) => a - b);
    const single = new Set<string>(["supervised", "random", ...TRIVIAL]);
    const trained = new Set<string>(["supervised", ...BASELINES, ...METHODS]);
    const wanted = ({ seed, method, clusters }: StudyCell): boolean => {
      if (untrained && trained.has(method)) return false;
      if (single.has(method)) return clusters === counts[0];
      if (seed === seeds[0] && !probeOnly) return true;
      return setting.best[method as MethodName] === clusters;
    };
    const grid = new GridSearch({
      axes: {
        seed: seeds,
        method: ["random", ...trivialOf(source), "supervised", ...BASELINES, ...METHODS],
        clusters: counts,
      },
      include: (cell) => wanted(cell as StudyCell),
      store,
      signal,
      run: async (cell) => {
        const own = cell as StudyCell;
        const context = {
          device,
          setting,
          progress,
          signal,
          folder: cellFolder(out, own),
          probed: single.has(own.method) || setting.best[own.method as MethodName] === own.clusters,
          images: await imagesOf(own.seed),
        };
        return runCell(own, context);
      },
      onCell: ({ cell, measures, seconds }, done, total) => {
        const { seed, method, clusters } = cell as StudyCell;
        const probe = measures["probe"] === undefined ? "" : `  accuracy ${(100 * measures["probe"]).toFixed(2)} %`;
        const what = `${TITLES[method]}${single.has(method) ? "" : `, ${clusters} clusters`}`;
        progress.note(`${String(done).padStart(3)}/${total}  ${what}, seed ${seed}${probe}  ${seconds.toFixed(0)} s`);
      },
    });
    const results = await grid.run();
    const command = ["npm run example:showers", ...(process.argv.length > 2 ? ["--", ...process.argv.slice(2)] : [])];
    const rows = await writeOutcome(results, {
      ...{ setting, seeds, out, device: device.description, command: command.join(" ") },
      images: await imagesOf(seeds[0]!),
    });
    console.log(`\n${accuracyText(rows)}\n\nreport: ${join(out, "report.html")}`);
  } catch (error) {
    if (signal.aborted && error === signal.reason) {
      progress.stop();
      const given = process.argv.slice(2).filter((argument) => argument !== "--resume");
      throw new Interrupted(
        `interrupted, all that is done is in ${out}; go on with: npm run example:showers -- ${[...given, "--resume"].join(" ")}`,
        { cause: error },
      );
    }
    throw error;
  } finally {
    release();
    device.destroy();
  }
}

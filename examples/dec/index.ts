// npm run example:dec [-- options]: k-means, mixtures, spectral clustering and deep clusterings of the same images, with their spread over seeds.
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { augmentRows, requestDevice } from "constella";
import type { StackedAutoencoder } from "constella";
import { choice, integer, interruptible, list, ProgressDisplay, run, toOption } from "constella/commands";
import { writeAtomic } from "constella/data";
import { headline } from "constella/methods";
import { formatSpread, spread } from "../spread";
import { CLASSICAL } from "./classical";
import { sweepIntervals } from "./sweep";
import { loadSet, SETS } from "./data";
import type { Items } from "./data";
import { DEEP, trained } from "./deep";
import type { Row, Task } from "./task";

const ROWS: readonly Row[] = [...CLASSICAL, ...DEEP];

interface Options {
  readonly data: string;
  readonly from?: string;
  readonly items?: number;
  readonly seeds: number[];
  readonly methods?: string;
  readonly epochs?: number;
  readonly sweep?: true;
  readonly device?: "webgpu" | "wasm";
  readonly out: string;
}

/** What a row came to with one seed. */
interface Cell {
  readonly method: string;
  readonly seed: number;
  readonly ACC: number;
  readonly NMI: number;
  readonly ARI: number;
  /** Clusters of the result: of methods that find their number what they found. */
  readonly clusters?: number;
  /** Of the clustering alone: what begins with an autoencoder takes its time too. */
  readonly seconds: number;
}

/** Networks by the size of the items: the paper's, a smaller one for what is smaller. */
function networkFor(
  { x }: Items,
  nClusters: number,
  given: number | undefined,
): Pick<Task, "layers" | "epochs" | "layerEpochs" | "batchSize" | "augment"> {
  const [n, ...shape] = x.shape as [number, ...number[]];
  const width = shape.reduce((product, size) => product * size, 1);
  const augment = {
    augmentWith: augmentRows,
    augment: { rotate: 10, crop: { padding: Math.ceil(shape.at(-1)! / 10) } },
    itemShape: shape,
  };
  const isSmall = width < 256;
  const epochs = given ?? (isSmall ? 100 : n > 20_000 ? 18 : 24);
  const passes = { epochs, layerEpochs: Math.ceil(epochs / 2) };
  return isSmall
    ? { layers: [width, 256, 256, 512, nClusters], ...passes, batchSize: 64, augment }
    : { layers: [width, 500, 500, 2000, nClusters], ...passes, batchSize: 128, augment };
}

async function study(options: Options): Promise<void> {
  const { data, from, items: most, seeds, methods, epochs, sweep, device: type, out } = options;
  const progress = new ProgressDisplay();
  const { signal, release } = interruptible((line) => progress.note(line));
  const device = await requestDevice(type);
  try {
    const items = await loadSet(data, { from, device }, most);
    const nClusters = new Set(items.truth).size;
    const parts = [data.replace(/\W+/g, "-"), most, epochs === undefined ? undefined : `${epochs}-epochs`];
    const folder = join(out, parts.filter((part) => part !== undefined).join("-"));
    await mkdir(folder, { recursive: true });
    console.log(`${items.title}: ${items.x.shape.join(" × ")}, ${nClusters} classes, on ${device.description}`);
    const taskOf = (seed: number): Task => ({
      items,
      nClusters,
      seed,
      ...{ device, folder, signal, progress },
      ...networkFor(items, nClusters, epochs),
    });
    if (sweep) return await sweepIntervals(seeds.map(taskOf), folder);
    const chosen = ROWS.filter(({ id, images }) => {
      return (methods?.split(",").includes(id) ?? true) && (items.images || !images);
    });
    const cells: Cell[] = [];
    for (const seed of seeds) {
      cells.push(...(await seedCells(chosen, taskOf(seed), folder)));
    }
    const table = markdown(chosen, cells, items);
    await writeAtomic(join(folder, "table.md"), `${table}\n\nSeeds ${seeds.join(", ")}, ${device.description}.\n`);
    console.log(`\n${table}`);
  } finally {
    progress.stop();
    release();
    device.destroy();
  }
}

/** The cells of one seed, from their files or measured now. */
async function seedCells(rows: readonly Row[], task: Task, folder: string): Promise<Cell[]> {
  const autoencoders = new Map<boolean, StackedAutoencoder>();
  const cells: Cell[] = [];
  try {
    for (const row of rows) {
      const file = join(folder, `${row.id}-${task.seed}.json`);
      if (!existsSync(file)) {
        const augmented = "augmented" in row;
        if ("from" in row && !autoencoders.has(augmented)) autoencoders.set(augmented, await trained(task, augmented));
        await writeAtomic(file, `${JSON.stringify(await measured(row, task, autoencoders.get(augmented)))}\n`);
      }
      const cell = JSON.parse(await readFile(file, "utf8")) as Cell;
      const { seed, ACC, NMI, clusters = task.nClusters } = cell;
      const measures = `ACC ${ACC.toFixed(4)}  NMI ${NMI.toFixed(4)}  clusters ${clusters}`;
      console.log(`seed ${seed}  ${row.title.padEnd(30)} ${measures}`);
      cells.push(cell);
    }
  } finally {
    for (const autoencoder of autoencoders.values()) autoencoder.dispose();
  }
  return cells;
}

async function measured(row: Row, task: Task, autoencoder: StackedAutoencoder | undefined): Promise<Cell> {
  const began = performance.now();
  const labels = "from" in row ? await row.from(autoencoder!, task) : await row.cluster(task);
  task.progress.stop();
  const { ACC, NMI, ARI } = headline(task.items.truth, labels) as Record<"ACC" | "NMI" | "ARI", number>;
  const clusters = new Set(labels).size;
  return { method: row.id, seed: task.seed, ACC, NMI, ARI, clusters, seconds: (performance.now() - began) / 1000 };
}

function markdown(rows: readonly Row[], cells: readonly Cell[], { truth }: Items): string {
  const largest = headline(truth, new Int32Array(truth.length))["ACC"]!;
  const lines = rows.map(({ id, title }) => {
    const own = cells.filter(({ method }) => method === id);
    const measures = (["ACC", "NMI", "ARI"] as const).map((name) =>
      formatSpread(spread(own.map((cell) => cell[name])), 4),
    );
    return `| ${[title, ...measures].join(" | ")} |`;
  });
  const head = ["| | ACC | NMI | ARI |", "|---|---|---|---|"];
  return [
    ...head,
    `| the largest class: one cluster for all | ${largest.toFixed(4)} | 0.0000 | 0.0000 |`,
    ...lines,
  ].join("\n");
}

await run(
  new Command("npm run example:dec --")
    .description("clusters images by many methods, and tells how far seeds spread")
    .option("--data <NAME>", `${Object.keys(SETS).join(", ")}, or an npz file with images and labels`, "digits")
    .option("--from <DIR>", "folder of the data that no package has")
    .addOption(toOption({ name: "items", rule: integer(1), help: "a sample of so many, where there are more" }))
    .addOption(
      toOption({ name: "seeds", rule: list(integer(0), 1), help: "a run of each method for each" }).default([
        0, 1, 2, 3, 4,
      ]),
    )
    .option("--methods <IDS>", `some rows only: ${ROWS.map(({ id }) => id).join(",")}`)
    .addOption(
      toOption({
        name: "epochs",
        rule: integer(1),
        help: "passes of the autoencoder; where layers are trained by themselves, half as many for each (default: by the size of the items)",
      }),
    )
    .option("--sweep", "in place of the rows, DEC with update intervals from 10 to 2,560 steps: a table and sweep.html")
    .addOption(toOption({ name: "device", rule: choice("webgpu", "wasm"), help: "default: the best there is" }))
    .option("--out <DIR>", "folder of results, where finished cells are kept", "out/dec")
    .allowExcessArguments(false)
    .action(study),
);

// How often the target of DEC is renewed: the λ of Xie et al. 2016, section 5.5, who try 10 · 2^i steps for i from 0 to 8.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DEC } from "constella";
import type { StackedAutoencoder } from "constella";
import { writeAtomic } from "constella/data";
import { headline } from "constella/methods";
import { curves, drawingDocument, renderPage, studyHeader } from "constella/report";
import type { Curve, Series } from "constella/report";
import { formatSpread, spread } from "../spread";
import { trained } from "./deep";
import { running } from "./task";
import type { Task } from "./task";

const INTERVALS = Array.from({ length: 9 }, (_, i) => 10 * 2 ** i);
const MEASURES = ["ACC", "NMI", "ARI"] as const;
/** The interval whose way is drawn: the paper's for MNIST. */
const DRAWN = 160;

type Measured = Readonly<Record<(typeof MEASURES)[number], number>>;

/** What an interval came to with one seed. */
interface Cell extends Measured {
  readonly interval: number;
  readonly seed: number;
  /** ACC of the labels after so many steps, at each renewal. */
  readonly way: readonly { readonly step: number; readonly ACC: number }[];
  readonly seconds: number;
}

/** All intervals of all seeds, from their files or measured now; each seed has one autoencoder. Writes sweep.md and sweep.html. */
export async function sweepIntervals(tasks: readonly Task[], folder: string): Promise<void> {
  const cells: Cell[] = [];
  for (const task of tasks) {
    let autoencoder: StackedAutoencoder | undefined;
    try {
      for (const interval of INTERVALS) {
        const file = join(folder, `sweep-${interval}-${task.seed}.json`);
        if (!existsSync(file)) {
          autoencoder ??= await trained(task, false);
          await writeAtomic(file, `${JSON.stringify(await measured(task, autoencoder, interval))}\n`);
        }
        const cell = JSON.parse(await readFile(file, "utf8")) as Cell;
        console.log(`seed ${cell.seed}  every ${String(interval).padEnd(4)} steps  ACC ${cell.ACC.toFixed(4)}`);
        cells.push(cell);
      }
    } finally {
      autoencoder?.dispose();
    }
  }
  const table = markdown(cells);
  await writeAtomic(join(folder, "sweep.md"), `${table}\n`);
  console.log(`\n${table}`);
  await writeAtomic(join(folder, "sweep.html"), await page(tasks[0]!, cells));
}

async function measured(task: Task, { network }: StackedAutoencoder, interval: number): Promise<Cell> {
  const { items, nClusters, layers, seed, device } = task;
  const { truth, x } = items;
  const of = (labels: Int32Array): Measured => headline(truth, labels) as Measured;
  const way: { step: number; ACC: number }[] = [];
  const began = performance.now();
  using model = new DEC({ layers, nClusters, seed, device, updateInterval: interval });
  await model.startFrom(network);
  await model.fit(x, {
    ...running(task),
    // at the end of an interval the labels are those of its beginning
    onEpoch: ({ epoch }) => void way.push({ step: (epoch - 1) * interval, ACC: of(model.labels).ACC }),
  });
  const { ACC, NMI, ARI } = of(model.labels);
  way.push({ step: way.length * interval, ACC });
  return { ...{ interval, seed, ACC, NMI, ARI, way }, seconds: (performance.now() - began) / 1000 };
}

const ofInterval = (cells: readonly Cell[], interval: number): Cell[] =>
  cells.filter((cell) => cell.interval === interval);

const meansOf = (cells: readonly Cell[], name: (typeof MEASURES)[number]) =>
  INTERVALS.map((interval) => spread(ofInterval(cells, interval).map((cell) => cell[name])));

function markdown(cells: readonly Cell[]): string {
  const columns = MEASURES.map((name) => meansOf(cells, name).map((one) => formatSpread(one, 4)));
  const lines = INTERVALS.map((interval, i) => `| ${[interval, ...columns.map((of) => of[i])].join(" | ")} |`);
  return ["| steps between renewals | ACC | NMI | ARI |", "|---|---|---|---|", ...lines].join("\n");
}

async function page({ items, device }: Task, cells: readonly Cell[]): Promise<string> {
  const seeds = [...new Set(cells.map(({ seed }) => seed))];
  const line = (name: string, y: number[]): Series => ({ name, x: INTERVALS, y });
  const both = { xLabel: "steps between renewals of the target", xScale: "log", last: false } as const;
  const drawn: Curve[] = [
    {
      ...{ ...both, name: "Means over seeds", yLabel: "measure" },
      series: MEASURES.map((name) =>
        line(
          name,
          meansOf(cells, name).map(({ mean }) => mean),
        ),
      ),
    },
    {
      ...{ ...both, name: "ACC of each seed", yLabel: "ACC" },
      series: seeds.map((seed) =>
        line(
          `seed ${seed}`,
          INTERVALS.map((interval) => ofInterval(cells, interval).find((cell) => cell.seed === seed)!.ACC),
        ),
      ),
    },
    {
      ...{ name: `On the way, every ${DRAWN} steps`, xLabel: "steps", yLabel: "ACC" },
      series: ofInterval(cells, DRAWN).map(({ seed, way }) => ({
        ...{ name: `seed ${seed}`, x: way.map(({ step }) => step), y: way.map(({ ACC }) => ACC) },
      })),
    },
  ];
  const title = "DEC by how often its target is renewed";
  return renderPage({
    title,
    header: studyHeader(
      title,
      "DEC sharpens its soft assignments towards a target that is renewed every so many steps; each seed has one autoencoder.",
      `${items.title}, ${items.x.shape.join(" × ")} · seeds ${seeds.join(", ")} · ${device.description}`,
    ),
    sections: [{ id: "sweep", title: "Update intervals", body: curves(await drawingDocument(), drawn) }],
  });
}

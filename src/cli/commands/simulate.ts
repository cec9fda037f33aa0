import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { version } from "../../../package.json";
import { AtomicFile } from "../../data/formats/atomic-file";
import { loadLabels, loadMatrix } from "../../data/formats/files";
import { NpyWriter } from "../../data/formats/npy/writer";
import { writeNpy } from "../../data/formats/npy/npy";
import {
  GAMMA,
  HADRON,
  MAGIC_COLUMNS,
  redrawMagic,
  SHOWER_COLUMNS,
  simulateShowers,
} from "../../data/datasets/showers";
import type { NdArray } from "../../ndarray";
import { pictureSheet } from "../../report/pictures/sheet";
import { interruptible } from "../run/interrupt";
import { choice, integer, range, toOption, type OptionSpec } from "../option";
import { ProgressDisplay } from "../progress";
import { stampsCommand } from "./simulate-stamps";

interface SimulateOptions {
  readonly n?: number;
  readonly seed?: number;
  readonly pointing?: "diffuse" | "wobble";
  readonly gammaShare?: number;
  readonly data?: string;
  readonly out: string;
}

const portion = range(0, 1);

const OPTIONS: readonly OptionSpec[] = [
  { name: "n", rule: integer(1), help: "events (default 10000; of a table: all)" },
  { name: "seed", rule: integer(0), help: "of everything random (default 0)" },
  {
    name: "pointing",
    rule: choice("diffuse", "wobble"),
    help: "diffuse: gammas from everywhere; wobble: from a source at 0.6 degrees, with ON and OFF regions (default diffuse)",
  },
  { name: "gammaShare", rule: portion, help: "chance of an event to be a gamma (default 0.5)" },
];

const DETAILS =
  "Writes images.npy [n, 45, 45] (photon counts, float32), labels.npy (1 gamma, 0 hadron), events.csv (energy, direction, wobble region: 0 ON, " +
  "1 to 5 OFF, -1 none, and the Hillas parameters), sheet.png (gammas above, hadrons below) and simulation.json. With --data it re-draws the events of " +
  "the MAGIC table (npz with table, labels and class_names) from their Hillas parameters instead: pictures, not camera data.";

/** Events simulated at a time. */
const CHUNK = 1000;
const SIDE = 45;
/** Pictures on the sheet: columns, and rows of each class. */
const COLUMNS = 12;
const ROWS = 4;

/** `constella simulate showers`: images of an imaging air Cherenkov telescope into a folder. */
export function simulateCommand(print: (text: string) => void): Command {
  const showers = new Command("showers")
    .summary("gamma and hadron showers in a telescope's camera")
    .description(DETAILS);
  for (const spec of OPTIONS) showers.addOption(toOption(spec));
  showers.option("--data <FILE>", "re-draw the events of the MAGIC table instead");
  showers.requiredOption("--out <DIR>", "folder for the files, made where it is missing");
  showers.action((given: SimulateOptions) => simulate(given, print));
  return new Command("simulate")
    .description("make data with known truth")
    .helpCommand(false)
    .addCommand(showers)
    .addCommand(stampsCommand(print));
}

/** A run of events: images [n, 45, 45], labels, and lines of events.csv. */
interface Part {
  readonly images: NdArray<Float32Array>;
  readonly labels: Int32Array;
  readonly lines: readonly string[];
}

interface Series {
  readonly n: number;
  readonly header: string;
  readonly part: (first: number, count: number) => Part;
  readonly facts: Readonly<Record<string, unknown>>;
}

async function simulate(given: SimulateOptions, print: (text: string) => void): Promise<void> {
  const { out } = given;
  const series = given.data === undefined ? simulated(given) : await redrawn(given.data, given);
  await mkdir(out, { recursive: true }).catch((error: Error) => {
    throw new Error(`cannot write ${out}: ${error.message}`, { cause: error });
  });
  const progress = new ProgressDisplay();
  const { signal, release } = interruptible((text) => progress.note(text));
  const path = (name: string): string => join(out, name);
  const { n } = series;
  const images = await NpyWriter.create(path("images.npy"), [n, SIDE, SIDE], "float32");
  const written: (AtomicFile | NpyWriter)[] = [images];
  try {
    const events = await AtomicFile.create(path("events.csv"));
    written.push(events);
    const labels = new Int32Array(n);
    await events.write(`${series.header}\n`);
    for (let first = 0; first < n; first += CHUNK) {
      signal.throwIfAborted();
      const part = series.part(first, Math.min(CHUNK, n - first));
      await images.write(part.images.data);
      await events.write(`${part.lines.join("\n")}\n`);
      labels.set(part.labels, first);
      progress.update({ stage: "simulating", done: first + part.labels.length, total: n });
    }
    const sample = series.part(0, Math.min(n, CHUNK));
    const extras: Record<string, Uint8Array | string> = {
      "labels.npy": writeNpy(labels),
      "sheet.png": sheetOf(sample),
      "simulation.json": `${JSON.stringify({ n, ...series.facts, images: [n, SIDE, SIDE], labels: { gamma: GAMMA, hadron: HADRON }, constella: version }, null, 2)}\n`,
    };
    for (const [name, content] of Object.entries(extras)) {
      const file = await AtomicFile.create(path(name));
      written.push(file);
      await file.write(content);
    }
    for (const file of written) await (file instanceof NpyWriter ? file.close() : file.commit());
    progress.stop();
    const gammas = labels.reduce((count, label) => count + Number(label === GAMMA), 0);
    print(`${n} events, ${gammas} gammas and ${n - gammas} hadrons, in ${out}: ${String(series.facts["what"])}`);
  } catch (error) {
    for (const file of written) await file.discard();
    throw error;
  } finally {
    progress.stop();
    release();
  }
}

function simulated({ n = 10000, seed = 0, pointing = "diffuse", gammaShare = 0.5 }: SimulateOptions): Series {
  return {
    n,
    header: ["event", "label", "region", ...SHOWER_COLUMNS].join(","),
    part: (first, count) => {
      const { images, labels, regions, columns } = simulateShowers({ n: count, first, seed, pointing, gammaShare });
      const lines = Array.from(labels, (label, row) => {
        const values = SHOWER_COLUMNS.map((name) => Number(columns[name][row]!.toPrecision(7)));
        return [first + row, label, regions[row], ...values].join(",");
      });
      return { images, labels, lines };
    },
    facts: { what: `simulated, ${pointing} pointing`, seed, pointing, gammaShare },
  };
}

async function redrawn(path: string, { n: wanted, seed = 0, pointing, gammaShare }: SimulateOptions): Promise<Series> {
  if (pointing !== undefined || gammaShare !== undefined)
    throw new Error("--pointing and --gamma-share are not for --data, whose events are what they are");
  const table = await loadMatrix(path, { array: "table" });
  const given = await loadLabels(path, { array: "labels" });
  const names = await loadLabels(path, { array: "class_names" });
  const gamma = names.classes && names.labels.indexOf(names.classes.indexOf("gamma"));
  const [rows = 0, width] = table.shape;
  if (table.shape.length !== 2 || width !== MAGIC_COLUMNS.length)
    throw new Error(`${path}: the table must be [n, ${MAGIC_COLUMNS.length}], got [${table.shape.join(", ")}]`);
  if (given.labels.length !== rows) throw new Error(`${path} has ${given.labels.length} labels for ${rows} rows`);
  if (gamma === null || gamma < 0) throw new Error(`${path}: class_names must have a class gamma`);
  const n = wanted ?? rows;
  if (n > rows) throw new Error(`--n must be at most the ${rows} events of ${path}, got ${n}`);
  return {
    n,
    header: ["event", "label", ...MAGIC_COLUMNS].join(","),
    part: (first, count) => {
      const part = table.lo(first).hi(count);
      const labels = given.labels.subarray(first, first + count).map((label) => (label === gamma ? GAMMA : HADRON));
      const lines = Array.from(labels, (label, row) =>
        [first + row, label, ...MAGIC_COLUMNS.map((_, column) => Number(part.get(row, column)))].join(","),
      );
      return { images: redrawMagic(part, { seed, first }), labels, lines };
    },
    facts: { what: "re-drawn from the Hillas parameters of the MAGIC table, not camera data", seed, data: path },
  };
}

/** The first gammas above, the first hadrons below. */
function sheetOf({ images, labels }: Part): Uint8Array {
  const rows = [GAMMA, HADRON].flatMap((wanted) => {
    const members = [...labels.keys()].filter((row) => labels[row] === wanted).slice(0, COLUMNS * ROWS);
    return Array.from({ length: Math.ceil(members.length / COLUMNS) }, (_, row) =>
      members.slice(row * COLUMNS, (row + 1) * COLUMNS),
    );
  });
  return pictureSheet(images, rows, { zoom: 2 });
}

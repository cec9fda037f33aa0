import { join } from "node:path";
import { Command } from "commander";
import { isRowSource } from "../../data/datasets/row-source";
import type { RowSource } from "../../data/datasets/row-source";
import { sliceRows } from "../../data/datasets/row-views";
import { readFile } from "../../data/formats/files";
import { namedLayout, placesOf } from "../../data/formats/csv/csv";
import { writeNpy } from "../../data/formats/npy/npy";
import { flattenRows } from "../../matrix";
import { embeddingOf, loadModel } from "../../methods";
import type { AnyMethod, Estimator } from "../../methods";
import { measure } from "../../metrics/measures";
import { NdArray, type TypedArray } from "../../ndarray";
import { savedRun, type SavedRun } from "../run/checkpoint";
import { loadData, type DataSet, type Reading } from "../data/load";
import type { Made } from "../cubes/write";
import { CUBES, DATA_OPTIONS, STREAMING, type DataOptions } from "../data/options";
import { DEVICE_OPTIONS, openDevice, type DeviceOptions } from "../device";
import { modelFile, takeFolder } from "../run/folder";
import { text, toOption, type OptionSpec } from "../option";
import { ProgressDisplay } from "../progress";
import { takesCubes } from "./cluster";
import { scaledRows, type Items } from "../data/scaling";
import { labelsTable, versions } from "../run/session";
import { writePieces } from "../streams/pieces";
import { scaledSource } from "../streams/scaling";
import { watchedRows } from "../streams/watched";

const OPTIONS: readonly OptionSpec[] = [
  { name: "out", rule: text("DIR"), help: "folder for the results; without it labels are printed as CSV" },
  ...DATA_OPTIONS,
  ...CUBES.filter(({ name }) => name === "hdu" || name === "tileSize"),
  ...STREAMING,
  ...DEVICE_OPTIONS,
];

interface PredictOptions extends DeviceOptions, DataOptions {
  readonly out?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const SUMMARY = "find the clusters of new items by a model of constella cluster";

/** `constella predict MODEL DATA`: the clusters of items that the model has not seen, scaled as those that it was trained on. */
export function predictCommand(print: (text: string) => void): Command {
  const command = new Command("predict")
    .summary(SUMMARY)
    .description(
      `${SUMMARY}\n\nWrites labels.npy, labels.csv, metrics.json, and of methods that have them embedding.npy and ` +
        "probabilities.npy into --out; of a FITS file labels.fits and clusters.csv. The items must have the columns of those that the model was trained on.",
    )
    .argument("<model>", "folder of a run, or its checkpoint.safetensors")
    .argument("<data>", "items, one a row, as cluster takes them");
  for (const spec of OPTIONS) command.addOption(toOption(spec));
  return command
    .option("--json", "print one JSON object: what metrics.json holds")
    .option("--quiet", "print nothing but errors")
    .addHelpText("after", "\nExample:\n  constella predict run tomorrow.csv > labels.csv")
    .action((model: string, data: string, given: PredictOptions) => predict(model, data, given, print));
}

async function predict(
  place: string,
  path: string,
  given: PredictOptions,
  print: (text: string) => void,
): Promise<void> {
  const file = await modelFile(place);
  const content = await readFile(file);
  const saved = savedRun(file, content);
  const device = await openDevice(given);
  const progress = new ProgressDisplay(given.quiet ? null : process.stderr);
  try {
    const { method, estimator } = await loadModel(content, { device }).catch((error: Error) => {
      throw new Error(`${file}: ${error.message}`, { cause: error });
    });
    try {
      checkPredicts(file, method, estimator);
      const data = await loadData(path, given, {
        ...{ streams: Boolean(method.streams), earlier: saved && readingOf(saved), cubes: takesCubes(method) },
      });
      try {
        const isField = data.cube?.as === "tiles";
        if (isField && saved && saved.scaling.kind !== "none")
          throw new Error(
            `${file} was trained on items that were scaled, and a field is taken as it is; train it with --scale none`,
          );
        const scaling = saved?.scaling ?? ({ kind: "none" } as const);
        const { streamed } = data;
        if (streamed && saved) arranged(data, saved, file);
        const told = (done: number, total: number): void => progress.reading(done, total);
        const x = streamed
          ? scaledSource(path, watchedRows(streamed.source, told), scaling)
          : scaledRows(saved ? arranged(data, saved, file) : data, scaling);
        const found = isField ? undefined : await estimator.predict?.(x);
        const labels = found instanceof Int32Array ? found : undefined;
        const pixels = found && "shape" in found ? (found as NdArray<Int32Array>) : undefined;
        const truth = data.truth?.labels;
        const metrics = {
          ...{ method: method.name, n: data.n, model: file, data: path, device: device.description },
          ...(truth && labels && measure(truth, labels)),
          versions,
        };
        if ((data.cube ?? streamed?.pixels) && given.out === undefined)
          throw new Error(`--out is missing, where the labels of ${path} go`);
        const made = { title: method.title, settings: estimator.settings as Record<string, unknown> };
        if (given.out !== undefined)
          await writeResults(given.out, estimator, x, { labels, pixels, data, metrics, made });
        if (given.json) print(JSON.stringify(metrics, null, 2));
        else if (given.quiet) return;
        else if (given.out !== undefined) print(`${method.title}: ${data.n} items, results in ${given.out}`);
        else if (labels) print([...labelsTable(labels, data.ids)].join("").trimEnd());
        else if (pixels) throw new Error(`${method.name} labels pixels; give --out DIR for them`);
        else throw new Error(`${method.name} finds no clusters; give --out DIR for where it places the items`);
      } finally {
        await data.streamed?.close();
      }
    } finally {
      await estimator.dispose();
    }
  } finally {
    progress.stop();
    device.destroy();
  }
}

/** Labels, embedding, probabilities and measures, as far as the method has them; of items that are read, part by part. */
async function writeResults(
  folder: string,
  estimator: Estimator,
  x: Items | RowSource,
  {
    labels,
    pixels,
    data: { cube, ids, path, streamed },
    metrics,
    made,
  }: {
    readonly labels: Int32Array | undefined;
    /** Of methods that label the pixels of each item. */
    readonly pixels: NdArray<Int32Array> | undefined;
    readonly data: DataSet;
    readonly metrics: object;
    readonly made: Omit<Made, "path">;
  },
): Promise<void> {
  const out = await takeFolder(folder);
  const array = async (
    name: string,
    f: (part: unknown) => Promise<NdArray<Float32Array> | undefined>,
  ): Promise<void> => {
    if (isRowSource(x)) {
      if (await f(sliceRows(x, 0, 1))) await writePieces(join(folder, name), x, async (part) => (await f(part))!);
      return;
    }
    const values = await f(x);
    if (values) await out.write(name, writeNpy(values));
  };
  try {
    if (cube?.as === "tiles") {
      const { writeClusters, writeField, writePixelLabels } = await import("../cubes");
      const all = await writeField(out, await estimator.segmentImage!(cube.cube), cube, { ...made, path });
      await writePixelLabels(out, all, cube, { ...made, path });
      await writeClusters(out, all, cube);
    } else if (streamed?.pixels && labels) {
      const { pixelLabels, writePixelLabels } = await import("../cubes");
      await writePixelLabels(out, pixelLabels(labels, streamed.pixels), streamed.pixels, { ...made, path });
    } else if (cube && labels) {
      const { pixelLabels, writeClusters, writePixelLabels } = await import("../cubes");
      const pixels = pixelLabels(labels, cube);
      await writePixelLabels(out, pixels, cube, { ...made, path });
      await writeClusters(out, pixels, cube);
    } else if (cube) {
      const planes = await embeddingOf(estimator, x);
      const { writePlanes } = await import("../cubes");
      if (planes) await writePlanes(out, "embedding", planes, cube, { ...made, path });
    } else {
      if (labels ?? pixels) await out.write("labels.npy", writeNpy((labels ?? pixels)!));
      if (labels) await out.write("labels.csv", labelsTable(labels, ids));
      await array("embedding.npy", (part) => embeddingOf(estimator, part));
      await array("probabilities.npy", async (part) => estimator.softAssignments?.(part));
    }
    await out.write("metrics.json", `${JSON.stringify(metrics, null, 2)}\n`);
  } finally {
    await out.release();
  }
}

function checkPredicts(file: string, method: AnyMethod, estimator: Estimator): void {
  if (method.takes.includes("sets"))
    throw new Error(`${file} clusters whole sets: constella cluster DATA --model ${file}`);
  if (!estimator.predict && !estimator.transform)
    throw new Error(
      `${method.name} says nothing of items that it was not given, ${file} holds clusters of its own data`,
    );
}

/** How the data that a model was trained on were read; runs of earlier versions kept no more of a table than its names. */
const readingOf = ({ reading, columns }: SavedRun): Reading => ({
  ...reading,
  ...(!reading?.table && columns && { table: { layout: namedLayout(columns) } }),
});

/** Rows of a cube with the bands of those that were trained on, in their order. @throws for others, by name */
function arranged(data: DataSet, { columns }: SavedRun, file: string): DataSet {
  if (!columns || !data.columns || !(data.cube ?? data.streamed)) return data;
  const d = columns.length;
  let places: number[];
  try {
    const bands = { header: data.columns, width: data.columns.length, own: [], others: false };
    places = placesOf(namedLayout(columns), bands);
  } catch (error) {
    const message = (error as Error).message.replace(/^csv: file/, data.path).replace("the model", file);
    throw new Error(message, { cause: error });
  }
  if (data.streamed && places.some((place, i) => place !== i))
    throw new Error(`${data.path} must have its bands in the order of ${file}: ${columns.join(", ")}`);
  const rows = flattenRows(data.raw);
  const Type = rows.data.constructor as new (length: number) => TypedArray;
  const values = new Type(rows.data.length);
  for (let i = 0; i < values.length; i++) values[i] = rows.data[i - (i % d) + places[i % d]!]!;
  return { ...data, raw: new NdArray(values, rows.shape), columns };
}

import { join } from "node:path";
import { version } from "../../../package.json";
import { PCA } from "../../cluster";
import { csvPieces } from "../../data/formats/csv/csv";
import { isRowSource } from "../../data/datasets/row-source";
import type { RowSource } from "../../data/datasets/row-source";
import { writeNpy } from "../../data/formats/npy/npy";
import type { Device } from "../../device";
import { NdArray } from "../../ndarray";
import { embeddingOf, followedRows, runMethod, RunInterrupted } from "../../methods";
import type { AnyMethod, FoundNumber, OptionValues, Outcome, RunCheckpoint, StageResult } from "../../methods";
import { headline, measure } from "../../metrics/measures";
import type { Measures } from "../../metrics/measures";
import type { FinishedRun } from "../../report";
import { requestDevice } from "../../request-device";
import { encodeRun, type RunIdentity } from "./checkpoint";
import type { CubeData } from "../cubes/read";
import { itemShapeOf, type DataSet } from "../data/load";
import { checkpointPath, type OutFolder } from "./folder";
import { internalMeasures } from "./internal-measures";
import { Interrupted } from "./interrupt";
import { stepProgress, type ProgressDisplay } from "../progress";
import { plainKMeans, type PlainKMeans } from "./plain-kmeans";
import { mapPointsOf, project, type MapPoints } from "./projection";
import { isBytes, scaledRows, type Items, type Scaling } from "../data/scaling";
import type { ResultsFormat } from "./results-table";
import { writePieces } from "../streams/pieces";
import { mapTo } from "../../typed-arrays";

/** What made a result: versions for the report. */
export const versions = { constella: version, node: process.version };

/** Pixels of a cube that are read when they are needed. */
type StreamedPixels = NonNullable<NonNullable<DataSet["streamed"]>["pixels"]>;

/** One run of a method, from data to files. */
export interface Session {
  readonly method: AnyMethod;
  readonly data: DataSet;
  /** The items as rows, scaled. */
  readonly x: Items | RowSource;
  readonly scaling: Scaling;
  readonly identity: RunIdentity;
  /** Options that were given, with `nClusters` and `seed`. */
  readonly options: OptionValues & { readonly seed: number };
  readonly device: Device;
  readonly signal: AbortSignal;
  readonly progress: ProgressDisplay;
  readonly checkpoint?: RunCheckpoint | undefined;
  readonly stages?: readonly StageResult[];
  /** Other clusterings to show beside what was found, which may begin where its training ended. */
  readonly compare?: (outcome: Outcome) => Promise<readonly StageResult[]>;
  /** Numbers of the bands of a cube that are shown red, green and blue, from 1. */
  readonly rgb?: readonly number[] | undefined;
  /** Whether plain k-means of the same items is shown beside what was found. */
  readonly plain?: boolean;
  /** How the table of all items is written. Default: by the method and their number. */
  readonly results?: ResultsFormat | undefined;
  /** Items on the map of the report. Default: by the method. */
  readonly mapPoints?: MapPoints | undefined;
  /** How the number of clusters was found, where it was searched for. */
  readonly numberOfClusters?: FoundNumber | undefined;
  readonly out: OutFolder;
  /** The command that goes on after an interruption. */
  readonly resumeCommand: string;
  readonly report: Pick<FinishedRun, "title" | "summary" | "command">;
}

/** What a session found, as metrics.json has it. */
export interface SessionResult {
  readonly outcome: Outcome;
  readonly metrics: Readonly<Record<string, unknown>>;
  /** Of the embedding, where the method places items. */
  readonly dimensions: number;
}

/**
 * Runs the method and writes checkpoint.safetensors, labels.npy, labels.csv, metrics.json, embedding.npy and report.html, each whole or not
 * at all; what was computed before what was drawn. A device that fails is replaced by WebAssembly, and the run goes on.
 * @throws Interrupted after a signal, with a checkpoint written
 */
export async function runSession(session: Session): Promise<SessionResult> {
  const { method, data, x, options, device, signal, progress, out, resumeCommand } = session;
  const truth = data.truth?.labels;
  const write = (checkpoint: RunCheckpoint): Promise<void> =>
    out.write(
      "checkpoint.safetensors",
      encodeRun({
        ...{ checkpoint, identity: session.identity, scaling: session.scaling },
        ...{ columns: data.columns, reading: data.reading, numberOfClusters: session.numberOfClusters },
      }),
    );
  const replaced: Device[] = [];
  const followed = data.cube || data.streamed?.pixels ? undefined : followedOf(session);
  let outcome: Outcome | undefined;
  try {
    outcome = await runMethod(method, {
      ...{ x, options, device, truth, signal, checkpoint: session.checkpoint, keep: write },
      data: { n: data.n, itemShape: itemShapeOf(data), bytes: isBytes(data.raw), field: data.cube?.as === "tiles" },
      // distances of all pixels to all units would fill the memory, and show nothing that a picture does not
      ...((data.cube ?? data.streamed?.pixels) && { places: method.clusters === "none" }),
      ...(session.stages && { stages: session.stages }),
      ...(followed && { followed }),
      nextDevice: async (error) => {
        const next = await requestDevice("wasm");
        replaced.push(next);
        progress.note(`${error.message.split(";")[0]}; going on with ${next.description}`);
        return next;
      },
      onStep: (report, measures) =>
        progress.update(stepProgress(report, { figures: measures ? { ACC: measures["ACC"]! } : {} })),
    });
    progress.stop();
    for (const remark of outcome.estimator.remarks ?? []) progress.note(`${data.path}: ${remark}`);
    await write(outcome.checkpoint);
    if (session.compare) {
      const { model, record } = outcome.checkpoint;
      const stages = [...record.stages, ...(await session.compare(outcome))];
      outcome = { ...outcome, checkpoint: { model, record: { ...record, stages } } };
      await write(outcome.checkpoint);
    }
    const plain = await besideIt(session, outcome);
    const metrics = metricsOf(session, outcome, plain);
    const pixels = data.streamed?.pixels;
    const { labels, settings } = outcome;
    if (pixels && labels instanceof Int32Array) {
      const { pixelLabels, writePixelLabels } = await import("../cubes");
      const made = { title: method.title, path: data.path, settings };
      await writePixelLabels(out, pixelLabels(labels, pixels), pixels, made);
    } else if (!data.cube) await writeLabels(out, outcome, data.ids);
    const { writeItemResults } = await import("./item-results");
    const left = await writeItemResults(out, data, outcome, session.results);
    if (left !== undefined) progress.note(left);
    await out.write("metrics.json", `${JSON.stringify(metrics, null, 2)}\n`);
    if (data.cube) return { outcome, metrics, dimensions: await cubeResults(session, data.cube, outcome, plain) };
    let dimensions = outcome.embedding?.shape[1] ?? 0;
    if (outcome.embedding) await out.write("embedding.npy", writeNpy(outcome.embedding));
    if (pixels && labels instanceof Int32Array) await drawPixels(session, outcome, { labels, pixels, plain });
    else if (isRowSource(x)) dimensions = await drawShown(session, outcome, x, plain);
    else await draw(session, outcome, { x, plain });
    return { outcome, metrics, dimensions };
  } catch (error) {
    const place = checkpointPath(out.path);
    if (error instanceof RunInterrupted) {
      await write(error.checkpoint);
      throw new Interrupted(`interrupted, ${place} holds all so far; go on with: ${resumeCommand}`, signal.reason);
    }
    if (signal.aborted && error === signal.reason)
      throw new Interrupted(`interrupted after training, write the rest with: ${resumeCommand}`, signal.reason);
    throw error;
  } finally {
    progress.stop();
    await outcome?.estimator.dispose();
    for (const next of replaced) next.destroy();
  }
}

/** Items that the report shows on their way: of those that are shown, where items are read when they are needed. */
function followedOf({ data }: Session): number[] {
  if (!data.streamed) return followedRows(data.n);
  const { index } = data.streamed.shown;
  return followedRows(index.length).map((place) => index[place]!);
}

/** What a run on a cube leaves: labels and planes of its pixels, the clusters, and the report. Returns the dimensions of the embedding. */
async function cubeResults(
  session: Session,
  cube: CubeData,
  outcome: Outcome,
  plain: PlainKMeans | undefined,
): Promise<number> {
  const { method, data, out, rgb } = session;
  const { estimator, embedding, settings, device } = outcome;
  const { pixelLabels, reportOfCube, unitsOf, writeClusters, writeField, writePixelLabels, writePlanes } =
    await import("../cubes");
  const made = { title: method.title, path: data.path, settings };
  if (embedding) await writePlanes(out, "embedding", embedding, cube, made);
  if (!outcome.labels || !("shape" in outcome.labels || outcome.labels instanceof Int32Array))
    return embedding?.shape[1] ?? 0;
  const labels =
    cube.as === "tiles"
      ? await writeField(out, await estimator.segmentImage!(cube.cube), cube, made)
      : pixelLabels(outcome.labels, cube);
  await writePixelLabels(out, labels, cube, made);
  const regions = await writeClusters(out, labels, cube);
  for (const [name, values] of Object.entries(unitsOf(estimator)))
    await writePlanes(out, name, new NdArray(values, [values.length]), cube, made);
  const ofItems = outcome.labels instanceof Int32Array ? outcome.labels : outcome.labels.data;
  const found = { outcome, labels: ofItems, projections: [], x: session.x as Items, plain };
  await reported(session, async () => {
    const { toReport } = await import("../../report");
    const run = toReport(finishedRun(session, found));
    return reportOfCube(run, { cube, labels, regions, estimator, device, rgb });
  });
  return 0;
}

/** The report of pixels that are read when they are needed: of the small image of their cube. */
async function drawPixels(
  session: Session,
  outcome: Outcome,
  {
    labels,
    pixels,
    plain,
  }: { readonly labels: Int32Array; readonly pixels: StreamedPixels; readonly plain: PlainKMeans | undefined },
): Promise<void> {
  const { data, scaling, rgb } = session;
  const { estimator, device } = outcome;
  const found = { outcome, labels, projections: [], x: scaledRows(data, scaling), plain };
  await reported(session, async () => {
    const { pixelLabels, reportOfStreamed } = await import("../cubes");
    const { toReport } = await import("../../report");
    const run = toReport(finishedRun(session, found));
    return reportOfStreamed(run, { pixels, labels: pixelLabels(labels, pixels), estimator, device, rgb });
  });
}

/** Plain k-means of the items, where it is asked for and means something. */
async function besideIt(
  { plain, x, data, options, signal, progress }: Session,
  outcome: Outcome,
): Promise<PlainKMeans | undefined> {
  const { labels, nClusters, device } = outcome;
  if (!plain || !(labels instanceof Int32Array) || nClusters === undefined || nClusters > data.n) return undefined;
  return plainKMeans(x, labels, {
    ...{ nClusters, seed: options.seed, device, signal, progress },
    truth: data.truth?.labels,
  });
}

/** One label an item as npy and as a table; one file a set, of methods that label several. */
async function writeLabels(out: OutFolder, { labels }: Outcome, ids?: readonly string[] | null): Promise<void> {
  if (!labels) return;
  if (!(labels instanceof Int32Array)) {
    if ("shape" in labels) await out.write("labels.npy", writeNpy(labels));
    return;
  }
  await out.write("labels.npy", writeNpy(labels));
  await out.write("labels.csv", labelsTable(labels, ids));
}

/** Labels as a table of row numbers, names of the rows where there are some, and clusters, piece by piece. */
export const labelsTable = (labels: Int32Array, ids?: readonly string[] | null): Iterable<string> =>
  csvPieces(
    mapTo(Int32Array, labels, (_, row) => row),
    { columns: ["row"], labels, labelName: "cluster", ...(ids && { ids }) },
  );

/** What is seen: the embedding (else the data) in the plane, and the report. @throws what drawing does, saying that the results are there */
async function draw(session: Session, outcome: Outcome, { x, plain, measured }: Drawn): Promise<void> {
  const { out, options, signal, progress } = session;
  const { embedding, labels, device } = outcome;
  await reported(session, async () => {
    const projections = await project(embedding ?? x, {
      ...{ device, seed: options.seed, signal, progress, mapPoints: mapPointsOf(session.mapPoints, session.method) },
      ...(!embedding && {
        columns: session.data.columns,
        found: (components: NdArray<Float32Array>) => out.write("embedding.npy", writeNpy(components)),
      }),
    });
    if (!(labels instanceof Int32Array)) return undefined;
    const { insightsOf, renderReport, toReport } = await import("../../report");
    const run = finishedRun(session, { outcome, labels, projections, x, plain, measured });
    return renderReport(toReport({ ...run, ...(await insightsOf(outcome.estimator, x, options.seed)) }));
  });
}

/** Writes a report. @throws what drawing it does, saying that the results are there */
async function reported({ out, signal }: Session, render: () => Promise<string | undefined>): Promise<void> {
  try {
    const page = await render();
    if (page !== undefined) await out.write("report.html", page);
  } catch (error) {
    if (signal.aborted && error === signal.reason) throw error;
    throw new Error(
      `labels and measures are in ${out.path}, but the report cannot be drawn: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

/** What is drawn beside what the method found: the items, plain k-means of them, and measures where they are of more items than are drawn. */
interface Drawn {
  readonly x: Items;
  readonly plain: PlainKMeans | undefined;
  readonly measured?: Measures;
}

/**
 * The same of items that are read: embedding.npy is written part by part, and the report is of those that are shown. Returns the dimensions of the
 * embedding.
 */
async function drawShown(
  session: Session,
  outcome: Outcome,
  x: RowSource,
  plain: PlainKMeans | undefined,
): Promise<number> {
  const { data, scaling, out } = session;
  const { estimator, labels, device } = outcome;
  const { index } = data.streamed!.shown;
  const shown = scaledRows(data, scaling);
  const path = join(out.path, "embedding.npy");
  const embedding = await embeddingOf(estimator, shown);
  if (embedding) await writePieces(path, x, async (part) => (await embeddingOf(estimator, part))!);
  else {
    const pca = await new PCA({ nComponents: Math.min(2, ...shown.shape), device }).fit(shown);
    await writePieces(path, x, (part) => pca.transform(part));
  }
  if (!(labels instanceof Int32Array)) return embedding?.shape[1] ?? 0;
  const of = (all: Int32Array): Int32Array => mapTo(Int32Array, index, (row) => all[row]!);
  const q = await estimator.softAssignments?.(shown);
  const truth = data.truth && { ...data.truth, labels: of(data.truth.labels) };
  const summary = `${index.length} of ${data.n} items, chosen at random, are shown; the measures are of all.`;
  const measures = data.truth ? headline(data.truth.labels, labels) : {};
  await draw(
    { ...session, data: { ...data, truth, ids: Array.from(index, String) }, report: { summary, ...session.report } },
    { ...outcome, labels: of(labels), embedding: embedding ?? shown, ...(q && { q }) } as Outcome,
    { x: shown, plain, measured: measures },
  );
  return embedding?.shape[1] ?? 0;
}

/** What the report is drawn of. */
interface Found extends Drawn {
  readonly outcome: Outcome;
  readonly labels: Int32Array;
  readonly projections: FinishedRun["projections"];
}

function finishedRun(
  { method, data, identity, options, report, numberOfClusters }: Session,
  { outcome, labels, projections, x, plain, measured }: Found,
): FinishedRun {
  const truth = data.truth?.labels;
  const found = measured ?? (truth ? headline(truth, labels) : {});
  const measures = {
    ...found,
    ...(plain && { "ARI with k-means": plain.agreement }),
  };
  const { history, checkpoint, q, inertia, device } = outcome;
  const { stages, seconds, trace, film } = checkpoint.record;
  const last = { name: method.title, metrics: found, seconds };
  const rows = [...(plain ? [plain.stage] : []), ...stages].map(({ measures, ...stage }) => ({
    ...stage,
    metrics: measures,
  }));
  return {
    ...report,
    ...{ method: method.title, labels, nClusters: outcome.nClusters ?? 1, history, trace },
    ...{ embedding: outcome.embedding ?? x, items: data.raw, columns: data.columns, truth, projections },
    ...(q && { q }),
    ...(inertia !== undefined && { inertia }),
    ...(numberOfClusters && { numberOfClusters }),
    ...(film && { film: data.streamed ? { ...film, rows: followedRows(labels.length) } : film }),
    ids: data.ids,
    ...(data.truth?.classes && { classNames: data.truth.classes }),
    ...{ measures, stages: truth && rows.length > 0 ? [...rows, last] : [], device: device.description },
    ...{ seed: options.seed, seconds, versions, options: { ...outcome.settings, scale: identity.scale } },
  };
}

/** Measures by the items alone, where no classes are known; of items that are read when they are needed, by those that are shown. */
function unlabelled({ data, scaling, x }: Session, labels: Int32Array): Measures {
  if (!isRowSource(x)) return internalMeasures(x, labels);
  const { index } = data.streamed!.shown;
  return internalMeasures(
    scaledRows(data, scaling),
    mapTo(Int32Array, index, (row) => labels[row]!),
  );
}

function metricsOf(session: Session, outcome: Outcome, plain: PlainKMeans | undefined): Record<string, unknown> {
  const { data, identity, options } = session;
  const { labels, inertia, settings, nClusters, checkpoint, device } = outcome;
  const { stages, seconds } = checkpoint.record;
  const truth = data.truth?.labels;
  return {
    ...{ method: identity.method, n: data.n },
    ...(nClusters !== undefined && { nClusters }),
    ...(session.numberOfClusters && { numberOfClusters: session.numberOfClusters }),
    ...(labels instanceof Int32Array && { noise: labels.reduce((sum, label) => sum + Number(label < 0), 0) }),
    ...(inertia !== undefined && { inertia }),
    ...(labels instanceof Int32Array && (truth ? measure(truth, labels) : unlabelled(session, labels))),
    ...(stages.length > 0 && { stages }),
    ...(plain && { kmeans: { ...plain.stage.measures, seconds: plain.stage.seconds, agreement: plain.agreement } }),
    ...{ seconds, device: device.description, seed: options.seed, data: data.path, scale: identity.scale },
    ...{ options: settings, versions },
  };
}

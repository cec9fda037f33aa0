// The worker of the playground: reads data, trains, and tells the page how things stand. Nothing here talks to a network but for the page's own files.
import { DeviceError, NdArray, requestDevice } from "constella";
import type { Device } from "constella";
import { arranged, fromCube, fromPoints, fromStamps, readFiles, type Dataset, type NamedBytes } from "./dataset";
import { networkOf, rocOf, traversed } from "./network";
import { contentsOf, openFiles } from "./open-files";
import type { SegmentedImage } from "constella/generative";
import { headline } from "constella/methods";
import { triedNumbers } from "constella/report";
import { TITLES, type Values } from "../methods";
import { clusterMeans, margins, Projection } from "./projection";
import type { About, Answer, CubeAs, DeviceName, Download, Frame, Plane, Request, Scale, Taken } from "../protocol";
import { POINT_SETS } from "./samples";
import { curvesOf, scaled, scaledSource, scalingOf, thumbnailsOf, usualScale, type Scaling } from "./shown";
import { flat, takeRows, type Session, type Snapshot, type Task } from "./session";
import { saved } from "./save";
import { labelsTable, sessionOf } from "./sessions";
import digitsUrl from "../../../../test/fixtures/digits_8x8.npz?url";

/** Items that the plane shows at most. */
const SHOWN = 2500;
/** Frames take at most this share of the time. */
const SHARE_OF_FRAMES = 0.25;
const BETWEEN_FRAMES_MS = 120;

const scope = self as unknown as {
  postMessage(message: Answer, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
};
const tell = (answer: Answer, transfer: Transferable[] = []): void => scope.postMessage(answer, transfer);

let device: Promise<Device> | undefined;
let dataset: Dataset | undefined;
/** Row numbers of the items that are shown. */
let rows = new Uint32Array(0);
/** These items. */
let shown: NdArray<Float32Array> = new NdArray(new Float32Array(0), [0, 1]);
/** Where the data have them. */
let plane = new Float32Array(0);
let current: Run | undefined;

function computeOn(name: DeviceName): Promise<Device> {
  const before = device;
  const made = requestDevice(name === "auto" ? undefined : name);
  device = made;
  void before?.then(
    (old) => old.destroy(),
    () => undefined,
  );
  void made.then(
    ({ description }) => tell({ type: "device", description }),
    (error: unknown) => fail(error, "run"),
  );
  return made;
}

/** WebAssembly in place of a device that has failed. */
function replaceDevice(error: Error, after: string): Promise<Device> {
  tell({ type: "warning", message: `${error.message.split(";")[0]}. WebAssembly takes its place${after}` });
  return computeOn("wasm");
}

/** Which items are shown of a data set, and where. */
function placed(next: Dataset): Plane {
  const { streamed } = next.cube ?? {};
  const n = next.x.shape[0]!;
  const count = Math.min(n, SHOWN);
  rows = streamed?.index ?? Uint32Array.from({ length: count }, (_, i) => Math.floor((i * n) / count));
  shown = streamed ? next.x : takeRows(next.x, rows);
  const truth = next.truth && Int32Array.from(rows, (row) => next.truth![row]!);
  const thumbnails = next.pictures && thumbnailsOf(next.pictures, rows);
  plane = new Projection().project(flat(shown).data, rows.length);
  const ids = next.ids && Array.from(rows, (row) => next.ids![row]!);
  return {
    ...{ rows, xy: plane },
    ...(ids && { ids }),
    ...(truth && { truth }),
    ...(thumbnails && { thumbnails }),
  };
}

const open = (files: readonly File[], taken?: Taken): Promise<Dataset> =>
  openFiles(files, (share) => tell({ type: "reading", share }), taken);

/** Takes over a data set and shows it. */
async function show(next: Dataset): Promise<void> {
  current?.end();
  current = undefined;
  if (dataset?.cube?.sky !== next.cube?.sky) dataset?.cube?.sky.close();
  dataset = next;
  const seen = await next.cube?.picture();
  const answer = { type: "data", summary: next.summary, plane: placed(next), scale: usualScale(next.summary) } as const;
  if (!seen) return tell(answer);
  const { height, width } = next.cube!.sky.source;
  tell({ ...answer, sky: { ...seen, box: { x: 0, y: 0, height, width } } }, [seen.picture.bitmap]);
}

/** A method at work on the data. */
class Run {
  readonly #session: Session;
  readonly #data: Dataset;
  readonly #task: Task;
  readonly #method: string;
  readonly #scaling: Scaling | undefined;
  readonly #projection = new Projection();
  readonly #trace: ({ step: number } & Frame["measures"])[] = [];
  #abort = new AbortController();
  #ended = false;
  #looking: Promise<void> | undefined;
  #lastLook = { at: -Infinity, cost: 0 };
  #seconds = 0;

  constructor(data: Dataset, task: Task, method: string, session: Session, scaling: Scaling | undefined) {
    this.#data = data;
    this.#scaling = scaling;
    this.#task = task;
    this.#method = method;
    this.#session = session;
  }

  /** Begins, or goes on. */
  async go(): Promise<void> {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const begin = performance.now();
    tell({ type: "state", state: "running", text: TITLES[this.#method]!, savable: this.#session.savable });
    try {
      await this.#session.run({
        signal,
        step: (step) => tell({ type: "progress", ...step }),
        look: (options) => this.#look(options),
      });
      this.#seconds += (performance.now() - begin) / 1000;
      await this.#look({ force: true });
      const network = await networkOf(this.#session.estimator?.(), this.#task.sample, this.#data.summary.itemShape);
      if (this.#ended) return;
      tell({ type: "network", ...(network && { network }) });
      tell({ type: "state", state: "done", text: this.#summary(), savable: this.#session.savable });
    } catch (error) {
      this.#seconds += (performance.now() - begin) / 1000;
      if (error !== signal.reason) throw error;
      if (this.#ended) return;
      await this.#look({ force: true });
      const text = `Stopped. ${this.#session.resumes?.() === false ? "Numbers of clusters are tried anew." : "It goes on from here."}`;
      tell({ type: "state", state: "stopped", text, savable: this.#session.savable });
    }
  }

  stop(): void {
    this.#abort.abort(new DOMException("stopped", "AbortError"));
  }

  /** Stops for good. */
  end(): void {
    this.#ended = true;
    this.stop();
  }

  #summary(): string {
    const note = this.#session.note?.() ?? "";
    return `${TITLES[this.#method]!} is done, ${this.#seconds.toFixed(1)} s. ${note}`.trim();
  }

  async #look({ force = false, wait = 0 }: { force?: boolean; wait?: number } = {}): Promise<void> {
    if (this.#ended) return;
    if (this.#looking) {
      await this.#looking;
      if (!force) return;
    }
    const { at, cost } = this.#lastLook;
    const since = performance.now() - at;
    if (!force && wait === 0 && since < Math.max(BETWEEN_FRAMES_MS, cost / SHARE_OF_FRAMES)) return;
    this.#looking = this.#show(Math.max(0, wait - since));
    try {
      await this.#looking;
    } finally {
      this.#looking = undefined;
    }
  }

  async #show(pause: number): Promise<void> {
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    const begin = performance.now();
    const snapshot = await this.#session.snapshot();
    const frame = this.#frame(snapshot);
    const { cube } = this.#data;
    const at = this.#session.estimator?.();
    const { field } = snapshot;
    const sky = await cube?.frame(at, field?.labels.data ?? snapshot.labels, (x) => scaled(x, this.#scaling));
    tell({ type: "frame", frame: { ...frame, ...(sky && { sky }) } }, sky ? [sky.picture.bitmap] : []);
    if (field) await this.#showObjects(field);
    const now = performance.now();
    this.#lastLook = { at: now, cost: now - begin };
  }

  /** The objects that a field was cut into. */
  async #showObjects(field: SegmentedImage): Promise<void> {
    const objects = await this.#data.cube!.objects(field);
    tell({ type: "objects", objects }, [objects.outlines.bitmap]);
  }

  #frame({ z, labels, field, provisional, k, q, centers, round }: Snapshot): Frame {
    const count = rows.length;
    const xy = z && this.#projection.project(z, count);
    const shown = labels ? Int32Array.from(rows, (row) => labels[row]!) : provisional && Int32Array.from(provisional);
    const space = z ?? flat(this.#task.sample).data;
    const middles = shown && (centers ?? clusterMeans(space, shown, k));
    const confidence = q
      ? Float32Array.from(shown!, (_, i) => q.subarray(i * k, (i + 1) * k).reduce((most, p) => Math.max(most, p), 0))
      : shown && margins(space, shown, middles!);
    const sizes = new Array<number>(k).fill(0);
    let noise = 0;
    const counted = labels ?? provisional;
    counted?.forEach((label) => (label < 0 ? noise++ : sizes[label]!++));
    field?.labels.data.forEach((label) => label >= 0 && sizes[label]!++); // the others have no data
    const { truth } = this.#data;
    const known = labels ? truth : truth && Int32Array.from(rows, (row) => truth[row]!);
    const measures = known && counted ? headline(known, counted) : {};
    const history = this.#session.history();
    if (truth && labels) this.#trace.push({ step: this.#trace.length + 1, ...measures });
    const number = this.#session.numberOfClusters?.();
    const inPlane = shown && clusterMeans(xy ?? plane, shown, k);
    return {
      ...(xy && { xy }),
      ...(shown && { labels: shown, ...(!labels && { provisional: true }) }),
      ...(confidence && { confidence, confidenceOf: q ? ("q" as const) : ("margin" as const) }),
      ...(field && { objects: field.objects.length }),
      ...(inPlane && round && { centers: Float32Array.from(inPlane) }),
      ...(number && { numberOfClusters: triedNumbers(number) }),
      ...{ sizes, noise, measures, curves: [...curvesOf(history, this.#trace), ...rocOf(q, k, this.#data, rows)] },
    };
  }

  /** The item at a value of the first unit. */
  async traverse(value: number): Promise<void> {
    const { estimator } = this.#session;
    const picture = await traversed(estimator?.(), this.#task.sample, this.#data.summary.itemShape, value);
    if (!this.#ended) tell({ type: "traversed", ...(picture && { picture }) });
  }

  /** Clusters of new items, read and scaled as those of the run. @throws for items of another kind, by name */
  async predict(files: readonly NamedBytes[]): Promise<void> {
    if (!this.#session.predict) throw new Error(`${TITLES[this.#method]!} says nothing of items that it was not given`);
    const next = await readFiles(files);
    const labels = await this.#session.predict(scaled(arranged(next, this.#data), this.#scaling));
    const sizes = new Array<number>(labels.reduce((most, label) => Math.max(most, label + 1), 0)).fill(0);
    let noise = 0;
    labels.forEach((label) => (label < 0 ? noise++ : sizes[label]!++));
    tell({ type: "predicted", name: next.summary.name, sizes, noise, csv: labelsTable(labels, next.ids) });
  }

  /** Labels, embedding, model or report as files. */
  async save(what: Download): Promise<void> {
    const { description } = await device!;
    const run = {
      ...{ data: this.#data, session: this.#session, method: this.#method, scaling: this.#scaling, rows, plane },
      ...{ projection: this.#projection, trace: this.#trace, seconds: this.#seconds, device: description },
    };
    await saved(what, run, tell);
  }
}

async function start(method: string, values: Values, scale: Scale, as?: CubeAs): Promise<void> {
  if (!dataset) throw new Error("start: there are no data yet");
  current?.end();
  if (dataset.cube && as) {
    dataset = fromCube(await dataset.cube.with(as));
    tell({ type: "plane", plane: placed(dataset) });
  }
  const { cube } = dataset;
  const source = cube?.streamed?.source;
  const scaling = await scalingOf(source ?? dataset.x, cube?.field ? "none" : scale);
  const x = source ? scaledSource(source, scaling) : scaled(dataset.x, scaling);
  const on = await (device ?? computeOn("auto"));
  const replace: Task["replaceDevice"] = (error) => replaceDevice(error, ", from the last checkpoint.");
  const sample = scaled(shown, scaling);
  const task = { x, sample, rows, values, device: on, places: !cube, field: cube?.field, replaceDevice: replace };
  current = new Run(dataset, task, method, await sessionOf(method, task), scaling);
  await current.go();
}

async function sample(name: string): Promise<void> {
  const points = POINT_SETS[name];
  if (points) {
    const { x, truth } = points();
    return show(fromPoints(name, x, truth));
  }
  if (name === "galaxy") return show(await open([(await import("./sky/open")).galaxyFile()]));
  const bytes = await (await fetch(digitsUrl)).arrayBuffer();
  return show(await readFiles([{ name: "digits.npz", bytes }]));
}

function fail(error: unknown, about: About): void {
  tell({ type: "error", message: error instanceof Error ? error.message : String(error), about });
  if (error instanceof DeviceError) void replaceDevice(error, "; start again.").catch(() => undefined); // told by computeOn
}

async function serve(request: Request): Promise<void> {
  switch (request.type) {
    case "device":
      current?.end();
      current = undefined;
      await computeOn(request.device);
      return;
    case "files":
      return show(await open(request.files, request.taken));
    case "points":
      return show(fromPoints("drawn points", new NdArray(request.xy, [request.xy.length / 2, 2])));
    case "sample":
      return sample(request.name);
    case "start":
      return start(request.method, request.values, request.scale, request.cube);
    case "stop":
      return current?.stop();
    case "resume":
      return current?.go();
    case "traverse":
      return current?.traverse(request.value);
    case "save":
      return current?.save(request.what);
    case "charts":
      return (await import("./sky/report")).chartsDrawn(request.texts);
    case "predict":
      return current?.predict(await contentsOf(request.files));
    case "stamps":
      return dataset?.cube && show(fromStamps(dataset.cube.stamps()));
    case "region": {
      const region = await dataset?.cube?.region(request.x, request.y);
      const pictures = [region?.border, region?.stamp].flatMap((picture) => (picture ? [picture.bitmap] : []));
      return region && tell({ type: "region", region }, pictures);
    }
    case "tile": {
      const tile = await dataset?.cube?.tile(request.box, request.most);
      return (
        tile &&
        tell(
          { type: "tile", tile },
          [tile.composite, ...(tile.labels ? [tile.labels] : [])].map((of) => of.bitmap),
        )
      );
    }
  }
}

const ABOUT: Readonly<Partial<Record<Request["type"], About>>> = {
  ...{ files: "data", points: "data", sample: "data", save: "save", predict: "predict" },
  ...{ region: "data", stamps: "save", tile: "data" },
};

scope.onmessage = ({ data }) => void serve(data).catch((error) => fail(error, ABOUT[data.type] ?? "run"));

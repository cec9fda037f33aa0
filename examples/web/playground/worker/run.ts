// A method at work on the data: frames while it runs, all items when it is done.
import type { Device } from "constella";
import type { SegmentedImage } from "constella/generative";
import type { Projection as Placed } from "constella/report";
import { LAYOUTS, type LayoutName } from "../layouts";
import { TITLES } from "../methods";
import type { Answer, Download, Frame } from "../protocol";
import { arranged, readFiles, type Dataset, type NamedBytes } from "./dataset";
import { frameOf, measuresOf, type Told } from "./frame";
import { laidOut } from "./layout";
import { placedIn, planeOf, rowsOf, type LookedAt } from "./looked";
import { networkOf, traversed } from "./network";
import { clusterMeans, Projection } from "./projection";
import { saved } from "./save";
import { flat, isSource, type Result, type Session, type Snapshot, type Task } from "./session";
import { labelsTable } from "./sessions";
import { curvesOf, scaled, type Scaling } from "./shown";

/** Frames take at most this share of the time. */
const SHARE_OF_FRAMES = 0.25;
const BETWEEN_FRAMES_MS = 120;

/** What is run, and who is told. */
export interface RunParts {
  readonly data: Dataset;
  readonly looked: LookedAt;
  readonly task: Task;
  readonly method: string;
  readonly session: Session;
  readonly scaling: Scaling | undefined;
  /** Where to compute now. */
  readonly device: () => Promise<Device>;
  readonly tell: (answer: Answer, transfer?: Transferable[]) => void;
}

/** A method at work on the data. */
export class Run {
  readonly #parts: RunParts;
  readonly #projection = new Projection();
  readonly #trace: ({ step: number } & Frame["measures"])[] = [];
  #abort = new AbortController();
  #ended = false;
  #looking: Promise<void> | undefined;
  #lastLook = { at: -Infinity, cost: 0 };
  #last: { readonly snapshot: Snapshot; readonly frame: Frame; readonly told: Told } | undefined;
  #result: Promise<Result> | undefined;
  /** Layouts that were asked for, and what ends the last. */
  readonly #layouts: Placed[] = [];
  #layingOut = new AbortController();
  #seconds = 0;

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  /** Begins, or goes on. */
  async go(): Promise<void> {
    const { session, method, task, data, tell } = this.#parts;
    this.#abort = new AbortController();
    this.#result = undefined;
    const { signal } = this.#abort;
    const begin = performance.now();
    tell({ type: "state", state: "running", text: TITLES[method]!, savable: session.savable });
    this.#showSample();
    try {
      await session.run({
        signal,
        step: (step) => tell({ type: "progress", ...step }),
        look: (options) => this.#look(options),
      });
      this.#seconds += (performance.now() - begin) / 1000;
      await this.#look({ force: true });
      await this.#showAll();
      const network = await networkOf(session.estimator?.(), task.sample, data.summary.itemShape);
      if (this.#ended) return;
      tell({ type: "network", ...(network && { network }) });
      tell({ type: "state", state: "done", text: this.#summary(), savable: session.savable });
    } catch (error) {
      this.#seconds += (performance.now() - begin) / 1000;
      if (this.#ended) return;
      if (error !== signal.reason) throw error;
      await this.#look({ force: true });
      const text = `Stopped. ${session.resumes?.() === false ? "Numbers of clusters are tried anew." : "It goes on from here."}`;
      tell({ type: "state", state: "stopped", text, savable: session.savable });
    }
  }

  stop(): void {
    this.#abort.abort(new DOMException("stopped", "AbortError"));
  }

  /** Stops for good. */
  end(): void {
    this.#ended = true;
    this.#layingOut.abort();
    this.stop();
  }

  #summary(): string {
    const { session, method } = this.#parts;
    const note = session.note?.() ?? "";
    return `${TITLES[method]!} is done, ${this.#seconds.toFixed(1)} s. ${note}`.trim();
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
    const { session, data, scaling, tell } = this.#parts;
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    const begin = performance.now();
    const snapshot = await session.snapshot();
    if (this.#ended) return; // other items may be shown by now
    const frame = this.#frame(snapshot);
    const { cube } = data;
    const at = session.estimator?.();
    const { field } = snapshot;
    const sky = await cube?.frame(at, field?.labels.data ?? snapshot.labels, (x) => scaled(x, scaling));
    tell({ type: "frame", frame: { ...frame, ...(sky && { sky }) } }, sky ? [sky.picture.bitmap] : []);
    if (field) await this.#showObjects(field);
    const now = performance.now();
    this.#lastLook = { at: now, cost: now - begin };
  }

  /** The objects that a field was cut into. */
  async #showObjects(field: SegmentedImage): Promise<void> {
    const { data, tell } = this.#parts;
    const objects = await data.cube!.objects(field);
    tell({ type: "objects", objects }, [objects.outlines.bitmap]);
  }

  /** The frame of the sample. */
  #frame(snapshot: Snapshot): Frame {
    const { session, data, looked, task } = this.#parts;
    const { sample } = looked;
    const measures = measuresOf(snapshot, data, sample.rows);
    if (data.truth && snapshot.labels) this.#trace.push({ step: this.#trace.length + 1, ...measures });
    const curves = curvesOf(session.history(), this.#trace);
    const told = { measures, curves, number: session.numberOfClusters?.() };
    const xy = snapshot.z && this.#projection.project(snapshot.z, sample.rows.length);
    const frame = frameOf(snapshot, { looked: sample, items: flat(task.sample).data, xy }, data, told);
    this.#last = { snapshot, frame, told };
    return frame;
  }

  /** While it runs a sample is seen, as it stood last. */
  #showSample(): void {
    const { looked, data, tell } = this.#parts;
    if (looked.all === looked.sample) return;
    const [plane, transfer] = planeOf(data, looked.sample);
    tell({ type: "plane", plane, ...(this.#last && { frame: this.#last.frame }) }, transfer);
  }

  /** At its end all items are seen, in the plane that the sample lies in. */
  async #showAll(): Promise<void> {
    const { looked, data, task, tell } = this.#parts;
    const { all, sample } = looked;
    if (this.#ended || all === sample || isSource(task.x)) return;
    const text = `placing ${all.rows.length.toLocaleString("en")} items`;
    tell({ type: "progress", stage: "placing", share: 1, text });
    const { labels, k, q, embedding } = await this.result();
    const z = embedding && rowsOf(embedding, all.rows).data;
    const { centers, round } = this.#last!.snapshot;
    const snapshot: Snapshot = {
      ...{ labels, k },
      ...(z && { z }),
      ...(q && { q: rowsOf(q, all.rows).data }),
      ...(centers && { centers }),
      ...(round !== undefined && { round }),
    };
    const seen = {
      ...{ looked: all, items: rowsOf(flat(task.x), all.rows).data },
      xy: embedding && placedIn(this.#projection, embedding, looked),
    };
    const frame = frameOf(snapshot, seen, data, this.#last!.told);
    if (this.#ended) return;
    const [plane, transfer] = planeOf(data, all);
    tell({ type: "plane", plane, frame }, transfer);
  }

  /** What it has found. @throws where it has found nothing yet */
  async result(): Promise<Result> {
    this.#result ??= this.#parts.session.result();
    try {
      return await this.#result;
    } catch (error) {
      this.#result = undefined;
      throw error;
    }
  }

  /** Lays out all that is shown, by its embedding or as the method was given it. Another that is asked for ends it. */
  async layout(name: LayoutName): Promise<void> {
    const { looked, task, data, device, tell } = this.#parts;
    this.#layingOut.abort();
    const { signal } = (this.#layingOut = new AbortController());
    const { rows } = looked.all;
    const { embedding, labels, k, settings } = await this.result();
    const x = embedding ?? (isSource(task.x) ? undefined : flat(task.x));
    if (!x || data.cube) throw new Error(`${LAYOUTS[name]}: pixels of an image lie in the image`);
    try {
      const seed = Number(settings["seed"] ?? 0);
      const onShare = (share: number): void => tell({ type: "layout", name, share });
      const xy = await laidOut(name, rowsOf(x, rows), { seed, device: await device(), signal, onShare });
      if (signal.aborted) return;
      this.#layouts.push({ name: LAYOUTS[name], xy, ...(rows.length < data.summary.n && { index: rows }) });
      const { round } = this.#last!.snapshot;
      const centers =
        round &&
        Float32Array.from(
          clusterMeans(
            xy,
            Int32Array.from(rows, (row) => labels[row]!),
            k,
          ),
        );
      tell({ type: "layout", name, share: 1, layout: { xy, ...(centers && { centers }) } });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** The item at a value of the first unit. */
  async traverse(value: number): Promise<void> {
    const { session, task, data, tell } = this.#parts;
    const picture = await traversed(session.estimator?.(), task.sample, data.summary.itemShape, value);
    if (!this.#ended) tell({ type: "traversed", ...(picture && { picture }) });
  }

  /** Clusters of new items, read and scaled as those of the run. @throws for items of another kind, by name */
  async predict(files: readonly NamedBytes[]): Promise<void> {
    const { session, method, data, scaling, tell } = this.#parts;
    if (!session.predict) throw new Error(`${TITLES[method]!} says nothing of items that it was not given`);
    const next = await readFiles(files);
    const labels = await session.predict(scaled(arranged(next, data), scaling));
    const sizes = new Array<number>(labels.reduce((most, label) => Math.max(most, label + 1), 0)).fill(0);
    let noise = 0;
    labels.forEach((label) => (label < 0 ? noise++ : sizes[label]!++));
    tell({ type: "predicted", name: next.summary.name, sizes, noise, csv: labelsTable(labels, next.ids) });
  }

  /** Labels, embedding, model or report as files. */
  async save(what: Download): Promise<void> {
    const { data, session, method, scaling, looked, device, tell } = this.#parts;
    const run = {
      ...{ data, session, method, scaling, looked, result: () => this.result(), layouts: this.#layouts },
      ...{
        projection: this.#projection,
        trace: this.#trace,
        seconds: this.#seconds,
        device: (await device()).description,
      },
    };
    await saved(what, run, tell);
  }
}

// The session of any method of the library: one loop for all, and what is shown by what the estimator can.
import { hungarian, NdArray } from "constella";
import type { EpochRecord } from "constella";
import type { SegmentedImage } from "constella/generative";
import {
  chooseK,
  embeddingOf,
  labelsOf,
  makerOf,
  optionsOf,
  rangeOf,
  runMethod,
  RunInterrupted,
  spell,
} from "constella/methods";
import { labelOf } from "../methods";
import type { AnyMethod, Clusters, Estimator, FoundNumber, Outcome, RunCheckpoint } from "constella/methods";
import { ProvisionalClusters } from "./provisional";
import { flat, isSource, takeRows, type Result, type Session, type Snapshot, type Task, type Watch } from "./session";

/** Frames while a pass runs, at most so often. */
const LOOK_EVERY_MS = 600;
/** Iterations of k-means, and passes over an image, that are shown one by one, and the pause between them, so that they are seen to move. */
const SHOWN_ITERATIONS = 12;
const PAUSE_MS = 70;

/** Calls `look` now and then from reports that nobody waits for. */
function looking(watch: Watch): () => void {
  let [last, busy] = [performance.now(), false];
  return () => {
    if (busy || performance.now() - last < LOOK_EVERY_MS) return;
    busy = true;
    void watch
      .look()
      .catch(() => undefined) // the training itself tells what went wrong
      .finally(() => {
        busy = false;
        last = performance.now();
      });
  };
}

/** The new labels under the names that the old ones gave to mostly the same items, so that colours stay. */
export function renamed(labels: Int32Array, before: Int32Array | undefined, k: number): Int32Array<ArrayBuffer> {
  if (!before) return Int32Array.from(labels);
  const overlap = Array.from({ length: k }, () => new Float64Array(k));
  for (let i = 0; i < labels.length; i++) if (labels[i]! >= 0 && before[i]! >= 0) overlap[labels[i]!]![before[i]!]!++;
  const { rows, columns } = hungarian(overlap, { maximize: true });
  const name = new Int32Array(k);
  rows.forEach((row, at) => (name[row] = columns[at]!));
  return Int32Array.from(labels, (label) => (label < 0 ? label : name[label]!));
}

/** What `read` gives, or undefined where the estimator has not got so far. */
async function known<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}

const countOf = (labels: Int32Array): number => labels.reduce((most, label) => Math.max(most, label + 1), 0);

/** A run of a method on the data of the page. */
export function methodSession(method: AnyMethod, task: Task): Session {
  const { sample } = task;
  const x = isSource(task.x) ? task.x : flat(task.x);
  if (isSource(x) && !method.streams)
    throw new Error(
      `${method.title} takes all items at once, and these are read when they are needed: choose k-means, mini-batch k-means or a map`,
    );
  const seen = flat(sample);
  let { values } = task;
  const asked = values["nClusters"] as Clusters | undefined;
  const searched = typeof asked === "string" ? searchedFor(asked, x) : undefined;
  /** How many clusters there are to be; undefined where the method finds that, and while it is searched for. */
  let given = typeof asked === "string" ? undefined : asked;
  let number: FoundNumber | undefined;
  const round = method.clusters !== "found";
  let estimator: Estimator | undefined;
  let outcome: Outcome | undefined;
  let checkpoint: RunCheckpoint | undefined;
  let shown: Snapshot = { k: given ?? 1 };
  let history: readonly EpochRecord[] = [];
  let names: Int32Array<ArrayBuffer> | undefined;
  let device = task.device;
  let segmented: SegmentedImage | undefined;
  const provisional = new ProvisionalClusters();

  /** How an estimator stands, as far as it has got. */
  async function look(at: Estimator): Promise<Snapshot> {
    if (task.field) return { k: given ?? 1, ...(segmented && { field: segmented }) };
    const found = labelsOf(at);
    const k = given ?? (found ? Math.max(1, countOf(found)) : 1);
    const soft = found && (await known(() => at.softAssignments?.(seen)));
    // numbers of clusters that come anew keep their colours; columns of q have theirs
    const labels =
      found && (soft ? found : (names = renamed(found, names?.length === found.length ? names : undefined, k)));
    const placed = await known(() => embeddingOf(at, seen));
    const z = placed && "embedding" in at ? takeRows(placed, task.rows) : placed;
    const early = !found && given !== undefined && z && provisional.labels(z.data, z.shape[0]!, given);
    const isAmongShown = soft !== undefined || "inertia" in at;
    const centers = isAmongShown && labels === found ? await centersOf(at) : undefined;
    return {
      ...{ k, round },
      ...(z && { z: z.data }),
      ...(labels && { labels }),
      ...(early && { provisional: early, k: given }),
      ...(soft && { q: soft.data }),
      ...(centers && { centers }),
    };
  }

  /** Tries the numbers of clusters that were asked for. Nothing is kept of a search that is stopped. */
  async function search({ signal, step }: Watch, { rows, asked, range }: Searched): Promise<void> {
    const told = (share: number, text: string): void => step({ stage: "how many", share, text });
    told(0, "trying numbers of clusters");
    const options = { ...values };
    const data = { ...shapeOf(task.x), bytes: false };
    try {
      const { labels: _, ...chosen } = await chooseK(makerOf(method, { options, data, device }), rows, range, {
        ...{ device, seed: values["seed"] as number, signal },
        onStep: (done, of) => told(done / of, `trying numbers of clusters, ${done} of ${of}`),
      });
      number = { asked, ...chosen };
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
    given = number.k;
    values = { ...values, nClusters: given };
  }

  /** First iterations of methods whose centres move about the data, one by one. */
  async function preview({ signal, step, look: show }: Watch): Promise<void> {
    const options = new Set(optionsOf(method).map(([name]) => name));
    if (isSource(x) || !options.has("init") || !options.has("maxIter")) return;
    let init: unknown = values["init"] ?? "k-means++";
    for (let iteration = 1; iteration <= SHOWN_ITERATIONS; iteration++) {
      signal.throwIfAborted();
      const model = method.make({ ...values, init, nInit: 1, maxIter: 1, device } as object);
      const before = shown.labels;
      try {
        await model.fit(x, { signal });
        [shown, init] = [await look(model), model.clusterCenters];
      } finally {
        await model.dispose();
      }
      step({ stage: method.title, share: 0, text: `from the first beginning, iteration ${iteration}` });
      await show({ wait: PAUSE_MS });
      if (before && shown.labels?.every((label, i) => label === before[i])) return;
    }
  }

  /** The fitted estimator; after a stop, as the checkpoint has it. */
  async function fitted<R>(use: (at: Estimator) => Promise<R>): Promise<R> {
    if (estimator) return use(estimator);
    if (!checkpoint?.model || !method.load) throw new Error(`${method.title} has found nothing yet`);
    const loaded = await method.load(checkpoint.model, { device });
    try {
      return await use(loaded);
    } finally {
      await loaded.dispose();
    }
  }

  return {
    run: async (watch) => {
      const now = looking(watch);
      if (searched && !number) {
        await search(watch, searched);
        await watch.look({ force: true });
      }
      if (!checkpoint) await preview(watch);
      try {
        outcome = await runMethod(method, {
          ...{ x, options: values, device, signal: watch.signal, checkpoint },
          data: { ...shapeOf(task.x), bytes: false, field: task.field !== undefined },
          keep: async (kept) => void (checkpoint = kept),
          nextDevice: async (error) => (device = await task.replaceDevice(error)),
          onEstimator: (next) => (estimator = next),
          onStep: ({ stage, epoch, epochs, step, steps, loss }) => {
            const share = (epoch - 1 + step / steps) / Math.max(1, epochs);
            watch.step({ stage, share, loss, text: `${stage}, pass ${epoch} of ${epochs}` });
            history = estimator?.history ?? history;
            now();
          },
          // the first passes over an image are seen one by one
          onEpoch: ({ epoch }) => watch.look(!task.places && epoch <= SHOWN_ITERATIONS ? { wait: PAUSE_MS } : {}),
          ...(!task.places && { places: false }),
        });
        ({ checkpoint, history, estimator } = outcome);
        if (task.field) {
          watch.step({ stage: method.title, share: 1, text: "the whole field, tile by tile" });
          segmented = await estimator.segmentImage!(task.field);
        }
      } catch (error) {
        estimator = undefined;
        if (!(error instanceof RunInterrupted)) throw error;
        ({ checkpoint } = error);
        throw watch.signal.reason;
      }
    },
    snapshot: async () => {
      if (estimator) shown = await look(estimator);
      return shown;
    },
    result: () =>
      fitted(async (at): Promise<Result> => {
        const found = task.field ? segmented?.labels.data : labelsOf(at);
        if (!found) throw new Error(`${method.title} has found no clusters yet`);
        const k = given ?? Math.max(1, countOf(found));
        const embedding = task.places ? await embeddingOf(at, x) : undefined;
        const q = task.places ? await at.softAssignments?.(x) : undefined;
        const labels =
          at.softAssignments || task.field
            ? found
            : renamed(found, names?.length === found.length ? names : undefined, k);
        const { inertia } = at;
        return {
          ...{ labels, k, settings: { ...values, ...at.settings, ...at.chosen } },
          ...(embedding && { embedding }),
          ...(q && { q }),
          ...(inertia !== undefined && { inertia }),
        };
      }),
    note: () => {
      const chosen = Object.entries(estimator?.chosen ?? {});
      const all = chosen.length > 0 ? Object.entries({ ...estimator!.settings, ...estimator!.chosen }) : [];
      const words = all.map(
        ([name, value]) =>
          `${labelOf(name)}: ${typeof value === "number" ? Number(value.toPrecision(4)) : spell(value)}`,
      );
      return [
        ...(number ? [`How many clusters? ${number.reason}.`] : []),
        ...(all.length > 0 ? [`${words.join(", ")}.`] : []),
      ].join(" ");
    },
    numberOfClusters: () => number,
    resumes: () => !searched || number !== undefined,
    predict: (items) =>
      fitted(async (at) => {
        if (!at.predict) throw new Error(`${method.title} says nothing of items that it was not given`);
        const labels = (await at.predict(flat(items))) as Int32Array;
        const own = labelsOf(at);
        // numbers of clusters as the page has them
        if (!own || names?.length !== own.length) return labels;
        const shownAs = new Map(Array.from(own, (label, i) => [label, names![i]!]));
        return labels.map((label) => shownAs.get(label) ?? label);
      }),
    estimator: () => estimator,
    history: () => history,
    save: async () => outcome?.checkpoint.model ?? checkpoint?.model,
    savable: method.load !== undefined,
    dispose: () => estimator?.dispose(),
  };
}

/** Numbers of clusters that are to be tried, and on what. */
interface Searched {
  /** As the form has it. */
  readonly asked: string;
  readonly range: readonly [least: number, most: number];
  readonly rows: NdArray<Float32Array>;
}

/** @throws where there are too few items, and for those that are read when they are needed */
function searchedFor(asked: string, x: Task["x"]): Searched {
  const subject = labelOf("nClusters");
  if (isSource(x))
    throw new Error(`${subject} must be one number for items that are read when they are needed, got ${asked}`);
  return { asked, range: rangeOf(asked, x.shape[0]!, subject), rows: x };
}

/** Items, and the sizes of one. */
const shapeOf = (x: Task["x"]): { readonly n: number; readonly itemShape: readonly number[] } =>
  isSource(x) ? { n: x.length, itemShape: x.rowShape } : { n: x.shape[0]!, itemShape: x.shape.slice(1) };

/** Centres on the host. */
async function centersOf(at: Estimator): Promise<Float32Array<ArrayBuffer> | undefined> {
  const centers = await known(() => at.clusterCenters);
  const values = typeof centers === "function" ? await known(() => centers.call(at)) : centers;
  return values instanceof NdArray ? Float32Array.from(values.data) : undefined;
}

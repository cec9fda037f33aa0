// One loop for all methods: begin or go on, keep checkpoints now and then, measure along the way, stop with a checkpoint, and go on
// elsewhere when the device is lost.
import { isRowSource } from "../data/datasets/row-source";
import { DeviceError } from "../device";
import type { Device } from "../device";
import { headline } from "../metrics/measures";
import type { Measures } from "../metrics/measures";
import { NdArray } from "../ndarray";
import type { EpochRecord, StepReport } from "../lifecycle/progress";
import { filmingOf } from "./film";
import type { Film, Filming } from "./film";
import type { DataSummary, Estimator, FittedLabels } from "./method";
import type { MakeModel } from "./choose-k";
import { checkMethodOptions, optionsOf, splitOptions } from "./schema";
import type { AnyMethod, OptionValues } from "./schema";

/** Measures of the labels after so many epochs. */
export type TracePoint = Measures & { readonly step: number };

/** A clustering on the way: what the table of stages has of it. */
export interface StageResult {
  readonly name: string;
  readonly measures: Measures;
  readonly seconds: number;
}

/** What a run keeps beside the model: enough that a resumed run ends as an uninterrupted one. */
export interface RunRecord {
  /** Worked so far. */
  readonly seconds: number;
  /** Options as they were given, with those that suited the data. */
  readonly options: OptionValues;
  readonly trace: readonly TracePoint[];
  readonly stages: readonly StageResult[];
  /** Seconds after which stages of the training ended, by their names: those that another one followed. */
  readonly ended?: Readonly<Record<string, number>>;
  /** Where some items lay along the way, where that was asked for. */
  readonly film?: Film;
}

/** A run at rest. Without a model it has not got to the first checkpoint of one, and begins anew. */
export interface RunCheckpoint {
  readonly model: Uint8Array | undefined;
  readonly record: RunRecord;
}

/** What a method is asked to do. */
export interface RunTask {
  /** Data of a kind that the method takes. */
  readonly x: unknown;
  readonly data: DataSummary;
  /** Labels, of methods with a target. */
  readonly y?: ArrayLike<number> | undefined;
  /** Options that were given, `nClusters` and `seed` among them. */
  readonly options: OptionValues;
  readonly device: Device;
  /** Where to go on when a device has failed. Without it a failure ends the run. */
  readonly nextDevice?: (error: DeviceError) => Promise<Device>;
  /** Known classes, for measures along the way. */
  readonly truth?: ArrayLike<number> | undefined;
  readonly signal?: AbortSignal;
  /** Goes on from here. */
  readonly checkpoint?: RunCheckpoint | undefined;
  /** Takes checkpoints: one at once, then now and then, at the end of an epoch or between two steps. */
  readonly keep?: (checkpoint: RunCheckpoint) => Promise<void>;
  /** Several times a second, with the last measures. */
  readonly onStep?: (report: StepReport, measures: Measures | undefined) => void;
  /** After each epoch, of methods that have them. */
  readonly onEpoch?: (record: EpochRecord) => void | Promise<void>;
  /** The estimator at work: at the beginning, and again each time that another device takes over. */
  readonly onEstimator?: (estimator: Estimator) => void;
  /** Whether where the items lie, and their probabilities, are asked for at the end. Default: of items in memory. */
  readonly places?: boolean;
  /** Rows of x that are followed while an autoencoder's codes are clustered: `film` of the record. Default: none. */
  readonly followed?: readonly number[] | undefined;
  /** Clusterings that were made before, for the table of stages. */
  readonly stages?: readonly StageResult[];
}

/** What a method found. */
export interface Outcome {
  /** The fitted estimator, for the caller to dispose of. */
  readonly estimator: Estimator;
  /** The device that ended the run. */
  readonly device: Device;
  /** Of methods that cluster. */
  readonly labels?: FittedLabels;
  readonly nClusters?: number;
  /** [n, e], of methods that place items; not of a `RowSource`, nor are `q`. */
  readonly embedding?: NdArray<Float32Array>;
  /** [n, K] */
  readonly q?: NdArray<Float32Array>;
  readonly inertia?: number;
  /** Every option in force, by the library's names. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly history: readonly EpochRecord[];
  readonly checkpoint: RunCheckpoint;
}

/** The signal ended a run; it can go on from the checkpoint. */
export class RunInterrupted extends Error {
  readonly checkpoint: RunCheckpoint;

  constructor(checkpoint: RunCheckpoint) {
    super("interrupted");
    this.checkpoint = checkpoint;
  }
}

/** Devices that may fail one after the other, without a checkpoint between them, before the run gives up. */
const MAX_FAILURES = 3;

/** Options of methods that are told the passes when they are made; others that have epochs have them as an option of `fit`. */
const EPOCHS: ReadonlySet<string> = new Set(["epochs", "passes"]);

/** A checkpoint is taken after a second, and takes no more than a twentieth of the time. */
const KEEP_EVERY_MS = 1000;
const TIMES_ITS_COST = 20;

/**
 * Runs a method on data: from the beginning, or on from a checkpoint, to the same numbers.
 * @throws RunInterrupted where the signal ended it; what the method throws; the third failure of a device in a row
 */
export async function runMethod(method: AnyMethod, task: RunTask): Promise<Outcome> {
  return new Run(method, task).finish();
}

/** Options in force of a run: those given, then those it was begun with, then those that suit the data. @throws for what the method does not take */
function optionsInForce(
  method: AnyMethod,
  { options, checkpoint, data }: Pick<RunTask, "options" | "checkpoint" | "data">,
): Record<string, unknown> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const before = { ...checkpoint?.record.options, ...given };
  checkMethodOptions(method, before);
  const all = { ...method.suit?.(data, before), ...before };
  checkMethodOptions(method, all);
  return all;
}

/** Makes models of a method for numbers of clusters, with the options that a run of it has. */
export const makerOf =
  (method: AnyMethod, { options, data, device }: Pick<RunTask, "options" | "data" | "device">): MakeModel =>
  (nClusters) => {
    const { ofModel, ofFit } = splitOptions(
      method,
      optionsInForce(method, { options: { ...options, nClusters }, data }),
    );
    const estimator = method.make({ ...ofModel, device });
    return {
      fit: (x, runOptions) => estimator.fit(x, { ...ofFit, ...runOptions }),
      get labels() {
        return labelsOf(estimator) as Int32Array;
      },
      dispose: () => estimator.dispose(),
    };
  };

class Run {
  readonly #method: AnyMethod;
  readonly #task: RunTask;
  readonly #options: Record<string, unknown>;
  readonly #begin = performance.now();
  readonly #trace: TracePoint[];
  readonly #stages: StageResult[];
  readonly #ended: Record<string, number>;
  readonly #filming: Filming | undefined;
  #device: Device;
  #model: Uint8Array | undefined;
  #failures = 0;
  #kept = { at: performance.now(), cost: 0 };
  /** A checkpoint that is being taken beside the work. */
  #aside: Promise<void> | undefined;
  /** Why one could not be kept. */
  #refused: { readonly error: unknown } | undefined;

  constructor(method: AnyMethod, task: RunTask) {
    this.#method = method;
    this.#task = task;
    this.#options = optionsInForce(method, task);
    const record = task.checkpoint?.record;
    this.#trace = [...(record?.trace ?? [])];
    this.#stages = [...(record?.stages ?? task.stages ?? [])];
    this.#ended = { ...record?.ended };
    this.#filming = filmingOf(method, task.x, task.followed, record?.film);
    this.#device = task.device;
    this.#model = task.checkpoint?.model;
  }

  async finish(): Promise<Outcome> {
    await this.#task.keep?.(this.#checkpoint());
    for (;;) {
      let estimator: Estimator | undefined;
      try {
        this.#task.signal?.throwIfAborted();
        estimator = await this.#open();
        this.#task.onEstimator?.(estimator);
        await this.#fit(estimator);
        return await this.#outcome(estimator);
      } catch (error) {
        if (isAbort(error, this.#task.signal)) {
          await this.#saveLast(estimator);
          await estimator?.dispose();
          throw new RunInterrupted(this.#checkpoint());
        }
        await disposed(estimator);
        if (!(error instanceof DeviceError) || !this.#task.nextDevice || ++this.#failures === MAX_FAILURES) throw error;
        this.#device = await this.#task.nextDevice(error);
      }
    }
  }

  /** The estimator on the device at hand, as the last checkpoint has it. */
  async #open(): Promise<Estimator> {
    const { ofModel } = splitOptions(this.#method, this.#options);
    const device = this.#device;
    if (this.#model && this.#method.load) {
      const changes = new Set(optionsOf(this.#method).flatMap(([name, { resumable }]) => (resumable ? [name] : [])));
      const begun = this.#task.checkpoint?.record.options ?? this.#options;
      const changed = Object.entries(ofModel).filter(([name, value]) => changes.has(name) && value !== begun[name]);
      return this.#method.load(this.#model, { device, ...Object.fromEntries(changed) });
    }
    return this.#method.make({ ...ofModel, device });
  }

  async #fit(estimator: Estimator): Promise<void> {
    const { y, signal, onStep, onEpoch, truth } = this.#task;
    const hasEpochs = optionsOf(this.#method).some(([name, { of }]) => of === "fit" || EPOCHS.has(name));
    let epochs = Infinity;
    const fitting = estimator.fit(this.#task.x, {
      ...splitOptions(this.#method, this.#options).ofFit,
      ...(y && { y }),
      ...(signal && { signal }),
      onStep: (report) => {
        if (this.#refused) throw this.#refused.error;
        this.#keepAside(estimator);
        epochs = report.epochs;
        const last = estimator.history.at(-1)?.stage;
        if (last !== undefined && last !== report.stage) this.#stageEnded(estimator, last);
        onStep?.(report, this.#trace.at(-1));
      },
      ...(hasEpochs && {
        onEpoch: async (record) => {
          await this.#filming?.after(estimator, record, epochs, labelsOf(estimator) !== undefined);
          const labels = truth && labelsOf(estimator);
          while (labels && (this.#trace.at(-1)?.step ?? 0) >= record.epoch) this.#trace.pop(); // of the end of a run that has more epochs now
          if (labels) this.#trace.push({ step: record.epoch, ...headline(truth, labels) });
          await this.#keep(estimator);
          await onEpoch?.(record);
        },
      }),
    });
    try {
      await fitting;
    } finally {
      await this.#aside;
    }
    if (this.#refused) throw this.#refused.error;
  }

  /** A clustering that begins where a stage without one ended: its first labels are worth a row of their own. */
  #stageEnded(estimator: Estimator, last: string): void {
    const { truth } = this.#task;
    this.#ended[last] ??= this.#seconds();
    const name = `${last} + k-means`;
    const labels = labelsOf(estimator);
    if (!labels || this.#stages.some((stage) => stage.name === name)) return;
    const measures = truth ? headline(truth, labels) : {};
    this.#stages.push({ name, measures, seconds: this.#seconds() });
    if (truth) this.#trace.push({ step: 0, ...measures });
  }

  async #keep(estimator: Estimator): Promise<void> {
    await this.#aside; // one of an earlier step must not be written after this one
    if (!this.#isDue()) return;
    const begin = performance.now();
    this.#model = await estimator.save();
    await this.#task.keep?.(this.#checkpoint());
    this.#failures = 0;
    const now = performance.now();
    this.#kept = { at: now, cost: now - begin };
  }

  #isDue(): boolean {
    const { keep, nextDevice } = this.#task;
    const { at, cost } = this.#kept;
    return Boolean(keep ?? nextDevice) && performance.now() - at >= Math.max(KEEP_EVERY_MS, TIMES_ITS_COST * cost);
  }

  /** Asks for a checkpoint, which is taken when the method is at rest. What has learned nothing that can be saved keeps none. */
  #keepAside(estimator: Estimator): void {
    if (this.#aside || !this.#isDue()) return;
    const keeping = async (): Promise<void> => {
      const begin = performance.now();
      const model = await estimator.save().catch(() => undefined); // what is wrong with it ends the fit itself
      if (model) this.#model = model;
      if (model)
        await this.#task.keep?.(this.#checkpoint()).catch((error: unknown) => {
          this.#refused = { error };
        });
      if (model) this.#failures = 0;
      const now = performance.now();
      this.#kept = { at: now, cost: now - begin };
    };
    this.#aside = keeping().finally(() => (this.#aside = undefined));
  }

  /** Saves what was stopped; where that cannot be done, the last checkpoint stays. */
  async #saveLast(estimator: Estimator | undefined): Promise<void> {
    try {
      this.#model = (await estimator?.save()) ?? this.#model;
    } catch (error) {
      if (!(error instanceof DeviceError) && this.#model) throw error;
    }
  }

  async #outcome(estimator: Estimator): Promise<Outcome> {
    const { x, truth, places = !isRowSource(x) } = this.#task;
    const labels = "labels" in estimator ? estimator.labels : undefined;
    const flat = labelsOf(estimator);
    const last = this.#trace.at(-1);
    if (truth && flat && last) {
      const measures = headline(truth, flat);
      if (measures.ACC !== last["ACC"] || measures.NMI !== last["NMI"])
        this.#trace.push({ step: last.step + 1, ...measures });
    }
    // of items that need not fit into memory, neither would these
    const embedding = places ? await embeddingOf(estimator, x) : undefined;
    const q = places ? await estimator.softAssignments?.(x) : undefined;
    if (flat) await this.#filming?.end(estimator);
    this.#model = await estimator.save();
    const nClusters = (this.#options["nClusters"] as number | undefined) ?? (flat && countOf(flat));
    return {
      ...{ estimator, device: this.#device, history: estimator.history, checkpoint: this.#checkpoint() },
      ...(labels && { labels }),
      ...(nClusters !== undefined && { nClusters }),
      ...(embedding && { embedding }),
      ...(q && { q }),
      ...("inertia" in estimator && { inertia: estimator.inertia as number }),
      settings: {
        ...{ ...this.#options, ...estimator.settings, ...estimator.chosen },
        ...splitOptions(this.#method, this.#options).ofFit,
      },
    };
  }

  #seconds(): number {
    return (this.#task.checkpoint?.record.seconds ?? 0) + (performance.now() - this.#begin) / 1000;
  }

  #checkpoint(): RunCheckpoint {
    const [trace, stages, ended] = [[...this.#trace], [...this.#stages], { ...this.#ended }];
    const film = this.#filming?.film;
    return {
      model: this.#model,
      record: {
        ...{ seconds: this.#seconds(), options: this.#options, trace, stages, ended },
        ...(film && { film }),
      },
    };
  }
}

const isAbort = (error: unknown, signal: AbortSignal | undefined): boolean =>
  signal !== undefined && signal.aborted && error === signal.reason;

/** Frees an estimator whose device may be gone: what that says is of no use any more. */
async function disposed(estimator: Estimator | undefined): Promise<void> {
  try {
    await estimator?.dispose();
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
  }
}

/** One label an item, as far as there are such; the items of a cube are its pixels. */
export function labelsOf(estimator: Estimator): Int32Array | undefined {
  if (!("labels" in estimator)) return undefined;
  try {
    const { labels } = estimator;
    if (labels instanceof Int32Array) return labels;
    return labels && "shape" in labels ? labels.data : undefined;
  } catch {
    return undefined; // none yet
  }
}

/** Where the method places the items; methods whose centres are among the items place none. */
export async function embeddingOf(estimator: Estimator, x: unknown): Promise<NdArray<Float32Array> | undefined> {
  if ("embedding" in estimator) {
    const { data, shape } = estimator.embedding!;
    return new NdArray(Float32Array.from(data), shape);
  }
  return "inertia" in estimator ? undefined : estimator.transform?.(x);
}

/** Clusters that labels name. */
const countOf = (labels: Int32Array): number => labels.reduce((most, label) => Math.max(most, label + 1), 0);

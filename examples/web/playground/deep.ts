// Sessions of the methods that train a network.
import { DeepCluster, DeviceError, hungarian, OnlineDeepCluster, SelfLabeling } from "constella";
import type { DEC, Device, EpochRecord, IDEC, NdArray, FitOptions, NetworkOptions, StepReport } from "constella";
import { flat, numberOf, sizesOf, type Result, type Session, type Snapshot, type Task, type Watch } from "./session";

const DEC_BATCH = 256;
const NETWORK_BATCH = 128;

/** Frames while a pass runs, at most so often. */
const LOOK_EVERY_MS = 600;

/** Calls `look` now and then from reports that nobody waits for. */
function looking(watch: Watch): (report: StepReport) => void {
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

/** Between two checkpoints of a run that is not stopped. */
const CHECKPOINT_EVERY_MS = 5000;
/** Devices that may fail one after the other, without a checkpoint between them. */
const MAX_FAILURES = 3;

/** A model that goes on: from where it was stopped, and on another device from its last checkpoint when its own has failed. */
class Resumable<Model extends { save(): Promise<Uint8Array>; dispose(): void }> {
  model: Model;
  readonly #task: Task;
  readonly #make: (device: Device) => Model;
  readonly #load: (checkpoint: Uint8Array, device: Device) => Promise<Model>;
  #device: Device;
  #checkpoint: Uint8Array | undefined;
  #stopped = false;

  constructor(
    task: Task,
    make: (device: Device) => Model,
    load: (checkpoint: Uint8Array, device: Device) => Promise<Model>,
  ) {
    [this.#task, this.#device, this.#make, this.#load] = [task, task.device, make, load];
    this.model = make(task.device);
  }

  /** Trains by `fit`, which calls `keep` after each epoch. */
  async run(signal: AbortSignal, fit: (model: Model, keep: () => Promise<void>) => Promise<unknown>): Promise<void> {
    if (this.#stopped) await this.#restore();
    this.#stopped = false;
    let failures = 0;
    let kept = performance.now();
    const keep = async (): Promise<void> => {
      if (performance.now() - kept < CHECKPOINT_EVERY_MS) return;
      this.#checkpoint = await this.model.save();
      [kept, failures] = [performance.now(), 0];
    };
    for (;;) {
      try {
        await fit(this.model, keep);
        return;
      } catch (error) {
        if (error instanceof DeviceError && ++failures < MAX_FAILURES) {
          this.#device = await this.#task.replaceDevice(error);
          await this.#restore();
          continue;
        }
        if (signal.aborted) {
          this.#checkpoint = await this.model.save();
          this.#stopped = true;
        }
        throw error;
      }
    }
  }

  async #restore(): Promise<void> {
    this.model.dispose();
    this.model = this.#checkpoint ? await this.#load(this.#checkpoint, this.#device) : this.#make(this.#device);
  }
}

/** DEC and IDEC: pretraining of the autoencoder, then clustering. */
export function decSession(Method: typeof DEC | typeof IDEC, task: Task): Session {
  const { x, sample, values } = task;
  const data = flat(x);
  const seen = flat(sample);
  const k = numberOf(values, "nClusters");
  const epochs = numberOf(values, "epochs");
  const steps = Math.ceil(data.shape[0]! / DEC_BATCH);
  const options = {
    layers: [data.shape[1]!, ...sizesOf(values, "layers")],
    ...{ nClusters: k, layerEpochs: 0, pretrainEpochs: numberOf(values, "pretrainEpochs"), nInit: 4 },
    ...{
      batchSize: DEC_BATCH,
      target: "batch" as const,
      updateInterval: Math.max(10, Math.min(100, steps)),
      tolerance: 2e-3,
    },
    ...{ learningRate: numberOf(values, "learningRate"), seed: numberOf(values, "seed") },
  };
  const held = new Resumable<DEC>(
    task,
    (device) => new Method({ ...options, device }),
    (checkpoint, device) => Method.load(checkpoint, { device }),
  );
  let clustering = false;

  return {
    run: async (watch) => {
      const look = looking(watch);
      await held.run(watch.signal, (model, keep) =>
        model.fit(data, {
          epochs,
          signal: watch.signal,
          onStep: (report) => {
            const { stage, epoch, epochs: all, step, steps: each, loss } = report;
            clustering = stage === model.name;
            const done = (epoch - 1 + step / each) / Math.max(1, all);
            const text = clustering
              ? `sharpening the clusters, renewal ${epoch} of ${all} at most`
              : `training the autoencoder, pass ${epoch} of ${all}`;
            watch.step({ stage, share: clustering ? 0.5 + done / 2 : done / 2, loss, text });
            look(report);
          },
          onEpoch: async ({ stage }) => {
            clustering = stage === model.name;
            await keep();
            await watch.look();
          },
        }),
      );
      clustering = true;
    },
    snapshot: async (): Promise<Snapshot> => {
      const { model } = held;
      if (!clustering) return { z: (await model.transform(seen)).data, k };
      const [z, q] = await Promise.all([model.transform(seen), model.softAssignments(seen)]);
      return { z: z.data, q: q.data, labels: model.labels, centers: model.clusterCenters.data, k };
    },
    result: async (): Promise<Result> => {
      const { model } = held;
      const [embedding, q] = [await model.transform(data), await model.softAssignments(data)];
      return { labels: model.labels, k, embedding, q, settings: { ...model.settings, epochs } };
    },
    history: () => held.model.history,
    save: () => held.model.save(),
    dispose: () => held.model.dispose(),
  };
}

/** What the methods on a feature network have in common. */
interface NetworkMethod {
  readonly settings: object;
  readonly history: readonly EpochRecord[];
  readonly labels: Int32Array;
  fit(x: NdArray<Float32Array>, options: FitOptions): Promise<unknown>;
  transform(x: NdArray<Float32Array>): Promise<NdArray<Float32Array>>;
  save(): Promise<Uint8Array>;
  dispose(): void;
}

/** A class of these methods: how a model is made, and how it is read from a checkpoint. */
interface NetworkKind {
  make(options: NetworkOptions & { nClusters: number }, n: number): NetworkMethod;
  load(content: Uint8Array, options: Pick<NetworkOptions, "device">): Promise<NetworkMethod>;
}

/** The methods on a feature network by name. */
export const NETWORK_METHODS = {
  "deep-cluster": {
    make: (options, n) => new DeepCluster({ ...options, components: 32, clusterInterval: n < 5000 ? 2 : 1 }),
    load: (content, options) => DeepCluster.load(content, options),
  },
  "online-deep-cluster": {
    make: (options) => new OnlineDeepCluster(options),
    load: (content, options) => OnlineDeepCluster.load(content, options),
  },
  "self-labeling": {
    make: (options) => new SelfLabeling(options),
    load: (content, options) => SelfLabeling.load(content, options),
  },
} as const satisfies Record<string, NetworkKind>;

/** A network for the items: convolutional for pictures, else fully connected. */
function networkOf({ x, values }: Task): NetworkOptions["network"] {
  const [, ...item] = x.shape;
  if (values["network"] !== "convolutional")
    return { type: "mlp", layers: [item.reduce((product, size) => product * size, 1), 128, 64] };
  if (item.length < 2) throw new Error("network: a convolutional one takes pictures, these items are rows of a table");
  const [c, h, w] = (item.length === 2 ? [1, ...item] : item) as [number, number, number];
  const blocks = Math.min(h, w) >= 8 ? 2 : 1;
  return { type: "vgg", input: [c, h, w], blocks, channels: numberOf(values, "channels"), hidden: 128 };
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

/** DeepCluster and its kin. */
export function networkSession(kind: NetworkKind, task: Task): Session {
  const { x, sample, values } = task;
  const [k, epochs] = [numberOf(values, "nClusters"), numberOf(values, "epochs")];
  const options = {
    ...{ network: networkOf(task)!, nClusters: k, batchSize: NETWORK_BATCH, statisticsBatches: 8 },
    ...{ learningRate: numberOf(values, "learningRate"), seed: numberOf(values, "seed") },
  };
  const held = new Resumable(
    task,
    (device) => kind.make({ ...options, device }, x.shape[0]!),
    (checkpoint, device) => kind.load(checkpoint, { device }),
  );
  let names: Int32Array<ArrayBuffer> | undefined;
  const labels = (): Int32Array | undefined => {
    try {
      return (names = renamed(held.model.labels, names, k));
    } catch {
      return undefined; // none yet
    }
  };
  return {
    run: async (watch) => {
      const look = looking(watch);
      await held.run(watch.signal, (model, keep) =>
        model.fit(x, {
          epochs,
          signal: watch.signal,
          onStep: (report) => {
            const { stage, epoch, epochs: all, step, steps, loss } = report;
            const share = (epoch - 1 + step / steps) / all;
            watch.step({ stage, share, loss, text: `training, pass ${epoch} of ${all}` });
            look(report);
          },
          onEpoch: async () => {
            await keep();
            await watch.look();
          },
        }),
      );
    },
    snapshot: async (): Promise<Snapshot> => {
      const found = labels();
      return { z: (await held.model.transform(sample)).data, ...(found && { labels: found }), k };
    },
    result: async (): Promise<Result> => ({
      labels: labels()!,
      ...{ k, embedding: await held.model.transform(x), settings: { ...held.model.settings, epochs } },
    }),
    history: () => held.model.history,
    save: () => held.model.save(),
    dispose: () => held.model.dispose(),
  };
}

import { checkChoice, checkWhole, fitted } from "../checks";
import { distancesToCenters } from "../cluster/centers";
import { DeviceHolder } from "../cluster/points";
import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import { toFloat32Matrix } from "../matrix";
import type { MatrixLike } from "../matrix";
import { somOnline } from "../kernels/som";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { Random } from "../random";
import { Tensor } from "../tensor";
import { decodeCheckpoint, encodeCheckpoint } from "../lifecycle/checkpoint";
import type { EpochRecord, StepReport } from "../lifecycle/progress";
import { BatchEpoch, batchEpoch, winnersOf, withUnits } from "./batch";
import { Grid } from "./grid";
import type { GridOptions } from "./grid";
import { checkCodebookInit, initialCodebook } from "./initial";
import type { CodebookInit } from "./initial";
import { batchStep } from "./neighbourhood";
import type { Neighbourhood } from "./neighbourhood";
import { onlineSteps } from "./online";
import { Blocks, openRows } from "./rows";
import type { MapRows, OpenRows } from "./rows";
import { scheduled } from "./schedule";
import type { Schedule } from "./schedule";
import { uMatrix } from "./u-matrix";
import type { UMatrix, WinnerLinks } from "./u-matrix";
import { UNIT_CLUSTERINGS, clusterMeans, clusterUnits } from "./unit-clusters";
import type { UnitClustering } from "./unit-clusters";
import { UnitsOnDevice, chunkRows, preparedForMaps } from "./units";

/** Options of `SOM`. */
export interface SOMOptions extends Partial<GridOptions> {
  /** Default 10, as `columns`. */
  readonly rows?: number;
  readonly columns?: number;
  /** `batch`: all units move once an epoch, to the mean of what their neighbourhood won. `online`: after each row. Default "batch". */
  readonly training?: "batch" | "online";
  /** Passes over the rows. Default 10. */
  readonly epochs?: number;
  /**
   * Width σ of the neighbourhood, by epoch of batch training and by row of online training. Default linear from a quarter of the grid's shorter side (½ at
   * least) to ½, as Somoclu's radius with its coefficient ½; online asymptotic from the same.
   */
  readonly sigma?: Schedule;
  /** Share of the way that the winner goes, of online training. Default asymptotic from 0.5. */
  readonly learningRate?: Schedule;
  /** Distance on the grid beyond which nothing is pulled. Default none. */
  readonly cutoff?: Schedule;
  /** Default "gaussian". */
  readonly neighbourhood?: Neighbourhood;
  /** Default "pca". */
  readonly init?: CodebookInit;
  /** What makes clusters of the units. Default "k-means" where `nClusters` is given, else "watershed". */
  readonly clustering?: UnitClustering;
  /** Of "k-means". */
  readonly nClusters?: number;
  /** Of "components": the highest value of the U-matrix within a cluster. Default its median. */
  readonly threshold?: number;
  /** Of "linkage": rows that link their two winners. Default: a tenth of rows over units, 1 at least. */
  readonly minLinks?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Where to compute; default: a tensor's own device, else one requested at first need. */
  readonly device?: Device;
}

/** Options of `fit`. */
export interface SOMFitOptions {
  readonly signal?: AbortSignal;
  /** After each block of rows. */
  readonly onStep?: (report: StepReport) => void;
  /** After each epoch; `loss` is the quantisation error of the code book before its step. */
  readonly onEpoch?: (record: EpochRecord) => void | Promise<void>;
}

type Settings = Required<
  Pick<SOMOptions, "training" | "epochs" | "sigma" | "learningRate" | "neighbourhood" | "seed">
> &
  Required<GridOptions> &
  Pick<SOMOptions, "cutoff" | "nClusters" | "threshold" | "minLinks"> & { readonly clustering: UnitClustering } & {
    readonly init?: "pca" | "random" | "sample";
  };

interface Found {
  readonly hits: Int32Array;
  readonly units: Int32Array<ArrayBuffer>;
  readonly quantizationError: number;
  readonly topographicError: number;
}

/** Rows that a progress report covers, of online training. */
const ONLINE_ROWS = 65_536;

/**
 * Kohonen's self-organising map: units on a grid whose vectors follow the rows, neighbours on the grid staying alike (Kohonen, "Self-Organizing Maps", 2001).
 * The nearest unit is sought on the device; sums are float64 over chunks of a fixed number of rows, so that how a file is cut into strips does not change
 * the map. `bmu` are units, `labels` the clusters that the units form.
 *
 * ```ts
 * const som = new SOM({ rows: 10, columns: 10, topology: "hexagonal", device });
 * await som.fit(pixels);          // a matrix, a tensor, or a source of rows that is larger than memory
 * som.labels;                     // Int32Array, −1 where a row is masked
 * som.uMatrix().mean;             // [100], high where clusters meet
 * ```
 */
export class SOM {
  readonly grid: Grid;
  readonly settings: Settings;
  readonly #init: Exclude<CodebookInit, MatrixLike> | NdArray;
  readonly #holder: DeviceHolder;
  #codebook: Float64Array | undefined;
  #history: EpochRecord[] = [];
  #found: Found | undefined;
  #bmu: Int32Array<ArrayBuffer> | undefined;
  #links: WinnerLinks | undefined;
  /** Of `partialFit`: the epoch under way and its code book on the device. */
  #epoch: { readonly units: UnitsOnDevice; readonly sums: BatchEpoch } | undefined;
  #epochs = 0;

  /** @throws when an option is out of its range */
  constructor(options: SOMOptions = {}) {
    const op = "SOM";
    const { rows = 10, columns = 10, topology = "rectangular", toroid = false, training = "batch" } = options;
    this.grid = new Grid({ rows, columns, topology, toroid }, op);
    const { epochs = 10, neighbourhood = "gaussian", seed = 0, init = "pca" } = options;
    const { nClusters, threshold, minLinks, cutoff } = options;
    const { clustering = nClusters === undefined ? "watershed" : "k-means" } = options;
    checkWhole(op, { epochs }, 1);
    checkWhole(op, { seed }, 0);
    checkChoice(op, { training }, ["batch", "online"]);
    checkChoice(op, { neighbourhood }, ["gaussian", "bubble"]);
    checkChoice(op, { clustering }, UNIT_CLUSTERINGS);
    if (clustering === "k-means") checkWhole(op, { nClusters: nClusters ?? NaN }, 1, this.grid.units);
    else if (nClusters !== undefined)
      throw new Error(`${op}: nClusters is for clustering k-means, ${clustering} finds the number`);
    if (minLinks !== undefined) checkWhole(op, { minLinks }, 1);
    if (threshold !== undefined && !(threshold >= 0))
      throw new Error(`${op}: threshold must be 0 or more, ${threshold}`);
    checkCodebookInit(op, init);
    const start = Math.max(0.5, Math.min(rows, columns) / 4);
    const batch = training === "batch";
    const { sigma = batch ? { start, end: 0.5, decay: "linear" } : { start, decay: "asymptotic" } } = options;
    const { learningRate = { start: 0.5, decay: "asymptotic" } } = options;
    for (const [name, schedule] of Object.entries({ sigma, ...(cutoff !== undefined && { cutoff }) }))
      if (batch || !isList(schedule)) scheduled(op, name, schedule, epochs);
    if (!isList(learningRate)) scheduled(op, "learningRate", learningRate, epochs);
    this.settings = {
      ...{ rows, columns, topology, toroid, training, epochs, neighbourhood, clustering, seed },
      ...{ sigma: plain(sigma), learningRate: plain(learningRate) },
      ...(cutoff !== undefined && { cutoff: plain(cutoff) }),
      ...(typeof init === "string" && { init }),
      ...(nClusters !== undefined && { nClusters }),
      ...(threshold !== undefined && { threshold }),
      ...(minLinks !== undefined && { minLinks }),
    };
    this.#init = typeof init === "string" ? init : toFloat32Matrix(init, op, "init");
    this.#holder = new DeviceHolder(options.device);
  }

  /** One record per epoch; `loss` is the mean distance of a row to its unit before the epoch's step. */
  get history(): readonly EpochRecord[] {
    return this.#history;
  }
  /** The units' vectors [units, d]. @throws before `fit`, as all these */
  get codebook(): NdArray<Float64Array> {
    const codebook = fitted("SOM.codebook", this.#codebook);
    return new NdArray(codebook.slice(), [this.grid.units, codebook.length / this.grid.units]);
  }
  /** The nearest unit of each row that was fitted; −1 for masked ones. */
  get bmu(): Int32Array<ArrayBuffer> {
    return fitted("SOM.bmu", this.#bmu);
  }
  /** The cluster of each row that was fitted; −1 for masked ones. */
  get labels(): Int32Array<ArrayBuffer> {
    const { units } = this.#result("labels");
    return fitted("SOM.labels", this.#bmu).map((unit) => (unit < 0 ? -1 : units[unit]!));
  }
  /** The cluster of each unit. */
  get unitLabels(): Int32Array<ArrayBuffer> {
    return this.#result("unitLabels").units.slice();
  }
  /** Rows of which each unit is the nearest, [units]. */
  get hits(): Int32Array {
    return this.#result("hits").hits.slice();
  }
  /** Mean distance of a row to its unit. */
  get quantizationError(): number {
    return this.#result("quantizationError").quantizationError;
  }
  /** Share of rows whose nearest and second nearest units are no neighbours. */
  get topographicError(): number {
    return this.#result("topographicError").topographicError;
  }
  /** Mean vector of each cluster [K, d]: of its units, weighted by hits. */
  get clusterCenters(): NdArray {
    const { hits, units } = this.#result("clusterCenters");
    return clusterMeans(this.#codebook!, hits, units);
  }
  /** How many rows have which two units as winners, of the last `fit` or `summarize`. */
  get links(): WinnerLinks {
    return fitted("SOM.links", this.#links);
  }

  /** The U-matrix; `count` neighbours, default all that touch. */
  uMatrix(count?: 4 | 6 | 8): UMatrix {
    return uMatrix(fitted("SOM.uMatrix", this.#codebook), this.grid, count);
  }

  /** A column of the code book over the grid, [units]: what the map makes of one band. @throws for a column that is not there */
  componentPlane(column: number): Float64Array {
    const { data, shape } = this.codebook;
    const d = shape[1]!;
    checkWhole("SOM.componentPlane", { column }, 0, d - 1);
    return Float64Array.from({ length: this.grid.units }, (_, unit) => data[unit * d + column]!);
  }

  /**
   * Trains the map on rows [n, d] from the beginning, then finds the nearest unit of each, and the clusters.
   * @throws when x is no matrix of finite numbers or has other columns than a given code book, all rows are masked, or the signal's reason when aborted
   */
  async fit(x: MapRows, options: SOMFitOptions = {}): Promise<this> {
    const op = "SOM.fit";
    const rows = await openRows(x, op);
    const device = await this.#device(x);
    const random = new Random(this.settings.seed);
    const codebook = await initialCodebook(op, this.#init, rows, this.grid, random, device);
    const blocks = new Blocks(device, rows, chunkRows(this.grid.units, rows.d));
    this.#forget();
    this.#history = [];
    try {
      if (this.settings.training === "batch") await this.#fitBatch(blocks, rows, codebook, device, options);
      else this.#codebook = await this.#fitOnline(blocks, rows, codebook, random, options);
      await this.#summarize(blocks, rows.n, device, options.signal);
    } finally {
      blocks.dispose();
    }
    return this;
  }

  /** `fit`, then the clusters. */
  async fitPredict(x: MapRows, options: SOMFitOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /**
   * Adds rows [n, d] to the epoch under way, of batch training; `endEpoch` makes the step. The first rows of all place the code book where it is not given.
   * Pieces of any size give the same map.
   * @throws of online training
   */
  async partialFit(x: MapRows): Promise<this> {
    const op = "SOM.partialFit";
    if (this.settings.training !== "batch") throw new Error(`${op}: is for batch training, training is online`);
    const rows = await openRows(x, op, this.#codebook && this.#codebook.length / this.grid.units);
    const device = await this.#device(x);
    this.#codebook ??= await initialCodebook(op, this.#init, rows, this.grid, new Random(this.settings.seed), device);
    if (!this.#epoch) {
      const units = new UnitsOnDevice(device, this.grid.units, rows.d, this.#codebook);
      this.#epoch = { units, sums: new BatchEpoch(units) };
    }
    const step = chunkRows(this.grid.units, rows.d);
    for (let first = 0; first < rows.n; first += step)
      await this.#epoch.sums.add(await rows.read(first, Math.min(rows.n, first + step)));
    return this;
  }

  /** Ends the epoch that `partialFit` filled: every unit moves. @throws when nothing was added, or all of it is masked */
  async endEpoch(): Promise<EpochRecord> {
    const epoch = this.#epoch;
    if (!epoch) throw new Error("SOM.endEpoch: call partialFit first");
    const { sums, counts, rows, quantizationError } = await epoch.sums.finish();
    epoch.units.dispose();
    this.#epoch = undefined;
    if (rows === 0) throw new Error("SOM.endEpoch: every row is masked, NaN or infinite");
    const { sigma, cutoff } = this.#pull(Math.min(this.#epochs, this.settings.epochs - 1));
    batchStep(this.#codebook!, sums, counts, this.grid, sigma, cutoff, this.settings.neighbourhood);
    this.#epochs++;
    this.#found = undefined;
    const record = { stage: "map", epoch: this.#epochs, loss: quantizationError, sigma };
    this.#history.push(record);
    return record;
  }

  /** Finds the nearest units of rows with the map as it is, and from them hits, errors, clusters and `labels`: what `fit` does at last. */
  async summarize(x: MapRows, signal?: AbortSignal): Promise<this> {
    const codebook = fitted("SOM.summarize", this.#codebook);
    const rows = await openRows(x, "SOM.summarize", codebook.length / this.grid.units);
    const device = await this.#device(x);
    const blocks = new Blocks(device, rows, chunkRows(this.grid.units, rows.d));
    try {
      await this.#summarize(blocks, rows.n, device, signal);
    } finally {
      blocks.dispose();
    }
    return this;
  }

  /** The cluster of each row of x [n, d]; −1 for masked ones. @throws before `fit`, or for another d */
  async predict(x: MapRows): Promise<Int32Array<ArrayBuffer>> {
    const { units } = this.#result("predict");
    return (await this.winners(x)).map((unit) => (unit < 0 ? -1 : units[unit]!));
  }

  /** The nearest unit of each row of x [n, d]; −1 for masked ones. @throws before `fit`, or for another d */
  async winners(x: MapRows): Promise<Int32Array<ArrayBuffer>> {
    const codebook = fitted("SOM.winners", this.#codebook);
    const rows = await openRows(x, "SOM.winners", codebook.length / this.grid.units);
    const device = await this.#device(x);
    const blocks = new Blocks(device, rows, chunkRows(this.grid.units, rows.d));
    const nearest = new Int32Array(rows.n);
    try {
      await withUnits(device, codebook, this.grid.units, async (units) => {
        for await (const block of blocks.pass()) nearest.set((await units.winners(block.x)).nearest, block.first);
      });
    } finally {
      blocks.dispose();
    }
    return nearest;
  }

  /** The distance ‖x − w‖ of each row of x [n, d] to each unit, [n, units]. @throws before `fit`, or for another d */
  async transform(x: Points): Promise<NdArray> {
    const { data, shape } = this.codebook;
    return distancesToCenters(
      x,
      new NdArray(Float32Array.from(data), shape),
      (points) => this.#holder.get(points),
      "SOM.transform",
    );
  }

  /** The settings, and what was learned, as a file. */
  async save(): Promise<Uint8Array> {
    const found = this.#found;
    const arrays: Record<string, NdArray<TypedArray>> = {};
    if (typeof this.#init !== "string") arrays["init"] = this.#init;
    if (this.#codebook) arrays["codebook"] = this.codebook;
    if (found) Object.assign(arrays, { hits: new NdArray(found.hits), units: new NdArray(found.units) });
    if (this.#bmu) arrays["bmu"] = new NdArray(this.#bmu);
    const { quantizationError = null, topographicError = null } = found ?? {};
    return encodeCheckpoint("SOM", arrays, {
      ...{ settings: this.settings, quantizationError, topographicError, history: this.#history },
    });
  }

  /** Reads what `save` wrote. @throws when it is none, or its parts do not belong together */
  static async load(content: Bytes, { device }: { readonly device?: Device } = {}): Promise<SOM> {
    const { arrays, state } = decodeCheckpoint<{
      settings: Settings;
      quantizationError: number | null;
      topographicError: number | null;
      history: EpochRecord[];
    }>("SOM", content);
    const { codebook, hits, units, bmu, init } = arrays;
    const som = new SOM({ ...state.settings, ...(init && { init }), ...(device && { device }) });
    for (const [name, array] of Object.entries({ codebook, hits, units }))
      if (array && array.shape[0] !== som.grid.units)
        throw new Error(`SOM.load: ${name} must be of ${som.grid.units} units, as the settings say, ${array.shape[0]}`);
    if (codebook) som.#codebook = Float64Array.from(codebook.data);
    const { quantizationError, topographicError } = state;
    if (hits && units)
      som.#found = {
        ...{ hits: Int32Array.from(hits.data), units: Int32Array.from(units.data) },
        ...{ quantizationError: quantizationError!, topographicError: topographicError! },
      };
    if (bmu) som.#bmu = Int32Array.from(bmu.data);
    som.#history = state.history;
    som.#epochs = state.history.length;
    return som;
  }

  /** Ends the device, if it was requested here. */
  async dispose(): Promise<void> {
    this.#epoch?.units.dispose();
    this.#epoch = undefined;
    await this.#holder.dispose();
  }

  async #device(x: MapRows): Promise<Device> {
    const device = await this.#holder.get(x instanceof Tensor ? x : []);
    return preparedForMaps(device, ...(this.settings.training === "online" ? [somOnline] : []));
  }

  #forget(): void {
    this.#epoch?.units.dispose();
    [this.#epoch, this.#found, this.#bmu, this.#links, this.#epochs] = [undefined, undefined, undefined, undefined, 0];
  }

  /** σ and the cutoff of an epoch of batch training. */
  #pull(epoch: number): { readonly sigma: number; readonly cutoff?: number; readonly neighbourhood: Neighbourhood } {
    const { sigma, cutoff, epochs, neighbourhood } = this.settings;
    const reach = cutoff === undefined ? {} : { cutoff: scheduled("SOM", "cutoff", cutoff, epochs)(epoch) };
    return { sigma: scheduled("SOM", "sigma", sigma, epochs)(epoch), ...reach, neighbourhood };
  }

  async #fitBatch(
    blocks: Blocks,
    { n, d }: OpenRows,
    codebook: Float64Array,
    device: Device,
    { signal, onStep, onEpoch }: SOMFitOptions,
  ): Promise<void> {
    const { epochs } = this.settings;
    await withUnits(device, codebook, this.grid.units, async (units) => {
      for (let epoch = 0; epoch < epochs; epoch++) {
        const pull = this.#pull(epoch);
        const report = { stage: "map", epoch: epoch + 1, epochs, steps: n, loss: this.#history.at(-1)?.loss ?? NaN };
        const sums = await batchEpoch(
          ...([blocks, units, codebook, this.grid, pull] as const),
          (step) => onStep?.({ ...report, step }),
          signal,
        );
        if (sums.rows === 0) throw new Error(`SOM.fit: every row of x [${n}, ${d}] is masked, NaN or infinite`);
        await this.#record(
          { stage: "map", epoch: epoch + 1, loss: sums.quantizationError, sigma: pull.sigma },
          onEpoch,
        );
      }
    });
    this.#codebook = codebook;
    this.#epochs = epochs;
  }

  async #record(record: EpochRecord, onEpoch: SOMFitOptions["onEpoch"]): Promise<void> {
    this.#history.push(record);
    await onEpoch?.(record);
  }

  async #fitOnline(
    blocks: Blocks,
    { n, d }: OpenRows,
    initial: Float64Array,
    random: Random,
    { signal, onStep, onEpoch }: SOMFitOptions,
  ): Promise<Float64Array> {
    const { epochs, sigma, learningRate, cutoff, neighbourhood } = this.settings;
    const steps = epochs * n;
    const at = (name: string, schedule: Schedule): ((t: number) => number) => scheduled("SOM", name, schedule, steps);
    const [width, rate] = [at("sigma", sigma), at("learningRate", learningRate)];
    const reach = cutoff === undefined ? undefined : at("cutoff", cutoff);
    let codebook: ArrayLike<number> = initial;
    for (let epoch = 0; epoch < epochs; epoch++) {
      for await (const { x, first, rows } of blocks.pass(signal)) {
        const data = (await x.data()) as Float32Array;
        const order = random.permutation(rows).filter((row) => !isMasked(data, row, d));
        for (let begin = 0; begin < order.length; begin += ONLINE_ROWS) {
          const t0 = epoch * n + first + begin;
          const trained = await onlineSteps(
            x,
            codebook,
            this.grid,
            {
              order: order.subarray(begin, begin + ONLINE_ROWS),
              ...{ sigma: (t) => width(t0 + t), learningRate: (t) => rate(t0 + t), neighbourhood },
              ...(reach && { cutoff: (t: number) => reach(t0 + t) }),
            },
            signal,
          );
          codebook = trained.codebook;
          onStep?.({ stage: "map", epoch: epoch + 1, epochs, step: first + begin, steps: n, loss: NaN });
        }
      }
      const loss = await this.#error(blocks, codebook, n);
      await this.#record({ stage: "map", epoch: epoch + 1, loss, sigma: width(epoch * n + n - 1) }, onEpoch);
    }
    return Float64Array.from(codebook);
  }

  /** Mean distance of a row to its unit. */
  #error(blocks: Blocks, codebook: ArrayLike<number>, n: number): Promise<number> {
    return this.#with(blocks, codebook, async (units) => {
      const { quality } = await winnersOf(blocks, n, units, this.grid);
      if (quality.rows === 0) throw new Error(`SOM.fit: every row is masked, NaN or infinite`);
      return quality.quantizationError;
    });
  }

  async #with<R>(blocks: Blocks, codebook: ArrayLike<number>, use: (units: UnitsOnDevice) => Promise<R>): Promise<R> {
    return withUnits(blocks.device, codebook, this.grid.units, use);
  }

  async #summarize(blocks: Blocks, n: number, device: Device, signal?: AbortSignal): Promise<void> {
    const codebook = this.#codebook!;
    const { nearest, quality } = await this.#with(blocks, codebook, (units) =>
      winnersOf(blocks, n, units, this.grid, signal),
    );
    const { hits, links, quantizationError, topographicError } = quality;
    const units = await clusterUnits({ codebook, grid: this.grid, hits, links }, this.settings, device);
    this.#found = { hits, units, quantizationError, topographicError };
    [this.#bmu, this.#links] = [nearest, links];
  }

  #result(what: string): Found {
    return fitted(`SOM.${what}`, this.#found);
  }
}

/** A list as JSON keeps it. */
const plain = (schedule: Schedule): Schedule => (isList(schedule) ? Array.from(schedule) : schedule);

const isList = (schedule: Schedule): schedule is ArrayLike<number> =>
  typeof schedule === "object" && "length" in schedule;

function isMasked(data: Float32Array, row: number, d: number): boolean {
  for (let at = row * d; at < (row + 1) * d; at++) if (data[at]! - data[at]! !== 0) return true;
  return false;
}

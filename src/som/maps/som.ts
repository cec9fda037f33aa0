import { checkInteger } from "../../checks";
import { distancesToCenters } from "../../cluster/kmeans/centers";
import type { PointSource } from "../../cluster/points";
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import { somOnline } from "../../kernels/som";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import { Model } from "../../lifecycle/model";
import type { DeviceOption } from "../../lifecycle/model";
import { HISTORY, RUN_RULES, TRAINING_RULES } from "../../lifecycle/progress";
import type { EpochRecord, RunOptions, TrainingOptions } from "../../lifecycle/progress";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { nullable, range, integer } from "../../options";
import { stream } from "../../random";
import { BatchEpoch, nearestOf, winnersOf, withUnits } from "../batch";
import { Grid } from "../grid";
import { initialCodebook } from "../initial";
import { batchStep } from "../neighbourhood";
import { Blocks, openRows } from "../rows";
import type { MapRows, OpenRows } from "../rows";
import { checkSchedule } from "../schedule";
import { uMatrix } from "../u-matrix";
import type { UMatrix, WinnerLinks } from "../u-matrix";
import { clusterMeans, clusterUnits } from "../unit-clusters";
import { UnitsOnDevice, chunkRows, preparedForMaps } from "../units";
import { completed, keptSettings, SOM_OPTIONS } from "./som-options";
import type { SOMOptions, SOMSettings } from "./som-options";
import { pullOf, trainInBatches, trainOnline } from "./som-training";
import { generate } from "../../typed-arrays";

interface Found {
  readonly hits: Int32Array;
  readonly units: Int32Array<ArrayBuffer>;
  readonly quantizationError: number;
  readonly topographicError: number;
}

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
export class SOM extends Model<SOMSettings> {
  readonly grid: Grid;
  #codebook: Float64Array | undefined;
  #history: EpochRecord[] = [];
  #found: Found | undefined;
  #bmu: Int32Array<ArrayBuffer> | undefined;
  #links: WinnerLinks | undefined;
  /** Epochs behind a `fit` that was stopped, or runs. */
  #begun: number | undefined;
  /** Of `partialFit`: the epoch under way and its code book on the device. */
  #epoch: { readonly units: UnitsOnDevice; readonly sums: BatchEpoch } | undefined;
  #epochs = 0;

  /** @throws for an option that is unknown or out of its range */
  constructor(options: SOMOptions = {}) {
    super("SOM", completed(options), SOM_OPTIONS);
    this.grid = new Grid(this.settings, "SOM");
    const { clustering, nClusters, training, epochs, sigma, cutoff, learningRate } = this.settings;
    if (clustering === "k-means" || clustering === "spectral")
      checkInteger("SOM", { nClusters: nClusters ?? NaN }, 1, this.grid.units);
    else if (nClusters !== undefined)
      throw new Error(`SOM: nClusters is for clustering k-means and spectral, ${clustering} finds the number`);
    const schedules = { sigma, ...(cutoff !== undefined && { cutoff }) };
    const steps = training === "batch" ? epochs : undefined; // of online training the steps are rows, not known yet
    for (const [name, schedule] of Object.entries(schedules)) checkSchedule("SOM", name, schedule, steps);
    checkSchedule("SOM", "learningRate", learningRate, undefined);
  }

  /** One record per epoch; `loss` is the mean distance of a row to its unit before the epoch's step. */
  override get history(): readonly EpochRecord[] {
    return this.#history;
  }
  /** The units' vectors [units, d]. @throws before `fit`, as all these */
  get codebook(): NdArray<Float64Array> {
    const codebook = this.known("codebook", this.#codebook);
    return new NdArray(codebook.slice(), [this.grid.units, codebook.length / this.grid.units]);
  }
  /** The nearest unit of each row that was fitted; −1 for masked ones. */
  get bmu(): Int32Array<ArrayBuffer> {
    return this.known("bmu", this.#bmu);
  }
  /** The cluster of each row that was fitted; −1 for masked ones. */
  get labels(): Int32Array<ArrayBuffer> {
    const { units } = this.#read("labels");
    return this.known("labels", this.#bmu).map((unit) => (unit < 0 ? -1 : units[unit]!));
  }
  /** The cluster of each unit. */
  get unitLabels(): Int32Array<ArrayBuffer> {
    return this.#read("unitLabels").units.slice();
  }
  /** Rows of which each unit is the nearest, [units]. */
  get hits(): Int32Array {
    return this.#read("hits").hits.slice();
  }
  /** Mean distance of a row to its unit. */
  get quantizationError(): number {
    return this.#read("quantizationError").quantizationError;
  }
  /** Share of rows whose nearest and second nearest units are no neighbours. */
  get topographicError(): number {
    return this.#read("topographicError").topographicError;
  }
  /** Mean vector of each cluster [K, d]: of its units, weighted by hits. */
  get clusterCenters(): NdArray {
    const { hits, units } = this.#read("clusterCenters");
    return clusterMeans(this.#codebook!, hits, units);
  }
  /** How many rows have which two units as winners, of the last `fit` or `summarize`. */
  get links(): WinnerLinks {
    return this.known("links", this.#links);
  }

  /** The U-matrix; `count` neighbours, default all that touch. */
  uMatrix(count?: 4 | 6 | 8): UMatrix {
    return uMatrix(this.known("uMatrix", this.#codebook), this.grid, count);
  }

  /** A column of the code book over the grid, [units]: what the map makes of one band. @throws for a column that is not there */
  componentPlane(column: number): Float64Array {
    const { data, shape } = this.codebook;
    const d = shape[1]!;
    checkInteger("SOM.componentPlane", { column }, 0, d - 1);
    return generate(Float64Array, this.grid.units, (unit) => data[unit * d + column]!);
  }

  /**
   * Trains the map on rows [n, d] from the beginning, or goes on with the epoch that a stopped training was in; then finds the nearest unit of each row,
   * and the clusters.
   * @param options `onStep`: after each block of rows; `loss` of an epoch is the quantisation error of the code book before its step
   * @throws when x is no matrix of finite numbers or has other columns than a given code book, all rows are masked, or the signal's reason when aborted
   */
  async fit(x: MapRows, options: TrainingOptions = {}): Promise<this> {
    const op = "SOM.fit";
    return this.fitting(options, TRAINING_RULES, async (fit) => {
      const { settings, grid } = this;
      const rows = await openRows(x, op, this.#begun === undefined ? undefined : this.#columns);
      const device = await this.#prepared(x);
      if (this.#begun === undefined) {
        const random = stream(settings.seed, "SOM.begin");
        const codebook = await initialCodebook(op, settings.init, rows, grid, random, device);
        this.#forget();
        [this.#codebook, this.#history, this.#begun] = [codebook, [], 0];
        this.learned();
      }
      const blocks = new Blocks(device, rows, chunkRows(grid.units, rows.d));
      try {
        await (settings.training === "batch" ? trainInBatches : trainOnline)({
          ...{ settings, grid, blocks, rows, fit, begun: this.#begun, codebook: this.#codebook! },
          loss: this.#history.at(-1)?.loss ?? NaN,
          ended: async (codebook, record) => {
            [this.#codebook, this.#begun] = [codebook, record.epoch];
            this.#history.push(record);
            await fit.resting(() => options.onEpoch?.(record));
          },
        });
        await this.#summarize(blocks, rows, fit.signal);
        [this.#begun, this.#epochs] = [undefined, settings.epochs];
      } catch (error) {
        if (!fit.signal.aborted) this.#begun = undefined; // what has failed begins anew
        throw error;
      } finally {
        blocks.dispose();
      }
    });
  }

  /** `fit`, then the clusters. */
  async fitPredict(x: MapRows, options: TrainingOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /**
   * Adds rows [n, d] to the epoch under way, of batch training; `endEpoch` makes the step. The first rows of all place the code book where it is not given.
   * Pieces of any size give the same map. `save` keeps whole epochs.
   * @throws of online training
   */
  async partialFit(x: MapRows, options: RunOptions = {}): Promise<this> {
    const op = "SOM.partialFit";
    return this.fitting(
      options,
      RUN_RULES,
      async (fit) => {
        const { settings, grid } = this;
        if (settings.training !== "batch") throw new Error(`${op}: is for batch training, training is online`);
        const rows = await openRows(x, op, this.#codebook && this.#columns);
        const device = await this.#prepared(x);
        const random = stream(settings.seed, "SOM.begin");
        this.#codebook ??= await initialCodebook(op, settings.init, rows, grid, random, device);
        this.learned();
        if (!this.#epoch) {
          const units = new UnitsOnDevice(device, grid.units, rows.d, this.#codebook);
          this.#epoch = { units, sums: new BatchEpoch(units) };
        }
        const step = chunkRows(grid.units, rows.d);
        for (let first = 0; first < rows.n; first += step) {
          await fit.between();
          await this.#epoch.sums.add(await rows.read(first, Math.min(rows.n, first + step)));
        }
      },
      "partialFit",
    );
  }

  /** Ends the epoch that `partialFit` filled: every unit moves. @throws when nothing was added, or all of it is masked */
  async endEpoch(): Promise<EpochRecord> {
    await this.fitting({}, {}, () => this.#endEpoch(), "endEpoch");
    return this.#history.at(-1)!;
  }

  /** Finds the nearest units of rows with the map as it is, and from them hits, errors, clusters and `labels`: what `fit` does at last. */
  async summarize(x: MapRows, options: RunOptions = {}): Promise<this> {
    this.known("summarize", this.#codebook);
    return this.fitting(
      options,
      RUN_RULES,
      async (fit) => {
        const rows = await openRows(x, "SOM.summarize", this.#columns);
        const blocks = new Blocks(await this.#prepared(x), rows, chunkRows(this.grid.units, rows.d));
        try {
          await this.#summarize(blocks, rows, fit.signal);
        } finally {
          blocks.dispose();
        }
      },
      "summarize",
    );
  }

  /** The cluster of each row of x [n, d]; −1 for masked ones. @throws before `fit`, or for another d */
  async predict(x: MapRows): Promise<Int32Array<ArrayBuffer>> {
    const { units } = this.#read("predict");
    return (await this.#winners(x, "predict")).map((unit) => (unit < 0 ? -1 : units[unit]!));
  }

  /** The nearest unit of each row of x [n, d]; −1 for masked ones. @throws before `fit`, or for another d */
  async winners(x: MapRows): Promise<Int32Array<ArrayBuffer>> {
    return this.#winners(x, "winners");
  }

  /** The distance ‖x − w‖ of each row of x [n, d] to each unit, [n, units]. @throws before `fit`, or for another d */
  async transform(x: PointSource): Promise<NdArray> {
    const codebook = Float32Array.from(this.known("transform", this.#codebook));
    const units = new NdArray(codebook, [this.grid.units, this.#columns]);
    return this.computing("transform", () =>
      distancesToCenters(x, units, (points) => this.device(points), "SOM.transform"),
    );
  }

  /** Reads what `save` wrote. @throws when it is none, or its parts do not belong together */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<SOM> {
    return Model.restored("SOM", content, options, (settings) => new SOM(settings));
  }

  protected override own(): Learned {
    const { codebook } = this;
    const [found, bmu] = [this.#found, this.#bmu];
    return {
      arrays: {
        codebook,
        ...(found && { hits: new NdArray<TypedArray>(found.hits), units: new NdArray<TypedArray>(found.units) }),
        ...(bmu && { bmu: new NdArray<TypedArray>(bmu) }),
      },
      state: {
        quantizationError: found?.quantizationError ?? null,
        topographicError: found?.topographicError ?? null,
        ...{ history: [...this.#history], begun: this.#begun ?? null, epochs: this.#epochs },
      },
    };
  }

  protected override keptSettings(): object {
    return keptSettings(this.settings);
  }

  protected override restore(saved: Checkpoint): void {
    const { units } = this.grid;
    const codebook = saved.matrix("codebook", [units, -1]);
    if (!codebook) throw new Error("checkpoint: codebook must be there");
    this.#codebook = saved.numbers("codebook", codebook.data.length);
    this.#history = [...saved.entry<EpochRecord[]>("history", HISTORY)];
    this.#begun = saved.entry<number | null>("begun", nullable(integer(0, this.settings.epochs))) ?? undefined;
    this.#epochs = saved.entry<number>("epochs", integer(0));
    this.#bmu = saved.labels("bmu", units, -1);
    const [hits, labels] = [saved.labels("hits", 2 ** 31), saved.labels("units", units)];
    if (!hits && !labels) return;
    if (hits?.length !== units || labels?.length !== units)
      throw new Error(`checkpoint: hits and units must be of ${units} units`);
    this.#found = {
      ...{ hits, units: labels, quantizationError: saved.entry<number>("quantizationError", range(0)) },
      topographicError: saved.entry<number>("topographicError", range(0, 1)),
    };
  }

  protected override release(): void {
    this.#forget();
    this.#codebook = undefined;
  }

  get #columns(): number {
    return this.#codebook!.length / this.grid.units;
  }

  async #prepared(x: MapRows): Promise<Device> {
    return preparedForMaps(await this.device(x), ...(this.settings.training === "online" ? [somOnline] : []));
  }

  #forget(): void {
    this.#epoch?.units.dispose();
    [this.#epoch, this.#found, this.#bmu, this.#links, this.#epochs] = [undefined, undefined, undefined, undefined, 0];
  }

  async #endEpoch(): Promise<void> {
    const epoch = this.#epoch;
    if (!epoch) throw new Error("SOM.endEpoch: call partialFit first");
    const { sums, counts, rows, quantizationError } = await epoch.sums.finish();
    epoch.units.dispose();
    this.#epoch = undefined;
    if (rows === 0) throw new Error("SOM.endEpoch: every row is masked, NaN or infinite");
    const { epochs } = this.settings;
    const { sigma, cutoff, neighbourhood } = pullOf(this.settings, Math.min(this.#epochs, epochs - 1));
    const codebook = this.#codebook!.slice();
    batchStep(codebook, sums, counts, this.grid, sigma, cutoff, neighbourhood);
    this.#epochs++;
    [this.#codebook, this.#found] = [codebook, undefined];
    this.#history.push({ stage: "map", epoch: this.#epochs, loss: quantizationError, sigma });
  }

  async #winners(x: MapRows, what: string): Promise<Int32Array<ArrayBuffer>> {
    const codebook = this.known(what, this.#codebook);
    return this.computing(what, async () => {
      const rows = await openRows(x, `SOM.${what}`, this.#columns);
      const blocks = new Blocks(await this.#prepared(x), rows, chunkRows(this.grid.units, rows.d));
      try {
        return await withUnits(blocks.device, codebook, this.grid.units, (units) => nearestOf(blocks, rows.n, units));
      } finally {
        blocks.dispose();
      }
    });
  }

  async #summarize(blocks: Blocks, { n }: OpenRows, signal: AbortSignal): Promise<void> {
    const codebook = this.#codebook!;
    const { grid, settings } = this;
    const { nearest, quality } = await withUnits(blocks.device, codebook, grid.units, (units) =>
      winnersOf(blocks, n, units, grid, signal),
    );
    const { hits, links, quantizationError, topographicError } = quality;
    const units = await clusterUnits({ codebook, grid, hits, links }, settings, blocks.device, signal);
    signal.throwIfAborted();
    this.#found = { hits, units, quantizationError, topographicError };
    [this.#bmu, this.#links] = [nearest, links];
  }

  #read(what: string): Found {
    return this.known(what, this.#found);
  }
}

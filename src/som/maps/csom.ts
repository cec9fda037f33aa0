import { checkInteger } from "../../checks";
import type { Bytes } from "../../data/formats/source";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { Fit } from "../../lifecycle/fit";
import { Model } from "../../lifecycle/model";
import type { DeviceOption } from "../../lifecycle/model";
import { HISTORY, TRAINING_RULES } from "../../lifecycle/progress";
import type { EpochRecord, TrainingOptions } from "../../lifecycle/progress";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { nullable, integer } from "../../options";
import { stream } from "../../random";
import { batchEpoch, nearestOf, winnersOf, withUnits } from "../batch";
import { initialCodebook, keptInit } from "../initial";
import type { CodebookInit } from "../initial";
import { Blocks, openRows } from "../rows";
import type { MapRows, OpenRows } from "../rows";
import { chunkRows, preparedForMaps } from "../units";
import { clusterMeans } from "../unit-clusters";
import { CSOM_OPTIONS, layersOf, stacked } from "./csom-layers";
import type { CSOMOptions, CSOMSettings, Layer, TrainedLayer } from "./csom-layers";
import { generate } from "../../typed-arrays";

/**
 * A stack of self-organising maps. The first is a batch map of the rows; each further one is a batch map of those vectors of the layer below that won any
 * row, weighted by how many. A row's label is the unit of the top layer that its chain of winners ends at. Neighbourhoods are exp(−d²/(2 variance)) on a
 * plane, 0 beyond half the diameter.
 *
 * The name and the parameters are those of DAME's clustering SOM, of which no more than these is published: the algorithm is this library's own definition.
 */
export class CSOM extends Model<CSOMSettings> {
  readonly layers: readonly Layer[];
  #trained: readonly TrainedLayer[] | undefined;
  #bmu: Int32Array<ArrayBuffer> | undefined;
  #history: EpochRecord[] = [];
  /** The first layer of a `fit` that was stopped, or runs, and the epochs behind it. */
  #begun: { readonly codebook: Float64Array; readonly epoch: number } | undefined;

  /** @throws for an option that is unknown or out of its range */
  constructor(options: CSOMOptions = {}) {
    super("CSOM", options, CSOM_OPTIONS);
    const { init, layers } = this.settings;
    if (typeof init !== "string" && init.length !== layers.length)
      throw new Error(`CSOM: init must have a matrix for each of ${layers.length} layers, got ${init.length}`);
    this.layers = layersOf(this.settings);
  }

  /** One record per epoch; the stage is the layer. */
  override get history(): readonly EpochRecord[] {
    return this.#history;
  }
  /** The unit of the top layer of each row that was fitted; −1 for masked ones. @throws before `fit`, as all these */
  get labels(): Int32Array<ArrayBuffer> {
    return this.layerLabels(this.layers.length - 1);
  }
  /** The unit of the first layer of each row. */
  get bmu(): Int32Array<ArrayBuffer> {
    return this.known("bmu", this.#bmu);
  }
  /** Mean vector of each unit of the top layer, [K, d]: of the first layer's units that belong to it, weighted by hits. */
  get clusterCenters(): NdArray {
    const trained = this.known("clusterCenters", this.#trained);
    const [first, top] = [trained[0]!, trained.at(-1)!];
    return clusterMeans(
      first.codebook,
      first.hits,
      top.chain.map((unit) => Math.max(unit, 0)),
    );
  }

  /** The unit of a layer that each row belongs to; −1 for masked ones. */
  layerLabels(layer: number): Int32Array<ArrayBuffer> {
    const { chain } = this.#layer("layerLabels", layer);
    return this.known("layerLabels", this.#bmu).map((unit) => (unit < 0 ? -1 : chain[unit]!));
  }
  /** The vectors of a layer, [units, d]; of the first one also while it is trained. */
  codebook(layer: number): NdArray<Float64Array> {
    const { codebook } = (layer === 0 && this.#begun) || this.#layer("codebook", layer);
    const { units } = this.layers[layer]!.grid;
    return new NdArray(codebook.slice(), [units, codebook.length / units]);
  }
  /** Rows of each unit of a layer. */
  hits(layer: number): Int32Array {
    return this.#layer("hits", layer).hits.slice();
  }

  /**
   * Trains all layers on rows [n, d], from the beginning or on from the epoch of the first layer in which a training was stopped.
   * @throws when x is no matrix of finite numbers or has other columns than a given code book, all rows are masked, or the signal's reason when aborted
   */
  async fit(x: MapRows, options: TrainingOptions = {}): Promise<this> {
    const op = "CSOM.fit";
    return this.fitting(options, TRAINING_RULES, async (fit) => {
      const { grid } = this.layers[0]!;
      const begun = this.#begun;
      const rows = await openRows(x, op, begun && begun.codebook.length / grid.units);
      const device = await preparedForMaps(await this.device(x));
      if (!begun) {
        const codebook = await initialCodebook(op, this.#initOf(0), rows, grid, this.#random(0), device);
        [this.#begun, this.#history, this.#trained, this.#bmu] = [{ codebook, epoch: 0 }, [], undefined, undefined];
        this.learned();
      }
      const blocks = new Blocks(device, rows, chunkRows(grid.units, rows.d));
      try {
        const kept = this.#history.filter(({ stage }) => stage === "layer 1");
        this.#history = kept;
        const record = async (layer: number, epoch: number, loss: number): Promise<void> => {
          const made = { stage: `layer ${layer + 1}`, epoch: epoch + 1, loss };
          this.#history.push(made);
          await fit.resting(() => options.onEpoch?.(made));
        };
        const { first, nearest } = await this.#firstLayer(blocks, rows, fit, (epoch, loss) => record(0, epoch, loss));
        const trained = [first];
        for (let layer = 1; layer < this.layers.length; layer++) {
          const more = [this.layers[layer]!, this.#initOf(layer), this.#random(layer), device] as const;
          trained.push(await stacked(trained.at(-1)!, ...more, (epoch, loss) => record(layer, epoch, loss)));
          await fit.between();
        }
        [this.#trained, this.#bmu, this.#begun] = [trained, nearest, undefined];
      } catch (error) {
        if (!fit.signal.aborted) this.#begun = undefined; // what has failed begins anew
        throw error;
      } finally {
        blocks.dispose();
      }
    });
  }

  /** `fit`, then the labels. */
  async fitPredict(x: MapRows, options: TrainingOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** The unit of the top layer of each row of x [n, d]; −1 for masked ones. @throws before `fit`, or for another d */
  async predict(x: MapRows): Promise<Int32Array<ArrayBuffer>> {
    const { chain } = this.known("predict", this.#trained).at(-1)!;
    return (await this.#winners(x, "predict")).map((unit) => (unit < 0 ? -1 : chain[unit]!));
  }

  /** The nearest unit of the first layer of each row of x [n, d], also while it is trained; −1 for masked ones. @throws before `fit`, or for another d */
  async winners(x: MapRows): Promise<Int32Array<ArrayBuffer>> {
    return this.#winners(x, "winners");
  }

  /** Reads what `save` wrote. @throws when it is none, or its parts do not belong together */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<CSOM> {
    return Model.restored("CSOM", content, options, (settings) => new CSOM(settings));
  }

  protected override own(): Learned {
    const arrays: Record<string, NdArray<TypedArray>> = {};
    const begun = this.#begun;
    const { units } = this.layers[0]!.grid;
    if (begun) arrays["begun"] = new NdArray<TypedArray>(begun.codebook, [units, begun.codebook.length / units]);
    this.#trained?.forEach(({ hits, chain }, layer) => {
      arrays[`${layer}.codebook`] = this.codebook(layer);
      arrays[`${layer}.hits`] = new NdArray<TypedArray>(hits);
      arrays[`${layer}.chain`] = new NdArray<TypedArray>(chain);
    });
    if (this.#bmu) arrays["bmu"] = new NdArray<TypedArray>(this.#bmu);
    return { arrays, state: { history: [...this.#history], begun: begun?.epoch ?? null } };
  }

  protected override keptSettings(): object {
    const { init } = this.settings;
    return { ...this.settings, init: typeof init === "string" ? init : init.map(keptInit) };
  }

  protected override restore(saved: Checkpoint): void {
    this.#history = [...saved.entry<EpochRecord[]>("history", HISTORY)];
    const { units } = this.layers[0]!.grid;
    const epoch = saved.entry<number | null>("begun", nullable(integer(0, this.layers[0]!.variance.length)));
    if (epoch !== null) {
      const size = saved.matrix("begun", [units, -1])?.data.length;
      if (size === undefined) throw new Error("checkpoint: begun must be there");
      this.#begun = { codebook: saved.numbers("begun", size), epoch };
      return;
    }
    const bmu = saved.labels("bmu", units, -1);
    if (!bmu) throw new Error("checkpoint: bmu must be there");
    this.#bmu = bmu;
    const d = saved.matrix("0.codebook", [units, -1])?.shape[1] ?? 0;
    this.#trained = this.layers.map(({ grid }, layer) => {
      const hits = saved.labels(`${layer}.hits`, 2 ** 31);
      const chain = saved.labels(`${layer}.chain`, grid.units, -1);
      if (hits?.length !== grid.units || chain?.length !== units)
        throw new Error(`checkpoint: layer ${layer + 1} must have ${grid.units} units above ${units}`);
      return { codebook: saved.numbers(`${layer}.codebook`, grid.units * d), hits, chain };
    });
  }

  protected override release(): void {
    [this.#trained, this.#bmu, this.#begun] = [undefined, undefined, undefined];
  }

  #initOf(layer: number): CodebookInit {
    const { init } = this.settings;
    return typeof init === "string" ? init : init[layer]!;
  }

  #random(layer: number): ReturnType<typeof stream> {
    return stream(this.settings.seed, "CSOM.begin", layer);
  }

  /** A batch map of the rows, and the unit of each. */
  async #firstLayer(
    blocks: Blocks,
    { n }: OpenRows,
    fit: Fit,
    record: (epoch: number, loss: number) => Promise<void>,
  ): Promise<{ readonly first: TrainedLayer; readonly nearest: Int32Array<ArrayBuffer> }> {
    const { grid, diameter, variance } = this.layers[0]!;
    const codebook = this.#begun!.codebook.slice();
    const chain = generate(Int32Array, grid.units, (unit) => unit);
    return withUnits(blocks.device, codebook, grid.units, async (units) => {
      for (let epoch = this.#begun!.epoch; epoch < variance.length; epoch++) {
        const pull = { sigma: Math.sqrt(variance[epoch]!), cutoff: diameter / 2 };
        const report = { stage: "layer 1", epoch: epoch + 1, epochs: variance.length, steps: n };
        const sums = await batchEpoch(
          ...([blocks, units, codebook, grid, pull] as const),
          async (step) => {
            fit.report({ ...report, step, loss: this.#history.at(-1)?.loss ?? NaN });
            await fit.between();
          },
          fit.signal,
        );
        if (sums.rows === 0) throw new Error("CSOM.fit: every row is masked, NaN or infinite");
        this.#begun = { codebook: codebook.slice(), epoch: epoch + 1 };
        await record(epoch, sums.quantizationError);
      }
      units.set(codebook);
      const { nearest, quality } = await winnersOf(blocks, n, units, grid, fit.signal);
      return { first: { codebook, hits: quality.hits, chain }, nearest };
    });
  }

  async #winners(x: MapRows, what: string): Promise<Int32Array<ArrayBuffer>> {
    const { codebook } = this.#begun ?? this.known(what, this.#trained)[0]!;
    return this.computing(what, async () => {
      const { grid } = this.layers[0]!;
      const rows = await openRows(x, `CSOM.${what}`, codebook.length / grid.units);
      const device = await preparedForMaps(await this.device(x));
      const blocks = new Blocks(device, rows, chunkRows(grid.units, rows.d));
      try {
        return await withUnits(device, codebook, grid.units, (units) => nearestOf(blocks, rows.n, units));
      } finally {
        blocks.dispose();
      }
    });
  }

  #layer(what: string, layer: number): TrainedLayer {
    const trained = this.known(what, this.#trained);
    checkInteger(`CSOM.${what}`, { layer }, 0, this.layers.length - 1);
    return trained[layer]!;
  }
}

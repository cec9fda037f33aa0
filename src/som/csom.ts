import { checkWhole, fitted } from "../checks";
import { DeviceHolder } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import { toFloat32Matrix } from "../matrix";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { Random } from "../random";
import { Tensor } from "../tensor";
import { decodeCheckpoint, encodeCheckpoint } from "../lifecycle/checkpoint";
import type { EpochRecord } from "../lifecycle/progress";
import { batchEpoch, winnersOf, withUnits } from "./batch";
import { Grid } from "./grid";
import { checkCodebookInit, initialCodebook } from "./initial";
import type { CodebookInit } from "./initial";
import { batchStep } from "./neighbourhood";
import { Blocks, openRows } from "./rows";
import type { MapRows } from "./rows";
import type { SOMFitOptions } from "./som";
import { chunkRows, preparedForMaps } from "./units";
import { clusterMeans } from "./unit-clusters";

/** A layer of `CSOM`: a rectangular grid and its neighbourhood. */
export interface CSOMLayer {
  readonly rows: number;
  readonly columns: number;
  /** Units farther than half of it are not pulled. Default: the longer side of the grid. */
  readonly diameter?: number;
  /** σ² of the Gaussian neighbourhood, by epoch; a number for all epochs. Default: from a quarter of the longer side, squared, to ¼. */
  readonly variance?: number | readonly number[];
}

/** Options of `CSOM`. */
export interface CSOMOptions {
  /** From the pixels up; default 10 × 10, then 3 × 3. */
  readonly layers?: readonly CSOMLayer[];
  /** Passes of a layer, where its variance is no list. Default 10. */
  readonly epochs?: number;
  /** How code books begin; a list of matrices gives each layer its own. Default "pca". */
  readonly init?: Exclude<CodebookInit, MatrixLike> | readonly MatrixLike[];
  /** Default 0. */
  readonly seed?: number;
  readonly device?: Device;
}

interface Layer {
  readonly grid: Grid;
  readonly diameter: number;
  readonly variance: readonly number[];
}

interface TrainedLayer {
  readonly codebook: Float64Array;
  /** Of each unit of the layer below, or of each row, the unit of this layer; −1 where it won nothing. */
  readonly hits: Int32Array;
  /** Of each unit of the first layer, the unit of this one. */
  readonly chain: Int32Array<ArrayBuffer>;
}

const DEFAULT_LAYERS: readonly CSOMLayer[] = [
  { rows: 10, columns: 10 },
  { rows: 3, columns: 3 },
];

/**
 * A stack of self-organising maps. The first is a batch map of the rows; each further one is a batch map of those vectors of the layer below that won any
 * row, weighted by how many. A row's label is the unit of the top layer that its chain of winners ends at. Neighbourhoods are exp(−d²/(2 variance)) on a
 * plane, 0 beyond half the diameter.
 *
 * The name and the parameters are those of DAME's clustering SOM, of which no more than these is published: the algorithm is this library's own definition.
 */
export class CSOM {
  readonly layers: readonly Layer[];
  readonly settings: {
    readonly layers: readonly Required<CSOMLayer>[];
    readonly epochs: number;
    readonly seed: number;
    readonly init?: "pca" | "random" | "sample";
  };
  readonly #init: "pca" | "random" | "sample" | readonly NdArray[];
  readonly #holder: DeviceHolder;
  #trained: readonly TrainedLayer[] | undefined;
  #bmu: Int32Array<ArrayBuffer> | undefined;
  #history: EpochRecord[] = [];

  /** @throws when an option is out of its range */
  constructor({ layers = DEFAULT_LAYERS, epochs = 10, init = "pca", seed = 0, device }: CSOMOptions = {}) {
    const op = "CSOM";
    checkWhole(op, { epochs }, 1);
    checkWhole(op, { seed }, 0);
    if (layers.length === 0) throw new Error(`${op}: layers must be one or more, none`);
    if (typeof init === "string") checkCodebookInit(op, init);
    else if (init.length !== layers.length)
      throw new Error(`${op}: init must have a matrix for each of ${layers.length} layers, it has ${init.length}`);
    this.layers = layers.map(({ rows, columns, diameter, variance }, i) => {
      const name = `${op}: layers[${i}]`;
      const grid = new Grid({ rows, columns }, name);
      const side = Math.max(rows, columns);
      const reach = diameter ?? side;
      if (!(reach >= 0)) throw new Error(`${name}: diameter must be 0 or more, ${reach}`);
      const list =
        typeof variance === "number" ? Array<number>(epochs).fill(variance) : (variance ?? falling(side, epochs));
      for (const value of list)
        if (!(value > 0 && value < Infinity)) throw new Error(`${name}: variance must be positive, ${value}`);
      if (list.length === 0) throw new Error(`${name}: variance must have a value for each epoch, it has none`);
      return { grid, diameter: reach, variance: list };
    });
    this.settings = {
      layers: this.layers.map(({ grid: { rows, columns }, diameter, variance }) => ({
        rows,
        columns,
        diameter,
        variance,
      })),
      ...{ epochs, seed },
      ...(typeof init === "string" && { init }),
    };
    this.#init = typeof init === "string" ? init : init.map((given) => toFloat32Matrix(given, op, "init"));
    this.#holder = new DeviceHolder(device);
  }

  /** One record per epoch; the stage is the layer. */
  get history(): readonly EpochRecord[] {
    return this.#history;
  }
  /** The unit of the top layer of each row that was fitted; −1 for masked ones. @throws before `fit`, as all these */
  get labels(): Int32Array<ArrayBuffer> {
    return this.layerLabels(this.layers.length - 1);
  }
  /** The unit of the first layer of each row. */
  get bmu(): Int32Array<ArrayBuffer> {
    return fitted("CSOM.bmu", this.#bmu);
  }
  /** Mean vector of each unit of the top layer, [K, d]: of the first layer's units that belong to it, weighted by hits. */
  get clusterCenters(): NdArray {
    const trained = fitted("CSOM.clusterCenters", this.#trained);
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
    return fitted("CSOM.layerLabels", this.#bmu).map((unit) => (unit < 0 ? -1 : chain[unit]!));
  }
  /** The vectors of a layer, [units, d]. */
  codebook(layer: number): NdArray<Float64Array> {
    const { codebook } = this.#layer("codebook", layer);
    const { units } = this.layers[layer]!.grid;
    return new NdArray(codebook.slice(), [units, codebook.length / units]);
  }
  /** Rows of each unit of a layer. */
  hits(layer: number): Int32Array {
    return this.#layer("hits", layer).hits.slice();
  }

  /**
   * Trains all layers on rows [n, d].
   * @throws when x is no matrix of finite numbers or has other columns than a given code book, all rows are masked, or the signal's reason when aborted
   */
  async fit(x: MapRows, { signal, onStep, onEpoch }: SOMFitOptions = {}): Promise<this> {
    const op = "CSOM.fit";
    const rows = await openRows(x, op);
    const device = await preparedForMaps(await this.#holder.get(x instanceof Tensor ? x : []));
    const random = new Random(this.settings.seed);
    const { grid, diameter, variance } = this.layers[0]!;
    const init = (layer: number): CodebookInit => (typeof this.#init === "string" ? this.#init : this.#init[layer]!);
    const codebook = await initialCodebook(op, init(0), rows, grid, random, device);
    const blocks = new Blocks(device, rows, chunkRows(grid.units, rows.d));
    const history: EpochRecord[] = [];
    const record = async (layer: number, epoch: number, loss: number): Promise<void> => {
      const made = { stage: `layer ${layer + 1}`, epoch: epoch + 1, loss };
      history.push(made);
      await onEpoch?.(made);
    };
    try {
      const { nearest, quality } = await withUnits(device, codebook, grid.units, async (units) => {
        for (const [epoch, value] of variance.entries()) {
          const pull = { sigma: Math.sqrt(value), cutoff: diameter / 2 };
          const report = { stage: "layer 1", epoch: epoch + 1, epochs: variance.length, steps: rows.n };
          const sums = await batchEpoch(
            ...([blocks, units, codebook, grid, pull] as const),
            (step) => onStep?.({ ...report, step, loss: history.at(-1)?.loss ?? NaN }),
            signal,
          );
          if (sums.rows === 0) throw new Error(`${op}: every row is masked, NaN or infinite`);
          await record(0, epoch, sums.quantizationError);
        }
        units.set(codebook);
        return winnersOf(blocks, rows.n, units, grid, signal);
      });
      const trained: TrainedLayer[] = [
        { codebook, hits: quality.hits, chain: Int32Array.from({ length: grid.units }, (_, unit) => unit) },
      ];
      for (let layer = 1; layer < this.layers.length; layer++)
        trained.push(await this.#stack(layer, trained[layer - 1]!, init(layer), random, device, record));
      [this.#trained, this.#bmu, this.#history] = [trained, nearest, history];
    } finally {
      blocks.dispose();
    }
    return this;
  }

  /** `fit`, then the labels. */
  async fitPredict(x: MapRows, options: SOMFitOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /** The unit of the top layer of each row of x [n, d]; −1 for masked ones. @throws before `fit`, or for another d */
  async predict(x: MapRows): Promise<Int32Array<ArrayBuffer>> {
    const trained = fitted("CSOM.predict", this.#trained);
    const { grid } = this.layers[0]!;
    const { codebook } = trained[0]!;
    const rows = await openRows(x, "CSOM.predict", codebook.length / grid.units);
    const device = await preparedForMaps(await this.#holder.get(x instanceof Tensor ? x : []));
    const blocks = new Blocks(device, rows, chunkRows(grid.units, rows.d));
    try {
      const { nearest } = await withUnits(device, codebook, grid.units, (units) =>
        winnersOf(blocks, rows.n, units, grid),
      );
      const { chain } = trained.at(-1)!;
      return nearest.map((unit) => (unit < 0 ? -1 : chain[unit]!));
    } finally {
      blocks.dispose();
    }
  }

  /** The settings, and what was learned, as a file. */
  async save(): Promise<Uint8Array> {
    const arrays: Record<string, NdArray<TypedArray>> = {};
    if (typeof this.#init !== "string") this.#init.forEach((init, layer) => (arrays[`${layer}.init`] = init));
    this.#trained?.forEach(({ hits, chain }, layer) => {
      arrays[`${layer}.codebook`] = this.codebook(layer);
      arrays[`${layer}.hits`] = new NdArray(hits);
      arrays[`${layer}.chain`] = new NdArray(chain);
    });
    if (this.#bmu) arrays["bmu"] = new NdArray(this.#bmu);
    return encodeCheckpoint("CSOM", arrays, { settings: this.settings, history: this.#history });
  }

  /** Reads what `save` wrote. @throws when it is none, or its parts do not belong together */
  static async load(content: Bytes, { device }: { readonly device?: Device } = {}): Promise<CSOM> {
    const { arrays, state } = decodeCheckpoint<{
      settings: CSOMOptions & { readonly layers: readonly CSOMLayer[] };
      history: EpochRecord[];
    }>("CSOM", content);
    const { settings, history } = state;
    const given = settings.layers.flatMap((_, layer) => arrays[`${layer}.init`] ?? []);
    const init = given.length > 0 && { init: given };
    const csom = new CSOM({ ...settings, ...init, ...(device && { device }) });
    csom.#history = history;
    if (arrays["bmu"]) csom.#bmu = Int32Array.from(arrays["bmu"].data);
    if (!arrays["0.codebook"]) return csom;
    csom.#trained = csom.layers.map(({ grid: { units } }, layer) => {
      const [codebook, hits, chain] = ["codebook", "hits", "chain"].map((name) => arrays[`${layer}.${name}`]);
      if (codebook?.shape[0] !== units || hits?.shape[0] !== units || chain?.shape[0] !== csom.layers[0]!.grid.units)
        throw new Error(`CSOM.load: layer ${layer + 1} must have ${units} units, as the settings say`);
      return {
        codebook: Float64Array.from(codebook.data),
        hits: Int32Array.from(hits.data),
        chain: Int32Array.from(chain.data),
      };
    });
    return csom;
  }

  /** Ends the device, if it was requested here. */
  async dispose(): Promise<void> {
    await this.#holder.dispose();
  }

  /** A layer on the vectors below it that won, each as heavy as its rows. */
  async #stack(
    layer: number,
    below: TrainedLayer,
    init: CodebookInit,
    random: Random,
    device: Device,
    record: (layer: number, epoch: number, loss: number) => Promise<void>,
  ): Promise<TrainedLayer> {
    const { grid, diameter, variance } = this.layers[layer]!;
    const d = below.codebook.length / below.hits.length;
    const used = Array.from(below.hits, (_, unit) => unit).filter((unit) => below.hits[unit]! > 0);
    const vectors = Float64Array.from(used.flatMap((unit) => [...below.codebook.subarray(unit * d, (unit + 1) * d)]));
    const weights = used.map((unit) => below.hits[unit]!);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const source = await openRows({ data: vectors, shape: [used.length, d] }, "CSOM.fit");
    const codebook = await initialCodebook("CSOM.fit", init, source, grid, random, device);
    let found = nearestRows(vectors, codebook, d);
    for (const [epoch, value] of variance.entries()) {
      const [sums, counts] = [new Float64Array(grid.units * d), new Float64Array(grid.units)];
      let error = 0;
      found.forEach(({ unit, square }, i) => {
        const weight = weights[i]!;
        error += weight * Math.sqrt(square);
        counts[unit]! += weight;
        for (let c = 0; c < d; c++) sums[unit * d + c]! += weight * vectors[i * d + c]!;
      });
      batchStep(codebook, sums, counts, grid, Math.sqrt(value), diameter / 2);
      found = nearestRows(vectors, codebook, d);
      await record(layer, epoch, error / total);
    }
    const ofUnit = new Map(used.map((unit, i) => [unit, found[i]!.unit]));
    const hits = new Int32Array(grid.units);
    found.forEach(({ unit }, i) => (hits[unit]! += weights[i]!));
    return { codebook, hits, chain: below.chain.map((unit) => ofUnit.get(unit) ?? -1) };
  }

  #layer(what: string, layer: number): TrainedLayer {
    checkWhole(`CSOM.${what}`, { layer }, 0, this.layers.length - 1);
    return fitted(`CSOM.${what}`, this.#trained)[layer]!;
  }
}

/** σ² from a quarter of the side, squared, to ¼, by equal steps of σ. */
function falling(side: number, epochs: number): number[] {
  const start = Math.max(0.5, side / 4);
  return Array.from(
    { length: epochs },
    (_, t) => (epochs > 1 ? start - ((start - 0.5) * t) / (epochs - 1) : start) ** 2,
  );
}

/** The nearest unit of each row, in float64; the lowest of equally near ones. */
function nearestRows(x: Float64Array, codebook: Float64Array, d: number): { unit: number; square: number }[] {
  return Array.from({ length: x.length / d }, (_, i) => {
    let [unit, square] = [0, Infinity];
    for (let j = 0; j < codebook.length / d; j++) {
      let sum = 0;
      for (let c = 0; c < d; c++) sum += (x[i * d + c]! - codebook[j * d + c]!) ** 2;
      if (sum < square) [unit, square] = [j, sum];
    }
    return { unit, square };
  });
}

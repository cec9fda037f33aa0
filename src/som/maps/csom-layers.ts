import { isObject } from "../../checks";
import type { Device } from "../../device";
import type { OptionSet } from "../../lifecycle/model";
import type { MatrixLike } from "../../matrix";
import { checkedOptions, either, list, optional, positive, range, seed, integer } from "../../options";
import type { Random } from "../../random";
import { Grid } from "../grid";
import { initialCodebook, INITS, MATRIX } from "../initial";
import type { CodebookInit } from "../initial";
import { batchStep } from "../neighbourhood";
import { openRows } from "../rows";

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
  readonly device?: Device | undefined;
}

/** What is in force. */
export type CSOMSettings = Required<Omit<CSOMOptions, "device">>;

const VARIANCE = {
  words: "positive, or a list of positive numbers, one for each epoch",
  holds: (value: unknown) =>
    positive.holds(value) || (Array.isArray(value) && value.length > 0 && value.every((item) => positive.holds(item))),
};

/** The options of a stack of maps: their rules and defaults. */
export const CSOM_OPTIONS: OptionSet<CSOMSettings> = {
  rules: {
    layers: {
      words: "a list of one or more layers with rows and columns (whole numbers from 1), diameter and variance",
      holds: (value) =>
        Array.isArray(value) && value.length > 0 && value.every((layer) => isObject(layer) && "rows" in layer && "columns" in layer), // prettier-ignore
    },
    ...{ epochs: integer(1, 1e6), init: either(INITS, list(MATRIX)), seed },
  },
  defaults: {
    layers: [
      { rows: 10, columns: 10 },
      { rows: 3, columns: 3 },
    ],
    ...{ epochs: 10, init: "pca", seed: 0 },
  },
};

const LAYER_RULES = {
  ...{ rows: integer(1), columns: integer(1), diameter: optional(range(0)), variance: optional(VARIANCE) },
};

/** A layer, with what is in force for it. */
export interface Layer {
  readonly grid: Grid;
  readonly diameter: number;
  readonly variance: readonly number[];
}

/** A layer that has learned. */
export interface TrainedLayer {
  readonly codebook: Float64Array;
  /** Of each unit of the layer below, or of each row, the unit of this layer; −1 where it won nothing. */
  readonly hits: Int32Array;
  /** Of each unit of the first layer, the unit of this one. */
  readonly chain: Int32Array<ArrayBuffer>;
}

/** The layers of a stack. @throws for what they do not have, naming the layer */
export const layersOf = ({ layers, epochs }: CSOMSettings): readonly Layer[] =>
  layers.map((given, i) => {
    const name = `CSOM: layers[${i}]`;
    const { rows, columns, diameter, variance } = checkedOptions<CSOMLayer>(name, given, LAYER_RULES, {});
    const side = Math.max(rows, columns);
    const fallen = typeof variance === "number" ? Array<number>(epochs).fill(variance) : variance;
    return {
      grid: new Grid({ rows, columns }, name),
      ...{ diameter: diameter ?? side, variance: fallen ?? falling(side, epochs) },
    };
  });

/** A layer on the vectors below it that won, each as heavy as its rows. */
export async function stacked(
  lower: TrainedLayer,
  { grid, diameter, variance }: Layer,
  init: CodebookInit,
  random: Random,
  device: Device,
  onEpoch: (epoch: number, loss: number) => Promise<void>,
): Promise<TrainedLayer> {
  const d = lower.codebook.length / lower.hits.length;
  const used = Array.from(lower.hits, (_, unit) => unit).filter((unit) => lower.hits[unit]! > 0);
  const vectors = Float64Array.from(used.flatMap((unit) => [...lower.codebook.subarray(unit * d, (unit + 1) * d)]));
  const weights = used.map((unit) => lower.hits[unit]!);
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
    await onEpoch(epoch, error / total);
  }
  const ofUnit = new Map(used.map((unit, i) => [unit, found[i]!.unit]));
  const hits = new Int32Array(grid.units);
  found.forEach(({ unit }, i) => (hits[unit]! += weights[i]!));
  return { codebook, hits, chain: lower.chain.map((unit) => ofUnit.get(unit) ?? -1) };
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

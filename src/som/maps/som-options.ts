import { isObject } from "../../checks";
import { keptInit, MATRIX } from "../initial";
import type { Device } from "../../device";
import type { OptionSet } from "../../lifecycle/model";
import { choice, either, flag, optional, range, seed, integer } from "../../options";
import type { GridOptions } from "../grid";
import { INITS } from "../initial";
import type { CodebookInit } from "../initial";
import type { Neighbourhood } from "../neighbourhood";
import { ROW_ORDERS } from "../order";
import type { RowOrder } from "../order";
import { keptSchedule, SCHEDULE } from "../schedule";
import type { Schedule } from "../schedule";
import { UNIT_CLUSTERINGS } from "../unit-clusters";
import type { UnitClustering } from "../unit-clusters";

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
  /** Of online training: rows in random order, another in each epoch, or as they are given. Default "shuffled". */
  readonly order?: RowOrder;
  /** Default "gaussian". */
  readonly neighbourhood?: Neighbourhood;
  /** Default "pca". */
  readonly init?: CodebookInit;
  /** What makes clusters of the units. Default "k-means" where `nClusters` is given, else "watershed". */
  readonly clustering?: UnitClustering;
  /** Of "k-means" and "spectral". */
  readonly nClusters?: number;
  /** Of "components": the highest value of the U-matrix within a cluster. Default its median. */
  readonly threshold?: number;
  /** Of "linkage": rows that link their two winners. Default: a tenth of rows over units, 1 at least. */
  readonly minLinks?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Where to compute; default: a tensor's own device, else one requested at first need. */
  readonly device?: Device | undefined;
}

/** What is in force. */
export type SOMSettings = Required<Omit<SOMOptions, "device" | "cutoff" | "nClusters" | "threshold" | "minLinks">> &
  Pick<SOMOptions, "cutoff" | "nClusters" | "threshold" | "minLinks">;

/** The options of a self-organising map: their rules and defaults. */
export const SOM_OPTIONS: OptionSet<SOMSettings> = {
  rules: {
    ...{ rows: integer(1), columns: integer(1), topology: choice("rectangular", "hexagonal"), toroid: flag },
    ...{ training: choice("batch", "online"), epochs: integer(1), sigma: SCHEDULE, learningRate: SCHEDULE },
    ...{ cutoff: optional(SCHEDULE), neighbourhood: choice("gaussian", "bubble"), init: either(INITS, MATRIX) },
    ...{ clustering: choice(...UNIT_CLUSTERINGS), nClusters: optional(integer(1)), threshold: optional(range(0)) },
    ...{ minLinks: optional(integer(1)), order: choice(...ROW_ORDERS), seed },
  },
  defaults: {
    ...{
      order: "shuffled",
      rows: 10,
      columns: 10,
      topology: "rectangular",
      toroid: false,
      training: "batch",
      epochs: 10,
    },
    ...{ learningRate: { start: 0.5, decay: "asymptotic" }, neighbourhood: "gaussian", init: "pca", seed: 0 },
  },
};

/** Options with those that follow from others, and lists as JSON keeps them. */
export function completed(options: SOMOptions): SOMOptions {
  if (!isObject(options)) return options;
  const { rows = 10, columns = 10, training = "batch", nClusters, cutoff, learningRate }: SOMOptions = options;
  const start = Math.max(0.5, Math.min(rows, columns) / 4);
  const falling: Schedule =
    training === "batch" ? { start, end: 0.5, decay: "linear" } : { start, decay: "asymptotic" };
  const { sigma = falling, clustering = nClusters === undefined ? "watershed" : "k-means" }: SOMOptions = options;
  return {
    ...options,
    ...{ sigma: keptSchedule(sigma), clustering },
    ...(cutoff !== undefined && { cutoff: keptSchedule(cutoff) }),
    ...(learningRate !== undefined && { learningRate: keptSchedule(learningRate) }),
  };
}

/** Settings as a checkpoint keeps them. */
export const keptSettings = (settings: SOMSettings): object => ({ ...settings, init: keptInit(settings.init) });

import { positive } from "../../options";
import { SOM } from "../../som";
import type { SOMOptions } from "../../som";
import { SOM_OPTIONS } from "../../som/maps/som-options";
import type { CommonOptions, Method } from "../method";
import { described } from "../schema";

/** Options of a map as plain values: schedules by their start. */
export interface SOMMethodOptions
  extends
    CommonOptions,
    Pick<
      SOMOptions,
      | "rows"
      | "columns"
      | "topology"
      | "toroid"
      | "training"
      | "order"
      | "epochs"
      | "neighbourhood"
      | "init"
      | "clustering"
    >,
    Pick<SOMOptions, "threshold" | "minLinks"> {
  readonly sigma?: number;
  readonly sigmaEnd?: number;
  readonly learningRate?: number;
}

/** `som`. */
export const som: Method<SOMMethodOptions> = {
  name: "som",
  title: "Self-organising map",
  summary: "units on a grid follow the items and keep their neighbours alike; clusters are what the map's valleys hold",
  paper: "Kohonen, Self-organizing maps, Springer 2001; Wittek, Gao, Lim and Zhao, Somoclu, JSS 2017",
  takes: ["rows"],
  streams: true,
  target: "none",
  clusters: "either",
  options: {
    ...described(SOM_OPTIONS, {
      rows: "of the grid of units",
      columns: "of the grid of units",
      topology: "how units touch",
      toroid: "whether the grid closes on itself",
      training: "whether units move once a pass, or after each item",
      order: "of the items, of online training",
      epochs: "passes over the items",
      neighbourhood: "how the pull falls with distance",
      init: "how the units begin",
      clustering: {
        unset: "k-means where the number of clusters is given, else watershed",
        help: "what makes clusters of the units",
      },
      threshold: { unset: "the U-matrix's median", help: "of the U-matrix within clusters, of components" },
      minLinks: { unset: "a tenth of items over units", help: "items that link two units, of linkage" },
    }),
    sigma: { rule: positive, unset: "a quarter of the shorter side", help: "width of the neighbourhood at first" },
    sigmaEnd: { rule: positive, unset: "0.5", help: "width of the neighbourhood at last, of batch training" },
    learningRate: { rule: positive, default: 0.5, help: "share of the way that units go at first, of online training" },
  },
  make: ({ sigma, sigmaEnd, learningRate, ...options }) => {
    const { rows = 10, columns = 10, training = "batch" } = options;
    const start = sigma ?? Math.max(0.5, Math.min(rows, columns) / 4);
    return new SOM({
      ...options,
      sigma:
        training === "batch"
          ? { start, end: sigmaEnd ?? Math.min(0.5, start), decay: "linear" }
          : { start, decay: "asymptotic" },
      ...(learningRate !== undefined && { learningRate: { start: learningRate, decay: "asymptotic" } }),
    });
  },
  load: (bytes, { device }) => SOM.load(bytes, device ? { device } : {}),
};

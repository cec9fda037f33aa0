import { SOM, UNIT_CLUSTERINGS } from "../som";
import type { SOMOptions } from "../som";
import type { CommonOptions, Method } from "./method";
import { flag, nonNegative, oneOf, positive, whole } from "./schema";

/** Options of a map as plain values: schedules by their start. */
export interface SOMMethodOptions
  extends
    CommonOptions,
    Pick<
      SOMOptions,
      "rows" | "columns" | "topology" | "toroid" | "training" | "epochs" | "neighbourhood" | "clustering"
    >,
    Pick<SOMOptions, "threshold" | "minLinks"> {
  readonly init?: "pca" | "random" | "sample";
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
  target: "none",
  clusters: "either",
  options: {
    rows: { kind: whole(1), default: 10, help: "of the grid of units" },
    columns: { kind: whole(1), default: 10, help: "of the grid of units" },
    topology: { kind: oneOf("rectangular", "hexagonal"), default: "rectangular", help: "how units touch" },
    toroid: { kind: flag, default: false, help: "whether the grid closes on itself" },
    training: {
      kind: oneOf("batch", "online"),
      default: "batch",
      help: "whether units move once a pass, or after each item",
    },
    epochs: { kind: whole(1), default: 10, help: "passes over the items" },
    sigma: { kind: positive, unset: "a quarter of the shorter side", help: "width of the neighbourhood at first" },
    sigmaEnd: { kind: positive, unset: "0.5", help: "width of the neighbourhood at last, of batch training" },
    learningRate: { kind: positive, default: 0.5, help: "share of the way that units go at first, of online training" },
    neighbourhood: { kind: oneOf("gaussian", "bubble"), default: "gaussian", help: "how the pull falls with distance" },
    init: { kind: oneOf("pca", "random", "sample"), default: "pca", help: "how the units begin" },
    clustering: {
      kind: oneOf(...UNIT_CLUSTERINGS),
      unset: "k-means where the number of clusters is given, else watershed",
      help: "what makes clusters of the units",
    },
    threshold: {
      kind: nonNegative,
      unset: "the U-matrix's median",
      help: "of the U-matrix within clusters, of components",
    },
    minLinks: { kind: whole(1), unset: "a tenth of items over units", help: "items that link two units, of linkage" },
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

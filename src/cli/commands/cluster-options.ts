// What `constella cluster` and `constella embed` take beside the options of their methods.
import { CUBES, DATA_OPTIONS, STREAMING, type DataOptions } from "../data/options";
import type { Scale } from "../data/load";
import { DEVICE_OPTIONS, type DeviceOptions } from "../device";
import { choice, integer, text, type OptionSpec } from "../option";
import { clustersRule, type Clusters } from "../../methods";
import { MAP_POINTS, type MapPoints } from "../run/projection";
import { RESULTS_FORMATS, type ResultsFormat } from "../run/results-table";

/** What the command takes whatever the method. */
export interface ClusterOptions extends DeviceOptions, Omit<DataOptions, "as"> {
  readonly as?: DataOptions["as"] | "slices";
  readonly method?: string;
  readonly clusters?: Clusters;
  readonly scale?: Scale;
  readonly seed?: number;
  readonly results?: ResultsFormat;
  readonly mapPoints?: MapPoints;
  readonly out: string;
  readonly resume?: boolean;
  readonly model?: string;
  readonly dropoutRuns?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Options of commands that run a method, whatever it is. */
export const COMMON: readonly OptionSpec[] = [
  {
    name: "clusters",
    rule: clustersRule(),
    help:
      "number of clusters K, of methods that are told it; a range as 2..12, or auto, tries each number on the data and on ten sets " +
      "without clusters, and takes the best, or one",
  },
  ...DATA_OPTIONS,
  ...CUBES,
  ...STREAMING,
  {
    name: "scale",
    rule: choice<Scale>("auto", "none", "unit", "standard", "centered"),
    help:
      "unit: to 0 … 1 (bytes / 255); standard: each column to mean 0, variance 1; " +
      "centered: each column to mean 0, all together to mean square 1; " +
      "auto: for networks bytes are unit and CSV is standard, all else none (default auto)",
  },
  ...DEVICE_OPTIONS,
  { name: "seed", rule: integer(0), help: "of everything random (default 0)" },
];

/** The table of all items. */
export const OF_RESULTS: OptionSpec = {
  name: "results",
  rule: choice(...RESULTS_FORMATS),
  help:
    "results.csv or results.csv.gz: of each item or pixel its number, place, values, unit, activation and cluster, as far as there are " +
    "(default csv of som, csom and esom, of up to a million items in memory)",
};

/** The map by UMAP in the report. */
export const OF_MAPS: OptionSpec = {
  name: "mapPoints",
  rule: MAP_POINTS,
  help:
    "items on the report's map by UMAP: so many at most, chosen at random, or all (70,000 take half a minute on two threads); auto: up to " +
    "100,000 of methods that train networks, else 10,000 (default auto)",
};

/** What of a cube is clustered, where each band may be taken by itself. */
export const AS_SLICES: OptionSpec = {
  name: "as",
  rule: choice("pixels", "superpixels", "slices"),
  help:
    "cubes: what is clustered of one: its pixels, superpixels by their means, painted back, or each band by itself, slices, into a folder of its own " +
    "(default pixels)",
};

/** Options with a model of sets. */
export const OF_MODELS: readonly OptionSpec[] = [
  {
    name: "model",
    rule: text("FILE"),
    help: "in place of --method: the items are one set, clustered by a trained model",
  },
  { name: "dropoutRuns", rule: integer(1), help: "P(k) from so many runs with dropout and shuffled items" },
];

// The methods of the playground and their options, as the page shows them. What they do stands in sessions.ts.
import type { DataSummary } from "./protocol";

/** Values of a method's options by name. */
export type Values = Readonly<Record<string, number | string>>;

/** An option of a method, as a field of the form. */
export interface Field {
  readonly name: string;
  readonly label: string;
  /** Below the field. */
  readonly hint?: string;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number | "any";
  /** Choices of a list; a field without them takes a number, or text where the default is text. */
  readonly choices?: readonly string[];
  /** Shown under "More options". */
  readonly more?: boolean;
  readonly value: (data: DataSummary) => number | string;
}

/** A method of the playground. */
export interface MethodForm {
  readonly title: string;
  /** One sentence on what it does and where it comes from. */
  readonly summary: string;
  readonly fields: readonly Field[];
}

/** Names of the methods. */
export type MethodName =
  "kmeans" | "dbscan" | "learned" | "dec" | "idec" | "deep-cluster" | "online-deep-cluster" | "self-labeling";

const SEED: Field = { name: "seed", label: "Seed", min: 0, step: 1, more: true, value: () => 0 };

const clusterCount = (data: DataSummary): number =>
  data.classes ? data.classes.length : data.kind === "points" ? 4 : data.kind === "images" ? 10 : 3;

const CLUSTERS: Field = {
  name: "nClusters",
  label: "Clusters",
  min: 1,
  max: 1000,
  step: 1,
  value: (data) => Math.min(data.n, clusterCount(data)),
};

const widthOf = ({ itemShape }: DataSummary): number => itemShape.reduce((product, size) => product * size, 1);

/** Steps that the pretraining of a data set of n items should take at most, so that clusters are seen within a minute or so. */
const PRETRAINING_STEPS = 700;

const DEC_FIELDS: readonly Field[] = [
  CLUSTERS,
  {
    name: "pretrainEpochs",
    label: "Passes before clustering",
    hint: "of the autoencoder, over all items",
    min: 0,
    step: 1,
    value: ({ n }) => Math.max(3, Math.min(60, Math.round(PRETRAINING_STEPS / Math.ceil(n / 256)))),
  },
  {
    name: "epochs",
    label: "Passes while clustering, at most",
    hint: "it ends before when the labels settle",
    min: 1,
    step: 1,
    value: ({ n }) => Math.max(5, Math.min(60, Math.round(1500 / Math.ceil(n / 256)))),
  },
  {
    name: "layers",
    label: "Layers of the encoder",
    hint: "after the input; the last is the embedding",
    more: true,
    value: (data) => (widthOf(data) > 16 ? "256, 256, 1000, 10" : "64, 64, 128, 4"),
  },
  { name: "learningRate", label: "Learning rate", min: 0, step: "any", more: true, value: () => 0.01 },
  SEED,
];

const NETWORK_FIELDS: readonly Field[] = [
  CLUSTERS,
  {
    name: "epochs",
    label: "Passes over the items",
    min: 1,
    step: 1,
    value: ({ n }) => Math.max(5, Math.min(60, Math.round(1500 / Math.ceil(n / 128)))),
  },
  {
    name: "network",
    label: "Network",
    choices: ["convolutional", "fully connected"],
    value: ({ kind }) => (kind === "images" ? "convolutional" : "fully connected"),
  },
  { name: "channels", label: "Channels of the first block", min: 1, max: 128, step: 1, more: true, value: () => 8 },
  { name: "learningRate", label: "Learning rate", min: 0, step: "any", more: true, value: () => 0.01 },
  SEED,
];

/** The methods in the order of the list. */
export const METHODS: Readonly<Record<MethodName, MethodForm>> = {
  kmeans: {
    title: "k-means",
    summary: "Centres move to the mean of their members, members to the nearest centre (Lloyd 1982).",
    fields: [
      CLUSTERS,
      {
        name: "nInit",
        label: "Restarts",
        hint: "the tightest of them is kept",
        min: 1,
        max: 100,
        step: 1,
        value: () => 4,
      },
      SEED,
    ],
  },
  dbscan: {
    title: "DBSCAN",
    summary: "Clusters are what is densely connected, of any shape; the rest is noise (Ester et al. 1996).",
    fields: [
      {
        name: "eps",
        label: "Radius of a neighbourhood",
        min: 0,
        step: "any",
        value: ({ kind }) => (kind === "points" ? 0.15 : 0.5),
      },
      { name: "minSamples", label: "Neighbours of a core point", min: 1, step: 1, value: () => 5 },
    ],
  },
  learned: {
    title: "Learned clustering",
    summary:
      "A network that was trained on sets of 72 points in one to five blobs, moons and rings says how many clusters there are, and whose each point is.",
    fields: [
      {
        name: "points",
        label: "Points that it looks at",
        hint: "at random; the others take the cluster of the nearest",
        min: 1,
        max: 10000,
        step: 1,
        value: ({ n }) => Math.min(n, 300),
      },
      {
        name: "orders",
        label: "Orders of the points",
        hint: "the mean of so many answers",
        min: 1,
        max: 100,
        step: 1,
        more: true,
        value: () => 8,
      },
      SEED,
    ],
  },
  dec: {
    title: "DEC",
    summary: "An autoencoder learns codes, then codes and centres sharpen each other (Xie et al. 2016).",
    fields: DEC_FIELDS,
  },
  idec: {
    title: "IDEC",
    summary: "DEC that goes on reconstructing its input, so that the codes keep their meaning (Guo et al. 2017).",
    fields: DEC_FIELDS,
  },
  "deep-cluster": {
    title: "DeepCluster",
    summary: "k-means names the features, the network learns to tell the names (Caron et al. 2018).",
    fields: NETWORK_FIELDS,
  },
  "online-deep-cluster": {
    title: "Online deep clustering",
    summary: "As DeepCluster, with labels and centres that change with every batch (Zhan et al. 2020).",
    fields: NETWORK_FIELDS,
  },
  "self-labeling": {
    title: "Self-labelling",
    summary: "Classes of equal size by optimal transport (Asano et al. 2020).",
    fields: NETWORK_FIELDS,
  },
};

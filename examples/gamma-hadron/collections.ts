// Data sets of a fixed size that the study runs on beside simulated showers.
import { access } from "node:fs/promises";
import { join } from "node:path";
import { NdArray, Random } from "constella";
import { loadLabels, loadMatrix, redrawMagic } from "constella/data";
import { idxName, loadIdxParts } from "../idx-parts";
import { loadDigits } from "../mnist/digits";

/** Images of which the first `trainable` are for training and probing, the rest for tests. */
export interface Collection {
  /** [n, side, side] */
  readonly images: NdArray<Uint8Array | Float32Array>;
  readonly labels: Int32Array;
  readonly trainable: number;
  readonly classNames: readonly string[];
  /** What the network takes for a value. */
  readonly scaled: (value: number) => number;
  /** Said wherever the images are shown. */
  readonly origin: string;
}

/** Names of the collections. */
export const COLLECTIONS = ["fashion-mnist", "mnist", "magic"] as const;
export type CollectionName = (typeof COLLECTIONS)[number];

/** Loads a collection; `data` is the folder of what is not in a package. @throws where it is not there, with what is missing */
export function loadCollection(name: CollectionName, data: string): Promise<Collection> {
  return { "fashion-mnist": fashion, mnist, magic }[name](data);
}

/** Brings photon counts, whose spread grows with them, to one scale. */
export const fromPhotons = (count: number): number => Math.sqrt(Math.max(0, count)) / 4;

const GARMENTS = [
  ...["T-shirt", "trouser", "pullover", "dress", "coat"],
  ...["sandal", "shirt", "sneaker", "bag", "ankle boot"],
];

/** Xiao, Rasul and Vollgraf 2017: 70,000 pictures of garments, in four files. */
async function fashion(data: string): Promise<Collection> {
  const folders = [join(data, "fashion-mnist"), data, "/usr/share/datasets/fashion-mnist"];
  const folder = await firstWith(folders, idxName("train", "images", ".gz"));
  if (folder === undefined)
    throw new Error(
      `fashion-mnist: its four files (train-images-idx3-ubyte.gz, …) are not in ${data}; Debian's dataset-fashion-mnist has them, and its authors`,
    );
  return {
    ...(await loadIdxParts(folder, ["train", "t10k"], ".gz")),
    ...{ trainable: 60_000, classNames: GARMENTS, scaled: (value: number) => value / 255 },
    origin: "Fashion-MNIST (Xiao, Rasul and Vollgraf 2017).",
  };
}

async function mnist(): Promise<Collection> {
  const { raw, truth } = await loadDigits(true);
  return {
    images: raw as NdArray<Uint8Array>,
    labels: Int32Array.from(truth!.labels),
    trainable: 60_000,
    classNames: Array.from({ length: 10 }, (_, digit) => String(digit)),
    scaled: (value) => value / 255,
    origin: "MNIST (LeCun, Cortes and Burges 1998).",
  };
}

/** The 19,020 events of MAGIC's table, in an order that mixes its classes. */
async function magic(data: string): Promise<Collection> {
  const path = join(data, "magic04.npz");
  if (!(await exists(path))) throw new Error(`magic: magic04.npz is not in ${data}; name its folder with --data`);
  const table = await loadMatrix(path, { array: "table" });
  const gammaFirst = (await loadLabels(path, { array: "labels" })).labels;
  const [n, columns] = table.shape as [number, number];
  const order = new Random(0).permutation(n);
  const rows = new Float32Array(n * columns);
  order.forEach((from, to) =>
    rows.set(table.data.subarray(from * columns, (from + 1) * columns) as Float32Array, to * columns),
  );
  return {
    images: redrawMagic(new NdArray(rows, [n, columns])),
    labels: Int32Array.from(order, (i) => 1 - gammaFirst[i]!),
    trainable: 14_000,
    classNames: ["hadron", "gamma"],
    scaled: fromPhotons,
    origin: "Re-drawn from the Hillas parameters of MAGIC's events (Bock, UCI repository, 2007): not camera images.",
  };
}

async function firstWith(folders: readonly string[], file: string): Promise<string | undefined> {
  for (const folder of folders) if (await exists(join(folder, file))) return folder;
  return undefined;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

// Sets for the command line: made of points, of labelled files and folders, or read as they are.
import { toContiguous, toFloat32 } from "../../matrix";
import { NdArray } from "../../ndarray";
import { PointsProvider, standardizePoints } from "../../data/datasets/points";
import { ClassSets } from "../../data/datasets/sets";
import type { SetProvider } from "../../data/datasets/sets";
import { fingerprint, loadData, type DataSet, type Reading } from "../data/load";
import type { DataOptions } from "../data/options";

/** How values are brought to what a model was trained on: as they are, bytes to −1 … 1, or each set to mean 0 and variance 1. */
export type SetScale = "none" | "signed" | "set";

/** The word that stands for generated points where a file is asked for. */
export const POINTS = "points";

/** Options of making sets. */
export interface SetDataOptions extends DataOptions {
  readonly scale?: SetScale | "auto";
  readonly kMax?: number;
  readonly minimum?: number;
  readonly mirror?: boolean;
  readonly seed?: number;
}

/** Sets to learn from. */
export interface LearningData {
  readonly provider: SetProvider;
  readonly scale: SetScale;
  /** Identifies the data, so that training is not resumed on other data. */
  readonly fingerprint: string;
  /** One sentence for the report. */
  readonly words: string;
  readonly reading?: Reading | undefined;
}

const isBytes = (raw: DataSet["raw"]): boolean =>
  raw.data instanceof Uint8Array || raw.data instanceof Uint8ClampedArray;

/** Reads class-labelled items, or makes points. @throws when there are no labels, naming the option that gives them */
export async function learningData(path: string, given: SetDataOptions, earlier?: Reading): Promise<LearningData> {
  const { kMax = 5, minimum = 2, mirror = false, seed = 0 } = given;
  if (path === POINTS) {
    const scale = given.scale === "none" ? "none" : "set";
    const provider = new PointsProvider({ kMax, standardize: scale === "set" });
    const words = `Points in the plane in up to ${kMax} clusters: blobs, rings and moons, new ones in every set.`;
    return { provider, scale, fingerprint: `${POINTS} ${kMax}`, words };
  }
  const data = await loadData(path, given, { earlier });
  if (!data.truth)
    throw new Error(`${path} has no classes to learn from: give --labels FILE, or a folder with one folder a class`);
  const scale =
    given.scale === undefined || given.scale === "auto" ? (isBytes(data.raw) ? "signed" : "none") : given.scale;
  if (scale === "set")
    throw new Error(`--scale set is for ${POINTS}; of items with classes, values are none or signed`);
  const options = { kMax, minimum, mirror, seed, ...(scale === "signed" && { affine: [2 / 255, -1] as const }) };
  const provider = new ClassSets(data.raw, data.truth.labels, options);
  const { train, validation, test } = provider.classes;
  const words =
    `${data.raw.shape[0]} items of ${new Set(data.truth.labels).size} classes, in sets of up to ${kMax}: ` +
    `${train.length} classes to train on, ${validation.length} for validation, ${test.length} for the test.`;
  const rows = toFloat32(data.raw, path, "data");
  return { provider, scale, fingerprint: fingerprint(rows), words, reading: data.reading };
}

/** The items of a file as one set, scaled. */
export function scaledSet({ path, raw }: DataSet, scale: SetScale): NdArray<Float32Array> {
  const set = toFloat32(toContiguous(raw, path, "data"), path, "data");
  if (scale === "none") return set;
  const values = Float32Array.from(set.data);
  if (scale === "set") standardizePoints(values);
  else for (let i = 0; i < values.length; i++) values[i] = (2 / 255) * values[i]! - 1;
  return new NdArray(values, set.shape);
}

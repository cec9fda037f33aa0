// The images of the study in the parts that it needs: simulated showers, or a collection.
import { NdArray, Random } from "constella";
import { GAMMA, simulateShowers, WOBBLE_ALPHA } from "constella/data";
import { fromPhotons, loadCollection, type CollectionName } from "./collections";
import type { Setting } from "./settings";

/** Where the images come from. */
export type Source = "showers" | CollectionName;

/** Images with their classes. */
export interface Part {
  /** [n, side · side], as the network takes them. */
  readonly x: NdArray<Float32Array>;
  readonly labels: Int32Array;
}

/** A part with what an observation knows of each event. */
export interface Observation extends Part {
  /** 0 ON, 1 … OFF, −1 none. */
  readonly regions: Int32Array;
  readonly alpha: number;
}

/** All that a seed's runs see. */
export interface StudyImages {
  readonly source: Source;
  readonly side: number;
  readonly classNames: readonly string[];
  readonly train: Part;
  readonly probe: Part;
  readonly test: Part;
  /** Simulated in wobble mode: showers only. */
  readonly observation: Observation | undefined;
  /** Pictures to show, of the observation or the test images: [n, side, side]. */
  readonly pictures: NdArray<Float32Array>;
  /** Said wherever the pictures are shown. */
  readonly origin: string;
}

/** The first number of each part's events: parts share none, nor do seeds. */
const FIRST = { train: 0, probe: 10_000_000, test: 20_000_000, observation: 30_000_000 };
const PER_SEED = 100_000;

/** Simulates or loads the images for one seed. Parts do not overlap. */
export async function loadImages(source: Source, setting: Setting, seed: number, data: string): Promise<StudyImages> {
  return source === "showers" ? showers(setting, seed) : collected(source, setting, seed, data);
}

function showers({ train, probe, test, observation, gammaShare }: Setting, seed: number): StudyImages {
  const simulate = (part: keyof typeof FIRST, n: number, pointing: "diffuse" | "wobble", share: number) => {
    // eslint-disable-next-line no-restricted-syntax -- numbers of events, not a seed
    const first = FIRST[part] + seed * PER_SEED;
    const made = simulateShowers({ n, first, seed: 0, pointing, gammaShare: share });
    const x = new NdArray(made.images.data.map(fromPhotons), [n, made.images.shape[1]! * made.images.shape[2]!]);
    return { x, ...made };
  };
  const observed = simulate("observation", observation, "wobble", gammaShare);
  return {
    source: "showers",
    side: observed.images.shape[1]!,
    classNames: GAMMA === 1 ? ["hadron", "gamma"] : ["gamma", "hadron"],
    train: simulate("train", train, "diffuse", 0.5),
    probe: simulate("probe", probe, "diffuse", 0.5),
    test: simulate("test", test, "diffuse", 0.5),
    observation: { ...observed, alpha: WOBBLE_ALPHA },
    pictures: observed.images,
    origin: "Simulated by constella's own generator of camera images, not by a telescope.",
  };
}

/** Parts of a collection: another choice of its images with each seed, and always the same ones to test on. */
async function collected(name: CollectionName, setting: Setting, seed: number, data: string): Promise<StudyImages> {
  const { train, probe, test } = setting;
  const { images, labels, trainable, classNames, scaled, origin } = await loadCollection(name, data);
  const [n, side] = images.shape as [number, number];
  if (train + probe > trainable || test > n - trainable)
    throw new Error(
      `${name} has ${trainable} images to train on and ${n - trainable} to test on, ${train + probe} and ${test} are needed`,
    );
  // eslint-disable-next-line no-restricted-syntax -- the figures in README were measured on these
  const order = new Random(seed).permutation(trainable);
  const size = side * side;
  const part = (indices: ArrayLike<number>): Part => {
    const values = new Float32Array(indices.length * size);
    for (let i = 0; i < indices.length; i++)
      for (let j = 0; j < size; j++) values[i * size + j] = scaled(images.data[indices[i]! * size + j]!);
    return {
      x: new NdArray(values, [indices.length, size]),
      labels: Int32Array.from(indices, (index) => labels[index]!),
    };
  };
  const tested = part(Array.from({ length: test }, (_, i) => trainable + i));
  return {
    ...{ source: name, side, classNames, origin, observation: undefined },
    train: part(order.subarray(0, train)),
    probe: part(order.subarray(train, train + probe)),
    test: tested,
    pictures: new NdArray(tested.x.data, [test, side, side]),
  };
}

import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadIdxParts, idxName } from "../idx-parts";
import { NdArray, Random } from "constella";
import type { Device, TypedArray } from "constella";
import { readNpzArray } from "constella/data";
import { loadDigits } from "../mnist/digits";
import { describePictures } from "./pictures";
import { weighWords } from "./words";

/** What is clustered: items [n, …], what they are, and whether they are images of pixels [n, height, width]. */
export interface Items {
  readonly title: string;
  readonly x: NdArray<Float32Array>;
  readonly truth: Int32Array;
  readonly images: boolean;
}

/** Where data are that no package has, and the device that describes them. */
export interface Source {
  readonly from: string | undefined;
  readonly device: Device;
}

const SMALL = "test/fixtures/digits_8x8.npz";

/** Sets by name. */
export const SETS: Readonly<Record<string, (source: Source) => Promise<Items>>> = {
  digits: () => loadNpz(SMALL, "scikit-learn's digits"),
  mnist: () => digits(false),
  "mnist-all": () => digits(true),
  fashion: async ({ from }) => {
    const folder = from ?? "/usr/share/datasets/fashion-mnist";
    const ending = (await exists(join(folder, idxName("t10k", "images")))) ? "" : ".gz";
    const { images, labels } = await loadIdxParts(folder, ["train", "t10k"], ending);
    return { title: "Fashion-MNIST", x: shares(images), truth: labels, images: true };
  },
  r8: async ({ from }) => words(await npzOf("r8", "reuters21578_r8.npz", from), "Reuters-21578, R8"),
  glosses: async ({ from }) => words(await npzOf("glosses", "wordnet_gloss10.npz", from), "WordNet's glosses"),
  photos: async ({ from, device }) => {
    const bytes = await npzOf("photos", "dso_photos_64.npz", from);
    const x = await describePictures(device, readNpzArray(bytes, "images"));
    return { title: "photographs of the sky, HOG and colours", x, truth: labelsOf(bytes), images: false };
  },
};

/**
 * A set by its name, or images and labels of an npz file; of more items than `most` a sample, the same for every seed.
 * @throws when there is no such set or file
 */
export async function loadSet(name: string, source: Source, most = Infinity): Promise<Items> {
  const known = SETS[name];
  if (!known && !(await exists(name)))
    throw new Error(`--data must be ${Object.keys(SETS).join(", ")} or an npz file, got ${name}`);
  const items = known ? await known(source) : await loadNpz(name, name);
  const { x, truth } = items;
  if (truth.length <= most) return items;
  const taken = new Random(0).permutation(truth.length).subarray(0, most);
  const width = x.size / truth.length;
  const data = new Float32Array(most * width);
  taken.forEach((item, i) => data.set(x.data.subarray(item * width, (item + 1) * width), i * width));
  return {
    ...items,
    x: new NdArray(data, [most, ...x.shape.slice(1)]),
    truth: Int32Array.from(taken, (i) => truth[i]!),
  };
}

async function digits(all: boolean): Promise<Items> {
  const { raw, truth } = await loadDigits(all);
  const title = all ? "MNIST's 70,000 digits" : "MNIST's test digits";
  return { title, x: shares(raw), truth: truth!.labels, images: true };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function npzOf(set: string, file: string, from: string | undefined): Promise<Uint8Array<ArrayBuffer>> {
  if (from === undefined) throw new Error(`--data ${set} needs --from, the folder of ${file}`);
  return readFile(join(from, file));
}

const labelsOf = (bytes: Uint8Array<ArrayBuffer>): Int32Array =>
  Int32Array.from(readNpzArray(bytes, "labels").data as Int32Array);

function words(bytes: Uint8Array<ArrayBuffer>, title: string): Items {
  return { title, x: weighWords(bytes), truth: labelsOf(bytes), images: false };
}

async function loadNpz(path: string, title: string): Promise<Items> {
  const bytes = await readFile(path);
  return { title, x: shares(readNpzArray(bytes, "images")), truth: labelsOf(bytes), images: true };
}

function shares(images: NdArray<TypedArray>): NdArray<Float32Array> {
  const data = Float32Array.from(images.data as ArrayLike<number>);
  const most = data.reduce((high, value) => Math.max(high, value), 0) || 1;
  return new NdArray(
    data.map((value) => value / most),
    images.shape,
  );
}

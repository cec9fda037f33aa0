import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { readNpzArray } from "constella/data";
import { NdArray } from "constella";
import type { TypedArray } from "constella";
import { loadDigits } from "../mnist/digits";

/** Images [n, height, width] as shares of the brightest value, and what they are. */
export interface Images {
  readonly title: string;
  readonly x: NdArray<Float32Array>;
  readonly truth: Int32Array;
}

const SMALL = "test/fixtures/digits_8x8.npz";

/** Sets by name. */
export const SETS: Readonly<Record<string, () => Promise<Images>>> = {
  digits: () => loadNpz(SMALL, "scikit-learn's digits"),
  mnist: async () => {
    const { raw, truth } = await loadDigits(false);
    return { title: "MNIST's test digits", x: shares(raw), truth: truth!.labels };
  },
};

/** A set by its name, or images and labels of an npz file. @throws when there is neither */
export async function loadSet(name: string): Promise<Images> {
  const known = SETS[name];
  if (known) return known();
  if (!existsSync(name)) throw new Error(`--data must be ${Object.keys(SETS).join(", ")} or an npz file, got ${name}`);
  return loadNpz(name, name);
}

async function loadNpz(path: string, title: string): Promise<Images> {
  const bytes = await readFile(path);
  const labels = readNpzArray(bytes, "labels");
  return { title, x: shares(readNpzArray(bytes, "images")), truth: Int32Array.from(labels.data as Int32Array) };
}

function shares(images: NdArray<TypedArray>): NdArray<Float32Array> {
  const data = Float32Array.from(images.data as ArrayLike<number>);
  const most = data.reduce((high, value) => Math.max(high, value), 0) || 1;
  return new NdArray(
    data.map((value) => value / most),
    images.shape,
  );
}

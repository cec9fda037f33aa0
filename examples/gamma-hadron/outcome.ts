// What a finished study leaves: CSV files and the report.
import { join } from "node:path";
import { Random } from "constella";
import type { GridResult } from "constella/vision";
import { versions } from "constella/commands";
import { loadLabels, readFile, readNpy, writeAtomic } from "constella/data";
import type { StudyImages } from "./images";
import { renderStudy } from "./report";
import { cellFolder, type StudyCell } from "./run-cell";
import { BASELINES, METHODS, TITLES, TRIVIAL, type MethodName, type Setting } from "./settings";
import { accuracies, accuracyCsv, compare, comparisonCsv, significanceCsv, significances } from "./tables";
import type { AccuracyRow, Comparison } from "./tables";

/** What made the results. */
export interface Made {
  readonly setting: Setting;
  readonly seeds: readonly number[];
  /** Of the first seed, whose clusterings and scores are shown. */
  readonly images: StudyImages;
  readonly out: string;
  readonly device: string;
  readonly command: string;
}

/** Methods that leave a clustering. */
const CLUSTERING: readonly string[] = [...BASELINES, ...METHODS];

/** Writes accuracy.csv, comparisons.csv, significance.csv and report.html; returns the rows of the first. */
export async function writeOutcome(results: readonly GridResult[], made: Made): Promise<AccuracyRow[]> {
  const { setting, seeds, images, out } = made;
  const cells = results.map(({ cell }) => cell as StudyCell).filter(({ seed }) => seed === seeds[0]);
  const rows = accuracies(results, setting);
  const comparisons = await compareAll(cells, made);
  const scores = await gammaScores(cells, made);
  const significance = images.observation && significances(scores, images.observation);
  const write = (name: string, content: string): Promise<void> => writeAtomic(join(out, name), content);
  await write("accuracy.csv", accuracyCsv(rows));
  if (comparisons.length > 0) await write("comparisons.csv", comparisonCsv(comparisons));
  if (significance) await write("significance.csv", significanceCsv(significance.methods));
  await write(
    "report.html",
    await renderStudy({ ...made, accuracies: rows, comparisons, significance, scores, versions }),
  );
  return rows;
}

/** The clusterings of each number of clusters at which there are several. */
async function compareAll(cells: readonly StudyCell[], { setting, seeds, images, out }: Made): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const clusters of setting.clusters) {
    const clusterings: Record<string, Int32Array> = {};
    for (const cell of cells.filter((cell) => cell.clusters === clusters && CLUSTERING.includes(cell.method)))
      clusterings[TITLES[cell.method]] = (await loadLabels(join(cellFolder(out, cell), "labels.npy"))).labels;
    const last = Object.values(clusterings).at(-1);
    if (!last || Object.keys(clusterings).length < 2) continue;
    const shuffled = Int32Array.from(new Random(seeds[0]!).permutation(last.length), (i) => last[i]!);
    comparisons.push(compare(clusters, clusterings, images.train.labels, shuffled));
  }
  return comparisons;
}

/** The probability of a gamma of each event of the observation, by each method at its own number of clusters. */
async function gammaScores(
  cells: readonly StudyCell[],
  { setting, images, out }: Made,
): Promise<Record<string, Float32Array>> {
  const scores: Record<string, Float32Array> = {};
  if (!images.observation) return scores;
  for (const cell of cells) {
    const { method, clusters } = cell;
    const single = method === "supervised" || method === "random" || (TRIVIAL as readonly string[]).includes(method);
    const own = single || setting.best[method as MethodName] === clusters;
    if (!own || method === "k-means" || method === "mini-batch-k-means") continue;
    scores[TITLES[method]] = readNpy(await readFile(join(cellFolder(out, cell), "gamma.npy"))).data as Float32Array;
  }
  return scores;
}

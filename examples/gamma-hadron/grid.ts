// The search over hyper-parameters: learning rate × blocks × clusters for each method, as the thesis's tables have it.
import { join } from "node:path";
import { GridSearch } from "constella/vision";
import { folderStore, writeAtomic } from "constella/data";
import { gridTable } from "constella/report";
import { cellFolder, runCell, type CellContext } from "./run-cell";
import { METHODS, TITLES, type MethodName, type Setting } from "./settings";

const LEARNING_RATES = [0.1, 0.01, 0.001];
const BLOCKS = [2, 3];

/** What the cells need beside what they vary. */
export type GridContext = Omit<CellContext, "folder" | "probed"> & { readonly out: string };

/** Runs every cell that is not kept yet, and returns each method's tables in Markdown, which are kept as grid.md. */
export async function searchGrid({ out, ...context }: GridContext): Promise<string> {
  const { setting, progress, signal } = context;
  const folder = join(out, "grid");
  const grid = new GridSearch({
    axes: {
      method: ["supervised", ...METHODS],
      blocks: BLOCKS,
      learningRate: LEARNING_RATES,
      clusters: setting.clusters,
    },
    include: ({ method, clusters }) => method !== "supervised" || clusters === setting.clusters[0],
    store: folderStore(folder),
    signal,
    run: (cell) => {
      const { blocks, learningRate } = cell as { blocks: number; learningRate: number };
      const method = cell["method"] as MethodName | "supervised";
      const own: Setting = { ...setting, blocks, learningRate: { ...setting.learningRate, [method]: learningRate } };
      const clusters = cell["clusters"] as number;
      const at = join(folder, `${blocks}-blocks-${learningRate}`);
      return runCell(
        { seed: 0, method, clusters },
        { ...context, setting: own, folder: cellFolder(at, { seed: 0, method, clusters }), probed: true },
      );
    },
    onCell: ({ cell, measures, seconds }, done, total) => {
      const { method, blocks, learningRate, clusters } = cell;
      const what = `${TITLES[method as MethodName]}, ${blocks} blocks, rate ${learningRate}, ${clusters} clusters`;
      progress.note(
        `${String(done).padStart(3)}/${total}  ${what}  accuracy ${(100 * measures["probe"]!).toFixed(2)} %  ${seconds.toFixed(0)} s`,
      );
    },
  });
  const results = await grid.run();
  const format = (value: number): string => (100 * value).toFixed(2);
  const tables = (["supervised", ...METHODS] as const).map((method) => {
    const where = { method };
    const shared = { measure: "probe", where, format };
    const byBlocks = gridTable(results, { rows: "learningRate", columns: "blocks", ...shared });
    const byClusters = gridTable(results, { rows: "learningRate", columns: "clusters", ...shared });
    return `${TITLES[method]}, accuracy in %\n\n${method === "supervised" ? byBlocks : `${byBlocks}\n\n${byClusters}`}`;
  });
  const text = tables.join("\n\n");
  await writeAtomic(join(out, "grid.md"), `${text}\n`);
  return text;
}

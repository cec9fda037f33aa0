import { basename } from "node:path";
import { readFile } from "../../data/formats/files";
import { writeNpy } from "../../data/formats/npy/npy";
import { writeNpz } from "../../data/formats/npy/npz";
import { LearningToCluster } from "../../models/learning-to-cluster";
import type { ExaminedClustering } from "../../models/learning-to-cluster";
import { commandLine } from "../command-line";
import { loadData } from "../data/load";
import type { DataOptions } from "../data/options";
import { checkDevice, openDevice, type DeviceOptions } from "../device";
import { takeFolder } from "../run/folder";
import { measure } from "../../metrics/measures";
import { labelsTable, versions } from "../run/session";
import { readLearned } from "../sets/checkpoint";
import { scaledSet } from "../sets/data";
import { renderSets } from "../sets/report";

/** What `cluster --model` takes. */
export interface ClusterSetOptions extends DeviceOptions, DataOptions {
  readonly model: string;
  readonly clusters?: number;
  readonly scale?: string;
  readonly seed?: number;
  readonly dropoutRuns?: number;
  readonly out: string;
}

/** `constella cluster DATA --model FILE`: the items of a file as one set, clustered by a trained model. */
export async function clusterSet(path: string, given: ClusterSetOptions, print: (text: string) => void): Promise<void> {
  const { out, scale = "auto", seed = 0, dropoutRuns } = given;
  if (scale !== "auto" && scale !== "none")
    throw new Error(`--scale must be auto, as the model was trained, or none with --model, got ${scale}`);
  checkDevice(given);
  const content = await readFile(given.model);
  const record = readLearned(given.model, content);
  const data = await loadData(path, given, { earlier: { ...record?.reading, table: undefined } }); // items of a set have names of their own
  const folder = await takeFolder(out);
  const device = await openDevice(given);
  try {
    const model = await LearningToCluster.load(content, { device });
    const { itemShape, kMax } = model.settings;
    const points = itemShape.length === 1 && itemShape[0] === 2;
    const chosen = scale === "none" ? "none" : (record?.scale ?? (points ? "set" : "none"));
    const set = scaledSet(data, chosen);
    const begin = performance.now();
    const examined = dropoutRuns === undefined && model.calibration ? await model.examine(set) : undefined;
    const found =
      examined ??
      (dropoutRuns === undefined
        ? await model.predict(set)
        : await model.forwardDropout(set, { runs: dropoutRuns, seed }));
    const unlike = examined?.unlike ? unlikeWords(examined, given.model) : undefined;
    const seconds = (performance.now() - begin) / 1000;
    const k = given.clusters ?? found.k;
    if (k > kMax) throw new Error(`--clusters must be at most ${kMax}, what the model tells apart, got ${k}`);
    const { labelsFor } = await import("../../models/learning-to-cluster");
    const labels = labelsFor(found, k);
    const truth = data.truth?.labels;
    const { write } = folder;
    await write("labels.npy", writeNpy(labels));
    await write("labels.csv", labelsTable(labels, data.ids));
    const arrays = Object.fromEntries(found.assignments.map((values, i) => [`k${i + 1}`, values]));
    await write("probabilities.npz", writeNpz({ counts: found.counts, ...arrays }));
    const metrics = {
      ...{ n: labels.length, k, counts: [...found.counts], scale: chosen, model: given.model, data: path },
      ...(examined && {
        ...{ unlike: examined.unlike, agreement: examined.agreement, leastAgreement: examined.leastAgreement },
        confidence: examined.confidence,
      }),
      ...(truth && measure(truth, labels)),
      ...{ seconds, device: device.description, seed, versions },
    };
    await write("metrics.json", `${JSON.stringify(metrics, null, 2)}\n`);
    const clustering = { ...found, k, labels };
    const html = await renderSets({
      ...{ title: `Clusters of ${basename(path)}`, model, device: device.description, seed, seconds, versions },
      lead: `${labels.length} items as one set, clustered by ${basename(given.model)}.${unlike ? ` ${unlike}` : ""}`,
      command: commandLine(),
      sets: [{ name: basename(path), items: set, ids: data.ids, clustering, ...(truth && { truth }) }],
    });
    await write("report.html", html);
    const likely = Array.from(found.counts, (p, i) => `P(${i + 1}) ${p.toFixed(3)}`).join(", ");
    print(`${labels.length} items in ${k} ${k === 1 ? "cluster" : "clusters"}: ${likely}`);
    if (unlike) print(unlike);
    if (examined && examined.confidence < SURE)
      print(`the model expects ${Math.floor(100 * examined.confidence)} % of the items to be in the right cluster`);
    print(`results in ${out}: open ${out}/report.html`);
  } finally {
    device.destroy();
    await folder.release();
  }
}

/** Share of the items that are right below which it is said. */
const SURE = 0.95;

/** Said of a set that the model cannot be relied on for. */
const unlikeWords = ({ agreement, leastAgreement }: ExaminedClustering, model: string): string =>
  `this set is unlike those that ${basename(model)} has learned, do not rely on its clusters: passes over it agree by ` +
  `${agreement.toFixed(3)}, on sets that were learned by ${leastAgreement.toFixed(3)} or more`;

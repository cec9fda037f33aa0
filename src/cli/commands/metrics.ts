import { Command } from "commander";
import { loadLabels } from "../../data/formats/files";
import { measure } from "../../metrics/measures";

/** `constella metrics TRUTH PRED`: every external measure of a clustering against known classes. */
export function metricsCommand(print: (text: string) => void): Command {
  return new Command("metrics")
    .description("compare a clustering with known classes: ACC, NMI, AMI, ARI, homogeneity, purity, …")
    .argument("<truth>", "known classes: npy, npz, idx (also .gz) or CSV")
    .argument("<pred>", "clusters, in the same order")
    .option("--json", "print one JSON object")
    .action(async (truthPath: string, predPath: string, { json }: { json?: boolean }) => {
      const truth = (await loadLabels(truthPath)).labels;
      const pred = (await loadLabels(predPath)).labels;
      if (truth.length !== pred.length)
        throw new Error(`${predPath} has ${pred.length} labels, ${truthPath} has ${truth.length}`);
      if (truth.length === 0) throw new Error(`${truthPath} has no labels`);
      const counts = { n: truth.length, classes: new Set(truth).size, clusters: new Set(pred).size };
      const measures = { ...counts, ...measure(truth, pred) };
      if (json) return print(JSON.stringify(measures, null, 2));
      for (const [name, value] of Object.entries(measures))
        print(`${name.padEnd(18)} ${name in counts ? value : value.toFixed(6)}`);
    });
}

import { Command } from "commander";
import { loadLabels, readFile } from "../../data/formats/files";
import { readNpy } from "../../data/formats/npy/npy";
import { readCsv } from "../../data/formats/csv/csv";
import { toFloat32 } from "../../matrix";
import { significanceSweep } from "../../metrics";
import { NdArray } from "../../ndarray";
import { positive, toOption } from "../option";

interface SignificanceOptions {
  readonly scores: string;
  readonly regions: string;
  readonly alpha?: number;
  readonly json?: boolean;
}

/** `constella significance`: Li and Ma's significance of a source over the thresholds of a gamma score. */
export function significanceCommand(print: (text: string) => void): Command {
  return new Command("significance")
    .description(
      "significance of a source (Li & Ma 1983, eq. 17) over cuts score >= threshold, from events in ON and OFF regions",
    )
    .requiredOption("--scores <FILE>", "one gamma score an event: npy or CSV of one column, or of two: hadron, gamma")
    .requiredOption("--regions <FILE>", "regions: 0 ON, 1, 2, … OFF, -1 none; npy, or CSV with a column region")
    .addOption(toOption({ name: "alpha", rule: positive, help: "exposure ON / exposure OFF (default 0.2)" }))
    .option("--json", "print one JSON object")
    .action(async ({ scores: scorePath, regions: regionPath, alpha = 0.2, json }: SignificanceOptions) => {
      const scores = await readScores(scorePath);
      const isTable = /\.(csv|tsv|txt)(\.gz)?$/i.test(regionPath);
      const regions = (await loadLabels(regionPath, isTable ? { label: "region" } : {})).labels;
      if (regions.length !== scores.length)
        throw new Error(`${regionPath} has ${regions.length} regions, ${scorePath} has ${scores.length} scores`);
      const { points, best } = significanceSweep(scores, regions, { alpha });
      if (json) return print(JSON.stringify({ alpha, best, points }, null, 2));
      print("threshold    N_on     N_off    excess         S");
      for (const point of points) {
        const { threshold, nOn, nOff, excess, signed } = point;
        const cells = [threshold.toFixed(2).padStart(9), String(nOn).padStart(7), String(nOff).padStart(9)];
        cells.push(excess.toFixed(1).padStart(9), signed.toFixed(4).padStart(9));
        print(`${cells.join(" ")}${point === best ? "  best" : ""}`);
      }
    });
}

/** One score an event; of two columns the second. */
async function readScores(path: string): Promise<Float32Array> {
  const bytes = await readFile(path);
  try {
    const read = /\.(csv|tsv|txt)$/i.test(path) ? readCsv(bytes).data : readNpy(bytes);
    const { data, shape } = toFloat32(read, "significance", "scores");
    const [n = 0, columns = 1] = shape;
    if (shape.length < 1 || shape.length > 2 || columns < 1 || columns > 2 || n === 0)
      throw new Error(`significance: scores must be [n], [n, 1] or [n, 2], got [${shape.join(", ")}]`);
    return columns === 1 ? data : toFloat32(new NdArray(data, [n], [2], 1), "significance", "scores").data;
  } catch (error) {
    throw new Error(`${(error as Error).message} (${path})`, { cause: error });
  }
}

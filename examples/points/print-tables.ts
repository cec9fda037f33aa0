// node scripts/run.mjs examples/points/print-tables.ts [sets]: tables 6 and 9 of "Learning to Cluster" beside what the thesis prints.
import { Random, requestDevice } from "constella";
import { markdownTable, type Estimates } from "../scores";
import { generatedPoints, randomClusterings, ROWS } from "./tables";

const sets = Number(process.argv[2] ?? 1000);
if (!Number.isInteger(sets) || sets < 5) throw new Error(`tables: the number of sets must be 5 or more, ${sets}`);

const printed = (nmi: number[], bbn: number[], mr: number[]): string =>
  `The thesis: NMI ${nmi.join(" ± ")}, BBN ${bbn.join(" ± ")}, MR (greedy) ${mr.join(" ± ")}.\n`;
const random = new Random(6);

const random20: Estimates = randomClusterings(20, 1000, random);
const random72: Estimates = randomClusterings(72, 1000, random);
console.log("Table 6, random clusterings of the right number of clusters, 1,000 for each k; ± as in the thesis\n");
console.log(markdownTable([["n = 20", random20]]));
console.log(printed([0.3411, 0.0049], [0.5479, 0.0033], [0.4236, 0.0031]));
console.log(markdownTable([["n = 72", random72]]));
console.log(printed([0.2329, 0.0222], [0.4839, 0.0158], [0.4853, 0.0148]));

console.log(`Table 9, ${sets} sets of 72 generated points, k = 1 … 5; ± standard errors\n`);
const device = await requestDevice("wasm", { threads: 0 });
const table = await generatedPoints(sets, random, device);
device.destroy();
console.log(
  markdownTable([
    [ROWS.kmeans2, table.kmeans2],
    [ROWS.plusPlus, table.plusPlus],
    [ROWS.dbscan, table.dbscan],
  ]),
);
console.log(`k-means: ${printed([0.7965, 0.0142], [0.8333, 0.0093], [0.1784, 0.0152])}`);
console.log(`DBSCAN: ${printed([0.6768, 0.0201], [0.7356, 0.0136], [0.2651, 0.0149])}`);

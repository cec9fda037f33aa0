// node scripts/run.mjs examples/points/tune-dbscan.ts: the settings of DBSCAN that are best on labelled sets, of the kind that the model is trained on.
import { Random } from "constella";
import { PointsProvider } from "constella/data";
import { score } from "../scores";
import { standardizeColumns, tuneDbscan } from "./baselines";
import { LENGTH, NETWORK } from "./settings";

const [SETS, SEED] = [300, 101];
const { items, labels } = new PointsProvider({ kMax: NETWORK.kMax }).sample("train", SETS, LENGTH, new Random(SEED));
const sets = Array.from({ length: SETS }, (_, i) => ({
  points: standardizeColumns(items.data.subarray(2 * LENGTH * i, 2 * LENGTH * (i + 1))),
  labels: labels.subarray(LENGTH * i, LENGTH * (i + 1)),
}));
const { eps, minSamples, mean } = await tuneDbscan(sets, (truth, found) => score(truth, found).nmi);
console.log(`eps ${eps}, min-samples ${minSamples}: NMI ${mean.toFixed(4)} on ${SETS} sets of seed ${SEED}`);

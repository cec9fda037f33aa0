// node kmeans.mjs FILE.csv K OUT.csv: k-means of a table whose last column, where it is called "group", is only to measure by.
import { readFile, writeFile } from "node:fs/promises";
import { adjustedRandIndex, KMeans, requestDevice, silhouette } from "constella";
import { readCsv, writeCsv } from "constella/data";

const [file, k, out] = process.argv.slice(2);
const { data, columns, labels: groups } = readCsv(await readFile(file), { label: "group" });

const device = await requestDevice();
const { labels, inertia } = await new KMeans({ nClusters: Number(k), seed: 0, device }).fit(data);

console.log(`${data.shape[0]} rows in ${k} clusters on ${device.type}: inertia ${inertia.toFixed(1)}`);
console.log(
  `silhouette ${silhouette(data, labels).score.toFixed(3)}, ARI ${adjustedRandIndex(groups.labels, labels).toFixed(3)}`,
);
await writeFile(out, writeCsv(data, { columns, labels, labelName: "cluster" }));
device.destroy();

// deno run --allow-read --allow-env --allow-sys kmeans.ts FILE.csv K: k-means of a table of numbers.
import { KMeans, requestDevice, silhouette } from "constella";
import { readCsv } from "constella/data";

const [file, k] = Deno.args;
const { data } = readCsv(await Deno.readFile(file));
const device = await requestDevice();
const { labels, inertia } = await new KMeans({ nClusters: Number(k), seed: 0, device }).fit(data);

const sizes = new Array<number>(Number(k)).fill(0);
for (const label of labels) sizes[label]++;
console.log(
  `${labels.length} rows on ${device.type}: inertia ${inertia.toFixed(1)}, silhouette ${silhouette(data, labels).score.toFixed(3)}`,
);
console.log(`sizes ${sizes.join(" ")}`);
device.destroy();

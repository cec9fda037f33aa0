// node dec.mjs FILE.csv K OUT.html: deep embedded clustering of a table with a column "group", and a report of it.
import { readFile, writeFile } from "node:fs/promises";
import { accuracy, DEC, nmi, requestDevice } from "constella";
import { readCsv } from "constella/data";
import { renderReport } from "constella/report";

const [file, k, out] = process.argv.slice(2);
const { data, columns, labels: groups } = readCsv(await readFile(file), { label: "group" });
const [n, width] = data.shape;

const device = await requestDevice();
const begin = performance.now();
const dec = new DEC({
  layers: [width, 64, 4],
  nClusters: Number(k),
  layerEpochs: 0,
  pretrainEpochs: 200,
  target: "batch",
  seed: 0,
  device,
});
await dec.fit(data, { epochs: 20 });

const metrics = { ACC: accuracy(groups.labels, dec.labels), NMI: nmi(groups.labels, dec.labels) };
console.log(`ACC ${metrics.ACC.toFixed(3)}, NMI ${metrics.NMI.toFixed(3)}`);
const report = await renderReport({
  title: `${n} points`,
  method: "DEC",
  seed: 0,
  device: device.description,
  versions: { node: process.version },
  date: new Date(),
  elapsed: (performance.now() - begin) / 1000,
  options: dec.settings,
  metrics,
  labels: dec.labels,
  truth: groups.labels,
  embedding: (await dec.transform(data)).data,
  q: (await dec.softAssignments(data)).data,
  table: { features: columns, data: data.data },
});
await writeFile(out, report);
console.log(`${out}: ${Math.round(report.length / 1000)} kB`);
device.destroy();

// node resume.mjs FILE: a training that is stopped, saved and loaded ends with the numbers of one that is not.
import { readFile, writeFile } from "node:fs/promises";
import { DEC, Random, requestDevice } from "constella";

const [file] = process.argv.slice(2);
const random = new Random(5);
const x = Array.from({ length: 500 }, (_, i) =>
  Array.from({ length: 10 }, (_, j) => Math.sin((i % 4) * j) + 0.3 * random.normal()),
);
const options = { layers: [10, 16, 3], nClusters: 4, layerEpochs: 0, pretrainEpochs: 10, updateInterval: 10, seed: 0 };
const device = await requestDevice();

const whole = await new DEC({ ...options, device }).fit(x, { epochs: 15 });

const stop = new AbortController();
const stopped = new DEC({ ...options, device });
const onEpoch = ({ stage, epoch }) => {
  if (stage === "DEC" && epoch === 2) stop.abort(new Error("that is enough"));
};
await stopped.fit(x, { epochs: 15, onEpoch, signal: stop.signal }).catch((error) => console.log(error.message));
await writeFile(file, await stopped.save());

const resumed = await DEC.load(await readFile(file), { device });
await resumed.fit(x, { epochs: 15 });
const same = resumed.labels.every((label, i) => label === whole.labels[i]);
console.log(
  `${resumed.history.length} of ${whole.history.length} epochs, ${same ? "the same labels" : "other labels"}`,
);
device.destroy();

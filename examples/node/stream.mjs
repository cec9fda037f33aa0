// node stream.mjs FILE.npy ROWS: writes rows a thousand at a time, then trains on the file without ever holding it.
import { Random, requestDevice } from "constella";
import { SelfLabeling } from "constella/vision";
import { NpyDataset, NpyWriter } from "constella/data";

const [file, count] = process.argv.slice(2);
const n = Number(count);
const WIDTH = 24;

const writer = await NpyWriter.create(file, [n, WIDTH], "float32");
const random = new Random(3);
for (let done = 0; done < n; done += 1000) {
  const rows = new Float32Array(Math.min(1000, n - done) * WIDTH);
  random.fillNormal(rows, 0, 0.5);
  rows.forEach((_, p) => (rows[p] += Math.cos((Math.floor(p / WIDTH) % 5) * (p % WIDTH))));
  await writer.write(rows);
}
await writer.close();

const device = await requestDevice();
const data = await NpyDataset.open(file);
const model = new SelfLabeling({
  network: { type: "mlp", layers: [WIDTH, 32, 16] },
  nClusters: 5,
  learningRate: 0.05,
  seed: 0,
  device,
});
await model.fit(data, {
  epochs: 2,
  onEpoch: ({ epoch, loss }) => console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}`),
});
console.log(`${data.length} rows, ${new Set(model.labels).size} clusters in use`);
await data.close();
device.destroy();

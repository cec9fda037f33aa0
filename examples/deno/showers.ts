// deno run --allow-read --allow-write=. --allow-env --allow-sys showers.ts MODEL: learns features of simulated air showers without their labels, and keeps the model.
import { requestDevice } from "constella";
import { LinearProbe, SelfLabeling } from "constella/vision";
import { simulateShowers } from "constella/data";

const [file] = Deno.args;
const SIDE = 20;

/** n showers as the network takes them: photons on a logarithmic scale. */
function showers(n: number, first: number) {
  const { images, labels } = simulateShowers({ n, first, size: SIDE });
  return {
    x: { data: images.data.map((photons) => Math.log1p(Math.max(0, photons)) - 1), shape: images.shape },
    labels,
  };
}
const train = showers(600, 0);
const test = showers(400, 10_000);

const device = await requestDevice(); // Deno's own WebGPU where the machine has a GPU
const model = new SelfLabeling({
  network: { type: "vgg", input: [1, SIDE, SIDE], channels: 8, hidden: 64 },
  nClusters: 16,
  learningRate: 0.05,
  batchSize: 50,
  augment: { flip: 0.5, rotate: 180 },
  seed: 0,
  device,
});
await model.fit(train.x, {
  epochs: 3,
  onEpoch: ({ epoch, loss }) => console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}`),
});

// How good the features are: gammas told from hadrons by a linear classifier on them.
const probe = await new LinearProbe({ seed: 0, device }).fit(await model.transform(train.x), train.labels);
const accuracy = await probe.score(await model.transform(test.x), test.labels);
console.log(`gammas from hadrons: ${(100 * accuracy).toFixed(1)} %`);
await Deno.writeFile(file, await model.save());
device.destroy();

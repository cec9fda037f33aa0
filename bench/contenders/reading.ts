import { randomUUID } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NpyDataset, ShuffleBuffer, writeNpy } from "constella/data";
import {
  BatchNorm2d,
  Conv2d,
  crossEntropy,
  Flatten,
  grad,
  indices,
  Linear,
  MaxPool2d,
  Random,
  requestDevice,
  Sequential,
  SGD,
  tensor,
  tidy,
  type Device,
} from "constella";
import { array, type Program, type Result, uniform } from "../workload";

/** Side of an image, and of a batch. */
const SIDE = 45;
const BATCH = 64;
const CLUSTERS = 256;

/** Images [rows, 45, 45] as an npy file, of which a run takes `steps` shuffled batches of 64. */
export interface ReadingProblem {
  rows: number;
  steps: number;
  images: Float32Array;
}

/** Images uniform in [0, 1). */
export function readingProblem(rows: number, steps: number): ReadingProblem {
  return { rows, steps, images: uniform(rows * SIDE * SIDE, 11, 0, 1) };
}

/** Bytes of the batches of a run. */
export const readingBytes = (steps: number): number => steps * BATCH * SIDE * SIDE * 4;

/** Every row of the last run must be the one of its number, none twice. The remark tells the rate and how long the reading kept the caller waiting. */
export function checkReading({ rows, steps, images }: ReadingProblem, result: Result): string {
  const width = SIDE * SIDE;
  const count = Math.min(rows, steps * BATCH);
  const index = array(result, "index", count);
  const sums = array(result, "sums", count);
  const [ms, waited] = array(result, "times", 2) as [number, number];
  if (new Set(index).size !== count) throw new Error(`${count - new Set(index).size} rows came twice`);
  for (let i = 0; i < count; i++) {
    const sum = images.subarray(index[i]! * width, (index[i]! + 1) * width).reduce((total, v) => total + v, 0);
    if (Math.abs(sum - sums[i]!) > 1e-3) throw new Error(`row ${index[i]} sums to ${sums[i]}, not ${sum}`);
  }
  const rate = (1000 * count) / ms;
  return `${rate.toFixed(0)} rows/s = ${((rate * width * 4) / 1e6).toFixed(1)} MB/s, ${((100 * waited) / ms).toFixed(1)} % of the time waiting for rows`;
}

/** One pass in shuffled batches from the file, each row added up. */
export const read = async (problem: ReadingProblem): Promise<Program> => run(problem, await fromFile(problem), sumsOf);

/** Training steps on batches from memory (uploaded one by one, as those from a file are), or from the file. */
export const train =
  (where: "memory" | "file") =>
  async (problem: ReadingProblem): Promise<Program> => {
    const device = await requestDevice("wasm");
    const step = trainer(device);
    const source = where === "memory" ? fromMemory(problem) : await fromFile(problem);
    return run(problem, source, async (x) => {
      await step(x);
      return sumsOf(x);
    });
  };

type Batches = (step: number) => Promise<{ index: Uint32Array; x: Float32Array }>;

/** Takes the batches of a run one after the other, and the time that it waits for them. */
function run(
  { steps }: ReadingProblem,
  batch: Batches,
  use: (x: Float32Array) => Promise<number[]> | number[],
): Program {
  let seen: { index: number[]; sums: number[]; times: [number, number] } = { index: [], sums: [], times: [0, 0] };
  let pass = 0;
  return {
    run: async () => {
      seen = { index: [], sums: [], times: [0, 0] };
      const begin = performance.now();
      for (let step = 0; step < steps; step++) {
        const asked = performance.now();
        const { index, x } = await batch(pass * steps + step);
        seen.times[1] += performance.now() - asked;
        seen.index.push(...index);
        seen.sums.push(...(await use(x)));
      }
      pass++;
      return (seen.times[0] = performance.now() - begin);
    },
    result: async () => seen,
  };
}

function sumsOf(x: Float32Array): number[] {
  const width = SIDE * SIDE;
  return Array.from({ length: x.length / width }, (_, row) => {
    let sum = 0;
    for (let i = row * width; i < (row + 1) * width; i++) sum += x[i]!;
    return sum;
  });
}

async function fromFile(problem: ReadingProblem): Promise<Batches> {
  const path = join(tmpdir(), `constella-bench-${randomUUID()}.npy`);
  process.on("exit", () => rmSync(path, { force: true }));
  writeFileSync(path, writeNpy({ data: problem.images, shape: [problem.rows, SIDE, SIDE] }));
  const buffer = new ShuffleBuffer(await NpyDataset.open(path), { batchSize: BATCH, seed: 3, bufferRows: 1024 });
  return (number) => buffer.batch(Math.floor(number / problem.steps), number % problem.steps);
}

function fromMemory({ rows, steps, images }: ReadingProblem): Batches {
  const width = SIDE * SIDE;
  return async (number) => {
    const order = new Random(Math.floor(number / steps)).permutation(rows);
    const index = order.slice((number % steps) * BATCH, ((number % steps) + 1) * BATCH);
    const x = new Float32Array(index.length * width);
    index.forEach((row, i) => x.set(images.subarray(row * width, (row + 1) * width), i * width));
    return { index, x };
  };
}

/** One step of SGD on two blocks of convolutions and their classifier. */
function trainer(device: Device): (x: Float32Array) => Promise<void> {
  const random = new Random(1);
  const block = (inputs: number, outputs: number) => [
    new Conv2d(device, inputs, outputs, 3, random, { padding: 1, bias: false }),
    new BatchNorm2d(device, outputs, { activation: "relu" }),
    new Conv2d(device, outputs, outputs, 3, random, { padding: 1, bias: false }),
    new BatchNorm2d(device, outputs, { activation: "relu" }),
    new MaxPool2d(2),
  ];
  const network = new Sequential([
    ...block(1, 16),
    ...block(16, 32),
    new Flatten(),
    new Linear(device, 3872, 512, random, { activation: "relu" }),
    new Linear(device, 512, CLUSTERS, random),
  ]);
  const parameters = network.parameters();
  const optimizer = new SGD(parameters, { lr: 1e-3, momentum: 0.9 });
  return async (x) => {
    const n = x.length / SIDE / SIDE;
    using loss = tidy(() => {
      const labels = indices(
        device,
        Uint32Array.from({ length: n }, (_, i) => i % CLUSTERS),
      );
      const loss = crossEntropy(network.forward(tensor(device, x, [n, 1, SIDE, SIDE])), labels);
      optimizer.step(grad(loss, parameters));
      return loss;
    });
    if (!Number.isFinite(await loss.item())) throw new Error("the loss is not finite");
  };
}

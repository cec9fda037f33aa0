import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEC, StackedAutoencoder } from "constella";
import { NpyDataset, NpyWriter, ShuffleBuffer, writeNpy, type RowSource } from "../../../src/data";
import { NdArray } from "../../../src/ndarray";
import { Random } from "../../../src/random";
import { Rows } from "../../../src/lifecycle/rows";
import { describeDevices } from "../../devices";
import { abortAfter } from "../../models/resuming";
import { digits } from "../../models/digits";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "constella-rows-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Rows [n, 2, 2] whose values tell their number: row r holds 4 (r + from) … 4 (r + from) + 3. */
function numbered(n: number, from = 0): NdArray<Float32Array> {
  return new NdArray(
    Float32Array.from({ length: 4 * n }, (_, i) => 4 * from + i),
    [n, 2, 2],
  );
}

const rowsIn = (x: Float32Array): number[] => Array.from({ length: x.length / 4 }, (_, row) => x[4 * row]! / 4);

const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** A source that counts what is read of it, and how much it has to hold at once. */
class Counted implements RowSource {
  readonly length: number;
  readonly rowShape = [2, 2];
  readonly reads: [number, number][] = [];
  delay = 0;
  constructor(length: number) {
    this.length = length;
  }
  async range(begin: number, end: number): Promise<Float32Array> {
    this.reads.push([begin, end]);
    if (this.delay > 0) await new Promise((resolve) => setTimeout(resolve, this.delay));
    return numbered(end - begin, begin).data;
  }
  async rows(index: ArrayLike<number>): Promise<Float32Array> {
    const parts = await Promise.all(Array.from(index, (row) => this.range(row, row + 1)));
    return Float32Array.from(parts.flatMap((part) => [...part]));
  }
}

describe("NpyDataset", () => {
  test("reads ranges and rows across many files, from disk and from memory", async () => {
    const many = join(folder, "many");
    await mkdir(many);
    const sizes = [3, 1, 5, 0, 4];
    let from = 0;
    for (const [file, n] of sizes.entries()) {
      await writeFile(join(many, `part${file}.npy`), writeNpy(numbered(n, from)));
      from += n;
    }
    await writeFile(join(many, "notes.txt"), "not a part");
    const labels = Int32Array.from(upTo(13), (row) => row % 3);
    const data = await NpyDataset.open(many, { labels, maxOpen: 1 });
    expect([data.length, data.rowShape, data.files.length]).toEqual([13, [2, 2], 5]);
    expect([...(await data.range(2, 11))]).toEqual([...numbered(9, 2).data]);
    expect(rowsIn(await data.rows([12, 0, 4, 3, 4, 9]))).toEqual([12, 0, 4, 3, 4, 9]);
    const batches = [];
    for await (const batch of data.batches({ batchSize: 5, seed: 3 })) batches.push(batch);
    expect(batches.map(({ shape }) => shape)).toEqual([[5, 2, 2], [5, 2, 2], [3, 2, 2]]); // prettier-ignore
    for (const { index, x, labels } of batches) {
      expect(rowsIn(x)).toEqual([...index]);
      expect([...labels!]).toEqual(Array.from(index, (row) => row % 3));
    }
    await data.close();
    await expect(data.range(0, 1)).rejects.toThrow("NpyDataset: the dataset must be open");
    const whole = await NpyDataset.open(upTo(3).map((i) => writeNpy(numbered(2, 2 * i))), { each: "file" }); // prettier-ignore
    expect([whole.length, whole.rowShape]).toEqual([3, [2, 2, 2]]);
    expect(rowsIn(await whole.range(1, 3))).toEqual([2, 3, 4, 5]);
    expect(rowsIn(await whole.rows([2, 0, 2]))).toEqual([4, 5, 0, 1, 4, 5]);
    await expect(NpyDataset.open(many, { each: "file", field: "image" })).rejects.toThrow("each must be row where");
    await expect(NpyDataset.open(many, { each: "file" })).rejects.toThrow("rows must have one shape in all files");
    const memory = await NpyDataset.open([writeNpy(numbered(2)), new Blob([writeNpy(numbered(2, 2)) as BlobPart])]);
    expect(rowsIn(await memory.range(0, 4))).toEqual([0, 1, 2, 3]);
  });

  test("values of any type become float32, mapped", async () => {
    const bytes = new NdArray(Uint8Array.of(0, 51, 255, 102), [2, 2]);
    const data = await NpyDataset.open(writeNpy(bytes), { map: (value) => value / 255 });
    expect([...(await data.range(0, 2))]).toBeCloseToArray([0, 0.2, 1, 0.4], { rtol: 1e-6, atol: 0 });
    const wide = await NpyDataset.open(writeNpy(BigInt64Array.of(3n, -1n)));
    expect([...(await wide.rows([1, 0]))]).toEqual([-1, 3]);
  });

  test("memory stays flat over a sparse file of 3 GB", async () => {
    const path = join(folder, "large.npy");
    const n = 370_000;
    const header = writeNpy(new NdArray(new Float32Array(0), [0, 45, 45]));
    const text = new TextDecoder("latin1")
      .decode(header)
      .replace("(0, 45, 45), }      ", `(${n}, 45, 45), }     `.padEnd(18));
    const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0)).subarray(0, header.length);
    const file = await open(path, "w");
    await file.write(bytes, 0, bytes.length, 0);
    await file.truncate(header.length + n * 2025 * 4);
    await file.close();
    const data = await NpyDataset.open(path);
    expect([data.length, data.rowShape]).toEqual([n, [45, 45]]);
    let before = 0;
    let most = 0;
    let held = 0;
    for await (const { x, index, step, use } of data.batches({
      batchSize: 64,
      seed: 1,
      blockRows: 128,
      bufferRows: 512,
    })) {
      expect(x.length).toBe(64 * 2025);
      expect(index.length).toBe(64);
      held = Math.max(held, use.mostRowsHeld);
      const { arrayBuffers } = process.memoryUsage();
      if (step === 20) before = arrayBuffers;
      most = Math.max(most, step > 20 ? arrayBuffers : 0);
      if (step === 200) break;
    }
    expect(held).toBe(2 * 512);
    expect(most - before).toBeLessThan(200e6); // 1.6 GB were looked at 8 times over by now if nothing were freed
    await data.close();
  });

  test("refuses what cannot be trained on, with the file and the row", async () => {
    const write = (name: string, content: Uint8Array) => writeFile(join(folder, name), content);
    const good = writeNpy(numbered(4));
    await write("good.npy", good);
    await write("cut.npy", good.subarray(0, good.length - 8));
    await write("other.npy", writeNpy(new NdArray(new Float32Array(12), [3, 2, 2, 1])));
    const broken = numbered(6);
    broken.data[17] = NaN;
    await write("nan.npy", writeNpy(broken));
    const path = (name: string) => join(folder, name);
    await expect(NpyDataset.open(path("cut.npy"))).rejects.toThrow(
      /^npy: file is truncated, shape \[4, 2, 2\] .*cut\.npy\)$/,
    );
    await expect(NpyDataset.open([path("good.npy"), path("other.npy")])).rejects.toThrow(
      /^NpyDataset: rows must have one shape in all files, got \[2, 2\] in .*good\.npy, \[2, 2, 1\] in .*other\.npy$/,
    );
    await expect(NpyDataset.open(path("none.npy"))).rejects.toThrow(/^cannot read .*none\.npy: no such file$/);
    await expect(NpyDataset.open(path("good.npy"), { labels: [1, 2] })).rejects.toThrow(
      "NpyDataset: labels must be one for each of 4 rows, got 2",
    );
    await expect(NpyDataset.open(writeNpy(numbered(0)))).rejects.toThrow("NpyDataset: there are no rows in file 0");
    const data = await NpyDataset.open([path("good.npy"), path("nan.npy")]);
    const message = /^NpyDataset: values must be finite, got NaN in row 8 \(row 4 of .*nan\.npy\)$/;
    await expect(data.range(3, 10)).rejects.toThrow(message);
    await expect(data.rows([1, 8])).rejects.toThrow(message);
    await expect(data.rows([0, 10])).rejects.toThrow("NpyDataset: rows must be whole numbers from 0 to 9, got 10");
    await expect(data.range(0, 11)).rejects.toThrow("NpyDataset: rows must be within 0 and 10, got 0 to 11");
    await expect(async () => {
      for await (const batch of data.batches({ batchSize: 4 })) expect(batch.index.length).toBeLessThan(5);
    }).rejects.toThrow(message);
    await data.close();
    // shortened after it was opened
    const shrinking = await NpyDataset.open(path("good.npy"));
    await write("good.npy", good.subarray(0, good.length - 8));
    await expect(shrinking.range(0, 4)).rejects.toThrow(/^npy: file is truncated, .*good\.npy\)$/);
    await shrinking.close();
  });
});

describe("NpyWriter", () => {
  test("writes rows piece by piece; the file is there when it is complete", async () => {
    const path = join(folder, "written.npy");
    const file = await NpyWriter.create(path, [5, 2, 2], "float32");
    const { data } = numbered(5);
    await file.write(data.subarray(0, 12));
    await expect(readFile(path)).rejects.toThrow();
    await file.write(data.subarray(12));
    await file.close();
    expect(new Uint8Array(await readFile(path))).toEqual(writeNpy(numbered(5)));
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("refuses too many and too few elements and other types, and leaves nothing behind", async () => {
    const path = join(folder, "unwritten.npy");
    const file = await NpyWriter.create(path, [2, 2], "int32");
    await expect(file.write(new Float32Array(1))).rejects.toThrow(
      "NpyWriter: elements must be a Int32Array, got a Float32Array",
    );
    await expect(file.write(new Int32Array(5))).rejects.toThrow(`NpyWriter: ${path} has 4 elements, given 5`);
    await file.write(new Int32Array(3));
    await expect(file.close()).rejects.toThrow(`NpyWriter: ${path} has 4 elements, given 3`);
    await expect(NpyWriter.create(join(folder, "none/x.npy"), [1], "uint8")).rejects.toThrow(
      /^cannot write .*: no such folder$/,
    );
    expect((await readdir(folder)).filter((name) => /unwritten|tmp$/.test(name))).toEqual([]);
  });
});

describe("ShuffleBuffer", () => {
  test("every row comes once a pass, in another order each pass and seed, the same for a seed", async () => {
    for (const [n, batchSize, blockRows, bufferRows] of [
      [103, 10, 8, 24],
      [64, 64, 4, 8],
      [5, 2, 100, 100],
      [97, 50, 1, 7],
    ] as const) {
      const options = { batchSize, blockRows, bufferRows, seed: 5 };
      const orders = [];
      const buffer = new ShuffleBuffer(new Counted(n), options);
      for (const pass of [0, 1, 0]) {
        const order: number[] = [];
        for (let step = 0; step < buffer.steps; step++) {
          const { index, x } = await buffer.batch(pass, step);
          expect(rowsIn(x)).toEqual([...index]);
          order.push(...index);
        }
        expect(ascending(order), `${n} rows`).toEqual(upTo(n));
        orders.push(order);
      }
      expect(orders[2]).toEqual(orders[0]);
      expect(orders[1]).not.toEqual(orders[0]);
      // any step can be had first: training goes on in the middle of a pass
      const resumed = new ShuffleBuffer(new Counted(n), options);
      const last = buffer.steps - 1;
      expect([...(await resumed.batch(1, last)).index]).toEqual(orders[1]!.slice(last * batchSize));
    }
  });

  test("holds two parts at most, reads each block once, and the next part while a batch computes", async () => {
    const source = new Counted(1000);
    const buffer = new ShuffleBuffer(source, { batchSize: 25, blockRows: 10, bufferRows: 100, passes: 1 });
    await buffer.batch(0, 0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(source.reads).toHaveLength(20);
    for (let step = 1; step < buffer.steps; step++) await buffer.batch(0, step);
    expect(source.reads).toHaveLength(100);
    expect(new Set(source.reads.map(([begin]) => begin)).size).toBe(100);
    expect(buffer.use).toMatchObject({ rowsRead: 1000, mostRowsHeld: 200 });
    buffer.clear();
    expect(buffer.use.rowsHeld).toBe(0);
  });

  test("shuffles rows over parts, not only blocks", async () => {
    const buffer = new ShuffleBuffer(new Counted(1000), { batchSize: 100, blockRows: 10, bufferRows: 500, seed: 1 });
    const { index } = await buffer.batch(0, 0);
    const blocks = new Set(Array.from(index, (row) => Math.floor(row / 10)));
    expect(blocks.size).toBeGreaterThan(30);
    expect([...index].every((row, i) => i === 0 || row !== index[i - 1]! + 1)).toBe(true);
  });

  test("is aborted by its signal, also while it reads ahead, and tells a failed reading where it is needed", async () => {
    const controller = new AbortController();
    const source = new Counted(400);
    source.delay = 1;
    const buffer = new ShuffleBuffer(source, {
      batchSize: 40,
      blockRows: 10,
      bufferRows: 80,
      signal: controller.signal,
    });
    await buffer.batch(0, 0);
    controller.abort(new Error("enough"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(buffer.batch(0, 1)).rejects.toThrow("enough");
    expect(source.reads.length).toBeLessThan(20);
    const failing = new Counted(100);
    const range = failing.range.bind(failing);
    failing.range = (begin, end) => (begin === 50 ? Promise.reject(new Error("gone")) : range(begin, end));
    const late = new ShuffleBuffer(failing, { batchSize: 10, blockRows: 10, bufferRows: 10 });
    const errors: string[] = [];
    for (let step = 0; step < 10; step++) await late.batch(0, step).catch((error: Error) => errors.push(error.message));
    expect(errors).toEqual(["gone"]);
    failing.range = range;
    for (let step = 0; step < 10; step++) await late.batch(0, step);
  });

  test("sizes out of range are refused", async () => {
    const source = new Counted(10);
    expect(() => new ShuffleBuffer(source, { batchSize: 0 })).toThrow(
      "ShuffleBuffer: batchSize must be a whole number from 1, got 0",
    );
    expect(() => new ShuffleBuffer(new Counted(0), { batchSize: 1 })).toThrow("ShuffleBuffer: the source has no rows");
    const buffer = new ShuffleBuffer(source, { batchSize: 3 });
    await expect(buffer.batch(0, 4)).rejects.toThrow(/step less than 4, got 0 and 4/);
  });
});

describeDevices("training from a source of rows", (device) => {
  const { x } = digits(200);
  /** The digits as an npy file. */
  const source = async (): Promise<NpyDataset> => NpyDataset.open(writeNpy(x));
  const options = { layers: [64, 16, 4], layerEpochs: 1, epochs: 12, batchSize: 32, learningRate: 1e-2, seed: 2 };

  test("an autoencoder learns from it as from a matrix, and resumes in the middle of a pass", async () => {
    const made = await device();
    const whole = await new StackedAutoencoder({ ...options, device: made }).fit(await source());
    const losses = whole.history.map(({ loss }) => loss);
    expect(losses.at(-1)).toBeLessThan(0.6 * losses[2]!);
    const matrix = await new StackedAutoencoder({ ...options, device: made }).fit(x);
    expect(losses.at(-1)).toBeCloseTo(matrix.history.at(-1)!.loss, 2);
    const codes = await whole.transform(await source());
    expect(codes.shape).toEqual([200, 4]);
    expect(codes.data).toEqual((await whole.transform(x)).data);
    const stopped = new StackedAutoencoder({ ...options, device: made });
    await expect(stopped.fit(await source(), abortAfter(3))).rejects.toThrow("stopped by the test");
    const resumed = await StackedAutoencoder.load(await stopped.save(), { device: made });
    await resumed.fit(await source());
    expect((await resumed.transform(x)).data).toEqual((await whole.transform(x)).data);
    for (const model of [whole, matrix, stopped, resumed]) model.dispose();
  });

  test("DEC clusters it, and a broken row ends training with its name", async () => {
    const made = await device();
    const settings = {
      layers: [64, 16, 4],
      nClusters: 5,
      layerEpochs: 0,
      pretrainEpochs: 1,
      updateInterval: 3,
      nInit: 1,
    };
    const model = new DEC({ ...settings, batchSize: 64, seed: 1, device: made });
    await model.fit(await source(), { epochs: 2 });
    expect(model.labels.length).toBe(200);
    expect(await model.predict(await source())).toEqual(model.labels);
    model.dispose();
    const broken = new NdArray(x.data.slice(), x.shape);
    broken.data[64 * 150 + 3] = Infinity;
    const failing = new DEC({ ...settings, batchSize: 64, seed: 1, device: made });
    await expect(failing.fit(await NpyDataset.open(writeNpy(broken)))).rejects.toThrow(
      "NpyDataset: values must be finite, got Infinity in row 150 (row 150 of file 0)",
    );
    failing.dispose();
  });

  test("rows of a source are there once they were loaded", async () => {
    const rows = await Rows.from(await device(), await source(), "test");
    const index = Uint32Array.of(7, 3, 7);
    expect(() => rows.at(index)).toThrow("rows: a batch is used before it was loaded");
    await rows.load(index);
    const batch = rows.at(index);
    expect([...(await batch.data())]).toEqual(
      [7, 3, 7].flatMap((row) => [...x.data.subarray(64 * row, 64 * row + 64)]),
    );
    batch.dispose();
    expect(() => rows.order(new Random(0).state(), 10).batch(0, 0)).toThrow(
      "rows: batch 0 of pass 0 is used before it was loaded",
    );
    rows.dispose();
  });
});

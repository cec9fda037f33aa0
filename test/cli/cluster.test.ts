// constella cluster, by methods that train nothing.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { gzipSync } from "node:zlib";
import { writeCsv } from "../../src/data/formats/csv/csv";
import { writeIdx } from "../../src/data/formats/idx";
import { readNpy, writeNpy } from "../../src/data/formats/npy/npy";
import { readSafetensors } from "../../src/data/formats/safetensors";
import { accuracy, calinskiHarabasz, daviesBouldin, silhouette } from "../../src/metrics";
import { uniforms } from "../uniforms";
import { encodePng } from "../data/formats/png";
import { blobs, constella, folder, list, metricsOf, read, refusal, RESULTS, write, useProgram } from "./program";

useProgram();

const CLUSTERS_MUST = "--clusters must be a whole number from 1, a range as 2..12 with the lower one first, or auto";

describe("constella cluster", () => {
  const { x, y } = blobs(90, 4, 3);

  beforeAll(async () => {
    await write("x.npy", writeNpy(x));
    await write("y.npy", writeNpy(y));
    await write("y.csv", ["kind", ...Array.from(y, (label) => `kind ${label}`)].join("\n"));
    await write("table.csv", writeCsv(x, { columns: ["a", "b", "c", "d"], labels: y, labelName: "kind" }));
    const bytes = Uint8Array.from(x.data, (value) => 50 * value);
    await write("x.idx.gz", gzipSync(writeIdx({ data: bytes, shape: [90, 2, 2] })));
    const broken = Float32Array.from(x.data);
    broken[9] = NaN;
    await write("nan.npy", writeNpy({ data: broken, shape: x.shape }));
  });

  const kmeans = (data: string, ...args: string[]): string[] => [
    "cluster",
    data,
    "--method",
    "kmeans",
    "--device",
    "wasm",
    "--threads",
    "1",
    ...args,
  ];

  test("writes labels, embedding, measures, centres and a report that agree", async () => {
    const options = ["--clusters", "3", "--n-init", "2", "--seed", "7", "--labels", "y.csv", "--out", "a/b"];
    const { code, stdout } = await constella(...kmeans("x.npy", ...options));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^k-means: 90 items in 3 clusters, .* inertia \S+, ACC 1\.0000, NMI 1\.0000, ARI 1\.0000\n/);
    expect(await list("a/b")).toEqual(RESULTS);

    const labels = readNpy(await read("a/b/labels.npy"));
    expect(labels.shape).toEqual([90]);
    expect(labels.dtype).toBe("int32");
    expect(accuracy(y, labels)).toBe(1);
    expect(readNpy(await read("a/b/embedding.npy")).shape).toEqual([90, 2]);

    const { tensors, metadata } = readSafetensors(await read("a/b/checkpoint.safetensors"));
    const centers = tensors.get("clusterCenters")!;
    expect(centers.shape).toEqual([3, 4]);
    expect(metadata["model"]).toBe("KMeans");
    let inertia = 0;
    x.data.forEach((value, at) => {
      inertia += (value - Number(centers.get(Number(labels.get(Math.floor(at / 4))), at % 4))) ** 2;
    });
    const metrics = await metricsOf("a/b");
    expect(metrics["inertia"]).toBeCloseTo(inertia, 3);
    expect(metrics).toMatchObject({ method: "kmeans", n: 90, nClusters: 3, acc: 1, nmi: 1, seed: 7, scale: "none" });
    expect(metrics["options"]).toMatchObject({ nInit: 2, maxIter: 300, seed: 7 });
    expect(metrics["device"]).toMatch(/^WebAssembly/);

    const report = (await read("a/b/report.html")).toString();
    for (const section of ["embedding", "confusion", "clusters", "provenance"])
      expect(report).toContain(`<section id="${section}">`);
    expect(report).toContain("kind 2");
    expect(report).toContain("--n-init 2 --seed 7");
  });

  test("reads a folder of pictures, one folder a class", async () => {
    for (const name of ["dark", "red"]) await mkdir(join(folder, "pictures", name), { recursive: true });
    for (let i = 0; i < 6; i++) {
      const dark = Array.from({ length: 48 }, (_, j) => (i * j) % 9);
      const size = { width: 4, height: 4, type: 2, depth: 8 } as const;
      await write(`pictures/dark/${i}.png`, encodePng(dark, size));
      const red = dark.map((value, j) => (j % 3 === 0 ? 240 - value : value));
      await write(`pictures/red/${i}.png`, encodePng(red, size));
    }
    const { code, stdout } = await constella(...kmeans("pictures", "--clusters", "2", "--out", "pictures-out"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^k-means: 12 items in 2 clusters, .* ACC 1\.0000/);
    expect((await read("pictures-out/report.html")).toString()).toContain("red");
    await write("pictures/red/broken.png", Uint8Array.of(137, 80));
    expect(await refusal(...kmeans("pictures", "--clusters", "2", "--out", "none"))).toMatch(
      /^constella: image: file must be PNG or JPEG, its first bytes are 137, 80 \(pictures\/red\/broken\.png\)$/,
    );
  });

  test("reads CSV with a label column and gzipped idx images alike", async () => {
    const common = ["--clusters", "3", "--n-init", "1"];
    const table = await constella(...kmeans("table.csv", ...common, "--label-column", "kind", "--out", "table"));
    expect(table).toMatchObject({ code: 0, stdout: expect.stringContaining("ACC 1.0000") as string });
    expect((await read("table/report.html")).toString()).toContain('<section id="features">');
    const images = await constella(...kmeans("x.idx.gz", ...common, "--labels", "y.npy", "--out", "images"));
    expect(images).toMatchObject({ code: 0, stdout: expect.stringContaining("ACC 1.0000") as string });
    expect((await metricsOf("images"))["inertia"]).toBeGreaterThan(10_000); // in the units of the file
    expect((await read("images/report.html")).toString()).toContain("data:image/png");
  });

  test("mini-batch-kmeans and dbscan", async () => {
    const batches = ["--method", "mini-batch-kmeans", "--clusters", "3", "--batch-size", "32", "--max-iter", "5"];
    const device = ["--device", "wasm", "--threads", "1", "--labels", "y.npy"];
    const first = await constella(
      "cluster",
      "table.csv",
      "--label-column",
      "-1",
      ...batches,
      ...device.slice(0, 4),
      "--out",
      "batches",
    );
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining("ACC 1.0000") as string });
    expect(await metricsOf("batches")).toMatchObject({ options: { batchSize: 32, maxIter: 5, maxNoImprovement: 10 } });
    expect((await metricsOf("batches"))["inertia"]).toBeGreaterThan(0);

    const dense = await constella(
      "cluster",
      "x.npy",
      "--method",
      "dbscan",
      "--eps",
      "0.9",
      ...device,
      "--out",
      "dense",
    );
    expect(dense).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/in 3 clusters, .* left as noise/) as string,
    });
    expect(await list("dense")).toEqual(RESULTS);
    const metrics = await metricsOf("dense");
    expect(metrics).toMatchObject({ method: "dbscan", nClusters: 3, options: { eps: 0.9, minSamples: 5 } });
    expect(metrics).not.toHaveProperty("inertia");
    const none = await constella("cluster", "x.npy", "--method", "dbscan", "--eps", "1e-6", ...device, "--out", "none");
    expect(none).toMatchObject({ code: 0, stdout: expect.stringContaining("in 0 clusters") as string });
    expect(new Set(readNpy(await read("none/labels.npy")).data as Int32Array)).toEqual(new Set([-1]));

    const clusters = await refusal("cluster", "x.npy", "--method", "dbscan", "--clusters", "3", "--out", "refused");
    expect(clusters).toBe("constella: --clusters is not an option of dbscan, which finds their number");
    const eps = await refusal(
      "cluster",
      "x.npy",
      "--method",
      "kmeans",
      "--clusters",
      "3",
      "--eps",
      "1",
      "--out",
      "refused",
    );
    expect(eps).toBe("constella: --eps is an option of optics, dbscan, not of kmeans");
    expect(await list("refused")).toEqual(["none"]);
  });

  test("the same seed gives the same files", async () => {
    for (const out of ["one", "two"])
      expect((await constella(...kmeans("x.npy", "--clusters", "4", "--out", out))).code).toBe(0);
    for (const name of ["labels.npy", "embedding.npy"])
      expect((await read(`one/${name}`)).equals(await read(`two/${name}`))).toBe(true);
  });

  test("where no classes are known, metrics.json has what the items alone say, those of noise left out", async () => {
    const dense = ["--method", "dbscan", "--device", "wasm"];
    expect((await constella("cluster", "x.npy", ...dense, "--eps", "0.6", "--out", "unknown")).code).toBe(0);
    const metrics = await metricsOf("unknown");
    const found = readNpy(await read("unknown/labels.npy")).data as Int32Array;
    const kept = Array.from(found.keys()).filter((row) => found[row]! >= 0);
    const items = kept.map((row) => Array.from(x.data.subarray(4 * row, 4 * row + 4), Number));
    const own = kept.map((row) => found[row]!);
    expect(kept.length).toBeLessThan(90);
    expect(metrics["silhouette"]).toBeCloseTo(silhouette(items, own).score, 12);
    expect(metrics["daviesBouldin"]).toBeCloseTo(daviesBouldin(items, own), 12);
    expect(metrics["calinskiHarabasz"]).toBeCloseTo(calinskiHarabasz(items, own), 9);
    expect(metrics).not.toHaveProperty("ari");
    expect((await constella("cluster", "x.npy", ...dense, "--eps", "1e-6", "--out", "noise")).code).toBe(0);
    expect(await metricsOf("noise")).not.toHaveProperty("silhouette");
  });

  test("a number of clusters that is searched for: in metrics.json, in the report, and in a resumed run", async () => {
    const args = ["--n-init", "1", "--seed", "3", "--threads", "1", "--device", "wasm"];
    const searched = ["cluster", "x.npy", "--method", "kmeans", "--clusters", "2..5", ...args];
    const { code, stdout } = await constella(...searched, "--out", "searched");
    expect(code).toBe(0);
    expect(stdout).toMatch(/in 3 clusters.*\nclusters: 3: the greatest silhouette, 0\.\d+\n/);
    const { nClusters, numberOfClusters } = await metricsOf("searched");
    expect(nClusters).toBe(3);
    expect(numberOfClusters).toMatchObject({ asked: "2..5", k: 3, criterion: "silhouette" });
    const { scores } = numberOfClusters as { scores: { k: number; score: number; expected: number }[] };
    expect(scores.map(({ k }) => k)).toEqual([2, 3, 4, 5]);
    expect(scores[1]!.score).toBeGreaterThan(scores[1]!.expected);
    expect(String(await read("searched/report.html"))).toMatch(/How many clusters.*<p>3: the greatest silhouette/s);
    const told = [...searched.slice(0, 4), "--clusters", "3", ...args];
    expect((await constella(...told, "--out", "told")).code).toBe(0);
    for (const file of ["labels.npy", "embedding.npy"])
      expect(await read(`searched/${file}`)).toEqual(await read(`told/${file}`));
    expect((await constella(...searched, "--out", "searched", "--resume")).stdout).toContain("clusters: 3: ");
    expect((await metricsOf("searched"))["numberOfClusters"]).toEqual(numberOfClusters);
    await write("many.npy", writeNpy(blobs(70_000, 4, 3).x));
    const streamed = ["cluster", "many.npy", "--method", "kmeans", "--memory", "1", "--clusters", "auto"];
    expect(await refusal(...streamed, "--out", "refused")).toMatch(
      /^constella: --clusters must be one number for items that are read when they are needed, as those of many\.npy, got auto/,
    );
    expect(await refusal(...searched.slice(0, 5), "2..6", "--out", "searched", "--resume")).toMatch(
      /^constella: --clusters is 2\.\.5 in searched\/checkpoint\.safetensors, got 2\.\.6; leave/,
    );
    expect(await refusal(...searched.slice(0, 5), "auto", "--out", "told", "--resume")).toMatch(
      /^constella: --clusters is 3 in told\/checkpoint\.safetensors, got auto; leave/,
    );
  });

  test.each([
    ["a missing file", ["gone.npy", "--clusters", "3"], "cannot read gone.npy: no such file"],
    ["no clusters", ["x.npy"], "--clusters is missing, kmeans needs the number of clusters"],
    ["clusters that are no number", ["x.npy", "--clusters", "x"], `${CLUSTERS_MUST}, got "x"`],
    ["a range that goes down", ["x.npy", "--clusters", "12..2"], `${CLUSTERS_MUST}, got "12..2"`],
    ["a range without an end", ["x.npy", "--clusters", "1.."], `${CLUSTERS_MUST}, got "1.."`],
    [
      "a range as long as there are rows",
      ["x.npy", "--clusters", "2..90"],
      "--clusters must end below the number of rows, 90, got 2..90",
    ],
    [
      "more clusters than rows",
      ["x.npy", "--clusters", "91"],
      "--clusters must be at most the number of rows, 90, got 91",
    ],
    ["NaN", ["nan.npy", "--clusters", "3"], "nan.npy: data must be finite, got NaN at row 2, column 1"],
    [
      "labels of another length",
      ["x.npy", "--clusters", "3", "--labels", "one.csv"],
      "one.csv has 1 labels for the 90 rows of x.npy",
    ],
    ["a column that is not there", ["table.csv", "--clusters", "3", "--label-column", "sort"], /sort.*table\.csv/],
    [
      "a label column of no table",
      ["x.npy", "--clusters", "3", "--label-column", "0"],
      "--label-column is for tables, x.npy is none; give --labels FILE",
    ],
    ["a cell that is no number", ["y.csv", "--clusters", "3"], /line 2.*"kind 0" is not a number.*y\.csv/],
    ["a cut file", ["cut-x.npy", "--clusters", "3"], /^constella: npy: .*cut-x\.npy/],
    ["no matrix", ["y.npy", "--clusters", "3"], /rank 2 or more.*y\.npy/],
    [
      "an unknown option",
      ["x.npy", "--clusters", "3", "--n-int", "2"],
      "unknown option --n-int, did you mean --n-init?",
    ],
    [
      "an unknown method",
      ["x.npy", "--clusters", "3", "--method", "k-means"],
      /^constella: --method must be one of kmeans, .*got "k-means"/,
    ],
    [
      "an unknown device",
      ["x.npy", "--clusters", "3", "--device", "cuda"],
      '--device must be webgpu or wasm, got "cuda"',
    ],
    [
      "a folder that is a file",
      ["x.npy", "--clusters", "3", "--out", "x.npy"],
      "cannot write into x.npy: it is a file, or lies in one",
    ],
    [
      "a folder in a file",
      ["x.npy", "--clusters", "3", "--out", "x.npy/sub"],
      "cannot write into x.npy/sub: it is a file, or lies in one",
    ],
    [
      "resuming where there is nothing",
      ["x.npy", "--clusters", "3", "--resume"],
      "there is nothing to resume in refused, no refused/checkpoint.safetensors; leave --resume out to begin",
    ],
  ])("refuses %s and writes nothing", async (_, args, expected) => {
    await write("one.csv", "1\n");
    await write("cut-x.npy", writeNpy(x).subarray(0, 1000));
    const out = args.includes("--out") ? [] : ["--out", "refused"];
    const line = await refusal(...kmeans(args[0]!, ...out, ...args.slice(1)));
    if (typeof expected === "string") expect(line).toBe(`constella: ${expected}`);
    else expect(line).toMatch(expected);
    expect(await list("refused")).toEqual(["none"]);
  });
});

test("DEC on a table of four columns: a small network, and plain k-means of the items beside it", async () => {
  const random = uniforms(3);
  const kinds = ["oak", "ash", "elm"];
  const rows = Array.from({ length: 90 }, (_, i) => {
    const values = [0, 1, 2, 3].map((c) => (c % 3 === i % 3 ? 2 : 0) + random() + random());
    return [...values.map((value) => value.toFixed(3)), kinds[i % 3]].join(",");
  });
  await write("trees.csv", ["a,b,c,d,kind", ...rows].join("\n"));
  const args = ["--label-column", "kind", "--method", "dec", "--clusters", "3", "--device", "wasm", "--threads", "1"];
  expect(await constella("cluster", "trees.csv", ...args, "--out", "trees")).toMatchObject({ code: 0 });
  const metrics = (await metricsOf("trees")) as unknown as {
    acc: number;
    options: { layers: number[]; pretrainEpochs: number };
    kmeans: { ACC: number; agreement: number };
  };
  expect(metrics.options).toMatchObject({ layers: [4, 64, 64, 128, 4], pretrainEpochs: 500 });
  expect(metrics.acc).toBeGreaterThan(0.9);
  expect(metrics.kmeans.ACC).toBeGreaterThan(0.9);
  expect(metrics.kmeans.agreement).toBeGreaterThan(0.75);
  const report = (await read("trees/report.html")).toString();
  expect(report).toContain("k-means of the items");
  expect(report).toContain("ARI with k-means");
});

// The command line as users run it: bundled as `npm run build` does, one process a test.
import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { writeCsv } from "../src/data/csv";
import { writeIdx } from "../src/data/idx";
import { readNpy, writeNpy } from "../src/data/npy";
import { readSafetensors } from "../src/data/safetensors";
import { redrawMagic, simulateShowers } from "../src/data";
import { accuracy, liMa, type ComparedPair, type SweepPoint } from "../src/metrics";
import { NdArray } from "../src/ndarray";
import { uniformNumbers } from "../src/report/sample";

const root = fileURLToPath(new URL("..", import.meta.url));
const bundles = join(root, "build/cli-test");
const program = join(bundles, "cli.js");
let folder = "";

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the program itself says on stderr: without the lines of WebGPU's native library. */
const own = (stderr: string): string[] => stderr.split("\n").filter((line) => line.startsWith("constella: "));

function constella(...args: string[]): Promise<Result> {
  return run(process.env, ...args);
}

function run(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Result> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

/** The one line of a refused command. */
async function refusal(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await constella(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(own(stderr)).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at /m);
  return own(stderr)[0]!;
}

const write = (name: string, content: Uint8Array | string): Promise<void> => writeFile(join(folder, name), content);

/** The files that a folder holds, hidden ones too. */
const list = async (name: string): Promise<string[]> =>
  (await readdir(join(folder, name)).catch(() => ["none"])).sort();

const read = (name: string): Promise<Buffer> => readFile(join(folder, name));

const metricsOf = async (name: string): Promise<Record<string, unknown>> =>
  JSON.parse((await read(`${name}/metrics.json`)).toString()) as Record<string, unknown>;

const RESULTS = ["checkpoint.safetensors", "embedding.npy", "labels.npy", "metrics.json", "report.html"];

/** `n` points [n, d] around `k` corners far apart, and whose they are. */
function blobs(n: number, d: number, k: number): { x: NdArray<Float32Array>; y: Int32Array } {
  const random = uniformNumbers(5);
  const y = Int32Array.from({ length: n }, (_, row) => row % k);
  const data = Float32Array.from({ length: n * d }, (_, at) => {
    const row = Math.floor(at / d);
    return (at % d === y[row] ? 4 : 0) + random();
  });
  return { x: new NdArray(data, [n, d]), y };
}

beforeAll(async () => {
  await promisify(execFile)(process.execPath, [join(root, "scripts/build.mjs"), "bundles", bundles]);
  folder = await mkdtemp(join(tmpdir(), "constella-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("constella", () => {
  test("help and version", async () => {
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    expect(await constella("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
    for (const args of [[], ["--help"], ["metrics", "--help"]]) {
      const { code, stdout, stderr } = await constella(...args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(/^Usage: constella/);
    }
  });

  test("unknown commands and options", async () => {
    expect(await refusal("metric")).toBe("constella: unknown command 'metric' (Did you mean metrics?)");
    expect(await refusal("metrics", "--jsn", "a", "b")).toBe(
      "constella: unknown option '--jsn' (Did you mean --json?)",
    );
    expect(await refusal("metrics", "a")).toBe("constella: missing required argument 'pred'");
  });
});

describe("constella metrics", () => {
  test("measures a clustering whatever the names of the clusters", async () => {
    await write("truth.csv", "class\nstar\nstar\ngalaxy\ngalaxy\nquasar\nquasar\n");
    await write("pred.npy", writeNpy(Int32Array.from([7, 7, 2, 2, 5, 2])));
    const { code, stdout, stderr } = await constella("metrics", "truth.csv", "pred.npy", "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const measures = JSON.parse(stdout) as Record<string, number>;
    expect(measures).toMatchObject({ n: 6, classes: 3, clusters: 3, acc: 5 / 6, ri: 12 / 15 });
    // contingency sizes 2, 2, 2 against 2, 3, 1 with cells 2, 2, 1, 1
    const truth = Math.log(3);
    const pred = Math.log(6) - (2 * Math.log(2) + 3 * Math.log(3)) / 6;
    const mutual = (2 * Math.log(3) + 2 * Math.log(2) + Math.log(3) + Math.log(1)) / 6;
    expect(measures["mi"]).toBeCloseTo(mutual, 12);
    expect(measures["nmi"]).toBeCloseTo((2 * mutual) / (truth + pred), 12);
    expect(measures["homogeneity"]).toBeCloseTo(mutual / truth, 12);
    const lines = (await constella("metrics", "truth.csv", "pred.npy")).stdout;
    expect(lines).toMatch(/^acc +0\.833333$/m);
  });

  test("refuses what it cannot read or compare", async () => {
    await write("three.npy", writeNpy(Int32Array.from([0, 1, 2])));
    await write("two.npy", writeNpy(Int32Array.from([0, 1])));
    await write("none.npy", writeNpy(new Int32Array(0)));
    await write("half.npy", writeNpy(Float64Array.from([0, 0.5, 1])));
    await write("cut.npy", writeNpy(Int32Array.from([0, 1, 2])).subarray(0, 130));
    expect(await refusal("metrics", "three.npy", "missing.npy")).toBe(
      "constella: cannot read missing.npy: no such file",
    );
    expect(await refusal("metrics", "three.npy", "two.npy")).toBe("constella: two.npy has 2 labels, three.npy has 3");
    expect(await refusal("metrics", "none.npy", "none.npy")).toBe("constella: none.npy has no labels");
    expect(await refusal("metrics", "three.npy", "half.npy")).toMatch(
      /must be integers of 32 bits, 0\.5 at 1 .*half\.npy/,
    );
    expect(await refusal("metrics", "three.npy", "cut.npy")).toMatch(/^constella: npy: .*cut\.npy/);
    expect(await refusal("metrics", "three.npy", ".")).toMatch(/cannot read \.: it is a folder/);
  });
});

describe("constella devices", () => {
  test("says what there is and what is the default", async () => {
    const { code, stdout } = await constella("devices", "--json");
    const { default: best, devices } = JSON.parse(stdout) as {
      default: string;
      devices: { type: string; available: boolean; facts: Record<string, unknown> }[];
    };
    expect(code).toBe(0);
    expect(devices.map(({ type, available }) => ({ type, available }))).toEqual([
      { type: "webgpu", available: true }, // the tests' environment has an adapter, at least a software one
      { type: "wasm", available: true },
    ]);
    expect(["webgpu", "wasm"]).toContain(best);
    expect(devices[0]!.facts).toHaveProperty("maxBufferSize");
    expect(devices[1]!.facts).toMatchObject({ simd: true });
  });

  test("says why there is none", async () => {
    const { code, stdout } = await run({ ...process.env, VK_ICD_FILENAMES: join(folder, "none.json") }, "devices");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^webgpu: none, .*no adapter/m);
    expect(stdout).toMatch(/^wasm \(default\): WebAssembly, /m);
  });
});

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
    expect(eps).toBe("constella: --eps is an option of dbscan, not of kmeans");
    expect(await list("refused")).toEqual(["none"]);
  });

  test("the same seed gives the same files", async () => {
    for (const out of ["one", "two"])
      expect((await constella(...kmeans("x.npy", "--clusters", "4", "--out", out))).code).toBe(0);
    for (const name of ["labels.npy", "embedding.npy"])
      expect((await read(`one/${name}`)).equals(await read(`two/${name}`))).toBe(true);
  });

  test.each([
    ["a missing file", ["gone.npy", "--clusters", "3"], "cannot read gone.npy: no such file"],
    ["no clusters", ["x.npy"], "--clusters is missing, kmeans needs the number of clusters"],
    [
      "clusters that are no number",
      ["x.npy", "--clusters", "x"],
      '--clusters must be a whole number from 1, given "x"',
    ],
    [
      "more clusters than rows",
      ["x.npy", "--clusters", "91"],
      "--clusters must be at most the number of rows, 90, given 91",
    ],
    ["NaN", ["nan.npy", "--clusters", "3"], "nan.npy: data must be finite, NaN at row 2, column 1"],
    [
      "labels of another length",
      ["x.npy", "--clusters", "3", "--labels", "one.csv"],
      "one.csv has 1 labels for the 90 rows of x.npy",
    ],
    ["a column that is not there", ["table.csv", "--clusters", "3", "--label-column", "sort"], /sort.*table\.csv/],
    [
      "a label column of no table",
      ["x.npy", "--clusters", "3", "--label-column", "0"],
      "--label-column is for CSV files, x.npy is none; give --labels FILE",
    ],
    ["a cell that is no number", ["y.csv", "--clusters", "3"], /line 2.*"kind 0" is not a number.*y\.csv/],
    ["a cut file", ["cut-x.npy", "--clusters", "3"], /^constella: npy: .*cut-x\.npy/],
    ["no matrix", ["y.npy", "--clusters", "3"], /rank 2 or more.*y\.npy/],
    [
      "an unknown option",
      ["x.npy", "--clusters", "3", "--n-int", "2"],
      "unknown option '--n-int' (Did you mean --n-init?)",
    ],
    [
      "an unknown method",
      ["x.npy", "--clusters", "3", "--method", "k-means"],
      /^constella: --method must be one of kmeans, .*given "k-means"/,
    ],
    [
      "an unknown device",
      ["x.npy", "--clusters", "3", "--device", "cuda"],
      '--device must be webgpu or wasm, given "cuda"',
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
      "resuming what has no training",
      ["x.npy", "--clusters", "3", "--resume", "--out", "a/b"],
      "--resume is for dec, idec, deep-cluster, online-deep-cluster, self-labeling, kmeans has no training to go on with",
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

describe("constella cluster with a network", () => {
  const { x, y } = blobs(300, 12, 3);
  const SMALL = ["--layers", "12,16,3", "--layer-epochs", "2", "--pretrain-epochs", "20", "--tolerance", "0"];
  const training = (method: string, ...args: string[]): string[] => [
    ...["cluster", "deep.npy", "--method", method, "--clusters", "3", "--labels", "deep-y.npy", "--seed", "3"],
    ...["--device", "wasm", "--threads", "1", "--update-interval", "10", "--batch-size", "32", ...SMALL, ...args],
  ];

  /** Starts the command and presses Ctrl-C once it says the words. */
  async function interrupt(words: string, ...args: string[]): Promise<Result> {
    const child = spawn(process.execPath, [program, ...args], { cwd: folder });
    const out: string[] = [];
    const error: string[] = [];
    child.stdout.on("data", (chunk) => out.push(String(chunk)));
    child.stderr.on("data", (chunk) => {
      error.push(String(chunk));
      if (error.join("").includes(words) && !child.killed) child.kill("SIGINT");
    });
    const code = await new Promise<number>((resolve) => child.on("exit", (status) => resolve(status ?? -1)));
    return { code, stdout: out.join(""), stderr: error.join("") };
  }

  beforeAll(async () => {
    await write("deep.npy", writeNpy(x));
    await write("deep-y.npy", writeNpy(y));
  });

  test("DEC writes everything, with its stages and curves", async () => {
    const { code, stdout, stderr } = await constella(...training("dec", "--epochs", "6", "--out", "dec"));
    expect({ code, lines: own(stderr) }).toEqual({ code: 0, lines: [] });
    expect(stdout).toMatch(/^DEC: 300 items in 3 clusters, .*ACC \d/);
    expect(stderr).toMatch(/^layer 1 +100 % +loss/m);
    expect(stderr).toMatch(/^autoencoder +100 % +loss/m);
    expect(stderr).toMatch(/^DEC +100 % +loss \S+ +ACC \d/m);
    expect(await list("dec")).toEqual(RESULTS);
    const labels = readNpy(await read("dec/labels.npy"));
    expect(readNpy(await read("dec/embedding.npy")).shape).toEqual([300, 3]);
    const metrics = await metricsOf("dec");
    expect(metrics["acc"]).toBe(accuracy(y, labels));
    expect(metrics["options"]).toMatchObject({ layers: [12, 16, 3], epochs: 6, updateInterval: 10, alpha: 1, seed: 3 });
    expect(metrics["stages"]).toMatchObject([{ name: "autoencoder + k-means" }]);
    expect(metrics).not.toHaveProperty("inertia");
    const report = (await read("dec/report.html")).toString();
    for (const section of ["stages", "curves", "embedding", "confusion", "clusters", "certainty", "provenance"])
      expect(report).toContain(`<section id="${section}">`);
    expect(report).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  });

  test.each([
    ["dec", "layer 1 "],
    ["dec", "autoencoder "],
    ["idec", "autoencoder "],
  ])("%s stopped by Ctrl-C after %s and resumed ends as if never stopped", async (method, words) => {
    const options = ["--epochs", "120", "--pretrain-epochs", "60", ...(method === "idec" ? ["--gamma", "0.3"] : [])];
    const whole = `whole-${method}`;
    if ((await list(whole))[0] === "none")
      expect((await constella(...training(method, ...options, "--out", whole))).code).toBe(0);
    const stopped = await interrupt(words, ...training(method, ...options, "--out", "part"));
    expect(stopped.code).toBe(130);
    expect(own(stopped.stderr)).toHaveLength(1);
    expect(stopped.stderr).toMatch(/^constella: interrupted, .* go on with: constella cluster deep\.npy .* --resume$/m);
    expect(await list("part")).toEqual(["checkpoint.safetensors"]);
    expect(
      (
        await constella(
          "cluster",
          "deep.npy",
          "--labels",
          "deep-y.npy",
          ...["--device", "wasm"],
          ...["--threads", "1"],
          "--resume",
          "--out",
          "part",
        )
      ).code,
    ).toBe(0);
    for (const name of ["labels.npy", "embedding.npy"])
      expect((await read(`part/${name}`)).equals(await read(`${whole}/${name}`))).toBe(true);
    const [resumed, expected] = [await metricsOf("part"), await metricsOf(whole)];
    const timeless = ({ seconds: _, stages, ...rest }: Record<string, unknown>): unknown => ({
      ...rest,
      stages: (stages as { measures: unknown }[]).map(({ measures }) => measures),
    });
    expect(timeless(resumed)).toEqual(timeless(expected));
    await rm(join(folder, "part"), { recursive: true });
  });

  test("refuses to resume with other options, data or files", async () => {
    const resume = (...args: string[]): Promise<string> =>
      refusal("cluster", "deep.npy", "--device", "wasm", "--resume", "--out", "dec", ...args);
    const start = "; leave --resume out to start anew";
    const place = "dec/checkpoint.safetensors";
    expect(await resume("--layers", "12,8,3")).toBe(`constella: --layers is 12,16,3 in ${place}, given 12,8,3${start}`);
    expect(await resume("--clusters", "4")).toBe(`constella: --clusters is 3 in ${place}, given 4${start}`);
    expect(await resume("--seed", "4")).toBe(`constella: --seed is 3 in ${place}, given 4${start}`);
    expect(await resume("--method", "idec")).toBe(`constella: --method is dec in ${place}, given idec${start}`);
    expect(await resume("--epochs", "9")).toBe(`constella: --epochs is 6 in ${place}, given 9${start}`);
    await write("narrow.npy", writeNpy(blobs(20, 4, 3).x));
    expect(await refusal("cluster", "narrow.npy", "--resume", "--out", "dec")).toMatch(
      /--layers must begin with the 4 values/,
    );
    await write("other.npy", writeNpy({ data: x.data.map((value) => value + 1), shape: x.shape }));
    expect(await refusal("cluster", "other.npy", "--resume", "--out", "dec")).toMatch(
      /was trained on other data than other\.npy/,
    );
    expect(await refusal("cluster", "deep.npy", "--resume", "--out", "gone")).toMatch(
      /^constella: cannot read gone.checkpoint\.safetensors: no such file$/,
    );
    await mkdir(join(folder, "broken"));
    await write("broken/checkpoint.safetensors", (await read(place)).subarray(0, 5000));
    expect(await refusal("cluster", "deep.npy", "--resume", "--out", "broken")).toMatch(
      /^constella: cannot resume from broken.checkpoint\.safetensors: /,
    );
  });

  test("refuses options of another method and networks that do not fit", async () => {
    expect(await refusal(...training("dec", "--gamma", "1", "--out", "refused"))).toBe(
      "constella: --gamma is an option of idec, not of dec",
    );
    expect(await refusal(...training("dec", "--layers", "8,3", "--out", "refused"))).toBe(
      "constella: --layers must begin with the 12 values a row of deep.npy, given 8,3",
    );
    expect(await refusal(...training("dec", "--layers", "12,x", "--out", "refused"))).toMatch(
      /--layers must be 2 or more whole numbers/,
    );
    expect(await list("refused")).toEqual(["none"]);
  });
});

describe("constella cluster with a network under a classifier", () => {
  const side = 12;
  const classes = Int32Array.from({ length: 97 }, (_, i) => i % 2);
  /** Bars down or across, with noise. */
  const images = (): NdArray<Float32Array> => {
    const noise = uniformNumbers(5);
    const data = new Float32Array(classes.length * side * side);
    classes.forEach((kind, i) => {
      const place = Math.floor(noise() * side);
      for (let at = 0; at < side * side; at++) {
        const along = kind === 0 ? Math.floor(at / side) : at % side;
        data[i * side * side + at] = 0.3 * noise() + Number(along === place);
      }
    });
    return new NdArray(data, [classes.length, side, side]);
  };
  const training = (method: string, ...args: string[]): string[] => [
    ...["cluster", "bars.npy", "--method", method, "--clusters", "4", "--labels", "bars-y.npy", "--seed", "3"],
    ...["--device", "wasm", "--threads", "1", "--batch-size", "32", "--learning-rate", "0.02", "--channels", "4"],
    ...["--hidden", "16", "--flip", "0.5", ...args],
  ];

  beforeAll(async () => {
    await write("bars.npy", writeNpy(images()));
    await write("bars-y.npy", writeNpy(classes));
  });

  test.each([
    ["deep-cluster", "DeepCluster", ["--components", "8"]],
    ["online-deep-cluster", "Online deep clustering", ["--min-cluster", "5"]],
    ["self-labeling", "Self-labelling", ["--sinkhorn-iterations", "30", "--updates", "5"]],
  ])("%s writes everything; killed and resumed it ends as if never stopped", async (method, title, own) => {
    const options = [...own, "--epochs", "60"];
    const whole = `whole-${method}`;
    const { code, stdout } = await constella(...training(method, ...options, "--out", whole));
    expect(code).toBe(0);
    expect(stdout).toContain(`${title}: 97 items in 4 clusters`);
    expect(await list(whole)).toEqual(RESULTS);
    expect(readNpy(await read(`${whole}/embedding.npy`)).shape).toEqual([97, 16]);
    const child = spawn(process.execPath, [program, ...training(method, ...options, "--out", "killed")], {
      cwd: folder,
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.on("exit", resolve));
    const watch = setInterval(() => {
      void list("killed").then((files) => files.includes("checkpoint.safetensors") && child.kill("SIGKILL"));
    }, 10);
    await ended;
    clearInterval(watch);
    const rest = ["--labels", "bars-y.npy", "--device", "wasm", "--threads", "1", "--resume", "--out", "killed"];
    const resumed = (await list("killed")).includes("checkpoint.safetensors")
      ? ["cluster", "bars.npy", ...rest]
      : training(method, ...options, "--out", "killed"); // killed before the first checkpoint
    expect((await constella(...resumed)).code).toBe(0);
    for (const name of ["labels.npy", "embedding.npy"])
      expect((await read(`killed/${name}`)).equals(await read(`${whole}/${name}`))).toBe(true);
    await rm(join(folder, "killed"), { recursive: true });
  });

  test("probe measures features, a checkpoint, the untrained network and a fine-tuned one", async () => {
    const probe = async (...args: string[]): Promise<Record<string, number>> => {
      const common = ["--labels", "bars-y.npy", "--device", "wasm", "--threads", "1", "--json", "--epochs", "20"];
      const { code, stdout } = await constella("probe", ...args, ...common);
      expect(code).toBe(0);
      return JSON.parse(stdout) as Record<string, number>;
    };
    const checkpoint = ["whole-deep-cluster/checkpoint.safetensors", "--data", "bars.npy"];
    const features = await probe("whole-deep-cluster/embedding.npy");
    expect(features).toMatchObject({ train: 78, test: 19, classes: 2, features: 16 });
    expect(await probe(...checkpoint)).toEqual(features);
    expect(features["trainAccuracy"]).toBeGreaterThan(0.6);
    expect(features["testAUC"]).toBeGreaterThan(0);
    expect(await probe(...checkpoint, "--untrained")).not.toEqual(features);
    expect((await probe(...checkpoint, "--fine-tune", "--batch-size", "16"))["trainAccuracy"]).toBeGreaterThan(0.8);
  });

  test("refuses what does not fit together", async () => {
    const embedding = "whole-deep-cluster/embedding.npy";
    const checkpoint = "whole-deep-cluster/checkpoint.safetensors";
    expect(await refusal("probe", embedding)).toBe("constella: --labels is missing, a probe learns known classes");
    expect(await refusal("probe", embedding, "--labels", "bars-y.npy", "--fine-tune")).toBe(
      `constella: --fine-tune is for checkpoints (.safetensors), ${embedding} is none`,
    );
    expect(await refusal("probe", checkpoint, "--labels", "bars-y.npy", "--device", "wasm")).toBe(
      "constella: --data is missing, a checkpoint is probed on items",
    );
    expect(await refusal(...training("deep-cluster", "--blocks", "4", "--out", "refused"))).toBe(
      "constella: VGG: 4 blocks need images of 16 pixels a side, 12 × 12",
    );
    expect(await refusal(...training("self-labeling", "--network", "mlp", "--out", "refused"))).toBe(
      "constella: --flip, --rotate and --crop are for --network vgg",
    );
    expect(await refusal(...training("self-labeling", "--sampling", "uniform", "--out", "refused"))).toBe(
      "constella: --sampling is an option of deep-cluster, not of self-labeling",
    );
  });
});

describe("constella simulate showers", () => {
  test("writes images, labels, events and a picture sheet, the same for a seed", async () => {
    const args = ["simulate", "showers", "--n", "1050", "--seed", "3", "--pointing", "wobble", "--gamma-share", "0.3"];
    const { code, stdout } = await constella(...args, "--out", "observed/night1");
    expect(code).toBe(0);
    const labels = readNpy(await read("observed/night1/labels.npy"));
    const gammas = [...(labels.data as Int32Array)].filter((label) => label === 1).length;
    expect(stdout).toBe(
      `1050 events, ${gammas} gammas and ${1050 - gammas} hadrons, in observed/night1: simulated, wobble pointing\n`,
    );
    expect(await list("observed/night1")).toEqual([
      "events.csv",
      "images.npy",
      "labels.npy",
      "sheet.png",
      "simulation.json",
    ]);
    const images = readNpy(await read("observed/night1/images.npy"));
    const direct = simulateShowers({ n: 1050, seed: 3, pointing: "wobble", gammaShare: 0.3 });
    expect(images.shape).toEqual([1050, 45, 45]);
    expect(images.data).toEqual(direct.images.data);
    expect(labels.data).toEqual(direct.labels);
    const lines = (await read("observed/night1/events.csv")).toString().trim().split("\n");
    expect(lines[0]).toMatch(/^event,label,region,energy,/);
    expect(lines).toHaveLength(1051);
    expect(lines.at(-1)).toMatch(new RegExp(`^1049,${direct.labels[1049]},${direct.regions[1049]},`));
    const info = JSON.parse((await read("observed/night1/simulation.json")).toString()) as object;
    expect(info).toMatchObject({
      n: 1050,
      seed: 3,
      pointing: "wobble",
      gammaShare: 0.3,
      labels: { gamma: 1, hadron: 0 },
    });
    expect((await read("observed/night1/sheet.png")).subarray(1, 4).toString()).toBe("PNG");
  });

  test("re-draws the MAGIC table and says so", async () => {
    const table = new NdArray(
      Float32Array.of(
        28.8,
        16,
        2.64,
        0.39,
        0.2,
        27.7,
        22,
        -8.2,
        40,
        81.9,
        93.7,
        37.9,
        3.15,
        0.17,
        0.1,
        53,
        89,
        11.8,
        14,
        232,
      ),
      [2, 10],
    );
    const npz = [
      ["table.npy", writeNpy(table)],
      ["labels.npy", writeNpy(Int32Array.of(0, 1))],
      ["class_names.npy", textNpy(["gamma", "hadron"])],
    ] as const;
    await write("magic.npz", zipSync(Object.fromEntries(npz)));
    const { code, stdout } = await constella("simulate", "showers", "--data", "magic.npz", "--out", "redrawn");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^2 events, 1 gammas and 1 hadrons, in redrawn: re-drawn from .* not camera data\n$/);
    expect(readNpy(await read("redrawn/images.npy")).data).toEqual(redrawMagic(table).data);
    expect([...readNpy(await read("redrawn/labels.npy")).data]).toEqual([1, 0]);
    expect((await read("redrawn/simulation.json")).toString()).toContain("not camera data");
    expect(await refusal("simulate", "showers", "--data", "magic.npz", "--pointing", "wobble", "--out", "x")).toMatch(
      /^constella: --pointing and --gamma-share are not for --data/,
    );
    expect(await refusal("simulate", "showers", "--data", "magic.npz", "--n", "3", "--out", "x")).toBe(
      "constella: --n must be at most the 2 events of magic.npz, given 3",
    );
    expect(await list("x")).toEqual(["none"]);
  });

  test("refuses options out of range, and leaves nothing where it cannot write", async () => {
    expect(await refusal("simulate", "showers", "--n", "0", "--out", "x")).toBe(
      'constella: --n must be a whole number from 1, given "0"',
    );
    expect(await refusal("simulate", "showers", "--gamma-share", "1.5", "--out", "x")).toBe(
      'constella: --gamma-share must be a number from 0 to 1, given "1.5"',
    );
    expect(await refusal("simulate", "shower")).toBe("constella: unknown command 'shower' (Did you mean showers?)");
    await mkdir(join(folder, "blocked/events.csv"), { recursive: true });
    expect(await refusal("simulate", "showers", "--n", "3", "--out", "blocked")).toMatch(
      /cannot write blocked\/events\.csv: /,
    );
    const left = await list("blocked");
    expect(left.filter((name) => name.endsWith(".tmp"))).toEqual([]);
    const { code, stderr } = await constella("simulate");
    expect({ code, said: own(stderr) }).toEqual({ code: 0, said: [] });
  });
});

/** An npy file of text. */
function textNpy(words: readonly string[]): Uint8Array {
  const width = Math.max(...words.map((word) => word.length));
  const header = `{'descr': '<U${width}', 'fortran_order': False, 'shape': (${words.length},), }`.padEnd(117);
  const codes = words.flatMap((word) => Array.from({ length: width }, (_, i) => word.charCodeAt(i) || 0));
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00v\x00", "latin1"),
    Buffer.from(`${header}\n`),
    new Uint8Array(Uint32Array.from(codes).buffer),
  ]);
}

describe("constella compare", () => {
  test("measures every pair, and each against known classes", async () => {
    const clusterings = { "a.npy": [0, 0, 0, 0, 1, 1, 1, 1], "b.npy": [5, 5, 2, 2, 7, 7, 7, 7] };
    for (const [name, labels] of Object.entries(clusterings)) await write(name, writeNpy(Int32Array.from(labels)));
    await write("known.npy", writeNpy(Int32Array.from([0, 0, 0, 1, 1, 1, 1, 0])));
    const { code, stdout } = await constella("compare", "a.npy", "b.npy", "--labels", "known.npy", "--json");
    expect(code).toBe(0);
    const {
      n,
      pairs,
      clusterings: sizes,
    } = JSON.parse(stdout) as { n: number; pairs: ComparedPair[]; clusterings: object[] };
    expect(n).toBe(8);
    expect(sizes).toEqual([{ file: "known.npy", clusters: 2 }, { file: "a.npy", clusters: 2 }, { file: "b.npy", clusters: 3 }]); // prettier-ignore
    expect(pairs.map(({ a, b }) => `${a} ${b}`)).toEqual(["known.npy a.npy", "known.npy b.npy", "a.npy b.npy"]);
    expect(pairs[0]).toMatchObject({
      ri: expect.closeTo(0.571429, 6) as number,
      ari: expect.closeTo(0.125, 9) as number,
    });
    expect(pairs[0]!.ami).toBeCloseTo(0.083463, 6);
    const lines = (await constella("compare", "a.npy", "b.npy")).stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^ +RI +ARI +AMI +V +NMI$/);
    expect(lines[1]).toMatch(/^a\.npy {2}b\.npy +0\.857143/);
    expect(lines).toHaveLength(2);
  });

  test("refuses a single clustering and labels of other items", async () => {
    await write("short.npy", writeNpy(Int32Array.of(1, 2)));
    expect(await refusal("compare", "a.npy")).toBe(
      "constella: compare: two clusterings are needed, or one and --labels",
    );
    expect(await refusal("compare", "a.npy", "a.npy")).toBe("constella: compare: each file can be given once");
    expect(await refusal("compare", "a.npy", "short.npy")).toBe("constella: short.npy has 2 labels, a.npy has 8");
  });
});

describe("constella significance", () => {
  test("sweeps the thresholds of scores against the regions of events.csv", async () => {
    await write("scores.npy", writeNpy(new NdArray(Float32Array.of(0.1, 0.9, 0.4, 0.6, 0.02, 0.98, 0.3, 0.7), [4, 2])));
    await write("events.csv", "event,label,region\n0,1,0\n1,1,0\n2,0,3\n3,0,-1\n");
    const { code, stdout } = await constella(
      "significance",
      "--scores",
      "scores.npy",
      "--regions",
      "events.csv",
      "--json",
    );
    expect(code).toBe(0);
    const { alpha, best, points } = JSON.parse(stdout) as { alpha: number; best: SweepPoint; points: SweepPoint[] };
    expect(alpha).toBe(0.2);
    expect(points).toHaveLength(13);
    expect(points[0]).toMatchObject({ threshold: 0.4, nOn: 2, nOff: 1, s: liMa(2, 1, 0.2).s });
    expect(points.at(-1)).toMatchObject({ threshold: 0.99, nOn: 0, nOff: 0, s: 0 });
    expect(best).toMatchObject({ threshold: 0.4 });
    await write("regions.npy", writeNpy(Int32Array.of(0, 0, 3, -1)));
    const table = await constella("significance", "--scores", "scores.npy", "--regions", "regions.npy", "--alpha", "1");
    expect(table.stdout).toMatch(/^ +0\.40 +2 +1 +1\.0 +0\.5829 {2}best$/m);
  });

  test("refuses what does not fit", async () => {
    await write("few.npy", writeNpy(Int32Array.of(0, 0)));
    await write("nan.npy", writeNpy(Float32Array.of(0.5, NaN)));
    expect(await refusal("significance", "--scores", "scores.npy", "--regions", "few.npy")).toBe(
      "constella: few.npy has 2 regions, scores.npy has 4 scores",
    );
    expect(await refusal("significance", "--scores", "nan.npy", "--regions", "few.npy")).toBe(
      "constella: significance: scores must be finite, NaN at row 1 (nan.npy)",
    );
    expect(await refusal("significance", "--scores", "nan.npy")).toMatch(/required option '--regions/);
  });
});

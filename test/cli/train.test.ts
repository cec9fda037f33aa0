// constella cluster, by methods that train a network, and constella probe.
import { spawn } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { DEC } from "constella";
import { readNpy, writeNpy } from "../../src/data/formats/npy/npy";
import { accuracy } from "../../src/metrics";
import { NdArray } from "../../src/ndarray";
import { deviceOf } from "../devices";
import { uniforms } from "../uniforms";
import {
  blobs,
  constella,
  folder,
  list,
  metricsOf,
  own,
  program,
  read,
  refusal,
  RESULTS,
  write,
  type Result,
  useProgram,
} from "./program";

useProgram();

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

  test.each([
    ["dec", ["--pretrain-epochs", "5", "--layer-epochs", "2", "--tolerance", "0"]],
    ["deep-cluster", ["--network", "mlp"]],
  ] as const)("%s that no longer has numbers says what to do, and that works", async (method, more) => {
    const run = ["cluster", "deep.npy", "--method", method, "--clusters", "3", "--layers", "12,16,3", ...more];
    const device = ["--device", "wasm", "--threads", "1", "--out", `diverged-${method}`];
    const { code, stderr } = await constella(
      ...[...run, "--seed", "3", "--batch-size", "32", "--epochs", "6", "--learning-rate", "1e30", ...device],
    );
    expect(code).toBe(2);
    expect(own(stderr).at(-1)).toMatch(
      /the loss is no longer finite, epoch 1, step \d+ of \d+; lower the learning rate and go on from the last checkpoint$/,
    );
    expect(await list(`diverged-${method}`)).toEqual(["checkpoint.safetensors"]);
    const lowered = await constella("cluster", "deep.npy", "--resume", "--learning-rate", "0.01", ...device);
    expect({ code: lowered.code, lines: own(lowered.stderr) }).toEqual({ code: 0, lines: [] });
    expect(await list(`diverged-${method}`)).toEqual(RESULTS);
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
    expect(report).not.toMatch(/<script\s|https?:\/\/(?!www\.w3\.org)/);
    expect(report).toContain("<script>");
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
    const timeless = (measured: unknown): unknown =>
      JSON.parse(JSON.stringify(measured, (name, value: unknown) => (name === "seconds" ? undefined : value)));
    expect(timeless(resumed)).toEqual(timeless(expected));
    await rm(join(folder, "part"), { recursive: true });
  });

  test("refuses to resume with other options, data or files", async () => {
    const resume = (...args: string[]): Promise<string> =>
      refusal("cluster", "deep.npy", "--device", "wasm", "--resume", "--out", "dec", ...args);
    const start = "; leave --resume out to start anew";
    const place = "dec/checkpoint.safetensors";
    expect(await resume("--layers", "12,8,3")).toBe(`constella: --layers is 12,16,3 in ${place}, got 12,8,3${start}`);
    expect(await resume("--clusters", "4")).toBe(`constella: --clusters is 3 in ${place}, got 4${start}`);
    expect(await resume("--seed", "4")).toBe(`constella: --seed is 3 in ${place}, got 4${start}`);
    expect(await resume("--method", "idec")).toBe(`constella: --method is dec in ${place}, got idec${start}`);
    expect(await resume("--batch-size", "16")).toBe(`constella: --batch-size is 32 in ${place}, got 16${start}`);
    await write("narrow.npy", writeNpy(blobs(20, 4, 3).x));
    expect(await refusal("cluster", "narrow.npy", "--resume", "--out", "dec")).toMatch(
      /--layers must begin with the 4 values/,
    );
    await write("other.npy", writeNpy({ data: x.data.map((value) => value + 1), shape: x.shape }));
    expect(await refusal("cluster", "other.npy", "--resume", "--out", "dec")).toMatch(
      /was trained on other data than other\.npy/,
    );
    expect(await refusal("cluster", "deep.npy", "--resume", "--out", "gone")).toMatch(
      /^constella: there is nothing to resume in gone, /,
    );
    await mkdir(join(folder, "broken"));
    await write("broken/checkpoint.safetensors", (await read(place)).subarray(0, 5000));
    expect(await refusal("cluster", "deep.npy", "--resume", "--out", "broken")).toMatch(
      /^constella: cannot resume from broken.checkpoint\.safetensors: /,
    );
  });

  test("goes on from its end to more epochs", async () => {
    const goOn = ["cluster", "deep.npy", "--labels", "deep-y.npy", "--device", "wasm", "--threads", "1", "--resume"];
    const { code, stderr } = await constella(...goOn, "--epochs", "9", "--out", "dec");
    expect({ code, lines: own(stderr) }).toEqual({ code: 0, lines: [] });
    expect(await metricsOf("dec")).toMatchObject({ options: { epochs: 9 } });
    const model = await DEC.load(await read("dec/checkpoint.safetensors"), { device: await deviceOf("wasm") });
    expect(model.history.filter(({ stage }) => stage === "DEC").map(({ epoch }) => epoch)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    model.dispose();
  });

  test("refuses options of another method and networks that do not fit", async () => {
    expect(await refusal(...training("dec", "--gamma", "1", "--out", "refused"))).toBe(
      "constella: --gamma is an option of spectral-clustering, idec, conv-idec, esom, not of dec",
    );
    expect(await refusal(...training("dec", "--layers", "8,3", "--out", "refused"))).toBe(
      "constella: --layers must begin with the 12 values a row of deep.npy, got 8,3",
    );
    expect(await refusal(...training("dec", "--layers", "12,x", "--out", "refused"))).toMatch(
      /--layers must be 2 or more, each a whole number from 1, separated by commas/,
    );
    expect(await list("refused")).toEqual(["none"]);
  });
});

describe("constella cluster with a network under a classifier", () => {
  const side = 12;
  const classes = Int32Array.from({ length: 97 }, (_, i) => i % 2);
  /** Bars down or across, with noise. */
  const images = (): NdArray<Float32Array> => {
    const noise = uniforms(5);
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
    const ended = new Promise((resolve) => child.on("exit", (_, signal) => resolve(signal)));
    const watch = setInterval(() => {
      void list("killed").then((files) => files.includes("checkpoint.safetensors") && child.kill("SIGKILL"));
    }, 10);
    expect(await ended).toBe("SIGKILL"); // while there was work left, and a checkpoint
    clearInterval(watch);
    const rest = ["--labels", "bars-y.npy", "--device", "wasm", "--threads", "1", "--resume", "--out", "killed"];
    expect((await constella("cluster", "bars.npy", ...rest)).code).toBe(0);
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
    expect(features["testAUC"]).toBeGreaterThan(0.6); // 0.5 is what guessing has
    expect(await probe(...checkpoint, "--untrained")).not.toEqual(features);
    const block = await probe(...checkpoint, "--untrained", "--at", "block1", "--hidden", "16,16");
    expect(block["features"]).toBeGreaterThan(16);
    expect(block["trainAccuracy"]).toBeGreaterThan(0.6);
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
    const onBars = [checkpoint, "--data", "bars.npy", "--labels", "bars-y.npy", "--device", "wasm"];
    expect(await refusal("probe", ...onBars, "--at", "block9")).toMatch(
      /^constella: DeepCluster\.transform: at must be block1 or .*hidden, got block9$/,
    );
    expect(await refusal("probe", ...onBars, "--at", "block1", "--fine-tune")).toMatch(
      /^constella: --at reads a layer/,
    );
    expect(await refusal(...training("deep-cluster", "--blocks", "4", "--out", "refused"))).toBe(
      "constella: VGG: 4 blocks need images of 16 pixels a side, got 12 × 12",
    );
    expect(await refusal(...training("self-labeling", "--network", "mlp", "--out", "refused"))).toBe(
      "constella: --flip, --rotate and --crop are for --network vgg",
    );
    expect(await refusal(...training("self-labeling", "--sampling", "uniform", "--out", "refused"))).toBe(
      "constella: --sampling is an option of deep-cluster, not of self-labeling",
    );
  });
});

import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { nmi } from "constella";
import { readNpy, readSafetensors, writeNpy } from "constella/data";
import { uniforms } from "../uniforms";
import { constella, folder, list, metricsOf, own, program, read, refusal, RESULTS, useProgram, write } from "./program";

useProgram();

const [N, SIDE, KINDS] = [1500, 16, 3];

/** Bytes [n, 16, 16] of three kinds: a bright third each. */
function pictures(n: number): { x: Uint8Array; y: Int32Array } {
  const random = uniforms(2);
  const y = Int32Array.from({ length: n }, (_, i) => i % KINDS);
  const x = Uint8Array.from({ length: n * SIDE * SIDE }, (_, at) => {
    const [row, line] = [Math.floor(at / SIDE / SIDE), Math.floor(at / SIDE) % SIDE];
    return (Math.floor((line * KINDS) / SIDE) === y[row] ? 150 : 0) + 100 * random();
  });
  return { x, y };
}

describe("items that are read as they are needed", () => {
  // 1,500 pictures of 1 KiB as float32: more than the one MB that --memory 1 lets them take
  const FLAGS = ["--memory", "1", "--seed", "3", "--device", "wasm"];
  const NETWORK = [
    "--network",
    "mlp",
    "--layers",
    "256,32,16",
    "--epochs",
    "4",
    "--batch-size",
    "64",
    "--learning-rate",
    "0.05",
  ];

  beforeAll(async () => {
    const { x, y } = pictures(N);
    await write("pictures.npy", writeNpy({ data: x, shape: [N, SIDE, SIDE] }));
    await write("labels.npy", writeNpy({ data: y, shape: [N] }));
    await mkdir(join(folder, "parts"));
    await write("parts/a.npy", writeNpy({ data: x.subarray(0, 1000 * 256), shape: [1000, SIDE, SIDE] }));
    await write("parts/b.npy", writeNpy({ data: x.subarray(1000 * 256), shape: [N - 1000, SIDE, SIDE] }));
  });

  test.each([
    ["kmeans", ["--n-init", "2"]],
    ["mini-batch-kmeans", []],
    ["deep-cluster", NETWORK],
    ["online-deep-cluster", NETWORK],
    ["self-labeling", NETWORK],
    ["dec", ["--layers", "256,32,8", "--pretrain-epochs", "2", "--epochs", "1"]],
    ["som", ["--epochs", "4"]],
  ])("%s clusters them into a whole folder of results, and predicts", async (method, options) => {
    const out = `run-${method}`;
    const common = ["--clusters", "3", "--labels", "labels.npy", "--scale", "unit", ...FLAGS];
    const { code, stderr, stdout } = await constella(
      ...["cluster", "pictures.npy", "--method", method, ...options, ...common, "--out", out],
    );
    expect({ code, errors: own(stderr).filter((line) => !line.includes("are read as they are needed")) }).toEqual({
      code: 0,
      errors: [],
    });
    expect(stdout).toContain(`${N} items in 3 clusters`);
    expect(await list(out)).toEqual(RESULTS);
    const metrics = await metricsOf(out);
    expect(metrics["n"]).toBe(N);
    const labels = readNpy(await read(`${out}/labels.npy`)).data as Int32Array;
    expect(labels.length).toBe(N);
    expect(nmi(pictures(N).y, labels)).toBeGreaterThan(0.9);
    expect(readNpy(await read(`${out}/embedding.npy`)).shape[0]).toBe(N);
    const predicted = await constella(
      ...["predict", out, "pictures.npy", "--memory", "1", "--device", "wasm", "--out", `${out}-predicted`],
    );
    expect(predicted.code).toBe(0);
    const again = readNpy(await read(`${out}-predicted/labels.npy`)).data as Int32Array;
    expect(nmi(labels, again)).toBeGreaterThan(0.9);
    if (!method.includes("kmeans")) expect(readNpy(await read(`${out}-predicted/embedding.npy`)).shape[0]).toBe(N);
  });

  test("labels are those of the same items in memory, of a folder of files, and of the first rows", async () => {
    const options = ["--method", "kmeans", "--clusters", "3", "--n-init", "1", "--scale", "unit", "--seed", "3"];
    const labelsOf = async (path: string, ...flags: string[]): Promise<Int32Array> => {
      const out = `same-${path}-${flags.length}`;
      expect((await constella("cluster", path, ...options, ...flags, "--device", "wasm", "--out", out)).code).toBe(0);
      return readNpy(await read(`${out}/labels.npy`)).data as Int32Array;
    };
    const held = await labelsOf("pictures.npy");
    expect(nmi(await labelsOf("pictures.npy", "--memory", "1"), held)).toBe(1);
    expect(nmi(await labelsOf("parts", "--memory", "2", "--quiet"), held)).toBe(1);
    expect((await labelsOf("pictures.npy", "--memory", "1", "--first", "1200")).length).toBe(1200);
    expect((await labelsOf("pictures.npy", "--first", "100")).length).toBe(100);
  });

  test.each([
    ["cluster", "kmeans", ["--clusters", "8", "--n-init", "30", "--tolerance", "0"]],
    ["cluster", "mini-batch-kmeans", ["--clusters", "8", "--max-iter", "120", "--max-no-improvement", "0"]],
    ["embed", "pca", ["--n-components", "3"]],
  ])("%s %s that is killed goes on from where it stood", async (command, method, options) => {
    if (method === "pca") {
      const random = uniforms(4);
      const x = Uint8Array.from({ length: 9000 * 900 }, (_, i) => 200 * random() + (i % 30));
      await write("wide.npy", writeNpy({ data: x, shape: [9000, 900] }));
    }
    const of = (out: string): string[] => [
      ...[command, method === "pca" ? "wide.npy" : "pictures.npy", "--method", method, ...options, ...FLAGS],
      ...["--threads", "1", "--out", out],
    ];
    const { code, stderr } = await constella(...of(`${method}-whole`));
    expect({ code, errors: own(stderr).filter((line) => !line.includes("are read as they are needed")) }).toEqual({
      code: 0,
      errors: [],
    });
    const out = `${method}-killed`;
    const child = spawn(process.execPath, [program, ...of(out)], { cwd: folder, stdio: "ignore" });
    const ended = new Promise((resolve) => child.on("close", (_, signal) => resolve(signal)));
    for (;;) {
      const file = await read(`${out}/checkpoint.safetensors`).catch(() => undefined);
      if (child.exitCode !== null || (file && "model" in readSafetensors(file).metadata)) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill("SIGKILL");
    expect(await ended).toBe("SIGKILL");
    expect(await list(out)).toEqual(["checkpoint.safetensors"]);
    const resumed = await constella(command, of(out)[1]!, "--resume", "--memory", "1", "--device", "wasm", "--threads", "1", "--out", out); // prettier-ignore
    expect(resumed.code).toBe(0);
    for (const name of method === "pca" ? ["embedding.npy"] : ["labels.npy", "embedding.npy"])
      expect((await read(`${out}/${name}`)).equals(await read(`${method}-whole/${name}`))).toBe(true);
  });

  test("principal components, standardised", async () => {
    const { code } = await constella(
      ...["embed", "pictures.npy", "--method", "pca", "--n-components", "2", "--scale", "standard", ...FLAGS],
      ...["--out", "components"],
    );
    expect(code).toBe(0);
    const read2 = readNpy(await read("components/embedding.npy"));
    expect(read2.shape).toEqual([N, 2]);
  });

  test("a probe of features in a file, and of a checkpoint on items in a file", async () => {
    const of = async (...args: string[]): Promise<Record<string, number>> => {
      const { stdout, stderr } = await constella("probe", ...args, "--labels", "labels.npy", "--json", ...FLAGS);
      expect(own(stderr)).toEqual([]);
      return JSON.parse(stdout) as Record<string, number>;
    };
    await write("flat.npy", writeNpy({ data: Float32Array.from(pictures(N).x), shape: [N, SIDE * SIDE] }));
    expect((await of("flat.npy"))["testAccuracy"]).toBeGreaterThan(0.95);
    const checkpoint = "run-self-labeling/checkpoint.safetensors";
    const probed = await of(checkpoint, "--data", "pictures.npy");
    expect([probed["train"], probed["test"], probed["features"]]).toEqual([1200, 300, 16]);
    expect(probed["testAccuracy"]).toBeGreaterThan(0.9);
    expect((await of(checkpoint, "--data", "pictures.npy", "--fine-tune"))["testAccuracy"]).toBeGreaterThan(0.9);
  });

  test("what is wrong is one line", async () => {
    const common = ["--method", "kmeans", "--clusters", "3", ...FLAGS, "--out", "wrong"];
    await write("bad.npy", writeNpy({ data: new Float32Array(600 * 600).fill(NaN, 70_000), shape: [600, 600] }));
    expect(await refusal("cluster", "bad.npy", ...common)).toContain(
      "values must be finite, got NaN in row 116 (row 116 of bad.npy)",
    );
    expect(await refusal("cluster", "pictures.npy", ...common, "--labels", "flat.npy")).toContain("flat.npy");
    expect(await refusal("cluster", "pictures.npy", ...common, "--layout", "channels-last")).toBe(
      "constella: pictures.npy: a layout is for pictures [n, a, b, c], the shape is [1500, 16, 16]",
    );
    expect(await refusal("cluster", "pictures.npy", ...common, "--memory", "0")).toContain("--memory must be");
  });
});

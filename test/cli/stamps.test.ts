// Stars and galaxies from the command line: simulated, told apart without labels, placed, and asked about others.
import { expect, test } from "vitest";
import { readNpy, writeNpy } from "../../src/data/formats/npy/npy";
import { NdArray } from "../../src/ndarray";
import { constella, list, read, refusal, useProgram, write } from "./program";

useProgram();

const SKY = ["--sky-sigma", "1.2,1,1,2.29,4.79"];
const TRAINING = ["--epochs", "20", "--batch-size", "50", "--hidden", "32", "--seed", "1"];

test("stamps are simulated, told apart, and a model asked about others", async () => {
  await constella("simulate", "stars-galaxies", "--n", "500", "--size", "20", "--out", "a");
  await constella("simulate", "stars-galaxies", "--n", "300", "--size", "20", "--seed", "1", "--out", "b");
  const found = await constella(
    ...["cluster", "a/stamps.npy", "--method", "conditional-vae", "--share", "0.3", "--labels", "a/labels.npy"],
    ...[...SKY, ...TRAINING, "--out", "run"],
  );
  expect(found.stderr).toContain("a/stamps.npy: pictures taken as [n, channels, height, width]");
  expect(found.code).toBe(0);
  const metrics = JSON.parse((await read("run/metrics.json")).toString()) as Record<string, unknown>;
  expect(metrics["acc"]).toBeGreaterThan(0.85);
  expect(metrics["options"]).toMatchObject({ preparation: { crop: 16, normalize: "white" }, inputShape: [5, 20, 20] });
  expect(readNpy(await read("run/embedding.npy")).shape).toEqual([500, 2]);
  const asked = await constella("predict", "run", "b/stamps.npy", "--labels", "b/labels.npy", "--out", "p", "--json");
  expect((JSON.parse(asked.stdout) as { acc: number }).acc).toBeGreaterThan(0.83);
  expect(await list("p")).toEqual(["embedding.npy", "labels.csv", "labels.npy", "metrics.json", "probabilities.npy"]);
  const shares = readNpy(await read("p/probabilities.npy"));
  const labels = readNpy(await read("p/labels.npy"));
  expect(Array.from(labels.data as Int32Array, (_, i) => Number(shares.data[2 * i + 1]! > 0.5))).toEqual([
    ...(labels.data as Int32Array),
  ]);
});

test("they are placed by variational autoencoders, prepared or not", async () => {
  await constella("simulate", "stars-galaxies", "--n", "60", "--size", "12", "--out", "few");
  const vae = ["embed", "few/stamps.npy", "--method", "vae", "--latents", "3", "--epochs", "1", "--normalize", "white"];
  expect(await constella(...vae, "--crop", "8", "--out", "v")).toMatchObject({ code: 0 });
  expect(readNpy(await read("v/embedding.npy")).shape).toEqual([60, 3]);
  const convolutional = ["embed", "few/stamps.npy", "--method", "conv-vae", "--channels", "4,6", "--epochs", "1"];
  expect(await constella(...convolutional, "--out", "c")).toMatchObject({ code: 0 });
  expect(readNpy(await read("c/embedding.npy")).shape).toEqual([60, 2]);
});

test("objects are cut out of them, and of others by the model", async () => {
  await constella("simulate", "stars-galaxies", "--n", "60", "--size", "16", "--out", "s");
  const run = [
    "cluster",
    "s/stamps.npy",
    "--method",
    "hypercolumn-segmentation",
    "--clusters",
    "3",
    "--channels",
    "4,6",
  ];
  expect(await constella(...run, ...SKY, "--stretch", "asinh", "--epochs", "2", "--out", "h")).toMatchObject({
    code: 0,
  });
  expect(readNpy(await read("h/labels.npy")).shape).toEqual([60, 16, 16]);
  expect(readNpy(await read("h/embedding.npy")).shape).toEqual([60, 10]);
  expect(await constella("predict", "h", "s/stamps.npy", "--out", "hp", "--quiet")).toMatchObject({ code: 0 });
  expect(readNpy(await read("hp/labels.npy")).data).toEqual(readNpy(await read("h/labels.npy")).data);
  expect(await refusal("predict", "h", "s/stamps.npy")).toBe(
    "constella: hypercolumn-segmentation labels pixels; give --out DIR for them",
  );
});

test("stamps of other bands, and options that are wrong, are one line", async () => {
  await write("three.npy", writeNpy(new NdArray(new Float32Array(4 * 3 * 8 * 8).fill(1), [4, 3, 8, 8])));
  const three = ["cluster", "three.npy", "--method", "conditional-vae", "--out", "x"];
  expect(await refusal(...three, "--normalize", "peak")).toBe(
    "constella: ConditionalVAEClustering: what is prepared must be stamps [5, s, s] of the bands u g r i z, got [3, 8, 8]",
  );
  expect(await refusal(...three, "--sky-sigma", "1,2")).toContain("--sky-sigma must be");
  expect(await refusal(...three, "--clusters", "2")).toBe(
    "constella: --clusters is not an option of conditional-vae, which finds their number",
  );
});

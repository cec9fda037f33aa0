// constella simulate showers.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { zipSync } from "fflate";
import { readNpy, readNpyRecords, writeNpy } from "../../src/data/formats/npy/npy";
import { redrawMagic, simulateShowers, simulateStarsGalaxies } from "../../src/data";
import { NdArray } from "../../src/ndarray";
import { constella, folder, list, own, read, refusal, write, useProgram } from "./program";

useProgram();

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
      "constella: --n must be at most the 2 events of magic.npz, got 3",
    );
    expect(await list("x")).toEqual(["none"]);
  });

  test("refuses options out of range, and leaves nothing where it cannot write", async () => {
    expect(await refusal("simulate", "showers", "--n", "0", "--out", "x")).toBe(
      'constella: --n must be a whole number from 1, got "0"',
    );
    expect(await refusal("simulate", "showers", "--gamma-share", "1.5", "--out", "x")).toBe(
      'constella: --gamma-share must be from 0 to 1, got "1.5"',
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

describe("constella simulate stars-galaxies", () => {
  test("writes records as SDSS has them, masks and a catalogue, the same for a seed", async () => {
    const args = ["simulate", "stars-galaxies", "--n", "300", "--seed", "4", "--size", "16", "--blend-share", "0.5"];
    const { code, stdout } = await constella(...args, "--out", "sky");
    expect(code).toBe(0);
    const direct = simulateStarsGalaxies({ n: 300, seed: 4, size: 16, blendShare: 0.5 });
    const stars = direct.labels.reduce((sum, label) => sum + label, 0);
    expect(stdout).toBe(`300 stamps, ${stars} stars and ${300 - stars} galaxies, in sky: simulated\n`);
    expect(await list("sky")).toEqual(["catalogue.csv", "labels.npy", "masks.npy", "simulation.json", "stamps.npy"]);
    const { fields } = readNpyRecords(await read("sky/stamps.npy"));
    expect([...fields.keys()]).toEqual(["objID", "image", "class", "z"]);
    expect(fields.get("image")!.shape).toEqual([300, 5, 16, 16]);
    expect(fields.get("image")!.data).toEqual(direct.images.data);
    expect(fields.get("class")!.data[299]).toBe(direct.labels[299] === 1 ? "STAR" : "GALAXY");
    expect(readNpy(await read("sky/masks.npy")).data).toEqual(direct.masks.data);
    expect((await read("sky/catalogue.csv")).toString().trim().split("\n")).toHaveLength(301);
  });

  test("options out of range are refused", async () => {
    expect((await constella("simulate", "stars-galaxies", "--size", "4", "--out", "nowhere")).stderr).toContain(
      "--size must be a whole number from 8",
    );
  });
});

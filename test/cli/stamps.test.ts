// Stars and galaxies from the command line: simulated, told apart without labels, placed, and asked about others.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FitsFile, Wcs, writeFits } from "../../src/astronomy";
import { loadData } from "../../src/cli/data/load";
import type { LoadHow } from "../../src/cli/data/load";
import { simulateStarsGalaxies } from "../../src/data";
import { readCsv } from "../../src/data/formats/csv/csv";
import type { CsvTable } from "../../src/data/formats/csv/csv";
import { readNpy, readNpyRecords, writeNpy } from "../../src/data/formats/npy/npy";
import { writeNpyRecords } from "../../src/data/formats/npy/records";
import { conditionalVAE } from "../../src/methods/embedded/conditional-vae";
import { NdArray } from "../../src/ndarray";
import { constella, folder, list, read, refusal, useProgram, write } from "./program";

useProgram();

/** A binary table of objects. */
function fitsTable({ data, ids, labels }: CsvTable): Uint8Array {
  const n = data.shape[0]!;
  const width = 24 + 8 + 8 + 4;
  const card = (name: string, value: string | number): string =>
    `${name.padEnd(8)}= ${typeof value === "number" ? String(value).padStart(20) : value}`.padEnd(80);
  const block = (text: string): Uint8Array =>
    new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 2880) * 2880));
  const columns = [["objID", "24A"], ["RA", "D"], ["DEC", "D"], ["CLASS", "J"]] as const; // prettier-ignore
  const primary = [card("SIMPLE", "T".padStart(20)), card("BITPIX", 8), card("NAXIS", 0), "END".padEnd(80)].join("");
  const table = [
    ...[card("XTENSION", "'BINTABLE'"), card("BITPIX", 8), card("NAXIS", 2), card("NAXIS1", width), card("NAXIS2", n)],
    ...[card("PCOUNT", 0), card("GCOUNT", 1), card("TFIELDS", 4)],
    ...columns.flatMap(([name, form], i) => [card(`TTYPE${i + 1}`, `'${name}'`), card(`TFORM${i + 1}`, `'${form}'`)]),
    "END".padEnd(80),
  ].join("");
  const bytes = new Uint8Array(Math.ceil((n * width) / 2880) * 2880);
  const view = new DataView(bytes.buffer);
  for (let row = 0; row < n; row++) {
    bytes.set(new TextEncoder().encode(ids![row]!), row * width);
    view.setFloat64(row * width + 24, data.get(row, 0));
    view.setFloat64(row * width + 32, data.get(row, 1));
    view.setInt32(row * width + 40, labels!.labels[row]!);
  }
  return Buffer.concat([block(primary), block(table), bytes]);
}

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

test("records of stamps in many small files, or in one that is larger than memory, are read as they are needed", async () => {
  await constella("simulate", "stars-galaxies", "--n", "200", "--size", "20", "--out", "r");
  const records = readNpyRecords(await read("r/stamps.npy"));
  const image = records.fields.get("image")! as NdArray<Float32Array>;
  const width = 5 * 20 * 20;
  await mkdir(join(folder, "many"));
  for (let i = 0; i < 60; i++) {
    const one = new NdArray(image.data.subarray(i * width, (i + 1) * width), [1, 5, 20, 20]);
    const z = new NdArray(new Float32Array(1), [1]);
    await write(`many/${String(i).padStart(3, "0")}.npy`, writeNpyRecords({ image: one, z }));
  }
  const run = [
    "cluster",
    "many",
    "--method",
    "conditional-vae",
    "--components",
    "10",
    "--epochs",
    "2",
    "--share",
    "0.3",
  ];
  const how = [...SKY, "--device", "wasm"];
  const found = await constella(...run, ...how, "--out", "of-many");
  expect(found).toMatchObject({ code: 0 });
  expect(found.stderr).toContain("many: 60 items are read as they are needed");
  expect(await constella("predict", "of-many", "r/stamps.npy", "--memory", "1", ...how.slice(2), "--out", "of-one")).toMatchObject({ code: 0 }); // prettier-ignore
  const [one, many] = [readNpy(await read("of-one/labels.npy")).data, readNpy(await read("of-many/labels.npy")).data];
  expect([one.length, many.length]).toEqual([200, 60]);
  expect(one.subarray(0, 60)).toEqual(many);
  expect(await refusal(...run, "--array", "flux", ...how, "--out", "no")).toBe(
    "constella: many/000.npy: --array must name the field that holds the items, one of image, z, got flux",
  );
});

test("a field is segmented, its objects are in a catalogue by their places, and stamps are cut out by it", async () => {
  const field = ["simulate", "stars-galaxies", "--field", "128", "--n", "14", "--seed", "4", "--out", "f"];
  expect((await constella(...field)).stdout).toContain("a field of 128 x 128 pixels with");
  expect(await list("f")).toEqual(["catalogue.csv", "field.fits", "objects.fits", "simulation.json"]);
  const run = [
    "cluster",
    "f/field.fits",
    "--method",
    "hypercolumn-segmentation",
    "--clusters",
    "3",
    "--device",
    "wasm",
  ];
  const small = ["--channels", "4,6", "--epochs", "2", ...SKY, "--stretch", "asinh", "--tile-size", "16"];
  expect(await constella(...run, ...small, "--out", "seg")).toMatchObject({ code: 0 });
  expect(await list("seg")).toEqual(
    ["checkpoint.safetensors", "clusters.csv", "labels.fits", "labels.npy", "mask.fits", "metrics.json", "objects.csv", "report.html"], // prettier-ignore
  );
  const mask = (await FitsFile.open(await read("seg/mask.fits"))).image();
  const truth = (await (await FitsFile.open(await read("f/objects.fits"))).image().integers()).data;
  const found = (await mask.integers()).data;
  let [both, either] = [0, 0];
  for (let p = 0; p < 128 * 128; p++) {
    both += Number(found[p] === 1 && Number(truth[p]) > 0);
    either += Number(found[p] === 1 || Number(truth[p]) > 0);
  }
  expect(both / either).toBeGreaterThan(0.75);
  const objects = readCsv(await read("seg/objects.csv"));
  expect(objects.columns).toEqual(["object", "x", "y", "ra", "dec", "pixels", "arcsec2", "flux_u", "flux_g", "flux_r", "flux_i", "flux_z"]); // prettier-ignore
  const [, x, y, ra, dec, pixels] = objects.data.data as unknown as [number, number, number, number, number, number];
  const place = new Wcs(mask.header).pixelToWorld([x, y]);
  expect(place[0]).toBeCloseTo(ra, 9);
  expect(place[1]).toBeCloseTo(dec, 9);
  expect(pixels).toBeGreaterThanOrEqual(5);
  const predicted = await constella("predict", "seg", "f/field.fits", "--device", "wasm", "--out", "again");
  expect(predicted).toMatchObject({ code: 0 });
  expect(await read("again/objects.csv")).toEqual(await read("seg/objects.csv"));
  const cut = ["sky", "stamps", "f/field.fits", "--catalogue", "f/catalogue.csv", "--size", "20", "--out", "cut"];
  expect((await constella(...cut, "--id-column", "objID", "--label-column", "class")).stdout).toMatch(
    /^\d+ stamps of 20 x 20 pixels in 5 bands, in cut(; \d+ objects reach beyond the data and are left out)?\n$/,
  );
  const stamps = readNpy(await read("cut/stamps.npy"));
  const known = readCsv(await read("cut/catalogue.csv"), { id: "id" });
  expect(stamps.shape).toEqual([known.data.shape[0], 5, 20, 20]);
  // by the places on the sky, which the catalogue rounds, the stamps are those of the pixels
  const truly = readCsv(await read("f/catalogue.csv"), { columns: ["x", "y"], id: "objID" });
  known.ids!.forEach((id, i) => {
    const row = truly.ids!.indexOf(id);
    expect(known.data.get(i, 1)).toBeCloseTo(truly.data.get(row, 0), 1);
    expect(known.data.get(i, 2)).toBeCloseTo(truly.data.get(row, 1), 1);
  });
  // a binary table of a FITS file is a catalogue as well
  const whole = readCsv(await read("f/catalogue.csv"), { columns: ["ra", "dec"], id: "objID", label: "class" });
  await write("f/catalogue.fits", fitsTable(whole));
  const byFits = ["sky", "stamps", "f/field.fits", "--catalogue", "f/catalogue.fits", "--size", "20", "--out", "cut2"];
  expect(await constella(...byFits, "--id-column", "objid", "--label-column", "3")).toMatchObject({ code: 0 });
  for (const file of ["stamps.npy", "labels.npy", "catalogue.csv"])
    expect(await read(`cut2/${file}`)).toEqual(await read(`cut/${file}`));
  expect(await refusal(...byFits, "--id-column", "name")).toBe(
    "constella: fits: there is no column name, there are objID, RA, DEC, CLASS (f/catalogue.fits)",
  );
  // of a small field the tile is as large as its shorter side
  await write("f/small.fits", writeFits(new NdArray(new Float32Array(2 * 21 * 26), [2, 21, 26]), { cards: [] }));
  const small21 = await loadData(join(folder, "f/small.fits"), {}, { cubes: "tiles" });
  expect([small21.raw.shape, small21.reading]).toEqual([[2, 2, 21, 21], { tileSize: 21 }]);
  // what cannot be
  expect(await refusal(...run, "--crop", "8", "--out", "no")).toBe(
    "constella: --crop is for stamps, f/field.fits is taken as a whole field",
  );
  expect(await refusal(...run, "--tile-size", "200", "--out", "no")).toBe(
    "constella: f/field.fits: --tile-size must be at most the shorter side of the field, 128 x 128, got 200",
  );
  expect(await refusal(...field.slice(0, -2), "--size", "8", "--out", "no")).toBe(
    "constella: --size is for stamps, --field makes none",
  );
  expect(
    await refusal(
      "cluster",
      "f/field.fits",
      "--method",
      "kmeans",
      "--clusters",
      "2",
      "--tile-size",
      "8",
      "--out",
      "no",
    ),
  ).toBe(
    // prettier-ignore
    "constella: --tile-size is for methods that segment fields, this one takes rows",
  );
});

test("files of one stamp each are items, others as many as they have rows: both are said", async () => {
  const { images } = simulateStarsGalaxies({ n: 12, size: 12 });
  const singles = join(folder, "singles");
  await mkdir(singles);
  const stampOf = (i: number) => new NdArray(images.data.subarray(i * 720, (i + 1) * 720), [5, 12, 12]);
  for (let i = 0; i < 12; i++) await write(`singles/${10 + i}.npy`, writeNpy(stampOf(i)));
  const open = (path: string, each?: "row" | "file") => loadData(path, { each }, { streams: true });
  const found = await open(singles);
  expect([found.n, found.raw.shape]).toEqual([12, [12, 5, 12, 12]]);
  expect(found.raw.data).toEqual(images.data);
  expect(found.notes).toContain(`${singles}: each file is taken as one item [5, 12, 12]; --each row takes 5 of it`);
  await found.streamed!.close();
  const rows = await open(singles, "row");
  expect([rows.n, rows.raw.shape]).toEqual([60, [60, 12, 12]]);
  expect(rows.notes).toContain(
    `${singles}: files are taken as items [12, 12], 5 in the first of them; --each file takes each as one item`,
  );
  await rows.streamed!.close();
  // one alone may be five pictures, or an image of five bands: it says which it was taken for, and how it is the other
  const alone = join(singles, "10.npy");
  const noteOf = async (how: LoadHow, options = {}) => (await loadData(alone, options, how)).notes;
  const taken = `${alone}: taken as 5 pictures of 12 x 12; `;
  expect(await noteOf({ cubes: "rows" })).toEqual([`${taken}--as pixels takes it as one image of 5 bands`]);
  expect(await noteOf({ cubes: "tiles" })).toEqual([`${taken}--tile-size 12 takes it as one image of 5 bands`]);
  expect(await noteOf({})).toEqual([`${taken}one of 5 bands is [1, 5, 12, 12]`]);
  expect(await noteOf({ cubes: "rows" }, { first: 3 })).toEqual([]);
  const asked = await loadData(alone, { as: "pixels" }, { cubes: "rows" });
  expect([asked.raw.shape, asked.cube?.cube.shape]).toEqual([[144, 5], [5, 12, 12]]); // prettier-ignore
  await expect(open(join(singles, "10.npy"), "file")).rejects.toThrow("--each is for folders of npy files, ");
  const run = ["cluster", "singles", "--method", "conditional-vae", "--epochs", "1", "--device", "wasm"];
  expect(await constella(...run, ...SKY, "--crop", "8", "--out", "of-singles")).toMatchObject({ code: 0 });
  expect(readNpy(await read("of-singles/labels.npy")).shape).toEqual([12]);
  // what is no number, shows nothing or has other bands is one line, of a folder too
  await write("singles/11.npy", writeNpy(new NdArray(new Float32Array(720).fill(1), [5, 12, 12])));
  expect(await refusal(...run, "--out", "no")).toBe(
    "constella: ConditionalVAEClustering.fit: a stamp must hold an object, got 1 everywhere in stamp 1",
  );
  await write("singles/11.npy", writeNpy(new NdArray(new Float32Array(720).fill(NaN), [5, 12, 12])));
  await expect(open(singles)).rejects.toThrow(
    `NpyDataset: values must be finite, got NaN in row 1 (row 0 of ${singles}/11.npy)`,
  );
  await write("singles/11.npy", writeNpy(new NdArray(new Float32Array(432), [3, 12, 12])));
  await expect(open(singles)).rejects.toThrow(
    `rows must have one shape in all files, got [5, 12, 12] in ${singles}/10.npy, [3, 12, 12] in ${singles}/11.npy`,
  );
});

test("stamps of other bands, and options that are wrong, are one line", async () => {
  await write("three.npy", writeNpy(new NdArray(new Float32Array(4 * 3 * 8 * 8).fill(1), [4, 3, 8, 8])));
  const three = ["cluster", "three.npy", "--method", "conditional-vae", "--out", "x"];
  expect(await refusal(...three, "--normalize", "peak")).toBe(
    "constella: ConditionalVAEClustering: what is prepared must be stamps [5, s, s] of the bands u g r i z, got [3, 8, 8]",
  );
  expect(conditionalVAE.remark!({ n: 4, itemShape: [3, 8, 8], bytes: false })).toBe(
    "items [3, 8, 8] are taken as they are: only stamps [5, s, s] of the bands u g r i z are prepared",
  );
  expect(conditionalVAE.remark!({ n: 4, itemShape: [5, 8, 8], bytes: false })).toBeUndefined();
  expect(await refusal(...three, "--sky-sigma", "1,2")).toContain("--sky-sigma must be");
  expect(await refusal(...three, "--clusters", "2")).toBe(
    "constella: --clusters is not an option of conditional-vae, which finds their number",
  );
});

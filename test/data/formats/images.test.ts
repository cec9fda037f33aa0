import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { encode as encodePngFile } from "fast-png";
import { encode as encodeJpegFile } from "jpeg-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadImageFolder } from "../../../src/data/formats/images/folder";
import { readImage, resizeImage } from "../../../src/data/formats/images/images";
import { NdArray } from "../../../src/ndarray";
import { encodePng, encodePngChunks, type PngEncoding } from "./png";

describe("PNG", () => {
  const ramp = (n: number, most: number): number[] => Array.from({ length: n }, (_, i) => (i * 37) % (most + 1));
  const size = { width: 5, height: 3 };
  test.each([1, 2, 4, 8, 16] as const)("grey of %i bits", (depth) => {
    const most = 2 ** depth - 1;
    const values = ramp(15, most);
    const image = readImage(encodePng(values, { ...size, type: 0, depth }));
    expect(image.shape).toEqual([3, 5, 1]);
    expect([...image.data]).toEqual(values.map((v) => Math.round((v * 255) / most)));
    expect([...readImage(encodePng(values, { ...size, type: 0, depth }), 3).data]).toEqual(
      values.flatMap((v) => new Array<number>(3).fill(Math.round((v * 255) / most))),
    );
  });
  test.each([1, 2, 4, 8] as const)("palette of %i bits", (depth) => {
    const colours = Math.min(7, 2 ** depth);
    const palette = ramp(3 * colours, 255);
    const values = ramp(15, colours - 1);
    const image = readImage(encodePng(values, { ...size, type: 3, depth, palette }));
    expect(image.shape).toEqual([3, 5, 3]);
    expect([...image.data]).toEqual(values.flatMap((v) => palette.slice(3 * v, 3 * v + 3)));
  });
  test("colour, and as grey; alpha is dropped", () => {
    const values = ramp(45, 255);
    const colour = readImage(encodePng(values, { ...size, type: 2, depth: 8 }));
    expect([colour.shape, [...colour.data]]).toEqual([[3, 5, 3], values]);
    const grey = readImage(encodePng(values, { ...size, type: 2, depth: 8 }), 1);
    const [r, g, b] = values as [number, number, number];
    expect([grey.shape, grey.data[0]]).toEqual([[3, 5, 1], Math.round(0.299 * r + 0.587 * g + 0.114 * b)]);
    const clear = Array.from({ length: 15 }, (_, i) => [...values.slice(3 * i, 3 * i + 3), 9]).flat();
    expect([...readImage(encodePng(clear, { ...size, type: 6, depth: 8 })).data]).toEqual(values);
    const shade = readImage(encodePng(ramp(30, 255), { ...size, type: 4, depth: 8 }));
    expect([shade.shape, shade.data[1]]).toEqual([[3, 5, 1], 74]);
  });
  test("interlaced", () => {
    const values = ramp(7 * 9, 255);
    const file = encodePngFile(
      { width: 9, height: 7, data: Uint8Array.from(values), channels: 1 },
      { interlace: "Adam7" },
    );
    expect([...readImage(file).data]).toEqual(values);
  });
});

/** A picture whose colours change slowly, 4 values a pixel. */
const smooth = (width: number, height: number): Uint8Array =>
  Uint8Array.from({ length: 4 * width * height }, (_, i) => {
    const [x, y] = [Math.floor(i / 4) % width, Math.floor(i / 4 / width)];
    return [40 + 4 * x, 200 - 3 * y, 90 + x + y, 255][i % 4]!;
  });

test("JPEG: close to what was encoded", () => {
  const { data } = encodeJpegFile({ width: 24, height: 17, data: smooth(24, 17) }, 95);
  const image = readImage(data);
  expect(image.shape).toEqual([17, 24, 3]);
  const want = smooth(24, 17);
  for (let i = 0; i < image.data.length; i++)
    expect(Math.abs(image.data[i]! - want[4 * Math.floor(i / 3) + (i % 3)]!)).toBeLessThan(12);
  expect(readImage(data, 1).shape).toEqual([17, 24, 1]);
});

describe("errors", () => {
  const png = encodePng([1, 2, 3, 4, 5, 6], { width: 3, height: 2, type: 0, depth: 8 });
  const jpeg = Uint8Array.from(encodeJpegFile({ width: 16, height: 16, data: smooth(16, 16) }, 80).data);
  const declared = encodePng([1], { width: 1, height: 1, type: 0, depth: 8 });
  new DataView(declared.buffer).setUint32(16, 2 ** 30);
  const bare: PngEncoding = { width: 2, height: 1, type: 3, depth: 8, palette: [1, 2, 3] };
  test.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(0), /^image: file must be PNG or JPEG, its first bytes are none$/],
    [
      "a GIF",
      new TextEncoder().encode("GIF89a"),
      /^image: file must be PNG or JPEG, its first bytes are 71, 73, 70, 56$/,
    ],
    [
      "a PNG of gigabytes",
      declared,
      /^image: PNG file is truncated or corrupt: 1073741824 x 1 pixels are declared in \d+ bytes$/,
    ],
    ["a colour that the palette lacks", encodePng([0, 1], bare), /^image: PNG file .* colour 1 of a palette of 1$/],
    ["a changed PNG", png.map((byte, i) => (i === 45 ? byte ^ 1 : byte)), /^image: PNG file is truncated or corrupt: /],
  ])("%s", (_, bytes, message) => {
    expect(() => readImage(bytes)).toThrow(message);
  });
  test.each([
    ["PNG", png],
    ["JPEG", jpeg],
  ])("%s cut at any length", (_, bytes) => {
    // a JPEG without the two bytes of its end marker is whole
    for (let length = 0; length < bytes.length - 2; length++)
      expect(() => readImage(bytes.subarray(0, length))).toThrow(/^image: [^\n]+$/);
  });
});

describe("a photograph", () => {
  // 16 x 8 stored: its left half is dark, the right one bright
  const halves = Uint8Array.from({ length: 4 * 16 * 8 }, (_, i) => (Math.floor(i / 4) % 16 < 8 ? 20 : 220));
  const stored = Uint8Array.from(encodeJpegFile({ width: 16, height: 8, data: halves }, 95).data);
  const turnedBy = (orientation: number, little: boolean): Uint8Array => {
    const [two, four] = little
      ? [(v: number) => [v, 0], (v: number) => [v, 0, 0, 0]]
      : [(v: number) => [0, v], (v: number) => [0, 0, 0, v]];
    const entry = [...(little ? [0x12, 1] : [1, 0x12]), ...two(3), ...four(1), ...two(orientation), 0, 0];
    const tiff = [...(little ? [0x49, 0x49] : [0x4d, 0x4d]), ...two(42), ...four(8), ...two(1), ...entry, ...four(0)];
    const exif = [0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
    return Uint8Array.from([0xff, 0xd8, 0xff, 0xe1, 0, exif.length + 2, ...exif, ...stored.subarray(2)]);
  };
  /** Where the dark half is. */
  const dark = ({ data, shape: [h = 0, w = 0] }: NdArray<Uint8Array>): string => {
    const at = (y: number, x: number): boolean => data[3 * (y * w + x)]! < 100;
    const [top, left] = [at(0, w - 1) && at(0, 0), at(0, 0) && at(h - 1, 0)];
    return top ? "top" : left ? "left" : at(h - 1, 0) ? "bottom" : "right";
  };
  test.each([
    [1, "8,16 left"],
    [2, "8,16 right"],
    [3, "8,16 right"],
    [4, "8,16 left"],
    [5, "16,8 top"],
    [6, "16,8 top"],
    [7, "16,8 bottom"],
    [8, "16,8 bottom"],
    [9, "8,16 left"],
  ])("of orientation %i", (orientation, want) => {
    for (const little of [true, false]) {
      const image = readImage(turnedBy(orientation, little));
      expect(`${image.shape[0]},${image.shape[1]} ${dark(image)}`).toBe(want);
    }
  });
  test("of grey values has one channel", () => {
    const grey = Uint8Array.from(
      atob(
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQEw8QEBD/wAALCAAEAAgBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAAf/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAA/AIyAP//Z",
      ),
      (c) => c.charCodeAt(0),
    );
    expect(readImage(grey).shape).toEqual([4, 8, 1]);
    expect(readImage(grey, 3).shape).toEqual([4, 8, 3]);
  });
});

describe("bombs are refused by their header", () => {
  const declare = (width: number, height: number): Uint8Array => {
    const file = encodePng(new Array<number>(64).fill(0), { width: 8, height: 8, type: 0, depth: 8 });
    new DataView(file.buffer).setUint32(16, width);
    new DataView(file.buffer).setUint32(20, height);
    return file;
  };
  test("pixels beyond the cap, which can be moved", () => {
    expect(() => readImage(declare(6000, 6000), { maxPixels: 1e7 })).toThrow(
      /^image: PNG file is truncated or corrupt: 6000 x 6000 pixels are declared in \d+ bytes$/,
    );
    const flat = encodePng(new Array<number>(400).fill(7), { width: 20, height: 20, type: 0, depth: 8 });
    expect(() => readImage(flat, { maxPixels: 399 })).toThrow(
      "image: 20 x 20 pixels are more than 399; allow more by maxPixels",
    );
    expect(readImage(flat, { maxPixels: 400 }).shape).toEqual([20, 20, 1]);
    expect(() => readImage(flat, { maxPixels: 0 })).toThrow("image: maxPixels must be at least 1, got 0");
  });
  test("data that inflate to more than the picture, and chunks that pixels do not need", () => {
    const zeros = new Uint8Array(3e7);
    const bomb = encodePngChunks({ width: 1, height: 1, type: 2, depth: 8 }, [["IDAT", deflateSync(zeros)]]);
    expect(() => readImage(bomb)).toThrow(/its data inflate to more than the 4 bytes that its header declares$/);
    const profile = Uint8Array.from([105, 0, 0, ...deflateSync(zeros)]);
    const chunks: [string, Uint8Array][] = [
      ["iCCP", profile],
      ["IDAT", deflateSync(Uint8Array.of(0, 1, 2, 3))],
    ];
    const file = encodePngChunks({ width: 1, height: 1, type: 2, depth: 8 }, chunks);
    expect([...readImage(file).data]).toEqual([1, 2, 3]);
    expect([...readImage(Uint8Array.from([...file, 9, 9, 9])).data]).toEqual([1, 2, 3]); // bytes after its end
  });
});

test("a new size is the mean of the areas", () => {
  const image = new NdArray(Uint8Array.of(0, 10, 20, 30, 40, 50), [2, 3, 1]);
  expect([...resizeImage(image, 1, 3).data]).toEqual([15, 25, 35]);
  expect([...resizeImage(image, 2, 1).data]).toEqual([10, 40]);
  expect([...resizeImage(image, 1, 2).data]).toEqual([18, 32]);
  expect([...resizeImage(image, 4, 3).data]).toEqual([0, 10, 20, 0, 10, 20, 30, 40, 50, 30, 40, 50]);
  const colour = new NdArray(Uint8Array.of(0, 100, 200, 20, 120, 220), [1, 2, 3]);
  expect([...resizeImage(colour, 1, 1).data]).toEqual([10, 110, 210]);
  expect(() => resizeImage(image, 0, 3)).toThrow("resizeImage: sizes must be positive whole numbers, got 0 x 3");
});

describe("image folder", () => {
  let folder = "";
  const put = async (name: string, content: Uint8Array): Promise<void> => {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), content);
  };
  const grey = (value: number, width = 2): Uint8Array =>
    encodePng(new Array<number>(2 * width).fill(value), { width, height: 2, type: 0, depth: 8 });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "constella-images-"));
    await put("good/dog/b.png", grey(20));
    await put("good/dog/a.png", grey(10));
    await put("good/dog/notes.txt", Uint8Array.of(1));
    await put(
      "good/cat/1.PNG",
      encodePng([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], { width: 2, height: 2, type: 2, depth: 8 }),
    );
    await put("good/.hidden/x.png", grey(1));
    await put("sizes/a/1.png", grey(1));
    await put("sizes/a/2.png", grey(2, 4));
    await put("bad/a/1.png", grey(1).subarray(0, 40));
    await put("empty/a/1.txt", Uint8Array.of(1));
    await put("flat/1.Png", grey(1));
    await put("flat/2.png", grey(2, 4));
    await put("bare/notes.txt", Uint8Array.of(1));
    await put("beside/1.png", grey(1));
    await put("beside/1.HEIC", Uint8Array.of(1));
    await put("beside/.hidden.txt", Uint8Array.of(1));
    await put("beside/run/report.html", Uint8Array.of(1));
    await put("both/1.png", grey(1));
    await put("both/a/1.png", grey(1));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("classes are folders, channels come first", async () => {
    const { images, labels, classes, files } = await loadImageFolder(join(folder, "good"));
    expect(classes).toEqual(["cat", "dog"]);
    expect(labels && [...labels]).toEqual([0, 1, 1]);
    expect(files.map((file) => file.slice(folder.length + 6))).toEqual(["cat/1.PNG", "dog/a.png", "dog/b.png"]);
    expect(images.shape).toEqual([3, 3, 2, 2]);
    expect([...images.data.subarray(0, 12)]).toEqual([1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12]);
    expect([...images.data.subarray(12)]).toEqual([
      ...new Array<number>(12).fill(10),
      ...new Array<number>(12).fill(20),
    ]);
    const small = await loadImageFolder(join(folder, "good"), { size: [1, 1], channels: 1 });
    expect([small.images.shape, [...small.images.data.subarray(1)]]).toEqual([
      [3, 1, 1, 1],
      [10, 20],
    ]);
  });

  test("one folder without classes, sizes that differ brought to one", async () => {
    const load = (options = {}) => loadImageFolder(join(folder, "flat"), options);
    await expect(load()).rejects.toThrow(/must have one size, got 2 x 2 at first, 2 x 4 in .*2\.png/);
    const { images, labels, classes, sizes } = await load({ size: "smallest" });
    expect([images.shape, labels, classes, sizes]).toEqual([
      [2, 1, 2, 2],
      undefined,
      [],
      { smallest: [2, 2], largest: [2, 4] },
    ]);
    const contained = await load({ size: [2, 2], fit: "contain" });
    expect([...contained.images.data]).toEqual([1, 1, 1, 1, 2, 2, 0, 0]);
    await expect(load({ size: [2, 2], fit: "fill" as never })).rejects.toThrow(
      /^fitImage: fit must be stretch, contain or cover, got fill \(/,
    );
  });

  test("what else lies there is told", async () => {
    const { files, labels, passedOver } = await loadImageFolder(join(folder, "beside"));
    expect([files.length, labels]).toEqual([1, undefined]);
    expect(passedOver.map((path) => path.slice(folder.length + 1))).toEqual(["beside/1.HEIC", "beside/run"]);
  });

  test("a link that leads nowhere is told by its own name", async () => {
    await mkdir(join(folder, "links"));
    await writeFile(join(folder, "links/a.png"), encodePng([7], { width: 1, height: 1, type: 0, depth: 8 }));
    await symlink("nowhere", join(folder, "links/b.png"));
    await expect(loadImageFolder(join(folder, "links"))).rejects.toThrow(
      `cannot read ${join(folder, "links/b.png")}: no such file`,
    );
  });

  test("what cannot be read is one line with the file", async () => {
    const load = (name: string, options = {}) => loadImageFolder(join(folder, name), options);
    await expect(load("sizes")).rejects.toThrow(
      /must have one size, got 2 x 2 at first, 2 x 4 in .*2\.png; give a size/,
    );
    expect((await load("sizes", { size: [2, 2] })).images.shape).toEqual([2, 1, 2, 2]);
    await expect(load("bad")).rejects.toThrow(/^image: PNG file is truncated or corrupt: .*bad\/a\/1\.png\)$/);
    await expect(load("empty")).rejects.toThrow(
      /^image folder: there is no PNG or JPEG file in .*empty, nor a folder of them$/,
    );
    await expect(load("bare")).rejects.toThrow(
      /^image folder: there is no PNG or JPEG file in .*bare, nor a folder of them$/,
    );
    await expect(load("both")).rejects.toThrow(/there are both: .*1\.png and .*a.1\.png$/);
    await expect(load("flat/1.Png")).rejects.toThrow("1.Png is no folder");
    await expect(load("nowhere")).rejects.toThrow(/^cannot read .*nowhere: no such file$/);
  });
});

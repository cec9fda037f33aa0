import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { readCsv } from "../../../src/data/formats/csv/csv";
import { readImage } from "../../../src/data/formats/images/images";
import { readIdx, writeIdx } from "../../../src/data/formats/idx";
import { NpyFile, readNpyAny, writeNpy } from "../../../src/data/formats/npy/npy";
import { listNpz, readNpzAny, writeNpz } from "../../../src/data/formats/npy/npz";
import { readSafetensors, writeSafetensors } from "../../../src/data/formats/safetensors";
import { readWav } from "../../../src/data/formats/wav";
import { sizeOf } from "../../../src/ndarray";
import { encodePng } from "./png";
import { encodeWav } from "./wav";

interface Shaped {
  readonly data: { readonly length: number };
  readonly shape: readonly number[];
}

interface Format {
  readonly name: string;
  /** All arrays of a file. */
  readonly read: (bytes: Uint8Array) => Iterable<Shaped>;
  readonly files: [string, Uint8Array][];
}

const load = (path: string) => new Uint8Array(readFileSync(new URL(path, import.meta.url)));
const list = (folder: string, extension: string): [string, Uint8Array][] =>
  readdirSync(new URL(folder, import.meta.url))
    .filter((name) => name.endsWith(extension) && !name.startsWith("bad_") && name !== "complex.npy")
    .map((name) => [name, load(folder + name)]);

const arraysOf = (content: ReturnType<typeof readNpyAny>): Iterable<Shaped> =>
  "fields" in content ? content.fields.values() : [content];
const sample = { x: Float32Array.of(1, 2, 3, 4), y: Int16Array.of(-1, 5), z: new Float64Array(40) };

const formats: Format[] = [
  {
    name: "npy",
    read: (bytes) => arraysOf(readNpyAny(bytes)),
    files: [...list("../../golden/npy/", ".npy"), ...list("fixtures/", ".npy")],
  },
  {
    name: "npz",
    read: (bytes) => listNpz(bytes).flatMap((name) => [...arraysOf(readNpzAny(bytes, name))]),
    files: [
      ["stored", writeNpz(sample, { compress: false })],
      ["deflated", writeNpz(sample)],
      ["half.npz", load("fixtures/half.npz")],
    ],
  },
  {
    name: "idx",
    read: (bytes) => [readIdx(bytes)],
    files: [
      ...list("fixtures/", ".idx"),
      ["gzip", gzipSync(writeIdx(new Int32Array(300)))],
      ...list("fixtures/", ".gz"),
    ],
  },
  {
    name: "safetensors",
    read: (bytes) => readSafetensors(bytes).tensors.values(),
    files: [["sample", writeSafetensors(sample, { metadata: { a: "b" } })]],
  },
  {
    name: "image",
    read: (bytes) => [readImage(bytes)],
    files: [
      ["grey", encodePng([1, 2, 3, 0, 2, 1], { width: 3, height: 2, type: 0, depth: 2 })],
      ["palette", encodePng([0, 1, 1, 0], { width: 2, height: 2, type: 3, depth: 8, palette: [9, 8, 7, 6, 5, 4] })],
      [
        "colour",
        encodePng(
          Array.from({ length: 432 }, (_, i) => i % 251),
          { width: 12, height: 12, type: 2, depth: 8 },
        ),
      ],
    ],
  },
  {
    name: "wav",
    read: (bytes) => [readWav(bytes).samples],
    files: [
      ["PCM", encodeWav([sample.y, sample.y], { bits: 16, extra: 3 })],
      ["float", encodeWav([sample.x], { bits: 32, float: true })],
      ["extensible", encodeWav([sample.z], { bits: 24, extensible: true })],
    ],
  },
];

/** Numbers in [0, 1) that are the same in every run (xorshift32). */
function random(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

/** Runs a reader on a spoiled file: it must return whole arrays or throw one line that begins with its name. */
function attempt({ name, read }: Format, bytes: Uint8Array): "read" | "refused" {
  let arrays: Shaped[];
  try {
    arrays = [...read(bytes)];
  } catch (error) {
    const message = error instanceof Error ? error.message : `no Error but ${String(error)}`;
    if (!message.startsWith(`${name}: `) || message.includes("\n"))
      throw new Error(`unfit error: ${message}`, { cause: error });
    return "refused";
  }
  for (const { data, shape } of arrays)
    if (data.length !== sizeOf(shape)) throw new Error(`${name}: ${data.length} values in shape [${shape.join(", ")}]`);
  return "read";
}

describe.each(formats)("$name", (format) => {
  test.each(format.files)("%s: refused at every shorter length", (_, bytes) => {
    expect(attempt(format, bytes)).toBe("read");
    // Every length up to 2000, then a stride that meets all remainders modulo small item sizes.
    const step = Math.max(1, Math.floor((bytes.length - 2000) / 1500)) | 1;
    for (let length = 0; length < bytes.length; length += length < 2000 ? 1 : step)
      if (attempt(format, bytes.subarray(0, length)) !== "refused")
        throw new Error(`${length} of ${bytes.length} bytes were read`);
    expect(attempt(format, bytes.subarray(0, bytes.length - 1))).toBe("refused");
  });

  test.each(format.files)("%s: spoiled bytes are read or refused, without hanging or swallowing memory", (_, bytes) => {
    const next = random(bytes.length * 2654435761 + 1);
    const start = process.memoryUsage().arrayBuffers;
    let peak = 0;
    for (let run = 0; run < (bytes.length > 50_000 ? 60 : 600); run++) {
      const spoiled = Uint8Array.from(bytes);
      // Mostly near the start or the end, where formats keep their structure.
      for (let flips = 1 + Math.floor(next() * 3); flips > 0; flips--) {
        const span = next() < 0.8 ? Math.min(300, bytes.length) : bytes.length;
        const place = Math.floor(next() * span);
        spoiled[next() < 0.7 ? place : bytes.length - 1 - place] = next() < 0.3 ? 255 : Math.floor(next() * 256);
      }
      attempt(format, spoiled);
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - start);
    }
    // Copies of the input and what garbage collection has not freed yet, far from what a spoiled header may declare.
    expect(peak).toBeLessThan(2 ** 28);
  });

  test("noise after a true beginning is read or refused, and zeros are refused", () => {
    const next = random(42);
    for (const [, bytes] of format.files)
      for (let run = 0; run < 20; run++) {
        const noise = Uint8Array.from({ length: 400 }, () => Math.floor(next() * 256));
        noise.set(bytes.subarray(0, Math.min(8, Math.floor(next() * 12))));
        attempt(format, noise);
      }
    expect(attempt(format, new Uint8Array(64))).toBe("refused");
  });
});

test("npz and gzip: every changed bit of the content is noticed by the CRC-32", () => {
  const npz = writeNpz({ x: Float32Array.of(1, 2, 3, 4) }, { compress: false });
  const begin = 30 + "x.npy".length;
  for (let at = begin; at < begin + 128 + 16; at++) {
    const spoiled = Uint8Array.from(npz);
    spoiled[at] = spoiled[at]! ^ (1 << (at % 8));
    expect(() => readNpzAny(spoiled, "x")).toThrow('npz: array "x" is corrupt, its length or CRC-32 differs');
  }
});

test("CSV: cut or spoiled text is read or refused", () => {
  const format: Format = { name: "csv", read: (bytes) => [readCsv(bytes).data], files: [] };
  const text = new TextEncoder().encode('width,"height, m"\n1.5,2\n"3",4e2\n-5,6\n');
  for (let length = 0; length < text.length; length++) attempt(format, text.subarray(0, length));
  const next = random(7);
  for (let run = 0; run < 2000; run++) {
    const spoiled = Uint8Array.from(text);
    for (let flips = 0; flips < 3; flips++) spoiled[Math.floor(next() * text.length)] = Math.floor(next() * 256);
    attempt(format, spoiled);
  }
  // A row that was cut in its middle is noticed.
  expect(() => readCsv("1,2\n3")).toThrow("csv: line 2 has 1 cells, the first row has 2");
});

test("NpyFile: refused at every shorter length as well", async () => {
  const bytes = writeNpy(new Float32Array(20));
  for (let length = 0; length < bytes.length; length++)
    await expect(NpyFile.open(bytes.subarray(0, length))).rejects.toThrow(/^npy: /);
});

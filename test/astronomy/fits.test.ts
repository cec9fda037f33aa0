import { mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { compressFits, FitsFile, FitsHeader, FitsWriter, writeFits } from "../../src/astronomy";
import type { CardLike } from "../../src/astronomy";
import type { RandomAccess } from "../../src/data/formats/source";
import { NdArray } from "../../src/ndarray";
import { uniforms } from "../uniforms";

const folder = mkdtempSync(join(tmpdir(), "constella-fits-"));
const golden = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(join("test/golden/fits_astro", name)));

const counting = (length: number, scale = 1): Float32Array => Float32Array.from({ length }, (_, i) => i * scale);

/** Bytes in memory that tell how many of them were read. */
function counted(bytes: Uint8Array): RandomAccess & { total: number } {
  return {
    size: bytes.length,
    total: 0,
    async read(begin, end) {
      this.total += end - begin;
      return bytes.slice(begin, end);
    },
  };
}

describe("FITS files", () => {
  test("a band, a strip of rows and a column of a cube read what they need and no more", async () => {
    const shape = [5, 40, 50];
    const data = counting(5 * 40 * 50);
    const access = counted(writeFits(new NdArray(data, shape)));
    const image = (await FitsFile.open(access)).image();
    const opened = access.total;
    expect(Array.from((await image.band(3)).data)).toEqual(Array.from(data.subarray(6000, 8000)));
    expect(access.total - opened).toBe(8000);
    const strip = await image.rows(7, 9, { type: "float32" });
    expect(strip.shape).toEqual([5, 2, 50]);
    expect(access.total - opened).toBe(8000 + 5 * 2 * 50 * 4);
    expect(strip.get(2, 1, 3)).toBe(data[2 * 2000 + 8 * 50 + 3]);
    const column = await image.read({ region: { start: [1, 0, 49], stop: [3, 40, 50] } });
    expect(Array.from(column.data)).toEqual(
      Array.from({ length: 80 }, (_, i) => data[2000 + Math.floor(i / 40) * 2000 + (i % 40) * 50 + 49]),
    );
  });

  test.each([Float32Array, Int16Array, Float64Array])("parts of a large image come side by side, %o", async (Type) => {
    const path = join(folder, `large-${Type.name}.fits`);
    const data = Type.from(counting(1100 * 700, 1 / 32));
    writeFileSync(path, writeFits({ data, shape: [1100, 700] }));
    const opened = await FitsFile.open(path);
    const read = () => opened.image().read({ type: "float32" });
    expect((await read()).data.every((value, i) => value === data[i])).toBe(true);
    truncateSync(path, 2880 + 1_200_000);
    await expect(read()).rejects.toThrow("fits: data of HDU 0 end at byte 1202880, the file became shorter");
    await opened.close();
  });

  test.each(["plain", "gzip"])("written piece by piece, %s, and read from the path", async (form) => {
    const name = `${form}.fits${form === "gzip" ? ".gz" : ""}`;
    const path = join(folder, name);
    const data = Int32Array.from({ length: 6000 }, (_, i) => i - 3000);
    const file = await FitsWriter.create(path, [60, 100], "int32", {
      blank: -1,
      cards: { OBJECT: "M83", CRVAL1: 204.26971 },
      history: ["first", "second"],
    });
    for (let at = 0; at < 6000; at += 1500) await file.write(data.subarray(at, at + 1500));
    expect(readdirSync(folder)).not.toContain(name);
    await file.close();
    const opened = await FitsFile.open(path);
    const image = opened.image();
    const want = Float64Array.from(data, (value) => (value === -1 ? NaN : value));
    expect((await image.read()).data).toEqual(want);
    expect((await image.integers()).data).toEqual(data);
    expect(image.header.history).toEqual(["first", "second"]);
    expect(image.header.get("CRVAL1")).toBe(204.26971);
    await opened.close();
    expect(readFileSync(path)[0]).toBe(form === "gzip" ? 0x1f : 0x53);
  });

  test("a file that is not finished does not appear, and says what is missing", async () => {
    const path = join(folder, "unfinished.fits");
    const file = await FitsWriter.create(path, [4, 5], "float32");
    await file.write(counting(10));
    await expect(file.close()).rejects.toThrow(`FitsWriter: ${path} has 20 numbers, got 10`);
    expect(readdirSync(folder).filter((name) => name.includes("unfinished"))).toEqual([]);
  });

  test("a header read and written again has the same cards, numbers in the same words", async () => {
    const cards: CardLike[] = [
      ["CRPIX1", 303.5, "pixel"],
      { key: "CRVAL1", value: 204.26971, comment: "", text: "2.0426971000E+02" },
      ["HIERARCH ESO X".slice(9), "it's", "a quote"],
      ["QUOTES", "'".repeat(90), "doubled over several cards"],
      ["AMP", "ends with &"],
      ["NOTHING", null, "no value"],
      ["Z", [1.5, -2]],
      ["BIG", 12345678901234567890n],
      ["HUGE", 1e22],
      ["COMMENT", "a long comment ".repeat(12).trim()],
    ];
    const once = (await FitsFile.open(writeFits(new NdArray(counting(4)), { cards }))).image().header;
    const twice = (await FitsFile.open(writeFits(new NdArray(counting(4)), { cards: once }))).image().header;
    expect(twice.cards).toEqual(once.cards);
    expect(once.card("CRVAL1")?.text).toBe("2.0426971000E+02");
    expect(once.get("QUOTES")).toBe("'".repeat(90));
    expect(once.get("AMP")).toBe("ends with &");
    expect(once.get("BIG")).toBe(12345678901234567890n);
    expect(once.get("HUGE")).toBe(1e22);
    expect(once.get("Z")).toEqual([1.5, -2]);
    expect(once.comments.join("")).toBe("a long comment ".repeat(12).trim());
  });

  test("numbers that a header cannot hold are refused", () => {
    const image = new NdArray(counting(4));
    expect(() => writeFits(image, { cards: { X: NaN } })).toThrow("fits: X must be finite, got NaN");
    expect(() => writeFits(image, { blank: 3 })).toThrow(/^fits: blank must be an integer, of an image of integers/);
    expect(() => writeFits({ data: counting(4), shape: [5] })).toThrow("fits: shape [5] has 5 elements, the data 4");
  });

  test("gzip members one after another, where the platform takes one alone", async () => {
    const file = writeFits(new NdArray(counting(5000), [50, 100]));
    const members = [file.subarray(0, 1000), file.subarray(1000, 9000), file.subarray(9000)].map((part) =>
      gzipSync(part),
    );
    const whole = globalThis.DecompressionStream;
    class OneMember {
      readonly readable: ReadableStream<Uint8Array>;
      readonly writable: WritableStream<Uint8Array>;
      constructor() {
        const parts: Uint8Array[] = [];
        let controller!: ReadableStreamDefaultController<Uint8Array>;
        this.readable = new ReadableStream({ start: (c) => void (controller = c) });
        this.writable = new WritableStream({
          write: (part) => void parts.push(part),
          close: async () => {
            const bytes = Buffer.concat(parts);
            const member = members.find((m) => bytes.equals(m));
            if (!member) return controller.error(new TypeError("Junk found after end of compressed data."));
            const { gunzipSync } = await import("node:zlib");
            controller.enqueue(new Uint8Array(gunzipSync(member)));
            controller.close();
          },
        });
      }
    }
    globalThis.DecompressionStream = OneMember as unknown as typeof DecompressionStream;
    try {
      const { data } = await (await FitsFile.open(Buffer.concat(members))).image().read({ type: "float32" });
      expect(data).toEqual(counting(5000));
    } finally {
      globalThis.DecompressionStream = whole;
    }
    const zipped = await compressFits(file);
    expect(zipped.length).toBeLessThan(file.length);
    expect((await (await FitsFile.open(zipped)).image().band(0, { type: "float32" })).data).toEqual(counting(5000));
  });

  test("what there is not is named", async () => {
    const file = await FitsFile.open(golden("mef.fits"));
    expect(() => file.image(99)).toThrow(/^fits: HDU must be from 0 to \d+, got 99$/);
    expect(() => file.image("NONE")).toThrow(/^fits: there is no HDU NONE, there are /);
    expect(() => file.table("SCI")).toThrow(/^fits: HDU \d+ must be a binary table, got image$/);
    await expect(FitsFile.open(join(folder, "missing.fits"))).rejects.toThrow(
      /^cannot read .*missing.fits: no such file/,
    );
    const hcompress = await FitsFile.open(golden("bad2_cmp_hcompress.fits"));
    expect(() => hcompress.image()).toThrow(
      /^fits: ZCMPTYPE of HDU 1 must be RICE_1, GZIP_1, GZIP_2, HCOMPRESS_1 is not read$/,
    );
    expect(() => FitsHeader.of({ X: "a" }).number("X")).toThrow('fits: X must be a number, got "a"');
  });

  test("an HDU that is whole is read where a later one is cut", async () => {
    const file = await FitsFile.open(golden("bad2_second_hdu_truncated.fits"));
    expect((await file.image(0).read()).size).toBeGreaterThan(0);
    expect(() => file.image(1)).toThrow(/^fits: data of HDU 1 end at byte \d+, but the file at \d+$/);
  });
});

describe("damaged FITS files", () => {
  const names = readdirSync("test/golden/fits_astro").filter(
    (name) => !name.startsWith("bad") && !name.includes("write"),
  );
  test.each(names)("%s: bytes changed or cut, it is read or refused in one line", async (name) => {
    const whole = golden(name);
    const draw = uniforms(7);
    const random = Array.from({ length: 300 }, () => draw());
    for (let trial = 0; trial < 25; trial++) {
      const cut = trial % 5 === 0 ? Math.floor(random[trial]! * whole.length) : whole.length;
      const bytes = whole.slice(0, cut);
      for (let i = 0; i < 4; i++) {
        const at = Math.floor(random[25 + 8 * trial + i]! * bytes.length);
        if (bytes.length > 0) bytes[at] = Math.floor(random[29 + 8 * trial + i]! * 256);
      }
      try {
        const file = await FitsFile.open(bytes);
        for (const { index, kind } of file.hdus) {
          if (kind === "table")
            for (const { name: column } of file.table(index).columns) await file.table(index).read(column);
          else if (file.hasImage(index)) await file.image(index).read();
        }
      } catch (error) {
        expect((error as Error).message).toMatch(/^fits: [^\n]+$/);
      }
    }
  });
});

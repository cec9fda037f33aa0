import { crc32, inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { encodePng } from "../../src/report";
import { viridis } from "../../src/report/palette";
import { dataAddress } from "../../src/report/png";

/** Reads a PNG back by Node's own zlib: checks each chunk's sum and undoes the filters "none" and "up". */
function decode(file: Uint8Array) {
  const bytes = Buffer.from(file);
  expect(bytes.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString("latin1", at + 4, at + 8);
    expect(bytes.readUInt32BE(at + 8 + length)).toBe(crc32(bytes.subarray(at + 4, at + 8 + length)));
    chunks.set(type, bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  expect([...chunks.keys()].at(-1)).toBe("IEND");
  const header = chunks.get("IHDR")!;
  const [width, height, type] = [header.readUInt32BE(0), header.readUInt32BE(4), header[9]!];
  const stride = width * (type === 2 ? 3 : 1);
  const rows = inflateSync(chunks.get("IDAT")!);
  expect(rows.length).toBe(height * (stride + 1));
  const pixels = new Uint8Array(height * stride);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < stride; column++) {
      const filter = rows[row * (stride + 1)]!;
      expect([0, 2]).toContain(filter);
      const above = filter === 2 ? pixels[(row - 1) * stride + column]! : 0;
      pixels[row * stride + column] = rows[row * (stride + 1) + 1 + column]! + above;
    }
  return { width, height, type, pixels, colours: chunks.get("PLTE") };
}

const noise = (length: number) => Uint8Array.from({ length }, (_, index) => (index * index * 31 + index * 7) & 255);
const ramp = (length: number) => Uint8Array.from({ length }, (_, index) => index >> 2);

describe("encodePng", () => {
  for (const [height, width, channels] of [
    [1, 1, 1],
    [28, 28, 1],
    [7, 13, 3],
    [64, 1, 3],
  ] as const)
    test(`${height} x ${width} x ${channels} comes back`, () => {
      for (const pixels of [noise(height * width * channels), ramp(height * width * channels)]) {
        const image = decode(encodePng(pixels, height, width, channels));
        expect(image).toMatchObject({ width, height, type: channels === 3 ? 2 : 0 });
        expect(image.pixels).toEqual(pixels);
      }
    });

  test("colours make an indexed image", () => {
    const image = decode(encodePng(noise(30), 5, 6, 1, viridis()));
    expect(image.type).toBe(3);
    expect([...image.colours!.subarray(0, 3)]).toEqual([0x44, 0x01, 0x54]);
    expect([...image.colours!.subarray(-3)]).toEqual([0xfd, 0xe7, 0x25]);
    expect(image.pixels).toEqual(noise(30));
  });

  test("rejects a wrong number of pixels", () => {
    expect(() => encodePng(new Uint8Array(5), 2, 3, 1)).toThrow("encodePng: 2 x 3 x 1 pixels expected, 5 given");
    expect(() => encodePng(new Uint8Array(0), 0, 3, 1)).toThrow("encodePng");
  });

  test("a data address holds the file", () => {
    const file = encodePng(noise(9), 3, 3, 1);
    const [head, body] = dataAddress(file).split(",");
    expect(head).toBe("data:image/png;base64");
    expect(new Uint8Array(Buffer.from(body!, "base64"))).toEqual(file);
  });
});

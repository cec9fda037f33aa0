import { crc32, inflateSync } from "node:zlib";
import { expect } from "vitest";

/** Reads a PNG back by Node's own zlib: checks each chunk's sum and undoes the filters "none" and "up". */
export function decode(file: Uint8Array) {
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

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { pack } from "../scripts/lzma.mjs";
import { unpack } from "../src/wasm/lzma";
import { atOnce, inTurns } from "../src/turn";
import { Random } from "../src/random";

const random = new Random(1);
const bytes = (length: number, limit: number): Uint8Array => Uint8Array.from({ length }, () => random.integer(limit));
/** Runs, copies from near and far, and bytes of all kinds. */
const mixed = Buffer.concat([bytes(3000, 256), bytes(5000, 3), new Uint8Array(700), bytes(300, 0x45)]);

const CASES: readonly (readonly [string, Uint8Array])[] = [
  ["one byte", Uint8Array.of(7)],
  ["a run", new Uint8Array(1000).fill(0xfd)],
  ["noise", bytes(5000, 256)],
  ["few different bytes", bytes(5000, 4)],
  ["copies", Buffer.concat([mixed, mixed.subarray(100, 4000), bytes(2, 256), mixed])],
  ["text", Buffer.from("pack my box with five dozen liquor jugs. ".repeat(40))],
  ["a module", readFileSync("build/host.wasm")],
];

describe("what is packed", () => {
  test.each(CASES)("%s comes out as it was", async (_, data) => {
    const packed = Buffer.from(pack(data)).toString("base64");
    expect(Buffer.compare(atOnce(unpack(packed, data.length)), data)).toBe(0);
    expect(Buffer.compare(await inTurns(unpack(packed, data.length)), data)).toBe(0);
  });

  test("is smaller than with deflate", () => {
    const module = readFileSync("build/host.wasm");
    const base64 = JSON.parse(readFileSync("build/host.packed", "utf8")) as { size: number; data: string };
    expect(base64.size).toBe(module.length);
    expect(base64.data.length).toBeLessThan((module.length * 4) / 3 / 2);
  });
});

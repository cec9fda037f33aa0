import { describe, expect, test } from "vitest";
import { encodePng } from "../../src/report";
import { viridis } from "../../src/report/charts/palette";
import { dataAddress } from "../../src/report/pictures/png";
import { decode } from "./decode-png";

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
    expect(() => encodePng(new Uint8Array(5), 2, 3, 1)).toThrow("encodePng: pixels must be 2 x 3 x 1, got 5");
    expect(() => encodePng(new Uint8Array(0), 0, 3, 1)).toThrow("encodePng");
  });

  test("a data address holds the file", () => {
    const file = encodePng(noise(9), 3, 3, 1);
    const [head, body] = dataAddress(file).split(",");
    expect(head).toBe("data:image/png;base64");
    expect(new Uint8Array(Buffer.from(body!, "base64"))).toEqual(file);
  });
});

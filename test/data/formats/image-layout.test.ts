import { tensor, requestDevice } from "constella";
import { describe, expect, test } from "vitest";
import { readCsv, readIdx, readNpy, readNpz, readSafetensors, readWav, toChannelsFirst } from "../../../src/data";
import type { Bytes } from "../../../src/data";

describe("channels of pictures", () => {
  const numbers = (shape: readonly number[]): { data: Uint8Array; shape: readonly number[] } => ({
    data: Uint8Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i % 251),
    shape,
  });

  test("last become first, element by element", () => {
    const x = numbers([2, 5, 4, 3]);
    const { images, layout } = toChannelsFirst(x);
    expect(layout).toBe("channels-last");
    expect(images.shape).toEqual([2, 3, 5, 4]);
    for (let i = 0; i < 2; i++)
      for (let t = 0; t < 3; t++)
        for (let p = 0; p < 20; p++) expect(images.data[(i * 3 + t) * 20 + p]).toBe(x.data[(i * 20 + p) * 3 + t]);
  });

  test("what is first, and what has another rank, stays as it is", () => {
    for (const shape of [
      [2, 3, 32, 32],
      [2, 1, 28, 28],
      [2, 16, 8, 8],
      [2, 3, 3, 3],
    ]) {
      const x = numbers(shape);
      expect(toChannelsFirst(x)).toMatchObject({ layout: "channels-first", images: { shape, data: x.data } });
    }
    expect(toChannelsFirst(numbers([2, 28, 28]))).toMatchObject({ layout: undefined, images: { shape: [2, 28, 28] } });
  });

  test("where both are possible the layout must be given", () => {
    const x = numbers([2, 3, 40, 3]);
    expect(() => toChannelsFirst(x)).toThrow(
      "toChannelsFirst: pictures [2, 3, 40, 3] may have their channels first or last, say which by the layout",
    );
    expect(toChannelsFirst(x, "channels-first").images.shape).toEqual([2, 3, 40, 3]);
    expect(toChannelsFirst(x, "channels-last").images.shape).toEqual([2, 3, 3, 40]);
    expect(() => toChannelsFirst(numbers([4, 5]), "channels-last")).toThrow("a layout is for pictures");
  });
});

test.each([
  ["readNpy", readNpy],
  ["readNpz", readNpz],
  ["readIdx", readIdx],
  ["readWav", readWav],
  ["readSafetensors", readSafetensors],
  ["readCsv", readCsv],
] as [string, (content: Bytes) => unknown][])("%s says that it was given a path", (_, read) => {
  for (const path of ["data/points.csv", "./x.npy", "https://example.org/x.npz", "digits.safetensors"])
    expect(() => read(path as unknown as Bytes)).toThrow(`this is a path, "${path}": give the content of the file`);
});

test("a tensor of rows has their shape", async () => {
  const device = await requestDevice("wasm", { threads: 0 });
  const x = tensor(device, [[1, 2], [3, 4], new Float32Array([5, 6])]);
  expect(x.shape).toEqual([3, 2]);
  expect(Array.from(await x.data())).toEqual([1, 2, 3, 4, 5, 6]);
  expect(tensor(device, [[[1], [2]]]).shape).toEqual([1, 2, 1]);
  expect(
    tensor(
      device,
      [
        [1, 2],
        [3, 4],
      ],
      [4],
    ).shape,
  ).toEqual([4]);
  expect(() => tensor(device, [[1, 2], [3]])).toThrow("tensor: rows must be of one length, got [2] and [1]");
  device.destroy();
});

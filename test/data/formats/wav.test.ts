import { describe, expect, test } from "vitest";
import { readWav } from "../../../src/data/formats/wav";
import { encodeWav, type WavEncoding } from "./wav";

const left = Float32Array.of(0, 0.5, -0.5, 0.25, -1, 0.75, 0.015625);
const right = left.map((value) => -value / 2);

describe("encodings", () => {
  const encodings: [string, WavEncoding, number][] = [
    ["PCM 8", { bits: 8 }, 1 / 128],
    ["PCM 16", { bits: 16, extra: 5 }, 0],
    ["PCM 24", { bits: 24, sampleRate: 44100 }, 0],
    ["PCM 32", { bits: 32 }, 0],
    ["float 32", { bits: 32, float: true }, 0],
    ["float 64", { bits: 64, float: true, extra: 8 }, 0],
    ["extensible PCM 24", { bits: 24, extensible: true }, 0],
    ["extensible float 32", { bits: 32, float: true, extensible: true }, 0],
  ];
  test.each(encodings)("%s, mono and stereo, mixed down on request", (_, encoding, error) => {
    const mono = readWav(encodeWav([left], encoding));
    expect(mono.sampleRate).toBe(encoding.sampleRate ?? 16000);
    expect(mono.samples.shape).toEqual([1, 7]);
    const stereo = readWav(encodeWav([left, right], encoding));
    expect(stereo.samples.shape).toEqual([2, 7]);
    const mixed = readWav(encodeWav([left, right], encoding), { mono: true });
    expect(mixed.samples.shape).toEqual([7]);
    for (let i = 0; i < 7; i++) {
      expect(Math.abs(mono.samples.data[i]! - left[i]!)).toBeLessThanOrEqual(error);
      expect(Math.abs(stereo.samples.data[7 + i]! - right[i]!)).toBeLessThanOrEqual(error);
      expect(Math.abs(mixed.samples.data[i]! - (left[i]! + right[i]!) / 2)).toBeLessThanOrEqual(error);
    }
  });

  test("bytes by hand: two frames of stereo 16-bit", () => {
    const file = Uint8Array.of(
      ...[82, 73, 70, 70, 44, 0, 0, 0, 87, 65, 86, 69, 102, 109, 116, 32, 16, 0, 0, 0, 1, 0, 2, 0],
      ...[64, 31, 0, 0, 0, 125, 0, 0, 4, 0, 16, 0, 100, 97, 116, 97, 8, 0, 0, 0, 0, 128, 255, 127, 0, 64, 0, 192],
    );
    const { sampleRate, samples } = readWav(file);
    expect(sampleRate).toBe(8000);
    expect([...samples.data]).toEqual([-1, 0.5, Math.fround(32767 / 32768), -0.5]);
  });
});

test("sizes that a pipe or an interrupted recorder left open: the data run to the end of the file", () => {
  const whole = encodeWav([left], { bits: 16 });
  for (const size of [0, 0x7ffff000, 0xffffffff]) {
    const open = Uint8Array.from(whole);
    new DataView(open.buffer).setUint32(4, size === 0 ? 0 : size + (size < 0xffffffff ? 36 : 0), true);
    new DataView(open.buffer).setUint32(40, size, true);
    expect([...readWav(open).samples.data]).toEqual([...readWav(whole).samples.data]);
    expect(readWav(open.subarray(0, open.length - 1)).samples.shape).toEqual([1, 6]); // the last frame is not complete
  }
});

describe("errors", () => {
  const good = encodeWav([left], { bits: 16 });
  const changed = (at: number, ...values: number[]): Uint8Array => {
    const copy = Uint8Array.from(good);
    copy.set(values, at);
    return copy;
  };
  test.each<[string, Uint8Array, string]>([
    ["empty", new Uint8Array(0), "wav: file is truncated in its header, 0 bytes"],
    ["cut", good.subarray(0, 50), "wav: file is truncated, 58 bytes are declared, given 50"],
    ["another length", changed(4, 255, 255, 255, 15), "wav: file is truncated, 268435463 bytes are declared"],
    ["another format", changed(0, 79, 103, 103, 83), 'wav: file must begin with RIFF, a size, WAVE; given "OggS"'],
    ["chunk too long", changed(40, 255), 'wav: chunk "data" of 255 bytes reaches beyond the file, 14 are left'],
    ["half a frame", changed(40, 13), "wav: data of 13 bytes is no whole number of frames of 2 bytes"],
    ["no data", changed(36, 68), "wav: file has no data chunk"],
    ["no format", changed(12, 70), "wav: chunk fmt must come before the data, there is none"],
    ["short format", changed(16, 14), "wav: chunk fmt must have 16 bytes or more, got 14"],
    ["μ-law", changed(20, 7), "or floats of 32 or 64, got format 7 of 16 bits"],
    ["12 bits", changed(34, 12), "got PCM of 12 bits"],
    ["no channel", changed(22, 0), "wav: there must be channels and a sample rate, got 0 and 16000"],
    ["frame", changed(32, 3), "wav: 1 channels of 16 bits take 2 bytes, 3 declared"],
    ["NaN", encodeWav([[0, NaN]], { bits: 32, float: true }), "wav: samples must be finite, got NaN at 1"],
    ["infinity", encodeWav([[1e300]], { bits: 64, float: true }), "wav: samples must be finite, got 1e+300 at 0"],
  ])("%s", (_, bytes, message) => {
    expect(() => readWav(bytes)).toThrow(message);
    expect(() => readWav(bytes)).toThrow(/^wav: [^\n]*$/);
  });
  test("another subformat", () => {
    const file = encodeWav([left], { bits: 16, extensible: true });
    file[50] = 7;
    expect(() => readWav(file)).toThrow("wav: an extensible file must hold PCM or floats, got another subformat");
  });
});

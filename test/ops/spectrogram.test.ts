import { grad, melFilters, melSpectrogram, parameter, powerSpectrogram, sum, tensor } from "constella";
import { expect, test } from "vitest";
import { describeDevices } from "../devices";

test("a filter's area is 1, its peak at the centre; corners that do not fit are refused", () => {
  const weights = melFilters({ bands: 20, fft: 2048 });
  for (let band = 0; band < 20; band++) {
    const row = weights.subarray(band * 1025, (band + 1) * 1025);
    expect((row.reduce((a, b) => a + b) * 16000) / 2048).toBeCloseTo(1, 1);
  }
  expect(() => melFilters({ fMin: 100, fMax: 90 })).toThrow(
    "melFilters: 0 <= fMin < fMax <= sampleRate / 2 must hold, got 100, 90 and a rate of 16000",
  );
  expect(() => melFilters({ bands: 0 })).toThrow("melFilters: bands must be a whole number from 1, got 0");
});

describeDevices("spectrograms", (device) => {
  test("a tone is loudest in its own bin and band; an item is the same alone and in a batch", async () => {
    const tones = [440, 3000].map((f) =>
      Float32Array.from({ length: 1600 }, (_, i) => Math.sin((i * f * Math.PI) / 8000)),
    );
    const both = tensor(await device(), Float32Array.of(...tones[0]!, ...tones[1]!), [2, 1600]);
    const power = powerSpectrogram(both);
    expect(power.shape).toEqual([2, 257, 11]);
    const data = await power.data();
    const alone = await powerSpectrogram(tensor(both.device, tones[1]!)).data();
    expect([...data.subarray(257 * 11)]).toEqual([...alone]);
    const loudest = [440, 3000].map((_, item) => {
      const middle = Array.from({ length: 257 }, (_, k) => data[(item * 257 + k) * 11 + 5]!);
      return middle.indexOf(Math.max(...middle));
    });
    expect(loudest).toEqual([Math.round((440 * 512) / 16000), Math.round((3000 * 512) / 16000)]);
  });

  test("silence gives -100 dB, and what cannot be a signal one clear line", async () => {
    const silence = tensor(await device(), new Float32Array(320));
    for (const value of await melSpectrogram(silence).data()) expect(value).toBeCloseTo(-100, 3);
    const short = tensor(silence.device, new Float32Array(100));
    expect(() => melSpectrogram(short, { center: false })).toThrow(
      "melSpectrogram: the signal must have 512 samples or more with these settings, got 100",
    );
    expect(() => melSpectrogram(short, { padding: "mirror" })).toThrow("must have 257 samples or more");
    expect(() => powerSpectrogram(short, { fft: 500 })).toThrow(
      "powerSpectrogram: fft must be a power of two from 2 to 4096, got 500",
    );
    expect(() => powerSpectrogram(short, { window: 513 })).toThrow(
      "window must be a whole number from 1 to 512, got 513",
    );
    expect(() => powerSpectrogram(short, { hop: 0 })).toThrow("hop must be a whole number from 1, got 0");
    expect(() => melSpectrogram(short, { range: -1 })).toThrow("range must be a number of decibels above 0, got -1");
    expect(() => melSpectrogram(tensor(silence.device, new Float32Array(8), [2, 2, 2]))).toThrow(
      "x must be f32 [samples] or [batch, samples]",
    );
    const signal = parameter(silence.device, new Float32Array(600));
    expect(() => grad(sum(melSpectrogram(signal)), [signal])).toThrow();
  });
});

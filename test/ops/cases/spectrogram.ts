import * as c from "constella";
import type { OpCase } from "./index";
import { array } from "./reference";
import type { Reference } from "./reference";

/** Power spectra of windowed frames by the definition of the transform, in float64. */
function powerOf(x: Reference, fft: number, window: number, hop: number, center: boolean, mirror: boolean): Reference {
  const samples = x.shape.at(-1)!;
  const batch = x.data.length / samples;
  const margin = center ? fft / 2 : 0;
  const frames = 1 + Math.floor((samples + 2 * margin - fft) / hop);
  const bins = fft / 2 + 1;
  const y = new Float64Array(batch * bins * frames);
  const at = (b: number, i: number): number => {
    const place = !mirror ? i : i < 0 ? -i : i >= samples ? 2 * (samples - 1) - i : i;
    return place < 0 || place >= samples ? 0 : x.data[b * samples + place]!;
  };
  for (let b = 0; b < batch; b++)
    for (let t = 0; t < frames; t++)
      for (let k = 0; k < bins; k++) {
        let [re, im] = [0, 0];
        for (let j = 0; j < window; j++) {
          const place = Math.floor((fft - window) / 2) + j;
          const v = Math.sin((Math.PI * j) / window) ** 2 * at(b, t * hop + place - margin);
          re += v * Math.cos((2 * Math.PI * place * k) / fft);
          im -= v * Math.sin((2 * Math.PI * place * k) / fft);
        }
        y[(b * bins + k) * frames + t] = re * re + im * im;
      }
  return array([...x.shape.slice(0, -1), bins, frames], y);
}

/** Decibels of filtered spectra, `range` below the loudest at least. */
function melOf(power: Reference, options: c.MelSpectrogramOptions): Reference {
  const { bands = 128, output = "decibel", range = 80 } = options;
  const filters = c.melFilters(options);
  const [bins, frames] = power.shape.slice(-2) as [number, number];
  const batch = power.data.length / (bins * frames);
  const y = new Float64Array(batch * bands * frames);
  for (let i = 0; i < y.length; i++) {
    const [t, band, b] = [i % frames, Math.floor(i / frames) % bands, Math.floor(i / frames / bands)];
    for (let k = 0; k < bins; k++) y[i]! += filters[band * bins + k]! * power.data[(b * bins + k) * frames + t]!;
  }
  const shape = [...power.shape.slice(0, -2), bands, frames];
  if (output === "power") return array(shape, y);
  for (let b = 0; b < batch; b++) {
    const own = y.subarray(b * bands * frames, (b + 1) * bands * frames);
    own.forEach((v, i) => (own[i] = 10 * Math.log10(Math.max(v, 1e-10))));
    const loudest = own.reduce((a, v) => Math.max(a, v), -Infinity);
    own.forEach((v, i) => (own[i] = Math.max(v, loudest - range)));
  }
  return array(shape, output === "unit" ? y.map((v) => (v + 80) / 95) : y);
}

const mel = (options: c.MelSpectrogramOptions, variant: string, shapes: OpCase["shapes"]): OpCase => ({
  op: "melSpectrogram",
  variant,
  call: (x) => c.melSpectrogram(x!, options),
  reference: (x) => {
    const { fft = 512, window = 320, hop = 160, center = true, padding } = options;
    return melOf(powerOf(x!, fft, window, hop, center, padding === "mirror"), options);
  },
  shapes,
  gradients: [],
  atol: 1e-3,
});

/** Rows of the spectrograms. */
export const SPECTROGRAM: readonly OpCase[] = [
  ...(
    [
      [2, 2, 1, true, false, [[1]], [[7]]],
      [4, 3, 2, false, false, [[4]], [[3, 9]]],
      [16, 16, 5, true, true, [[9]], [[2, 41]]],
      [64, 40, 13, true, false, [[1]], [[3, 130]]],
      [512, 320, 160, true, false, [[1000]], [[2, 640]]],
      [512, 512, 700, false, false, [[3000]]],
      [4096, 4000, 3000, true, true, [[2050]]],
    ] as const
  ).map(([fft, window, hop, center, mirror, ...shapes]): OpCase => ({
    op: "powerSpectrogram",
    spreads: true,
    variant: `${fft} points, window ${window}, hop ${hop}${center ? "" : ", not centred"}${mirror ? ", mirrored" : ""}`,
    call: (x) => c.powerSpectrogram(x!, { fft, window, hop, center, padding: mirror ? "mirror" : "zero" }),
    reference: (x) => powerOf(x!, fft, window, hop, center, mirror),
    shapes,
    gradients: [],
    rtol: 1e-4,
    atol: 1e-5 * fft,
  })),
  mel({}, "decibels by default", [[[1200]], [[3, 640]]]),
  mel({ output: "unit", padding: "mirror" }, "unit range", [[[2, 640]]]),
  mel({ output: "power", mel: "htk", norm: "peak", bands: 20, fft: 256, window: 256, fMin: 50 }, "HTK", [[[700]]]),
  mel({ range: 6, bands: 5, sampleRate: 8000, fMax: 3000, fft: 64, window: 64, hop: 7 }, "6 dB", [[[2, 100]]]),
];

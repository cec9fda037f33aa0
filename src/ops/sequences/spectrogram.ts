import { noGrad } from "../../graph";
import { checkFlag, checkInteger, isWhole } from "../../checks";
import * as kernels from "../../kernels/sequences";
import { empty, format, run, tensor, tidy } from "../../tensor";
import type { Tensor } from "../../tensor";
import { floorAt, log, maximum, scale, shift } from "../elementwise";
import { matmul } from "../matmul";
import { max } from "../reduce";
import { melFilters } from "./mel-filters";
import type { MelFilterOptions } from "./mel-filters";

/** How a signal is cut into frames. The defaults are those of "Learning to Cluster" for speech of 16 kHz. */
export interface SpectrogramOptions {
  /** Points of the Fourier transform, a power of two from 2 to 4,096. Default 512. */
  readonly fft?: number;
  /** Samples under the Hann window (periodic), which lies in the middle of the `fft` points. Default 320. */
  readonly window?: number;
  /** Samples from one frame to the next. Default 160. */
  readonly hop?: number;
  /** Frame t has its middle at sample t · hop, reaching out at both ends (the default), or else begins there. */
  readonly center?: boolean;
  /** What lies outside: `zero` (the default), or `mirror`, the signal reflected at its first and last sample. */
  readonly padding?: "zero" | "mirror";
}

/** Settings of `melSpectrogram`. */
export interface MelSpectrogramOptions extends SpectrogramOptions, MelFilterOptions {
  /**
   * What to return: `power`; `decibel` (the default), 10 log₁₀(max(power, 10⁻¹⁰)); or `unit`, (decibel + 80) / 95, in which "Learning
   * to Cluster" is trained.
   */
  readonly output?: "power" | "decibel" | "unit";
  /** Decibels below the loudest point of an item that values are raised to; Infinity for none. Default 80. */
  readonly range?: number;
}

const FAINTEST = 1e-10;

function framing(op: string, x: Tensor, options: SpectrogramOptions) {
  const { fft = 512, window = 320, hop = 160, center = true, padding = "zero" } = options;
  checkFlag(op, { center });
  const samples = x.shape[x.rank - 1] ?? 0;
  const stages = Math.log2(fft) - 1;
  if (x.dtype !== "f32" || x.rank < 1 || x.rank > 2)
    throw new Error(`${op}: x must be f32 [samples] or [batch, samples], got ${x.dtype} ${format(x)}`);
  if (!isWhole(stages, 0, 11)) throw new Error(`${op}: fft must be a power of two from 2 to 4096, got ${fft}`);
  checkInteger(op, { window }, 1, fft);
  checkInteger(op, { hop }, 1);
  const margin = center ? fft / 2 : 0;
  const needed = !center ? fft : padding === "mirror" ? margin + 1 : 1;
  if (samples < needed)
    throw new Error(`${op}: the signal must have ${needed} samples or more with these settings, got ${samples}`);
  const frames = 1 + Math.floor((samples + 2 * margin - fft) / hop);
  return { fft, window, hop, samples, stages, margin, frames, mirror: Number(padding === "mirror") };
}

/**
 * Power spectra of the frames of a signal, |FFT(window · frame)|²: [samples] or [batch, samples] become [(batch,) fft / 2 + 1, frames].
 * The conventions of librosa's `stft`. Without a gradient.
 * @throws when the signal is too short for a frame or the settings do not fit together
 */
export function powerSpectrogram(x: Tensor, options: SpectrogramOptions = {}): Tensor {
  const { window, ...sizes } = framing("powerSpectrogram", x, options);
  const { fft, frames, samples } = sizes;
  const batch = x.size / samples;
  const hann = new Float32Array(fft);
  const first = Math.floor((fft - window) / 2);
  for (let j = 0; j < window; j++) hann[first + j] = 0.5 - 0.5 * Math.cos((2 * Math.PI * j) / window);
  const circle = new Float32Array(fft);
  for (let k = 0; k < fft / 2; k++) {
    circle[2 * k] = Math.cos((2 * Math.PI * k) / fft);
    circle[2 * k + 1] = -Math.sin((2 * Math.PI * k) / fft);
  }
  return tidy(() => {
    const y = empty(x.device, [...x.shape.slice(0, -1), fft / 2 + 1, frames], "f32", "powerSpectrogram");
    const tables = { window: tensor(x.device, hann), twiddles: tensor(x.device, circle) };
    run(kernels.powerSpectrum, { x, ...tables, y, batch, ...sizes });
    return y;
  });
}

/**
 * Mel spectrograms: filters times power spectra, by default in decibels: [samples] or [batch, samples] become [(batch,) bands, frames].
 * The defaults are the settings of Meier, "Learning to Cluster" (2017/2018) for TIMIT: 16 kHz, 128 bands, window 320, hop 160, 512 points.
 * Without a gradient.
 * @throws when the signal is too short for a frame or the settings do not fit together
 */
export function melSpectrogram(x: Tensor, options: MelSpectrogramOptions = {}): Tensor {
  const { output = "decibel", range = 80, ...settings } = options;
  framing("melSpectrogram", x, settings);
  if (!(range > 0)) throw new Error(`melSpectrogram: range must be a number of decibels above 0, got ${range}`);
  const filters = melFilters(settings);
  return noGrad(() =>
    tidy(() => {
      const power = powerSpectrogram(x, settings);
      const bins = power.shape[power.rank - 2]!;
      const mel = matmul(tensor(x.device, filters, [filters.length / bins, bins]), power);
      if (output === "power") return mel;
      const decibel = scale(log(floorAt(mel, FAINTEST)), 10 / Math.LN10);
      const heard = range === Infinity ? decibel : maximum(decibel, shift(max(decibel, [-2, -1], true), -range));
      return output === "unit" ? scale(shift(heard, 80), 1 / 95) : heard;
    }),
  );
}

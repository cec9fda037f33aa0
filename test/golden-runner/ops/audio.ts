import * as c from "constella";
import type { Tensor } from "constella";
import { onHost, tensors } from "../adapter";
import type { Adapters } from "../adapter";

interface MelAttributes {
  readonly sampleRate: number;
  readonly nFft: number;
  readonly nMels: number;
  readonly fMin: number;
  readonly fMax: number;
  readonly htk: boolean;
  readonly norm: "slaney" | null;
}

interface SpectrogramAttributes extends MelAttributes {
  readonly winLength: number;
  readonly hopLength: number;
  readonly center: boolean;
  readonly padMode: "constant" | "reflect" | null;
  readonly topDb: number | null;
}

const filterOptions = ({ sampleRate, nFft, nMels, fMin, fMax, htk, norm }: MelAttributes) =>
  ({
    sampleRate,
    fft: nFft,
    bands: nMels,
    fMin,
    fMax,
    mel: htk ? "htk" : "slaney",
    norm: norm === "slaney" ? "area" : "peak",
  }) as const satisfies c.MelFilterOptions;

export const AUDIO: Adapters = {
  mel_filterbank: onHost<object, MelAttributes>((_, attrs) => ({
    weights: { data: c.melFilters(filterOptions(attrs)), shape: [attrs.nMels, attrs.nFft / 2 + 1] },
  })),
  mel_spectrogram: tensors<{ signal: Tensor }, SpectrogramAttributes>(({ signal }, attrs) => {
    const options: c.MelSpectrogramOptions = {
      ...filterOptions(attrs),
      window: attrs.winLength,
      hop: attrs.hopLength,
      center: attrs.center,
      padding: attrs.padMode === "reflect" ? "mirror" : "zero",
      range: attrs.topDb ?? Infinity,
    };
    return {
      stft_power: c.powerSpectrogram(signal, options),
      mel: c.melSpectrogram(signal, { ...options, output: "power" }),
      mel_db: c.melSpectrogram(signal, options),
    };
  }),
};

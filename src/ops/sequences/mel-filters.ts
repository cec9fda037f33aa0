import { checkInteger } from "../../checks";

/** Settings of a bank of mel filters. */
export interface MelFilterOptions {
  /** Samples a second. Default 16,000. */
  readonly sampleRate?: number;
  /** Points of the Fourier transform. Default 512. */
  readonly fft?: number;
  /** Number of filters. Default 128. */
  readonly bands?: number;
  /** Lower end of the first filter in Hz. Default 0. */
  readonly fMin?: number;
  /** Upper end of the last filter in Hz. Default half the sample rate. */
  readonly fMax?: number;
  /** The scale: `slaney` (the default) is linear below 1 kHz and logarithmic above, `htk` is 2595 log₁₀(1 + f / 700). */
  readonly mel?: "slaney" | "htk";
  /** `area` (the default) scales each filter to area 1 over Hz, `peak` leaves its maximum at 1. */
  readonly norm?: "area" | "peak";
}

const LINEAR = 200 / 3; // Hz a mel below 1 kHz
const KNEE = 1000;
const LOG_STEP = Math.log(6.4) / 27;

function toMel(f: number, htk: boolean): number {
  if (htk) return 2595 * Math.log10(1 + f / 700);
  return f < KNEE ? f / LINEAR : KNEE / LINEAR + Math.log(f / KNEE) / LOG_STEP;
}

function toHertz(mel: number, htk: boolean): number {
  if (htk) return 700 * (10 ** (mel / 2595) - 1);
  return mel < KNEE / LINEAR ? LINEAR * mel : KNEE * Math.exp(LOG_STEP * (mel - KNEE / LINEAR));
}

/**
 * Triangular filters whose corners are equally spaced on the mel scale: weights [bands, fft / 2 + 1] by which a power spectrum is
 * summed. Slaney, "Auditory Toolbox" (Interval Research 1998), whose conventions are those of librosa. Low filters may be narrower
 * than the distance of two bins and hold none.
 * @throws when the settings do not fit together
 */
export function melFilters(options: MelFilterOptions = {}): Float32Array<ArrayBuffer> {
  const { sampleRate = 16000, fft = 512, bands = 128, fMin = 0, mel = "slaney", norm = "area" } = options;
  const fMax = options.fMax ?? sampleRate / 2;
  checkInteger("melFilters", { bands }, 1);
  if (!(fMin >= 0 && fMin < fMax && fMax <= sampleRate / 2))
    throw new Error(
      `melFilters: 0 <= fMin < fMax <= sampleRate / 2 must hold, got ${fMin}, ${fMax} and a rate of ${sampleRate}`,
    );
  const htk = mel === "htk";
  const bins = Math.floor(fft / 2) + 1;
  const [low, high] = [toMel(fMin, htk), toMel(fMax, htk)];
  const corner = (i: number): number => toHertz(low + ((high - low) * i) / (bands + 1), htk);
  const weights = new Float32Array(bands * bins);
  for (let band = 0; band < bands; band++) {
    const [left, centre, right] = [corner(band), corner(band + 1), corner(band + 2)];
    const height = norm === "area" ? 2 / (right - left) : 1;
    for (let bin = 0; bin < bins; bin++) {
      const f = (bin * sampleRate) / fft;
      const rising = (f - left) / (centre - left);
      const falling = (right - f) / (right - centre);
      weights[band * bins + bin] = height * Math.max(0, Math.min(rising, falling));
    }
  }
  return weights;
}

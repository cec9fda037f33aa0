// Recordings as pictures of sound: mel spectrograms of one size, whatever the sample rates.
import { listSoundFolder, loadWav } from "../../data/formats/sounds";
import type { ClassFolders } from "../../data/formats/class-folders";
import type { Wav } from "../../data/formats/wav";
import type { Device } from "../../device";
import { NdArray } from "../../ndarray";
import { melSpectrogram } from "../../ops/sequences/spectrogram";
import { requestDevice } from "../../request-device";
import { tensor, tidy } from "../../tensor";

/** How recordings become items. */
export interface SoundOptions {
  /** Length of every item in seconds: longer recordings are cut, shorter ones followed by silence. Default: that of the shortest. */
  readonly seconds?: number | undefined;
  /** Mel bands. Default 128. */
  readonly bands?: number | undefined;
  /** Milliseconds from one frame to the next. Default 10. */
  readonly step?: number | undefined;
}

/** The recordings of a folder. */
export interface Spectrograms extends ClassFolders {
  /** [n, 1, bands, frames], decibels as `melSpectrogram` has them by `output: "unit"`. */
  readonly items: NdArray<Float32Array>;
  /** What was used, so that later recordings are taken alike. */
  readonly settings: Required<{ [K in keyof SoundOptions]: number }>;
  /** The lowest and the highest sample rate. */
  readonly rates: readonly [number, number];
  /** Seconds of the longest recording, where it was cut. */
  readonly longest: number | undefined;
}

/** The window is twice the default step, 20 ms, whatever the step. */
const WINDOW_SECONDS = 0.02;
const LARGEST_FFT = 4096;
/** Of 16 kHz: window and distance of two frequencies, which levels are brought to. */
const [WINDOW, SPACING] = [320, 31.25];

/** Frames of a recording whose middles lie in it. */
const framesOf = ({ samples, sampleRate }: Wav, step: number): number =>
  1 + Math.floor((1000 * samples.size) / (sampleRate * step) + 1e-9);

/**
 * Mel spectrograms of the WAV files of a folder, with the settings of Learning to Cluster: windows of 20 ms, decibels. At other rates than 16 kHz
 * the window has as many milliseconds and levels are the same; bands reach up to half the lowest rate of the folder.
 * @throws one line that names the file for a recording that cannot be read or is empty
 */
export async function loadSpectrograms(path: string, options: SoundOptions): Promise<Spectrograms> {
  const { seconds, bands = 128, step = 10 } = options;
  const list = await listSoundFolder(path);
  const wanted = seconds === undefined ? undefined : 1 + Math.floor((1000 * seconds) / step + 1e-9);
  let [shortest, longest, lowest, highest] = [Infinity, 0, Infinity, 0];
  for (const file of list.files) {
    const wav = await loadWav(file);
    if (wav.samples.size === 0) throw new Error(`sound folder: a recording must have samples, got none (${file})`);
    const frames = framesOf(wav, step);
    [shortest, longest] = [Math.min(shortest, frames), Math.max(longest, frames)];
    [lowest, highest] = [Math.min(lowest, wav.sampleRate), Math.max(highest, wav.sampleRate)];
  }
  const frames = wanted ?? shortest;
  const items = new Float32Array(list.files.length * bands * frames);
  const device = await requestDevice("wasm", { threads: 0 }); // the same numbers whatever the methods compute on
  try {
    for (const [i, file] of list.files.entries()) {
      const mel = await melOf(await loadWav(file), { device, bands, step, frames, fMax: lowest / 2 }).catch((error) => {
        throw new Error(`${(error as Error).message} (${file})`, { cause: error });
      });
      items.set(mel, i * bands * frames);
    }
  } finally {
    device.destroy();
  }
  return {
    ...list,
    items: new NdArray(items, [list.files.length, 1, bands, frames]),
    rates: [lowest, highest],
    settings: { seconds: ((frames - 1) * step) / 1000, bands, step },
    longest: wanted === undefined && longest > shortest ? ((longest - 1) * step) / 1000 : undefined,
  };
}

/** How one recording is taken. */
interface Taken {
  readonly device: Device;
  readonly bands: number;
  readonly step: number;
  readonly frames: number;
  readonly fMax: number;
}

async function melOf({ samples, sampleRate }: Wav, taken: Taken): Promise<Float32Array> {
  const { device, bands, step, frames, fMax } = taken;
  const window = Math.max(1, Math.round(WINDOW_SECONDS * sampleRate));
  const hop = Math.max(1, Math.round((step / 1000) * sampleRate));
  const fft = Math.min(LARGEST_FFT, 2 ** Math.ceil(Math.log2(1.6 * window)));
  const gain = (WINDOW / window) * Math.sqrt(sampleRate / fft / SPACING);
  // as many frames, the last one heard to its end
  const signal = new Float32Array(Math.max(1, frames * hop - 1));
  signal.set(samples.data.subarray(0, signal.length));
  if (gain !== 1) for (let i = 0; i < signal.length; i++) signal[i]! *= gain;
  const mel = tidy(() =>
    melSpectrogram(tensor(device, signal), { sampleRate, fft, window, hop, bands, fMax, output: "unit" }),
  );
  const values = (await mel.data()) as Float32Array;
  mel.dispose();
  return values;
}

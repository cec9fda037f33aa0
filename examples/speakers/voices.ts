// Mel spectrograms of voices, coarse enough for a small network.
import { NdArray } from "constella";
import { loadLabels, loadMatrix } from "constella/data";
import { dataFile, type StudyOptions } from "../unseen/study";

/** Mel bands and frames of 10 ms that are averaged into one value. */
const BANDS = 2;
const FRAMES = 4;

/** Recordings, one a voice. */
export interface Voices {
  /** [voices, 1, bands, steps of 40 ms], 0 … 255 for 80 dB. */
  readonly mel: NdArray<Uint8Array>;
  /** Steps that are recorded of each voice. */
  readonly steps: readonly number[];
  readonly names: readonly string[];
}

/** Reads spectrograms [voices, bands, frames] of one of the files, and averages neighbours. */
export async function loadVoices(options: StudyOptions, file: string): Promise<Voices> {
  const load = <T>(read: (path: string) => Promise<T>): Promise<T> => dataFile(options, file, read);
  const { data, shape } = await load((path) => loadMatrix(path, { array: "mel" }));
  const { labels, classes } = await load((path) => loadLabels(path, { array: "speakers" }));
  const [n, bands, frames] = shape as [number, number, number];
  const recorded = await load((path) => loadLabels(path, { array: "frames" })).then(
    (found) => found.labels,
    () => new Int32Array(n).fill(frames), // a file whose voices all have the same length does not list it
  );
  const [height, width] = [bands / BANDS, Math.floor(frames / FRAMES)];
  const mel = new Uint8Array(n * height * width);
  for (let i = 0; i < n * height; i++)
    for (let t = 0; t < width; t++) {
      let sum = 0;
      for (let band = 0; band < BANDS; band++)
        for (let frame = 0; frame < FRAMES; frame++)
          sum += Number(data[(i * BANDS + band) * frames + t * FRAMES + frame]);
      mel[i * width + t] = Math.round(sum / (BANDS * FRAMES));
    }
  return {
    mel: new NdArray(mel, [n, 1, height, width]),
    steps: Array.from(recorded, (count) => Math.floor(count / FRAMES)),
    names: Array.from(labels, (label) => classes?.[label] ?? String(label)),
  };
}

/** Recordings cut into windows that do not overlap: [windows, 1, bands, window] and the voice of each. */
export function cut({ mel, steps }: Voices, window: number): { windows: NdArray<Uint8Array>; labels: number[] } {
  const [, , height, width] = mel.shape as [number, number, number, number];
  const labels = steps.flatMap((count, voice) => new Array<number>(Math.floor(count / window)).fill(voice));
  const data = new Uint8Array(labels.length * height * window);
  let [before, place] = [-1, 0];
  labels.forEach((voice, i) => {
    place = voice === before ? place + 1 : 0;
    before = voice;
    for (let band = 0; band < height; band++) {
      const from = (voice * height + band) * width + place * window;
      data.set(mel.data.subarray(from, from + window), (i * height + band) * window);
    }
  });
  return { windows: new NdArray(data, [labels.length, 1, height, window]), labels };
}

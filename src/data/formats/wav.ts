import { checkFlag } from "../../checks";
import { NdArray } from "../../ndarray";
import { toBytes, type Bytes } from "./source";

/** What a WAV file holds. */
export interface Wav {
  /** Samples a second of a channel. */
  readonly sampleRate: number;
  /** [channels, samples], or [samples] where it was mixed down; full scale of integers is -1 … 1. */
  readonly samples: NdArray<Float32Array>;
}

/** Options of `readWav`. */
export interface WavOptions {
  /** Mix the channels down to their mean. Default false. */
  readonly mono?: boolean;
}

type Sample = (view: DataView, at: number) => number;

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

/** Samples by format and bits, as shares of full scale. */
const SAMPLES: Readonly<Record<string, Sample>> = {
  "1 8": (view, at) => view.getUint8(at) / 128 - 1,
  "1 16": (view, at) => view.getInt16(at, true) / 2 ** 15,
  "1 24": (view, at) => (view.getInt16(at + 1, true) * 256 + view.getUint8(at)) / 2 ** 23,
  "1 32": (view, at) => view.getInt32(at, true) / 2 ** 31,
  "3 32": (view, at) => view.getFloat32(at, true),
  "3 64": (view, at) => view.getFloat64(at, true),
};

/** What the sixteen bytes of a subformat end in. */
const GUID_TAIL = "0,0,0,0,16,0,128,0,0,170,0,56,155,113";

/**
 * Reads a WAV file (RIFF, little-endian): PCM of 8, 16, 24 or 32 bits or floats of 32 or 64, any number of channels, also as
 * WAVE_FORMAT_EXTENSIBLE. Where a recorder that wrote to a pipe left the sizes open (0, or the largest there are), the data run to the end of the
 * file. Chunks other than `fmt ` and `data` are passed over. Throws `wav: …` for a file that is truncated or corrupt, of
 * another encoding, or with samples that are not finite.
 */
export function readWav(content: Bytes, { mono = false }: WavOptions = {}): Wav {
  checkFlag("wav", { mono });
  const bytes = toBytes(content);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 12) throw new Error(`wav: file is truncated in its header, ${bytes.length} bytes`);
  if (text(0) !== "RIFF" || text(8) !== "WAVE")
    throw new Error(
      `wav: file must begin with RIFF, a size, WAVE; given ${printable(text(0))} … ${printable(text(8))}`,
    );
  const declared = 8 + view.getUint32(4, true);
  const streamed = isUnknown(declared - 8);
  if (declared > bytes.length && !streamed)
    throw new Error(`wav: file is truncated, ${declared} bytes are declared, given ${bytes.length}`);
  const end = streamed ? bytes.length : declared;

  let format: Format | undefined;
  for (let at = 12; at + 8 <= end;) {
    const [name, declaredSize] = [text(at), view.getUint32(at + 4, true)];
    const from = at + 8;
    const open = streamed && name === "data" && isUnknown(declaredSize);
    const size = open ? end - from : declaredSize;
    if (from + size > end)
      throw new Error(`wav: chunk ${printable(name)} of ${size} bytes reaches beyond the file, ${end - from} are left`);
    if (name === "fmt ") format = readFormat(view, from, size);
    if (name === "data") {
      if (!format) throw new Error("wav: chunk fmt must come before the data, there is none");
      return {
        sampleRate: format.sampleRate,
        samples: readSamples(view, from, open ? wholeFrames(size, format) : size, format, mono),
      };
    }
    at = from + size + (size % 2);
  }
  throw new Error(`wav: file has no data chunk, ${bytes.length} bytes`);
}

/** Sizes that a recorder writes which cannot go back to its header: none, or as large as the field holds (sox leaves room for its header). */
const isUnknown = (size: number): boolean => size === 0 || size >= 0x7ffff000;

/** Bytes of the frames that are complete: a recording that was interrupted ends in the middle of one. */
const wholeFrames = (size: number, { channels, bytes }: Format): number => size - (size % (channels * bytes));

interface Format {
  readonly channels: number;
  readonly sampleRate: number;
  readonly bytes: number;
  readonly sample: Sample;
}

function readFormat(view: DataView, at: number, size: number): Format {
  if (size < 16) throw new Error(`wav: chunk fmt must have 16 bytes or more, got ${size}`);
  const [channels, sampleRate] = [view.getUint16(at + 2, true), view.getUint32(at + 4, true)];
  const [frame, bits] = [view.getUint16(at + 12, true), view.getUint16(at + 14, true)];
  let code = view.getUint16(at, true);
  if (code === EXTENSIBLE) {
    if (size < 40) throw new Error(`wav: chunk fmt of an extensible file must have 40 bytes or more, got ${size}`);
    const tail = Array.from({ length: 14 }, (_, i) => view.getUint8(at + 26 + i)).join();
    if (tail !== GUID_TAIL) throw new Error("wav: an extensible file must hold PCM or floats, got another subformat");
    code = view.getUint16(at + 24, true);
  }
  const sample = SAMPLES[`${code} ${bits}`];
  if (!sample)
    throw new Error(
      `wav: samples must be PCM of 8, 16, 24 or 32 bits or floats of 32 or 64, got ${code === PCM ? "PCM" : code === FLOAT ? "floats" : `format ${code}`} of ${bits} bits`,
    );
  if (channels === 0 || sampleRate === 0)
    throw new Error(`wav: there must be channels and a sample rate, got ${channels} and ${sampleRate}`);
  if (frame !== (channels * bits) / 8)
    throw new Error(`wav: ${channels} channels of ${bits} bits take ${(channels * bits) / 8} bytes, ${frame} declared`);
  return { channels, sampleRate, bytes: bits / 8, sample };
}

function readSamples(
  view: DataView,
  from: number,
  size: number,
  { channels, bytes, sample }: Format,
  mono: boolean,
): NdArray<Float32Array> {
  const frame = channels * bytes;
  if (size % frame !== 0) throw new Error(`wav: data of ${size} bytes is no whole number of frames of ${frame} bytes`);
  const length = size / frame;
  const data = new Float32Array(mono ? length : channels * length);
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) {
      const value = sample(view, from + i * frame + channel * bytes);
      sum += value;
      if (!mono) data[channel * length + i] = value;
    }
    if (!Number.isFinite(Math.fround(sum))) throw new Error(`wav: samples must be finite, got ${sum} at ${i}`);
    if (mono) data[i] = sum / channels;
  }
  return new NdArray(data, mono ? [length] : [channels, length]);
}

const printable = (name: string): string => JSON.stringify(name);

// FITS files become one cube of the sky: read lazily, on one grid. Loaded when there is one.
import { requestDevice } from "constella";
import type { Device, NdArray, TypedArray } from "constella";
import {
  alignBands,
  openBands,
  readBands,
  shrunkBands,
  simulateGalaxy,
  writeFits,
  type BandSource,
  type CardLike,
  type OpenedBands,
  type SkyOf,
} from "constella/astronomy";
import { shrinkOf } from "constella/report";

/** Values of a cube that are held in memory; of larger ones the pixels are read when they are needed. */
const IN_MEMORY = 2 ** 26;

/** A cube of the sky. */
export interface Sky extends SkyOf {
  readonly name: string;
  readonly names: readonly string[];
  /** Nanometres; NaN where nothing tells it. */
  readonly wavelengths: readonly number[];
  /** Of the values, "" where it is not known. */
  readonly unit: string;
  readonly source: BandSource;
  /** All of it [bands, height, width], where it fits. */
  readonly cube: NdArray<Float32Array> | undefined;
  /** The same made smaller, and pixels of a side of what became one. */
  readonly small: NdArray<Float32Array>;
  readonly shrink: number;
  /** What was done and decided. */
  readonly notes: readonly string[];
  /** WebAssembly: the same superpixels on every machine. */
  device(): Promise<Device>;
  close(): void;
}

/**
 * Opens one cube, or the bands of several files on the grid of the first.
 * @param read told how much is read, 0 to 1
 * @throws one line for files that are none or do not fit
 */
export async function openSky(files: readonly File[], read: (share: number) => void): Promise<Sky> {
  const opened: OpenedBands[] = [];
  let made: Promise<Device> | undefined;
  const device = (): Promise<Device> => (made ??= requestDevice("wasm"));
  const close = (): void => {
    for (const bands of opened) void bands.close();
    void made?.then((on) => on.destroy());
  };
  try {
    for (const file of files) opened.push(await openBands(file));
    const [first] = opened as [OpenedBands];
    const aligned = opened.every(({ wcs }) => !wcs);
    const { source: read1, history } =
      opened.length === 1 ? { source: first, history: [] } : alignBands(opened, { aligned, device: await device() });
    const { bands, height, width } = read1;
    const fits = bands * height * width <= IN_MEMORY;
    const source = watched(read1, (rows) => read(Math.min(1, rows / height)));
    const cube = fits ? ((await readBands(source)) as NdArray<Float32Array>) : undefined;
    const shrink = shrinkOf(height, width);
    const small = await shrunkBands(cube ?? source, shrink);
    if (!small.data.some((value) => value - value === 0))
      throw new Error(`${files[0]!.name}: there must be numbers, all of it is NaN`);
    const units = new Set(opened.map(({ unit }) => unit));
    return {
      ...{ header: first.header, wcs: first.wcs, source: read1, cube, small, shrink, device, close },
      name: files.length === 1 ? files[0]!.name : `${files.length} files`,
      names: opened.flatMap(({ names }) => names),
      wavelengths: opened.flatMap(({ wavelengths }) => wavelengths),
      unit: units.size === 1 ? [...units][0]! : "",
      notes: [
        ...history.map((line) => `${line}.`),
        ...(fits
          ? []
          : ["Its pixels are read from the file when they are needed; spectra are of the small picture's."]),
      ],
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** A source that tells how far it was read. */
const watched = (source: BandSource, told: (rows: number) => void): BandSource => ({
  ...{ bands: source.bands, height: source.height, width: source.width },
  rows: async (begin, end) => {
    const rows = await source.rows(begin, end);
    told(end);
    return rows;
  },
});

/** An array [bands, height, width] as a file, without world coordinates. */
export function cubeFile(name: string, array: NdArray<TypedArray>): File {
  const cards = Array.from({ length: array.shape[0]! }, (_, i): CardLike => [`BAND${i + 1}`, `band ${i + 1}`]);
  return new File([Uint8Array.from(writeFits(array, { cards }))], name);
}

/** A simulated galaxy in nine filters, as a file. */
export function galaxyFile(): File {
  const { cube, filters, cards } = simulateGalaxy({ size: 192, blur: 2, noise: 0.01 });
  const named: CardLike[] = filters.flatMap(({ name, wavelength }, i): CardLike[] => [
    [`BAND${i + 1}`, name],
    [`WAVE${i + 1}`, wavelength, "nm"],
  ]);
  return new File([Uint8Array.from(writeFits(cube, { cards: [...cards, ...named] }))], "galaxy.fits");
}

// A cube's bands as a colour picture, and its labels as another, of a size that a page can carry.
import { ShrunkBand } from "../../astronomy/bands/shrink";
import { percentileLimits, type Limits } from "../../astronomy/bands/statistics";
import { NOISE_COLOUR, PALETTE } from "../charts/palette";
import { generate } from "../../typed-arrays";

/** Bands [bands, height, width], row 0 at the bottom as in FITS. */
export interface Planes {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** A picture as bytes [height, width, 3], row 0 at the top, and pixels of the image to one of the picture. */
export interface Picture {
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly shrink: number;
}

/** Longest side of a picture. */
const LARGEST = 640;
/** Percentiles that become black and white, and how much asinh lifts what is faint. */
const [DARK, BRIGHT, SOFTENING] = [2, 99.7, 8];

/** The colour of a pixel without data. */
const EMPTY = [40, 42, 48] as const;

/** Pixels of an image to one of its picture. */
export const shrinkOf = (height: number, width: number): number =>
  Math.max(1, Math.ceil(Math.max(height, width) / LARGEST));

/** The mean of a band over what one pixel of the picture shows, NaN where nothing is there. */
function averaged({ data, shape }: Planes, band: number, shrink: number): Float64Array {
  const [, height, width] = shape as [number, number, number];
  const shrunk = new ShrunkBand(height, width, shrink);
  shrunk.add(data, band * height * width, 0, height);
  return shrunk.means;
}

/** The values of a band that become black and white; undefined where it has none. */
function limitsOf(values: Float64Array): Limits | undefined {
  const finite = values.filter((value) => value - value === 0);
  return finite.length > 0 ? percentileLimits(finite, DARK, BRIGHT) : undefined;
}

/** A band between its limits, from 0 on; NaN stays. */
function scaled(values: Float64Array, limits: Limits | undefined): Float64Array {
  if (!limits) return values;
  const { vmin, vmax } = limits;
  const span = vmax > vmin ? vmax - vmin : 1;
  return values.map((value) => Math.max(0, (value - vmin) / span));
}

/** The values of each band that become black and white in `composite`, for a part of an image to look as the whole does. */
export function compositeLimits(planes: Planes, rgb: readonly number[]): readonly (Limits | undefined)[] {
  const [, height, width] = planes.shape as [number, number, number];
  return rgb.map((band) => limitsOf(averaged(planes, band, shrinkOf(height, width))));
}

/** Rows of a picture turned, so that row 0 is at the top. */
const turned = (row: number, rows: number): number => rows - 1 - row;

/**
 * Three bands as red, green and blue, their mean stretched by asinh and their ratios kept, so that bright objects keep their colour (Lupton et al., PASP 116,
 * 2004). One band three times is grey.
 * @param limits what becomes black and white in each; default: percentiles of each
 * @throws unless rgb are three bands of the cube
 */
export function composite(planes: Planes, rgb: readonly number[], limits?: readonly (Limits | undefined)[]): Picture {
  const [bands, height, width] = planes.shape as [number, number, number];
  if (rgb.length !== 3 || !rgb.every((band) => Number.isInteger(band) && band >= 0 && band < bands))
    throw new Error(`composite: rgb must be three of ${bands} bands, from 0, got ${rgb.join(", ")}`);
  const shrink = shrinkOf(height, width);
  const [rows, columns] = [Math.ceil(height / shrink), Math.ceil(width / shrink)];
  const made = new Map<number, Float64Array>();
  for (const [channel, band] of rgb.entries()) {
    if (made.has(band)) continue;
    const values = averaged(planes, band, shrink);
    made.set(band, scaled(values, limits ? limits[channel] : limitsOf(values)));
  }
  const channels = rgb.map((band) => made.get(band)!);
  const pixels = new Uint8Array(3 * rows * columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      const to = 3 * (turned(row, rows) * columns + column);
      const values = channels.map((channel) => channel[at]!);
      const intensity = (values[0]! + values[1]! + values[2]!) / 3;
      if (Number.isNaN(intensity)) {
        pixels.set(EMPTY, to);
        continue;
      }
      const lift = intensity > 0 ? Math.asinh(SOFTENING * intensity) / Math.asinh(SOFTENING) / intensity : 0;
      const most = Math.max(1, ...values.map((value) => value * lift));
      values.forEach((value, channel) => (pixels[to + channel] = Math.round((255 * value * lift) / most)));
    }
  return { pixels, height: rows, width: columns, shrink };
}

/** Which bands a picture shows where nobody says: the longest wavelength red, the shortest blue; without wavelengths the last band and the first. */
export function chosenBands(bands: number, wavelengths: readonly number[] | undefined): [number, number, number] {
  const numbers = Array.from({ length: bands }, (_, band) => band);
  const order = wavelengths?.every(Number.isFinite)
    ? numbers.sort((a, b) => wavelengths[a]! - wavelengths[b]!)
    : numbers;
  return [order.at(-1)!, order[(bands - 1) >> 1]!, order[0]!];
}

/** Labels [height, width] at the middle of what each pixel of the picture shows, row 0 at the bottom. */
function shownLabels({ data, shape }: Planes): { of: Int32Array; height: number; width: number; shrink: number } {
  const [height, width] = shape as [number, number];
  const shrink = shrinkOf(height, width);
  const [rows, columns] = [Math.ceil(height / shrink), Math.ceil(width / shrink)];
  const of = generate(Int32Array, rows * columns, (at) => {
    const y = Math.min(height - 1, Math.floor(at / columns) * shrink + (shrink >> 1));
    const x = Math.min(width - 1, (at % columns) * shrink + (shrink >> 1));
    return data[y * width + x]!;
  });
  return { of, height: rows, width: columns, shrink };
}

const rgbOf = (hex: string): readonly number[] => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** Labels [height, width] as a picture in the colours of clusters, or others, "#rrggbb", that are taken in turn. */
export function labelPicture(labels: Planes, palette: readonly string[] = PALETTE): Picture {
  const { of, height, width, shrink } = shownLabels(labels);
  const colours = palette.map(rgbOf);
  const none = rgbOf(NOISE_COLOUR);
  const pixels = new Uint8Array(3 * of.length);
  of.forEach((label, at) => {
    const row = Math.floor(at / width);
    const to = 3 * (turned(row, height) * width + (at % width));
    pixels.set(label < 0 ? none : colours[label % colours.length]!, to);
  });
  return { pixels, height, width, shrink };
}

/** The same picture with the borders of regions [height, width] drawn over it. @throws for regions of another size */
export function outlined(picture: Picture, regions: Planes): Picture {
  const { of, height, width } = shownLabels(regions);
  if (height !== picture.height || width !== picture.width)
    throw new Error(
      `outlined: regions must be as large as the picture, ${picture.height} x ${picture.width} pixels, got ${height} x ${width}`,
    );
  const pixels = picture.pixels.slice();
  of.forEach((label, at) => {
    const [row, column] = [Math.floor(at / width), at % width];
    const differs = (column + 1 < width && of[at + 1] !== label) || (row + 1 < height && of[at + width] !== label);
    if (differs) pixels.set([255, 214, 64], 3 * (turned(row, height) * width + column));
  });
  return { ...picture, pixels };
}

/** Values [height, width] as a grey picture between their percentiles. */
export const greyPicture = (values: Planes): Picture =>
  composite({ data: values.data, shape: [1, ...values.shape] }, [0, 0, 0]);

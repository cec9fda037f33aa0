import { checkInteger } from "../../../checks";
import { NdArray } from "../../../ndarray";
import { stream } from "../../../random";
import { drawFlux, drawSource } from "./population";
import { BANDS, renderSource } from "./render";
import { addNoise, GALAXY, settingsOf, STAR } from "./simulate";
import type { StarGalaxyOptions } from "./simulate";

/** What is known of each object of a field. */
export const FIELD_COLUMNS = ["x", "y", "flux", "effectiveRadius", "sersicIndex", "axisRatio", "angle"] as const;

/** One of `FIELD_COLUMNS`. */
export type FieldColumn = (typeof FIELD_COLUMNS)[number];

/** Options of `simulateStarGalaxyField`: those of stamps, `n` the objects and `size` the side of the field, 512 where it is not given. */
export type StarGalaxyFieldOptions = Omit<StarGalaxyOptions, "blendShare" | "first" | "n"> & {
  /** Default one for 1,600 pixels. */
  readonly n?: number;
};

/** A simulated field. */
export interface StarGalaxyField {
  /** [5, size, size], bands u g r i z, the unit the sky's standard deviation in a pixel of r; the sky is subtracted. */
  readonly image: NdArray<Float32Array>;
  /** Where r without noise is above 1, the number of the object, from 1, that is brightest there; [size, size]. */
  readonly objects: NdArray<Int32Array>;
  /** 1 for stars, 0 for galaxies. */
  readonly labels: Int32Array;
  /** FWHM of the seeing in r, in pixels: one for all objects. */
  readonly fwhm: number;
  readonly columns: Readonly<Record<FieldColumn, Float32Array>>;
}

/** Half of what is drawn of a source, in pixels: the light of the faint ends beyond is below the noise. */
const REACH = 40;

/**
 * Simulates a field of the sky in five bands: stars and galaxies as `simulateStarsGalaxies` draws them, at places of their own, under one seeing.
 * @throws for options out of range
 */
export function simulateStarGalaxyField(options: StarGalaxyFieldOptions = {}): StarGalaxyField {
  const op = "simulateStarGalaxyField";
  const { size = 512, seed = 0 } = options;
  checkInteger(op, { size }, 8, 8192);
  const { n = Math.max(1, Math.round(size ** 2 / 1600)), ...rest } = options;
  const { population, flux } = settingsOf(op, { ...rest, n });
  const area = size * size;
  const light = new Float64Array(BANDS.length * area);
  const [brightest, objects] = [new Float64Array(area), new Int32Array(area)];
  const labels = new Int32Array(n);
  const columns = Object.fromEntries(FIELD_COLUMNS.map((key) => [key, new Float32Array(n)])) as Record<
    FieldColumn,
    Float32Array
  >;
  const fwhm = 2.9 + 0.9 * stream(seed, "field.seeing").uniform();
  const side = 2 * REACH + 1;
  for (let i = 0; i < n; i++) {
    const random = stream(seed, "field.object", i);
    const [x, y] = [(size - 1) * random.uniform(), (size - 1) * random.uniform()];
    const source = drawSource(random, fwhm, population);
    const total = drawFlux(random, ...flux);
    const [left, top] = [Math.round(x) - REACH, Math.round(y) - REACH];
    const stamp = renderSource({ ...source, x: x - left, y: y - top, fwhm }, side);
    for (let row = Math.max(0, -top); row < Math.min(side, size - top); row++)
      for (let column = Math.max(0, -left); column < Math.min(side, size - left); column++) {
        const p = (top + row) * size + left + column;
        for (let band = 0; band < BANDS.length; band++)
          light[band * area + p]! += stamp[(band * side + row) * side + column]! * total * source.colours[band]!;
        const own = stamp[(2 * side + row) * side + column]! * total;
        if (own <= brightest[p]!) continue;
        brightest[p] = own;
        objects[p] = i + 1;
      }
    labels[i] = source.isStar ? STAR : GALAXY;
    const { effectiveRadius, sersicIndex, axisRatio, angle } = source;
    const facts: Record<FieldColumn, number> = { x, y, flux: total, effectiveRadius, sersicIndex, axisRatio, angle };
    for (const column of FIELD_COLUMNS) columns[column][i] = facts[column];
  }
  for (let p = 0; p < area; p++) if (!(light[2 * area + p]! > 1)) objects[p] = 0;
  const image = Float32Array.from(light);
  addNoise(image, area, stream(seed, "field.noise"));
  return {
    ...{ image: new NdArray(image, [BANDS.length, size, size]), objects: new NdArray(objects, [size, size]) },
    ...{ labels, fwhm, columns },
  };
}

import { checkRange, checkInteger } from "../../../checks";
import { NdArray } from "../../../ndarray";
import { Random } from "../../../random";
import { drawFlux, drawSource } from "./population";
import type { Population, Source } from "./population";
import { BANDS, renderSource } from "./render";

/** Label of a star. */
export const STAR = 1;
/** Label of a galaxy. */
export const GALAXY = 0;

/** Standard deviation of the sky in a pixel of each band (u g r i z), in units of that of r: from the depths of SDSS. */
export const SKY_SIGMA: readonly number[] = [1.2, 1, 1, 2.29, 4.79];
/** Electrons for a unit of flux: what a signal adds to the variance is the signal over this. */
const GAIN = 20;
/** The position of stamp i in the stream of a seed. */
const WORDS_A_STAMP = 2;

/** What is known of each stamp beside its image, class and redshift. */
export const STAMP_COLUMNS = [
  "x", "y", "fwhm", "flux", "effectiveRadius", "sersicIndex", "axisRatio", "angle", "blend", "blendIsStar", "blendDistance", "blendFlux",
] as const; // prettier-ignore

/** One of `STAMP_COLUMNS`. */
export type StampColumn = (typeof STAMP_COLUMNS)[number];

/** Options of `simulateStarsGalaxies`; defaults are those of the study. */
export interface StarGalaxyOptions {
  /** Stamps. */
  readonly n: number;
  /** Side in pixels of 0.396 arcsec; default 32. */
  readonly size?: number;
  /** Seed of everything random (default 0). Stamp i is the same whatever n is. */
  readonly seed?: number;
  /** Number of the first stamp (default 0), to simulate a long series in parts. */
  readonly first?: number;
  /** Chance of an object to be a star; default 0.3. */
  readonly starShare?: number;
  /** Chance of a second source at 5 to 11 pixels; default 0.15. */
  readonly blendShare?: number;
  /** Median effective radius of galaxies over the FWHM of the seeing; default 0.6. */
  readonly radius?: number;
  /** Bounds of the total flux in r, in sky sigmas of a pixel; default 150 to 6000. */
  readonly flux?: readonly [number, number];
}

/** Simulated stamps. */
export interface StarGalaxyStamps {
  /** [n, 5, size, size], bands u g r i z, the unit the sky's standard deviation in a pixel of r; the sky is subtracted. */
  readonly images: NdArray<Float32Array>;
  /** 1 for stars, 0 for galaxies: what the first source is. */
  readonly labels: Int32Array;
  /** 0 for stars. */
  readonly redshift: Float32Array;
  /** Of shape [n, size, size]; where r without noise is above 1, 1 for the first source and 2 for the second, whichever is brighter there. */
  readonly masks: NdArray<Uint8Array>;
  readonly columns: Readonly<Record<StampColumn, Float32Array>>;
}

interface Drawn {
  readonly source: Source;
  readonly flux: number;
  readonly x: number;
  readonly y: number;
}

/** The options with those that were not given, of stamps and fields. @throws for some out of range, beginning with `name` */
export function settingsOf(
  name: string,
  options: StarGalaxyOptions,
): Required<Omit<StarGalaxyOptions, "starShare" | "radius">> & { readonly population: Population } {
  const {
    n,
    size = 32,
    seed = 0,
    first = 0,
    starShare = 0.3,
    blendShare = 0.15,
    radius = 0.6,
    flux = [150, 6000],
  } = options;
  checkInteger(name, { n, first }, 0);
  checkRange(name, { starShare, blendShare }, 0, 1);
  checkRange(name, { radius }, 0);
  const [faintest, brightest] = flux;
  if (!(faintest > 0 && brightest >= faintest))
    throw new Error(`${name}: flux must be two ascending positive numbers, got ${faintest} to ${brightest}`);
  return { n, size, seed, first, blendShare, flux, population: { starShare, radius } };
}

/**
 * Simulates five-band stamps of stars and galaxies as SDSS takes them: Moffat seeing, Sérsic galaxies, colours and fluxes of plausible
 * populations, blends, Gaussian noise of sky and source. A parametric stand-in made for the study of methods. @throws for options out of range
 */
export function simulateStarsGalaxies(options: StarGalaxyOptions): StarGalaxyStamps {
  const name = "simulateStarsGalaxies";
  checkInteger(name, { size: options.size ?? 32 }, 8, 1024);
  const { n, size, seed, first, blendShare, population, flux } = settingsOf(name, options);
  const [faintest, brightest] = flux;
  const area = size * size;
  const images = new NdArray(new Float32Array(n * BANDS.length * area), [n, BANDS.length, size, size]);
  const masks = new NdArray(new Uint8Array(n * area), [n, size, size]);
  const labels = new Int32Array(n);
  const redshift = new Float32Array(n);
  const columns = Object.fromEntries(STAMP_COLUMNS.map((key) => [key, new Float32Array(n)])) as Record<
    StampColumn,
    Float32Array
  >;
  // eslint-disable-next-line no-restricted-syntax -- stamps that the figures of examples were measured on
  const { key } = new Random(seed).state();
  for (let i = 0; i < n; i++) {
    const random = new Random({ key, position: WORDS_A_STAMP * (first + i) }).split();
    const fwhm = 2.9 + 0.9 * random.uniform();
    const place = (): number => (size - 1) / 2 + random.uniform() - 0.5;
    const primary: Drawn = {
      x: place(),
      y: place(),
      source: drawSource(random, fwhm, population),
      flux: drawFlux(random, faintest, brightest),
    };
    const secondary = random.uniform() < blendShare ? neighbour(random, primary, fwhm, population) : undefined;
    const image = images.data.subarray(i * BANDS.length * area, (i + 1) * BANDS.length * area);
    draw(image, masks.data.subarray(i * area, (i + 1) * area), size, fwhm, primary, secondary);
    addNoise(image, area, random);
    labels[i] = primary.source.isStar ? STAR : GALAXY;
    redshift[i] = primary.source.isStar ? 0 : 0.1 * Math.exp(0.5 * random.normal());
    const { effectiveRadius, sersicIndex, axisRatio, angle } = primary.source;
    const facts: Record<StampColumn, number> = {
      ...{ x: primary.x, y: primary.y, fwhm, flux: primary.flux, effectiveRadius, sersicIndex, axisRatio, angle },
      blend: Number(secondary !== undefined),
      blendIsStar: Number(secondary?.source.isStar ?? false),
      blendDistance: secondary ? Math.hypot(secondary.x - primary.x, secondary.y - primary.y) : 0,
      blendFlux: secondary?.flux ?? 0,
    };
    for (const column of STAMP_COLUMNS) columns[column][i] = facts[column];
  }
  return { images, labels, redshift, masks, columns };
}

/** A second source at 5 to 11 pixels, of a tenth to all of the first one's flux. */
function neighbour(random: Random, { x, y, flux }: Drawn, fwhm: number, population: Population): Drawn {
  const distance = 5 + 6 * random.uniform();
  const angle = 2 * Math.PI * random.uniform();
  return {
    x: x + distance * Math.cos(angle),
    y: y + distance * Math.sin(angle),
    flux: flux * (0.1 + 0.9 * random.uniform()),
    source: drawSource(random, fwhm, population),
  };
}

function draw(
  image: Float32Array,
  mask: Uint8Array,
  size: number,
  fwhm: number,
  primary: Drawn,
  secondary: Drawn | undefined,
): void {
  const area = size * size;
  const [one, two] = [primary, secondary].map((drawn) => {
    if (!drawn) return new Float64Array(BANDS.length * area);
    const { source, flux, x, y } = drawn;
    const stamp = renderSource({ ...source, x, y, fwhm }, size);
    return stamp.map((value, at) => value * flux * source.colours[Math.floor(at / area)]!);
  }) as [Float64Array, Float64Array];
  one.forEach((value, at) => (image[at] = value + two[at]!));
  const r = 2 * area;
  for (let p = 0; p < area; p++) {
    const [first, second] = [one[r + p]!, two[r + p]!];
    mask[p] = first + second > 1 ? (second > first ? 2 : 1) : 0;
  }
}

/** Noise of the sky and of the sources' own light. */
export function addNoise(image: Float32Array, area: number, random: Random): void {
  for (let at = 0; at < image.length; at++) {
    const signal = image[at]!;
    const sky = SKY_SIGMA[Math.floor(at / area)]!;
    image[at] = signal + Math.sqrt(sky * sky + Math.max(signal, 0) / GAIN) * random.normal();
  }
}

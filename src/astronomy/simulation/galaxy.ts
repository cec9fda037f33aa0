import { checkInteger, checkPositive, checkRange } from "../../checks";
import { NdArray } from "../../ndarray";
import { stream } from "../../random";
import { gaussianKernel } from "../bands/psf-match";
import type { CardLike } from "../fits";

/** Kinds of regions of a simulated galaxy: what its truth counts. */
export const GALAXY_CLASSES = ["sky", "old stars", "spiral arm", "HII region", "dust lane", "star"] as const;

/** A filter: its name, central wavelength in nanometres, and full width at half maximum of its point-spread function in arcseconds. */
export interface GalaxyFilter {
  readonly name: string;
  readonly wavelength: number;
  readonly fwhm: number;
}

/** The nine filters of Hubble's images of M83 (WFC3/UVIS). */
export const M83_FILTERS: readonly GalaxyFilter[] = [
  { name: "F225W", wavelength: 235.9, fwhm: 0.083 },
  { name: "F336W", wavelength: 335.5, fwhm: 0.075 },
  { name: "F373N", wavelength: 373, fwhm: 0.07 },
  { name: "F438W", wavelength: 432.5, fwhm: 0.07 },
  { name: "F487N", wavelength: 487.1, fwhm: 0.067 },
  { name: "F502N", wavelength: 501, fwhm: 0.067 },
  { name: "F657N", wavelength: 656.7, fwhm: 0.07 },
  { name: "F673N", wavelength: 676.6, fwhm: 0.07 },
  { name: "F814W", wavelength: 802.4, fwhm: 0.074 },
];

/** Brightness of the classes in the nine filters: lines of hydrogen and oxygen in HII regions, red old stars, blue arms; dust takes light as 1 / λ. */
const OLD = [0.05, 0.15, 0.2, 0.4, 0.5, 0.52, 0.75, 0.78, 1];
const YOUNG = [1, 0.9, 0.85, 0.8, 0.72, 0.7, 0.6, 0.58, 0.5];
const NEBULA = [0.5, 0.45, 1.6, 0.4, 1.2, 1.5, 2.6, 1.3, 0.35];
const STAR = [0.4, 0.6, 0.65, 0.9, 0.95, 0.95, 1, 1, 0.95];

/** Options of `simulateGalaxy`. */
export interface GalaxyOptions {
  /** Height and width in pixels. Default: 256. */
  readonly size?: number;
  /** Of everything random. Default: 0. */
  readonly seed?: number;
  /** Arcseconds of a pixel. Default: 0.0396. */
  readonly pixelScale?: number;
  /** Point-spread functions are this many times as wide as the filters': a small image's resolution. Default: 1. */
  readonly blur?: number;
  /** Standard deviation of the noise; old stars at the centre have brightness 1. Default: 0.02. */
  readonly noise?: number;
  /** Pixels without data along an edge, on another side in each filter. Default: a sixteenth of the size. */
  readonly border?: number;
}

/** A galaxy whose truth is known. */
export interface SimulatedGalaxy {
  /** [9, size, size], NaN where a filter has no data. */
  readonly cube: NdArray<Float32Array>;
  /** Class of each pixel, an index of `GALAXY_CLASSES`. */
  readonly truth: NdArray<Uint8Array>;
  readonly filters: readonly GalaxyFilter[];
  /** World coordinates and units of every band. */
  readonly cards: readonly CardLike[];
}

/** One band convolved with a Gaussian; the edge's pixel lies beyond the edge. */
function blurred(image: Float64Array, size: number, sigma: number): Float64Array {
  const { weights, size: taps } = gaussianKernel(sigma);
  const radius = (taps - 1) / 2;
  const held = (i: number): number => Math.max(0, Math.min(size - 1, i));
  const pass = (from: Float64Array, at: (y: number, x: number, t: number) => number): Float64Array =>
    from.map((_, i) => {
      let sum = 0;
      for (let t = -radius; t <= radius; t++)
        sum += weights[t + radius]! * from[at(Math.floor(i / size), i % size, t)]!;
      return sum;
    });
  const rows = pass(image, (y, x, t) => y * size + held(x + t));
  return pass(rows, (y, x, t) => held(y + t) * size + x);
}

/**
 * A face-on spiral galaxy in nine filters, as Hubble saw M83: old stars, two arms, HII regions and dust lanes along them, stars of our own galaxy, each filter
 * with its own point-spread function, noise and missing border. Simulated: no measurement went into it but the filters' widths. The same for a seed.
 */
export function simulateGalaxy(options: GalaxyOptions = {}): SimulatedGalaxy {
  const { size = 256, seed = 0, pixelScale = 0.0396, blur = 1, noise = 0.02, border = Math.round(size / 16) } = options;
  const op = "simulateGalaxy";
  checkInteger(op, { size }, 32);
  checkPositive(op, { pixelScale, blur });
  checkRange(op, { noise }, 0);
  checkInteger(op, { border }, 0, Math.floor(size / 4));
  const random = stream(seed, op);
  const draw = (count: number): Float32Array => {
    const out = new Float32Array(count);
    random.fillUniform(out);
    return out;
  };
  const middle = (size - 1) / 2;
  const scale = size / 6;
  const truth = new Uint8Array(size * size);
  const bands = M83_FILTERS.map(() => new Float64Array(size * size));
  const armAt = (radius: number): number => 2.2 * Math.log(radius / scale + 0.15);
  const spots = spotsOf(draw, size, scale, middle, armAt);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const at = y * size + x;
      const [dx, dy] = [x - middle, y - middle];
      const radius = Math.hypot(dx, dy);
      const angle = Math.atan2(dy, dx);
      const old = Math.exp(-radius / scale) + 0.6 * Math.exp(-((radius / (0.3 * scale)) ** 2));
      const phase = Math.cos(2 * (angle - armAt(radius)));
      const disc = Math.exp(-radius / (1.3 * scale));
      const arm = radius > 0.4 * scale ? 0.9 * disc * Math.max(0, phase) ** 3 : 0;
      // dust lies along the inner side of an arm
      const lane = radius > 0.4 * scale ? Math.max(0, Math.cos(2 * (angle - armAt(radius) + 0.42))) ** 12 : 0;
      const dust = lane * Math.min(1, 2.5 * disc);
      let nebula = 0;
      for (const spot of spots.nebulae) {
        const away = ((x - spot.x) ** 2 + (y - spot.y) ** 2) / spot.radius ** 2;
        if (away < 9) nebula += spot.light * Math.exp(-away);
      }
      M83_FILTERS.forEach(({ wavelength }, band) => {
        const extinction = Math.exp(-1.6 * dust * (500 / wavelength));
        bands[band]![at] = (old * OLD[band]! + arm * YOUNG[band]!) * extinction + nebula * NEBULA[band]!;
      });
      truth[at] = nebula > 0.25 ? 3 : dust > 0.35 ? 4 : arm > 0.12 ? 2 : old > 0.06 ? 1 : 0;
    }
  for (const star of spots.stars) {
    const [cx, cy] = [Math.round(star.x), Math.round(star.y)];
    const at = cy * size + cx;
    M83_FILTERS.forEach((_, band) => (bands[band]![at] = bands[band]![at]! + 12 * star.light * STAR[band]!));
    for (let y = Math.max(0, cy - 1); y <= Math.min(size - 1, cy + 1); y++)
      for (let x = Math.max(0, cx - 1); x <= Math.min(size - 1, cx + 1); x++) truth[y * size + x] = 5;
  }
  const cube = new Float32Array(M83_FILTERS.length * size * size);
  M83_FILTERS.forEach(({ fwhm }, band) => {
    const image = blurred(bands[band]!, size, (blur * fwhm) / 2.3548200450309493 / pixelScale);
    const errors = new Float32Array(size * size);
    random.fillNormal(errors);
    for (let at = 0; at < image.length; at++) {
      const [x, y] = [at % size, Math.floor(at / size)];
      const from = [x, size - 1 - x, y, size - 1 - y][band % 4]!;
      cube[band * size * size + at] = from < (border * (1 + (band % 3))) / 3 ? NaN : image[at]! + noise * errors[at]!;
    }
  });
  const cards: CardLike[] = [
    ...([
      ["OBJECT", "simulated galaxy"],
      ["BUNIT", "ELECTRONS/S"],
      ["CTYPE1", "RA---TAN"],
      ["CTYPE2", "DEC--TAN"],
    ] as const),
    ...([
      ["CRPIX1", middle + 1],
      ["CRPIX2", middle + 1],
      ["CRVAL1", 204.26971],
      ["CRVAL2", -29.84933],
    ] as const),
    ...([
      ["CDELT1", -pixelScale / 3600],
      ["CDELT2", pixelScale / 3600],
    ] as const),
  ];
  return {
    cube: new NdArray(cube, [M83_FILTERS.length, size, size]),
    truth: new NdArray(truth, [size, size]),
    filters: M83_FILTERS.map((filter) => ({ ...filter, fwhm: blur * filter.fwhm })),
    cards,
  };
}

interface Spot {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly light: number;
}

/** Places of HII regions, along the arms, and of stars, anywhere. */
function spotsOf(
  draw: (count: number) => Float32Array,
  size: number,
  scale: number,
  middle: number,
  armAt: (radius: number) => number,
): { readonly nebulae: readonly Spot[]; readonly stars: readonly Spot[] } {
  const nebulae = Array.from({ length: Math.round(size / 5) }, (): Spot => {
    const [r, side, along, width, light] = draw(5);
    const radius = scale * (0.5 + 2 * r!);
    const angle = armAt(radius) + (side! < 0.5 ? 0 : Math.PI) + 0.3 * (along! - 0.5);
    const place = { x: middle + radius * Math.cos(angle), y: middle + radius * Math.sin(angle) };
    return { ...place, radius: (size / 100) * (0.7 + 1.3 * width!), light: 0.5 + light! };
  });
  const stars = Array.from({ length: Math.round(size / 4) }, (): Spot => {
    const [x, y, light] = draw(3);
    return { x: x! * (size - 1), y: y! * (size - 1), radius: 1, light: 0.5 + 2 * light! ** 3 };
  });
  return { nebulae, stars };
}

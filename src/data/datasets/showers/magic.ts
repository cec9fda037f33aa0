import { toFloat32Matrix, type MatrixLike } from "../../../matrix";
import { NdArray } from "../../../ndarray";
import { Random } from "../../../random";
import { factCamera } from "./camera";
import { addNoise, drawHillas, type Ellipse, type Noise } from "./photons";
import { spread, squareGrid } from "./resample";

/** The columns of the MAGIC table (Bock, UCI repository, 2007), in its order: lengths in mm, size as its logarithm to base 10, alpha in degrees. */
export const MAGIC_COLUMNS = [
  "fLength", "fWidth", "fSize", "fConc", "fConc1", "fAsym", "fM3Long", "fM3Trans", "fAlpha", "fDist",
] as const; // prettier-ignore

/** Millimetres to a degree in the focal plane of a mirror of 17 m focal length. */
const MM_PER_DEGREE = 17000 * Math.tan(Math.PI / 180);

/** Options of `redrawMagic`. */
export interface RedrawOptions {
  /** Seed of everything random (default 0); event i is the same whatever comes after it. */
  readonly seed?: number;
  /** Number of the first row (default 0), to re-draw a table in parts. */
  readonly first?: number;
  /** Side of the images (default 45). */
  readonly size?: number;
  /** The camera's noise. */
  readonly noise?: Noise;
}

/**
 * Images re-drawn from the Hillas parameters of the MAGIC table [n, 10] as [n, size, size] photon counts on `factCamera`: an ellipse of each
 * event's size, length, width and skewness, as far from the centre (the source) and as far from pointing there as the table says, at a random
 * azimuth, with noise. Not camera data: what the ten numbers do not tell (clumps, muons) is not in them. Say so wherever they are shown.
 * @throws for a table that has not ten columns, and for values that are NaN or infinite
 */
export function redrawMagic(table: MatrixLike, options: RedrawOptions = {}): NdArray<Float32Array> {
  const { seed = 0, first = 0, size = 45, noise = {} } = options;
  const { data, shape } = toFloat32Matrix(table, "redrawMagic", "table");
  const [n = 0, columns = 0] = shape;
  if (columns !== MAGIC_COLUMNS.length)
    throw new Error(`redrawMagic: the table must have the columns ${MAGIC_COLUMNS.join(", ")}, got ${columns} columns`);
  const camera = factCamera();
  const grid = squareGrid(camera, { size });
  const images = new NdArray(new Float32Array(n * size * size), [n, size, size]);
  // eslint-disable-next-line no-restricted-syntax -- events that the figures of examples were measured on
  const key = new Random(seed).state().key;
  const picture = new Float64Array(size * size);
  for (let row = 0; row < n; row++) {
    const random = new Random({ key, position: 2 * (first + row) }).split();
    const counts = drawHillas(magicEllipse(data.subarray(row * columns, (row + 1) * columns), random), random, camera);
    addNoise(counts, random, noise);
    picture.fill(0);
    spread(counts, grid, picture);
    images.data.set(picture, row * picture.length);
  }
  return images;
}

/** A row of the MAGIC table as an ellipse on the sky, in degrees: at a random azimuth, alpha to either side. */
export function magicEllipse(row: ArrayLike<number>, random: Random): Ellipse {
  const value = (name: (typeof MAGIC_COLUMNS)[number]): number => row[MAGIC_COLUMNS.indexOf(name)]!;
  const azimuth = 2 * Math.PI * random.uniform();
  const side = random.uniform() < 0.5 ? -1 : 1;
  const dist = value("fDist") / MM_PER_DEGREE;
  const length = value("fLength") / MM_PER_DEGREE;
  const third = value("fM3Long") / Math.max(value("fLength"), 1);
  return {
    size: 10 ** value("fSize"),
    x: dist * Math.cos(azimuth),
    y: dist * Math.sin(azimuth),
    length,
    width: value("fWidth") / MM_PER_DEGREE,
    angle: (azimuth * 180) / Math.PI + side * value("fAlpha"),
    // fM3Long is the cube root of the third moment; beyond 2 it is a few stray pixels'
    skewness: Math.max(-2, Math.min(2, third ** 3)),
  };
}

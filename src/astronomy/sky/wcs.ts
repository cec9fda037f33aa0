import { FitsHeader, type CardLike, type FitsCard, type HeaderLike } from "../fits";
import { PROJECTIONS, type Projection } from "./projection";
import { equatorialPole, nativeToCelestial, transposed, type Matrix, type Pole } from "./rotation";
import { Distortion } from "./sip";

const RADIANS = Math.PI / 180;

/** Degrees of a unit. */
const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  deg: 1,
  degree: 1,
  degrees: 1,
  arcmin: 1 / 60,
  arcsec: 1 / 3600,
  mas: 1 / 3.6e6,
  rad: 1 / RADIANS,
};

/** Which sky coordinates an image has, by the first letters of CTYPE. */
const SYSTEMS: Readonly<Record<string, { readonly system: string; readonly isLongitude: boolean }>> = {
  RA: { system: "equatorial", isLongitude: true },
  DEC: { system: "equatorial", isLongitude: false },
  GLON: { system: "galactic", isLongitude: true },
  GLAT: { system: "galactic", isLongitude: false },
  ELON: { system: "ecliptic", isLongitude: true },
  ELAT: { system: "ecliptic", isLongitude: false },
};

/** Keywords of the first two axes' coordinates. */
const OF_SKY =
  /^(WCSAXES|WCSNAME|CTYPE[12]|CUNIT[12]|CRPIX[12]|CRVAL[12]|CDELT[12]|CROTA[12]|CD[12]_[12]|PC[12]_[12]|PV[12]_\d+|LONPOLE|LATPOLE|RADESYS|RADECSYS|EQUINOX|EPOCH|(A|B|AP|BP)_(ORDER|DMAX|\d_\d))$/;

interface Axis {
  readonly code: string;
  readonly system: string;
  readonly isLongitude: boolean;
  readonly hasSip: boolean;
}

function axisOf(header: FitsHeader, axis: 1 | 2): Axis {
  const type = header.string(`CTYPE${axis}`)?.trim() ?? "";
  const [, name = "", code = "", rest = ""] = /^([A-Z]+)-+([A-Z]{3})(-SIP)?$/.exec(type) ?? [];
  const found = SYSTEMS[name];
  if (!found) throw new Error(`wcs: CTYPE${axis} must be of the sky, such as RA---TAN, got "${type}"`);
  if (!PROJECTIONS[code])
    throw new Error(`wcs: projections are ${Object.keys(PROJECTIONS).join(", ")}, CTYPE${axis} is ${type}`);
  return { ...found, code, hasSip: rest !== "" };
}

/** The matrix from pixels to degrees: CD, or CDELT with PC or CROTA2. */
function linear(header: FitsHeader): [number, number, number, number] {
  const names = ["1_1", "1_2", "2_1", "2_2"] as const;
  const units = [1, 2].map((axis) => {
    const unit = header.string(`CUNIT${axis}`)?.trim() ?? "";
    const degrees = UNITS[unit.toLowerCase()];
    if (degrees === undefined) throw new Error(`wcs: CUNIT${axis} must be an angle, got "${unit}"`);
    return degrees;
  });
  const scaled = (m: readonly number[]): [number, number, number, number] => {
    const out = m.map((value, i) => value * units[i >> 1]!) as [number, number, number, number];
    const determinant = out[0] * out[3] - out[1] * out[2];
    if (!Number.isFinite(determinant) || determinant === 0)
      throw new Error(`wcs: the matrix from pixels to degrees must have an inverse, got [${out.join(", ")}]`);
    return out;
  };
  if (names.some((name) => header.has(`CD${name}`)))
    return scaled(names.map((name) => header.number(`CD${name}`) ?? 0));
  const [c1, c2] = [header.number("CDELT1") ?? 1, header.number("CDELT2") ?? 1];
  if (names.some((name) => header.has(`PC${name}`))) {
    const pc = names.map((name, i) => header.number(`PC${name}`) ?? (i === 0 || i === 3 ? 1 : 0));
    return scaled(pc.map((value, i) => value * (i < 2 ? c1 : c2)));
  }
  const angle = (header.number("CROTA2") ?? 0) * RADIANS;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return scaled([c1 * cos, -c2 * sin, c1 * sin, c2 * cos]);
}

function checkRead(header: FitsHeader): void {
  for (const { key } of header.cards) {
    const isParameter = /^PV([12])_(\d+)$/.exec(key);
    if (isParameter && !(isParameter[1] === "1" && Number(isParameter[2]) >= 3) && header.number(key) !== 0)
      throw new Error(`wcs: projections with parameters are not read, got ${key}`);
    if (/^(CPDIS|CPERR|CQDIS|D2IMDIS|D2IMERR)[12]$/.test(key))
      throw new Error(`wcs: distortion by tables is not read, got ${key}`);
  }
}

function poleOf(header: FitsHeader, { theta0 }: Projection, longitude: number, latitude: number): Pole {
  const usual = latitude >= theta0 ? 0 : 180;
  const native = header.number("LONPOLE") ?? header.number("PV1_3") ?? usual;
  if (theta0 === 90) return { longitude, latitude, native };
  return equatorialPole(longitude, latitude, native, header.number("LATPOLE") ?? header.number("PV1_4") ?? 90);
}

/**
 * World coordinates of an image: TAN, SIN and CAR projections with CD, PC, CDELT, CROTA2, LONPOLE, LATPOLE and SIP, in both directions. A pixel is (x, y)
 * along NAXIS1 and NAXIS2, its centre at whole numbers from 0; a place of the sky (longitude, latitude) in degrees. All in float64.
 * Source: Calabretta & Greisen (2002), Representations of celestial coordinates in FITS.
 */
export class Wcs {
  /** Kind of coordinates: equatorial, galactic or ecliptic. */
  readonly system: string;
  /** TAN, SIN or CAR. */
  readonly projection: string;
  /** Keywords that say all of it. */
  readonly #cards: readonly FitsCard[];
  readonly #projection: Projection;
  readonly #crpix: readonly [number, number];
  readonly #matrix: readonly [number, number, number, number];
  readonly #inverse: readonly [number, number, number, number];
  readonly #distortion: Distortion | undefined;
  readonly #toCelestial: Matrix;
  readonly #toNative: Matrix;

  /** @throws `wcs: …` where a header has no sky coordinates, or some that are not read, by name */
  constructor(header: HeaderLike) {
    const keywords = FitsHeader.of(header);
    if (!keywords.has("CTYPE1") || !keywords.has("CTYPE2"))
      throw new Error("wcs: the header has no world coordinates (CTYPE1 and CTYPE2)");
    const axes = [axisOf(keywords, 1), axisOf(keywords, 2)] as const;
    if (
      axes[0].code !== axes[1].code ||
      axes[0].system !== axes[1].system ||
      axes[0].isLongitude === axes[1].isLongitude
    )
      throw new Error(
        `wcs: CTYPE1 and CTYPE2 must be longitude and latitude of one sky, got ${keywords.string("CTYPE1")} and ${keywords.string("CTYPE2")}`,
      );
    checkRead(keywords);
    this.system = axes[0].system;
    this.projection = axes[0].code;
    this.#projection = PROJECTIONS[axes[0].code]!;
    this.#cards = keywords.cards.filter(({ key }) => OF_SKY.test(key));
    this.#crpix = [keywords.number("CRPIX1") ?? 0, keywords.number("CRPIX2") ?? 0];
    // rows in the order longitude, latitude
    const [a, b, c, d] = linear(keywords);
    const first = axes[0].isLongitude;
    this.#matrix = first ? [a, b, c, d] : [c, d, a, b];
    const [m0, m1, m2, m3] = this.#matrix;
    const determinant = m0 * m3 - m1 * m2;
    this.#inverse = [m3 / determinant, -m1 / determinant, -m2 / determinant, m0 / determinant];
    this.#distortion = axes.some(({ hasSip }) => hasSip) ? new Distortion(keywords) : undefined;
    const values = [1, 2].map(
      (axis) =>
        (keywords.number(`CRVAL${axis}`) ?? 0) * UNITS[(keywords.string(`CUNIT${axis}`)?.trim() ?? "").toLowerCase()]!,
    );
    const [longitude, latitude] = first ? [values[0]!, values[1]!] : [values[1]!, values[0]!];
    if (!(Math.abs(latitude) <= 90) || !Number.isFinite(longitude))
      throw new Error(`wcs: CRVAL must be a place of the sky, got ${longitude}, ${latitude}`);
    this.#toCelestial = nativeToCelestial(poleOf(keywords, this.#projection, longitude, latitude));
    this.#toNative = transposed(this.#toCelestial);
  }

  /** Side of a pixel at the reference point in arcseconds: the root of its area. */
  get pixelScale(): number {
    const [a, b, c, d] = this.#matrix;
    return 3600 * Math.sqrt(Math.abs(a * d - b * c));
  }

  /** (longitude, latitude) in degrees of pixels (x, y), pair after pair; longitudes from 0 to 360, NaN where a pixel is not on the sky. */
  pixelToWorld(pixels: ArrayLike<number>): Float64Array {
    const out = new Float64Array(pixels.length);
    const point = new Float64Array(3);
    for (let i = 0; i + 1 < pixels.length; i += 2) {
      point[0] = pixels[i]!;
      point[1] = pixels[i + 1]!;
      this.toVector(point);
      const [x, y, z] = [point[0], point[1], point[2]!];
      const longitude = Math.atan2(y, x) / RADIANS;
      const turned = longitude < 0 ? longitude + 360 : longitude;
      out[i] = turned === 360 ? 0 : turned;
      out[i + 1] = Math.atan2(z, Math.sqrt(x * x + y * y)) / RADIANS;
    }
    return out;
  }

  /** Pixels (x, y) of places (longitude, latitude) in degrees, pair after pair; NaN where a place has no image. */
  worldToPixel(places: ArrayLike<number>): Float64Array {
    const out = new Float64Array(places.length);
    const point = new Float64Array(3);
    for (let i = 0; i + 1 < places.length; i += 2) {
      const [longitude, latitude] = [places[i]! * RADIANS, places[i + 1]! * RADIANS];
      const radius = Math.cos(latitude);
      point[0] = radius * Math.cos(longitude);
      point[1] = radius * Math.sin(longitude);
      point[2] = Math.sin(latitude);
      this.toPixel(point);
      out[i] = point[0];
      out[i + 1] = point[1];
    }
    return out;
  }

  /**
   * The unit vector on the sky of the pixel (point[0], point[1]), into point.
   * @internal
   */
  toVector(point: Float64Array): void {
    point[0] = point[0]! + 1 - this.#crpix[0];
    point[1] = point[1]! + 1 - this.#crpix[1];
    this.#distortion?.apply(point);
    const [u, v] = [point[0], point[1]];
    const [m0, m1, m2, m3] = this.#matrix;
    point[0] = m0 * u + m1 * v;
    point[1] = m2 * u + m3 * v;
    this.#projection.toVector(point);
    rotate(this.#toCelestial, point);
  }

  /**
   * The pixel of a vector on the sky, into point[0] and point[1].
   * @internal
   */
  toPixel(point: Float64Array): void {
    rotate(this.#toNative, point);
    this.#projection.toPlane(point);
    const [x, y] = [point[0]!, point[1]!];
    const [i0, i1, i2, i3] = this.#inverse;
    point[0] = i0 * x + i1 * y;
    point[1] = i2 * x + i3 * y;
    this.#distortion?.invert(point);
    point[0] += this.#crpix[0] - 1;
    point[1] += this.#crpix[1] - 1;
  }

  /** The four outer corners of an image on the sky, (longitude, latitude) in degrees: of pixel (0, 0) first, then along x, and around. */
  footprint(width: number, height: number): [longitude: number, latitude: number][] {
    const [right, top] = [width - 0.5, height - 0.5];
    const corners = this.pixelToWorld([-0.5, -0.5, right, -0.5, right, top, -0.5, top]);
    return [0, 2, 4, 6].map((i) => [corners[i]!, corners[i + 1]!]);
  }

  /** The keywords of these coordinates for an image that begins at pixel (x, y) of this one. */
  cards(x = 0, y = 0): CardLike[] {
    const shift: Readonly<Record<string, number>> = { CRPIX1: x, CRPIX2: y };
    return this.#cards.map((card) => {
      const by = shift[card.key] ?? 0;
      return by === 0 ? card : { key: card.key, value: (card.value as number) - by, comment: card.comment };
    });
  }
}

function rotate(m: Matrix, point: Float64Array): void {
  const [x, y, z] = [point[0]!, point[1]!, point[2]!];
  point[0] = m[0] * x + m[1] * y + m[2] * z;
  point[1] = m[3] * x + m[4] * y + m[5] * z;
  point[2] = m[6] * x + m[7] * y + m[8] * z;
}

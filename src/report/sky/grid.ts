// Lines of equal right ascension and declination over an image of the sky, as places in pixels.

/** Coordinates of an image of the sky: what `Wcs` of constella/astronomy is. */
export interface SkyCoordinates {
  /** equatorial, galactic or ecliptic */
  readonly system: string;
  /** Arcseconds of a pixel. */
  readonly pixelScale: number;
  /** (longitude, latitude) in degrees of pixels (x, y), pair after pair. */
  pixelToWorld(pixels: ArrayLike<number>): ArrayLike<number>;
  /** The way back; NaN where a place has no image. */
  worldToPixel(places: ArrayLike<number>): ArrayLike<number>;
}

/** A line of equal longitude or latitude. */
export interface GridLine {
  readonly axis: "longitude" | "latitude";
  /** Degrees. */
  readonly value: number;
  /** The value as astronomers write it: 13h37m05s, −29°51′. */
  readonly text: string;
  /** Its pieces within the image, each of places (x, y), pair after pair. */
  readonly pieces: readonly (readonly number[])[];
}

/** Lines that an axis has at most: what is written along the lower edge takes more room. */
const MOST = { longitude: 4, latitude: 6 };
/** Places of a line. */
const SAMPLES = 240;
/** Places along each side of the image by which its range on the sky is found. */
const PROBES = 24;

/** Steps in the smallest unit, arcseconds or seconds of time: whole degrees or hours, minutes, seconds, and tenths of these. */
const STEPS = [
  ...[1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5],
  ...[1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800],
  ...[1, 2, 3, 5, 10, 15, 30].map((unit) => 3600 * unit),
];

/** Values of an axis between two bounds, in degrees, and their step in the smallest unit. @param unit degrees of it */
function valuesBetween(
  low: number,
  high: number,
  unit: number,
  most: number,
): { readonly values: number[]; readonly step: number } {
  const step = STEPS.find((candidate) => (high - low) / (candidate * unit) <= most) ?? STEPS.at(-1)!;
  const values: number[] = [];
  for (let i = Math.ceil(low / (step * unit)); i * step * unit <= high; i++) values.push(i * step * unit);
  return { values, step };
}

/** Hours or degrees, minutes and seconds as far as a step tells them apart. */
function sexagesimal(value: number, step: number, [whole, minute, second]: readonly [string, string, string]): string {
  const decimals = step >= 1 ? 0 : Math.ceil(-Math.log10(step) - 1e-9);
  const total = Number((value * 3600).toFixed(decimals));
  const [degrees, rest] = [Math.floor(total / 3600 + 1e-12), total - 3600 * Math.floor(total / 3600 + 1e-12)];
  const minutes = Math.floor(rest / 60 + 1e-12);
  const seconds = Math.max(0, rest - 60 * minutes);
  const two = (number: number, digits = 0): string => number.toFixed(digits).padStart(digits > 0 ? digits + 3 : 2, "0");
  return [
    `${degrees}${whole}`,
    step < 3600 && `${two(minutes)}${minute}`,
    step < 60 && `${two(seconds, decimals)}${second}`,
  ]
    .filter((part) => part !== false)
    .join("");
}

const inDegrees = (value: number, step: number): string =>
  `${value.toFixed(Math.max(0, Math.ceil(-Math.log10(step / 3600) - 1e-9))).replace("-", "\u2212")}°`;

/** A longitude in degrees as the system has it: hours of right ascension, else degrees. @param step in seconds of time, or arcseconds */
export function longitudeText(degrees: number, system: string, step: number): string {
  const turned = ((degrees % 360) + 360) % 360;
  return system === "equatorial" ? sexagesimal(turned / 15, step, ["h", "m", "s"]) : inDegrees(turned, step);
}

/** A latitude in degrees as the system has it. @param step in arcseconds */
export function latitudeText(degrees: number, system: string, step: number): string {
  if (system !== "equatorial") return inDegrees(degrees, step);
  return `${degrees < 0 ? "\u2212" : "+"}${sexagesimal(Math.abs(degrees), step, ["°", "′", "″"])}`;
}

/** The lines of a grid over an image of `width` x `height` pixels; none where the corners are not on the sky. */
export function skyGrid(sky: SkyCoordinates, width: number, height: number): GridLine[] {
  const [right, top] = [width - 0.5, height - 0.5];
  const probes: number[] = [];
  for (let i = 0; i <= PROBES; i++)
    for (let j = 0; j <= PROBES; j++) probes.push(-0.5 + (width * i) / PROBES, -0.5 + (height * j) / PROBES);
  const center = sky.pixelToWorld([(width - 1) / 2, (height - 1) / 2])[0]!;
  const found = Array.from(sky.pixelToWorld(probes));
  /** Longitudes about that of the centre, so that none jumps within the image. */
  const about = (longitude: number): number => center + ((((longitude - center + 180) % 360) + 360) % 360) - 180;
  const longitudes = found.filter((_, i) => i % 2 === 0).map(about);
  const latitudes = found.filter((_, i) => i % 2 === 1);
  if (![...longitudes, ...latitudes].every(Number.isFinite)) return [];
  const range = (values: readonly number[]): [number, number] => [Math.min(...values), Math.max(...values)];
  const [west, east] = range(longitudes);
  const [south, north] = range(latitudes);
  const line = (place: (share: number) => [number, number]): number[][] => {
    const places = Array.from({ length: SAMPLES + 1 }, (_, i) => place(i / SAMPLES)).flat();
    const at = sky.worldToPixel(places);
    const pieces: number[][] = [[]];
    for (let i = 0; i < at.length; i += 2) {
      const [x, y] = [at[i]!, at[i + 1]!];
      if (x >= -0.5 && x <= right && y >= -0.5 && y <= top) pieces.at(-1)!.push(x, y);
      else if (pieces.at(-1)!.length > 0) pieces.push([]);
    }
    return pieces.filter((piece) => piece.length > 2);
  };
  const across = valuesBetween(west, east, (sky.system === "equatorial" ? 15 : 1) / 3600, MOST.longitude);
  const up = valuesBetween(south, north, 1 / 3600, MOST.latitude);
  const lines: GridLine[] = [
    ...across.values.map((value): GridLine => ({
      ...{ axis: "longitude", value, text: longitudeText(value, sky.system, across.step) },
      pieces: line((share) => [value, south + share * (north - south)]),
    })),
    ...up.values.map((value): GridLine => ({
      ...{ axis: "latitude", value, text: latitudeText(value, sky.system, up.step) },
      pieces: line((share) => [west + share * (east - west), value]),
    })),
  ];
  return lines.filter(({ pieces }) => pieces.length > 0);
}

/** The sky of an image of which `shrink` × `shrink` pixels became one. */
export const shrunkSky = (sky: SkyCoordinates, shrink: number): SkyCoordinates => ({
  ...{ system: sky.system, pixelScale: sky.pixelScale * shrink },
  pixelToWorld: (pixels) => sky.pixelToWorld(Array.from(pixels, (at) => at * shrink + (shrink - 1) / 2)),
  worldToPixel: (places) => Array.from(sky.worldToPixel(places), (at) => (at - (shrink - 1) / 2) / shrink),
});

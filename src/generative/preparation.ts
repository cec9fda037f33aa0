// Stamps as networks take them, by named steps.
import { checkChoice, checkInteger } from "../checks";
import { NdArray } from "../ndarray";

/** What is divided out of each stamp. */
export const NORMALIZATIONS = ["none", "peak", "flux", "white"] as const;

/** Options of `prepareStamps`; the steps run in this order. */
export interface PreparationOptions {
  /** Standard deviation of the sky of each band: stamps are divided by it. Default: they are in such units already. */
  readonly skySigma?: readonly number[];
  /** Moves the brightest smoothed pixel near the middle into the middle, by whole pixels; default false. */
  readonly center?: boolean;
  /** Side of the middle of the stamps that is kept; default all. */
  readonly crop?: number;
  /** `asinh` takes each value to asinh(value) before anything is divided out; default none. */
  readonly stretch?: "none" | "asinh";
  /**
   * `peak`: by the object's own peak, of the (1 2 1)-smoothed mean of u, g, r and i in the central 4 × 4 pixels; `flux`: by the sum of r over a
   * central aperture of radius 6; `white`: the mean of g, r and i, one channel, by its own smoothed central peak. Default none.
   */
  readonly normalize?: (typeof NORMALIZATIONS)[number];
}

/** Peaks and fluxes below this many sky sigmas are no measure of an object: the stamp is divided by this instead. */
const FAINTEST = 1;

/** (1 2 1)/4 across and down; pixels outside count as the nearest inside. */
function smoothed(plane: Float64Array, side: number): Float64Array {
  const at = (i: number): number => Math.min(side - 1, Math.max(0, i));
  const across = plane.map((v, p) => {
    const [row, column] = [Math.floor(p / side) * side, p % side];
    return (plane[row + at(column - 1)]! + 2 * v + plane[row + at(column + 1)]!) / 4;
  });
  return across.map((v, p) => {
    const [row, column] = [Math.floor(p / side), p % side];
    return (across[at(row - 1) * side + column]! + 2 * v + across[at(row + 1) * side + column]!) / 4;
  });
}

/** The largest of the central 2·reach × 2·reach pixels, and where it is. */
function brightest(plane: Float64Array, side: number, reach: number): { value: number; row: number; column: number } {
  const first = Math.floor(side / 2) - reach;
  let best = { value: -Infinity, row: first, column: first };
  for (let row = Math.max(0, first); row < Math.min(side, first + 2 * reach); row++)
    for (let column = Math.max(0, first); column < Math.min(side, first + 2 * reach); column++) {
      const value = plane[row * side + column]!;
      if (value > best.value) best = { value, row, column };
    }
  return best;
}

/** The mean of some bands of a stamp. */
function meanOf(stamp: Float64Array, area: number, bands: readonly number[]): Float64Array {
  return Float64Array.from(
    { length: area },
    (_, p) => bands.reduce((sum, b) => sum + stamp[b * area + p]!, 0) / bands.length,
  );
}

function moved(stamp: Float64Array, side: number, bands: number, rows: number, columns: number): Float64Array {
  const at = (i: number): number => Math.min(side - 1, Math.max(0, i));
  const area = side * side;
  return Float64Array.from({ length: bands * area }, (_, i) => {
    const [row, column] = [Math.floor((i % area) / side), i % side];
    return stamp[Math.floor(i / area) * area + at(row + rows) * side + at(column + columns)]!;
  });
}

/**
 * Five-band stamps [n, 5, s, s] (u g r i z, the sky subtracted) made ready: units of the sky, centred, cropped, stretched, normalised. Returns
 * [n, 5, crop, crop], or [n, 1, crop, crop] for `white`. @throws for another number of bands, stamps that are no squares, constant or hold NaN
 */
export function prepareStamps(stamps: NdArray<Float32Array>, options: PreparationOptions = {}): NdArray<Float32Array> {
  const op = "prepareStamps";
  const [n, bands, side, width] = stamps.shape as [number, number, number, number];
  const { skySigma, center = false, crop = side, stretch = "none", normalize = "none" } = options;
  if (stamps.shape.length !== 4 || bands !== 5 || side !== width)
    throw new Error(`${op}: stamps must be [n, 5, s, s] with the bands u g r i z, got [${stamps.shape.join(", ")}]`);
  checkInteger(op, { crop }, 4, side);
  checkChoice(op, { stretch }, ["none", "asinh"]);
  checkChoice(op, { normalize }, NORMALIZATIONS);
  if (skySigma && (skySigma.length !== bands || !skySigma.every((sigma) => sigma > 0)))
    throw new Error(`${op}: skySigma must be ${bands} positive numbers, got ${skySigma.join(", ")}`);
  const channels = normalize === "white" ? 1 : bands;
  const size = channels * crop * crop;
  const out = new Float32Array(n * size);
  for (let i = 0; i < n; i++) {
    const given = stamps.data.subarray(i * bands * side * side, (i + 1) * bands * side * side);
    check(op, given, i);
    const units = Float64Array.from(given, (v, at) => v / (skySigma?.[Math.floor(at / (side * side))] ?? 1));
    out.set(prepared(units, side, bands, { center, crop, stretch, normalize }), i * size);
  }
  return new NdArray(out, [n, channels, crop, crop]);
}

function check(op: string, stamp: Float32Array, i: number): void {
  const bad = stamp.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) throw new Error(`${op}: stamps must be numbers, got ${stamp[bad]} in stamp ${i}`);
  if (stamp.every((v) => v === stamp[0]))
    throw new Error(`${op}: a stamp must hold an object, got ${stamp[0]} everywhere in stamp ${i}`);
}

function prepared(
  units: Float64Array,
  side: number,
  bands: number,
  { center, crop, stretch, normalize }: Required<Omit<PreparationOptions, "skySigma">>,
): Float64Array {
  let stamp = units;
  const area = side * side;
  if (center) {
    const peak = brightest(smoothed(meanOf(stamp, area, [0, 1, 2, 3]), side), side, Math.min(4, side >> 1));
    stamp = moved(stamp, side, bands, peak.row - (side >> 1), peak.column - (side >> 1));
  }
  const first = Math.floor((side - crop) / 2);
  const kept = crop * crop;
  let values = Float64Array.from({ length: bands * kept }, (_, i) => {
    const p = i % kept;
    return stamp[Math.floor(i / kept) * area + (first + Math.floor(p / crop)) * side + first + (p % crop)]!;
  });
  if (stretch === "asinh") values = values.map(Math.asinh);
  if (normalize === "none") return values;
  if (normalize === "white") {
    const white = meanOf(values, kept, [1, 2, 3]);
    const peak = Math.max(FAINTEST, brightest(smoothed(white, crop), crop, 2).value);
    return white.map((v) => v / peak);
  }
  const by =
    normalize === "peak"
      ? brightest(smoothed(meanOf(values, kept, [0, 1, 2, 3]), crop), crop, 2).value
      : aperture(values, crop);
  const divisor = Math.max(FAINTEST, by);
  return values.map((v) => v / divisor);
}

/** The sum of r within 6 pixels of the middle. */
function aperture(values: Float64Array, side: number): number {
  const middle = (side - 1) / 2;
  const r = 2 * side * side;
  let sum = 0;
  for (let p = 0; p < side * side; p++)
    if (Math.hypot(Math.floor(p / side) - middle, (p % side) - middle) <= 6) sum += values[r + p]!;
  return sum;
}

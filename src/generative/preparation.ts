// Stamps as networks take them, by named steps.
import { checkChoice, checkFlag, checkInteger } from "../checks";
import { isRowSource } from "../data/datasets/row-source";
import { channelsFirstRows } from "../data/datasets/row-views";
import { channelsToFront, layoutTaken } from "../data/image-layout";
import { runCooperatively, yieldWhenDue } from "../event-loop";
import type { RowsLike } from "../lifecycle/rows";
import { takeFloat32 } from "../matrix";
import { NdArray, sizeOf } from "../ndarray";
import { withoutNeighbours } from "./neighbours";
import { OffCentre, offCentreRemark } from "./off-centre";
import { brightest, meanOf, smoothed } from "./planes";
import { NEIGHBOURS, NORMALIZATIONS, preparedShape } from "./preparation-options";
import type { PreparationOptions } from "./preparation-options";
import { generate } from "../typed-arrays";

/** Peaks and fluxes below this many sky sigmas are no measure of an object: the stamp is divided by this instead. */
const FAINTEST = 1;
/** Where nothing is in the middle, a peak elsewhere of this many is another object, or the one that ought to be there. */
const ELSEWHERE = 10;

function moved(stamp: Float64Array, side: number, bands: number, rows: number, columns: number): Float64Array {
  const at = (i: number): number => Math.min(side - 1, Math.max(0, i));
  const area = side * side;
  return generate(Float64Array, bands * area, (i) => {
    const [row, column] = [Math.floor((i % area) / side), i % side];
    return stamp[Math.floor(i / area) * area + at(row + rows) * side + at(column + columns)]!;
  });
}

/**
 * Five-band stamps [n, 5, s, s] (u g r i z, the sky subtracted) made ready: units of the sky, centred, without neighbours, cropped, stretched, normalised. Returns
 * [n, 5, crop, crop], or [n, 1, crop, crop] for `white`. @throws for another number of bands, stamps that are no squares, constant, hold NaN or, where
 * they are normalised, have their object elsewhere than in the middle: one of which nothing is there, or more than one in twenty that show none of their own there
 */
export function prepareStamps(
  stamps: NdArray<Float32Array>,
  options: PreparationOptions & {
    /** Told which of up to one stamp in twenty show none of their own object in the middle, and are prepared all the same. */
    readonly onRemark?: (remark: string) => void;
  } = {},
): NdArray<Float32Array> {
  const op = "prepareStamps";
  checkFlag(op, { center: options.center });
  const [n, bands, side, width] = stamps.shape as [number, number, number, number];
  const { skySigma, crop = side, neighbours = "keep", stretch = "none", normalize = "none" } = options;
  if (stamps.shape.length !== 4 || bands !== 5 || side !== width)
    throw new Error(`${op}: stamps must be [n, 5, s, s] with the bands u g r i z, got [${stamps.shape.join(", ")}]`);
  checkInteger(op, { crop }, 4, side);
  checkChoice(op, { neighbours }, NEIGHBOURS);
  checkChoice(op, { stretch }, ["none", "asinh"]);
  checkChoice(op, { normalize }, NORMALIZATIONS);
  if (skySigma && (skySigma.length !== bands || !skySigma.every((sigma) => sigma > 0)))
    throw new Error(`${op}: skySigma must be ${bands} positive numbers, got ${skySigma.join(", ")}`);
  const shape = preparedShape(op, [bands, side, width], options);
  const elsewhere = new Set<number>();
  const prepared = new Preparation(op, n, side, options, elsewhere).all(stamps.data, Number);
  const remark = offCentreRemark(elsewhere);
  if (remark !== undefined) options.onRemark?.(remark);
  return new NdArray(prepared, [n, ...shape]);
}

/** Stamps prepared at a time. */
const CHUNK = 64;

/**
 * The same of all that training takes, whose items flatten to `inputShape`; those of a source as they are read. Numbers of stamps that are taken though their
 * object is elsewhere come into `elsewhere`.
 * @throws as `prepareStamps`, and for items of another size
 */
export async function preparedRows(
  x: RowsLike,
  inputShape: readonly number[],
  options: PreparationOptions,
  op: string,
  elsewhere = new Set<number>(),
): Promise<RowsLike> {
  const shape = preparedShape(op, inputShape, options);
  const [width, size] = [sizeOf(inputShape), sizeOf(shape)];
  const prepare = async (values: Float32Array, numberOf: (i: number) => number): Promise<Float32Array> => {
    const n = values.length / width;
    const out = new Float32Array(n * size);
    for (let at = 0; at < n; at += CHUNK) {
      const part = values.subarray(at * width, Math.min(n, at + CHUNK) * width);
      out.set(
        preparation.all(part, (i) => numberOf(at + i)),
        at * size,
      );
      await yieldWhenDue();
    }
    return out;
  };
  const given = isRowSource(x) ? x : await takeFloat32(x, op, "x");
  const items = isRowSource(given) ? [given.length, ...given.rowShape] : given.shape;
  const [n = 0, ...rest] = items;
  if (sizeOf(rest) !== width) throw new Error(`${op}: x must have ${width} values a row, got ${sizeOf(rest)}`);
  const preparation = new Preparation(op, n, inputShape[1]!, options, elsewhere);
  const isLast = layoutTaken(items, inputShape, op) === "channels-last";
  if (isRowSource(given)) {
    const { length, memory, rows, range } = isLast ? channelsFirstRows(given) : given;
    return {
      ...{ length, rowShape: shape, ...(memory !== undefined && { memory }) },
      rows: async (index) => prepare(await rows.call(given, index), (i) => index[i]!),
      range: async (begin, end) => prepare(await range.call(given, begin, end), (i) => begin + i),
    };
  }
  const { data } = isLast ? await runCooperatively(channelsToFront(given)) : given;
  return new NdArray(await prepare(data, Number), [n, ...shape]);
}

function check(op: string, stamp: Float32Array, i: number): void {
  let isConstant = true;
  for (const v of stamp) {
    if (!Number.isFinite(v)) throw new Error(`${op}: stamps must be numbers, got ${v} in stamp ${i}`);
    isConstant &&= v === stamp[0];
  }
  if (isConstant) throw new Error(`${op}: a stamp must hold an object, got ${stamp[0]} everywhere in stamp ${i}`);
}

/** @throws where nothing is in the middle of a stamp in units of the sky, and something elsewhere */
function checkMiddle(op: string, stamp: Float64Array, side: number, i: number): void {
  const plane = smoothed(meanOf(stamp, side * side, [1, 2, 3]), side);
  const middle = brightest(plane, side, Math.min(4, side >> 1));
  if (middle.value >= FAINTEST) return;
  const { value, row, column } = brightest(plane, side, side);
  if (value >= ELSEWHERE)
    throw new Error(
      `${op}: a stamp must have its object in the middle, got ${value.toFixed(1)} sky sigmas at row ${row}, column ${column} and ${middle.value.toFixed(1)} there in stamp ${i}`,
    );
}

/** The steps with their options in force. */
class Preparation {
  readonly #op: string;
  readonly #side: number;
  readonly #skySigma: readonly number[] | undefined;
  readonly #steps: Required<Omit<PreparationOptions, "skySigma">>;
  readonly #offCentre: OffCentre;

  constructor(op: string, n: number, side: number, options: PreparationOptions, elsewhere: Set<number>) {
    const {
      skySigma,
      center = false,
      crop = side,
      neighbours = "keep",
      stretch = "none",
      normalize = "none",
    } = options;
    this.#op = op;
    this.#offCentre = new OffCentre(op, n, elsewhere);
    this.#side = side;
    this.#skySigma = skySigma;
    this.#steps = { center, neighbours, crop, stretch, normalize };
  }

  /** Stamps one after the other, each with its number. */
  all(stamps: Float32Array, numberOf: (i: number) => number): Float32Array<ArrayBuffer> {
    const side = this.#side;
    const { crop, normalize } = this.#steps;
    const [width, size] = [5 * side * side, (normalize === "white" ? 1 : 5) * crop * crop];
    const out = new Float32Array((stamps.length / width) * size);
    for (let at = 0; at < stamps.length; at += width) {
      const i = numberOf(at / width);
      const given = stamps.subarray(at, at + width);
      check(this.#op, given, i);
      const units = new Float64Array(given); // by loops here and below: `from` with a function took nine times as long
      this.#skySigma?.forEach((sigma, band) => {
        for (let p = band * side * side; p < (band + 1) * side * side; p++) units[p]! /= sigma;
      });
      const checks: Checks = {
        centred: (centred) => this.#offCentre.look(centred, side, i),
        faint: () => checkMiddle(this.#op, units, side, i),
      };
      const stamp = prepared(units, side, 5, this.#steps, checks);
      out.set(stamp, (at / width) * size);
    }
    return out;
  }
}

/** What is asked of a stamp that is normalised: once it is centred, and where its middle is faint. */
interface Checks {
  readonly centred: (stamp: Float64Array) => void;
  readonly faint: () => void;
}

function prepared(
  units: Float64Array,
  side: number,
  bands: number,
  { center, neighbours, crop, stretch, normalize }: Required<Omit<PreparationOptions, "skySigma">>,
  checks: Checks,
): Float64Array {
  let stamp = units;
  const area = side * side;
  if (center) {
    const peak = brightest(smoothed(meanOf(stamp, area, [0, 1, 2, 3]), side), side, Math.min(4, side >> 1));
    stamp = moved(stamp, side, bands, peak.row - (side >> 1), peak.column - (side >> 1));
  }
  if (normalize !== "none") checks.centred(stamp);
  if (neighbours !== "keep") stamp = withoutNeighbours(stamp, side, neighbours);
  const first = Math.floor((side - crop) / 2);
  const kept = crop * crop;
  let values = new Float64Array(bands * kept);
  for (let row = 0; row < bands * crop; row++) {
    const from = Math.floor(row / crop) * area + (first + (row % crop)) * side + first;
    values.set(stamp.subarray(from, from + crop), row * crop);
  }
  if (stretch === "asinh") values = values.map(Math.asinh);
  if (normalize === "none") return values;
  const divisorOf = (by: number): number => {
    if (by < FAINTEST) checks.faint();
    return Math.max(FAINTEST, by);
  };
  if (normalize === "white") {
    const white = meanOf(values, kept, [1, 2, 3]);
    const peak = divisorOf(brightest(smoothed(white, crop), crop, 2).value);
    return white.map((v) => v / peak);
  }
  const by =
    normalize === "peak"
      ? brightest(smoothed(meanOf(values, kept, [0, 1, 2, 3]), crop), crop, 2).value
      : aperture(values, crop);
  const divisor = divisorOf(by);
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

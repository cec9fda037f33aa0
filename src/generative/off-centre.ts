// Stamps whose object is elsewhere than in the middle.
import { brightest, meanOf, smoothed } from "./planes";

type Peak = ReturnType<typeof brightest>;

/** Pixels across or down from the middle within which an object's brightest is: `center` moves what is nearer. */
const REACH = 4;
/** Least difference that counts, in sky sigmas, and in deviations of the smoothed stamp where it is noisier. */
const [LEAST, NOISE] = [1, 4.5];
/** An object elsewhere is so many times as bright as the middle, and where its other side is not in the stamp so many times. */
const [BRIGHTER, FAR_BRIGHTER] = [1.5, 3];
/** Galaxies are not quite symmetric: light of the middle is an object's elsewhere up to so many times the light on that object's other side. */
const SYMMETRIC = 1.5;
/** One stamp in so many may show no object of its own in the middle: 1 of 120 in simulated fields, 1 of 1,000 blends. Of stamps cut 6 pixels off most do not. */
const ALLOWED = 20;

/** 1.4826 median absolute deviations. */
function deviation(values: Float64Array): number {
  const median = (x: Float64Array): number => x.sort()[x.length >> 1]!;
  const middle = median(values.slice());
  return 1.4826 * median(values.map((value) => Math.abs(value - middle)));
}

/** From a pixel always to the brightest of its eight neighbours, as long as one is brighter. */
function uphill(plane: Float64Array, side: number, from: Peak): Peak {
  let best = from;
  for (;;) {
    const { row, column } = best;
    for (let r = Math.max(0, row - 1); r < Math.min(side, row + 2); r++)
      for (let c = Math.max(0, column - 1); c < Math.min(side, column + 2); c++) {
        const value = plane[r * side + c]!;
        if (value > best.value) best = { value, row: r, column: c };
      }
    if (best.row === row && best.column === column) return best;
  }
}

/**
 * Where the object of a stamp [bands, side, side] in units of the sky is, when that is not the middle: what is seen in the central 4 × 4 pixels of the
 * (1 2 1)-smoothed mean of g, r and i is no peak but the flank of one more than 4 pixels from the middle, which outshines it by half, and no more
 * than that object's own light, which is there on its other side too. A blend of an object in the middle with a brighter one shows more, and a bright
 * neighbour far away leaves a peak in the middle.
 */
export function objectElsewhere(stamp: Float64Array, side: number): { row: number; column: number } | undefined {
  const plane = smoothed(meanOf(stamp, side * side, [1, 2, 3]), side);
  const own = brightest(plane, side, 2);
  const { value, row, column } = uphill(plane, side, own);
  const middle = (side - 1) / 2;
  if (Math.abs(row - middle) <= REACH && Math.abs(column - middle) <= REACH) return undefined;
  const least = Math.max(LEAST, NOISE * deviation(plane));
  if (value <= BRIGHTER * own.value + least) return undefined;
  const [r, c] = [2 * row - own.row, 2 * column - own.column];
  const isInside = r >= 0 && c >= 0 && r < side && c < side;
  const isItsLight = isInside
    ? own.value < SYMMETRIC * Math.max(0, plane[r * side + c]!) + least
    : value > FAR_BRIGHTER * own.value + least;
  return isItsLight ? { row, column } : undefined;
}

/** Numbers named in a remark. */
const NAMED = 8;

/** What is to be told of stamps that were taken though their object is elsewhere. */
export function offCentreRemark(found: Iterable<number>): string | undefined {
  const numbers = Uint32Array.from(found).sort();
  if (numbers.length === 0) return undefined;
  const [named, more] = [[...numbers.subarray(0, NAMED)].join(", "), numbers.length - NAMED];
  return `${numbers.length === 1 ? "one stamp shows its" : `${numbers.length} stamps show their`} object more than ${REACH} pixels from the middle and ${numbers.length === 1 ? "was" : "were"} taken all the same: ${named}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Collects the stamps of n whose object is elsewhere, in `found`; a number that is met again counts once. */
export class OffCentre {
  readonly #found: Set<number>;
  readonly #op: string;
  readonly #n: number;

  constructor(op: string, n: number, found: Set<number>) {
    this.#op = op;
    this.#n = n;
    this.#found = found;
  }

  /** Looks at stamp i. @throws as soon as more than one in twenty are found */
  look(stamp: Float64Array, side: number, i: number): void {
    const place = objectElsewhere(stamp, side);
    if (!place) return;
    this.#found.add(i);
    if (this.#found.size <= this.#n / ALLOWED) return;
    const many = this.#found.size === 1 ? "" : `, and in ${this.#found.size - 1} before it of ${this.#n}`;
    throw new Error(
      `${this.#op}: stamps must have their object within ${REACH} pixels of the middle, got it at row ${place.row}, column ${place.column} of ${side} x ${side} in stamp ${i}${many}; cut them around their objects, or let center move what is near`,
    );
  }
}

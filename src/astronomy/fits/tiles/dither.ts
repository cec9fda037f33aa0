import { generate } from "../../../typed-arrays";

/** Numbers of the table of random offsets. */
const COUNT = 10000;

let table: Float32Array | undefined;

/** 10000 uniform numbers of Park and Miller's generator, s = 16807 s mod (2^31 − 1) from 1, as float32. */
function offsets(): Float32Array {
  if (table) return table;
  let state = 1;
  table = generate(Float32Array, COUNT, () => {
    state = (16807 * state) % 2147483647; // below 2^46: exact
    return state / 2147483647;
  });
  return table;
}

/** How quantised floating point numbers are restored. */
export interface Quantization {
  readonly method: "NO_DITHER" | "SUBTRACTIVE_DITHER_1" | "SUBTRACTIVE_DITHER_2";
  /** ZDITHER0, from 1 to 10000. */
  readonly seed: number;
}

/** The integer that SUBTRACTIVE_DITHER_2 keeps for a value that is exactly 0. */
const EXACT_ZERO = -2147483646;

/**
 * Values of a tile's quantised integers: (i − r + ½) · scale + zero with a dither's random offsets r, i · scale + zero without; NaN for `blank`.
 * Source: FITS standard 4.0, section 10.2.
 * @param tile number of the tile, from 0
 */
export function dequantize(
  integers: Int32Array,
  n: number,
  tile: number,
  { method, seed }: Quantization,
  { scale, zero, blank }: { readonly scale: number; readonly zero: number; readonly blank: number | undefined },
  out: Float32Array | Float64Array,
): void {
  const nothing = blank ?? NaN;
  if (method === "NO_DITHER") {
    for (let i = 0; i < n; i++) {
      const value = integers[i]!;
      out[i] = value === nothing ? NaN : value * scale + zero;
    }
    return;
  }
  const r = offsets();
  const zeros = method === "SUBTRACTIVE_DITHER_2";
  // eslint-disable-next-line no-restricted-syntax -- of the FITS standard
  let row = (tile + seed - 1) % COUNT;
  let k = Math.floor(r[row]! * 500);
  for (let i = 0; i < n; i++) {
    const value = integers[i]!;
    if (value === nothing) out[i] = NaN;
    else if (zeros && value === EXACT_ZERO) out[i] = 0;
    else out[i] = (value - r[k]! + 0.5) * scale + zero;
    if (++k === COUNT) {
      row = (row + 1) % COUNT;
      k = Math.floor(r[row]! * 500);
    }
  }
}

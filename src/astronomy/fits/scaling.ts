import type { Bitpix, Stored } from "./bytes";
import type { FitsHeader } from "./header/header";
import { mapTo } from "../../typed-arrays";

/** How stored numbers become physical ones: value = BSCALE · stored + BZERO, and NaN where a stored integer is BLANK. */
export interface Scaling {
  readonly scale: number;
  readonly zero: number;
  /** BZERO exactly, where it is an integer. */
  readonly offset: bigint | undefined;
  readonly blank: number | bigint | undefined;
}

/** The scaling of an image's header. */
export function scalingOf(header: FitsHeader, bitpix: Bitpix): Scaling {
  const scale = header.number("BSCALE") ?? 1;
  const zero = header.number("BZERO") ?? 0;
  const given = header.get("BZERO") ?? 0;
  const isInteger = typeof given === "bigint" || Number.isSafeInteger(given);
  const offset = isInteger ? BigInt(given as number | bigint) : Number.isInteger(zero) ? BigInt(zero) : undefined;
  const blank = bitpix > 0 ? header.get("BLANK") : undefined;
  if (blank !== undefined && blank !== null && typeof blank !== "bigint" && !Number.isSafeInteger(blank))
    throw new Error(`fits: BLANK must be an integer, got ${String(blank)}`);
  return { scale, zero, offset, blank: (blank ?? undefined) as number | bigint | undefined };
}

/** Whether stored numbers are the physical ones. */
export const isIdentity = ({ scale, zero, blank }: Scaling): boolean =>
  scale === 1 && zero === 0 && blank === undefined;

/** Physical values of stored numbers from place `at` of `out` on, computed in float64. */
export function toPhysical(
  stored: Stored,
  { scale, zero, offset, blank }: Scaling,
  out: Float32Array | Float64Array,
  at: number,
): void {
  const n = stored.length;
  if (stored instanceof BigInt64Array) {
    const nothing = blank === undefined ? undefined : BigInt(blank);
    // an unsigned integer beyond 2^53 is rounded once, not before its offset too
    const exact = scale === 1 && offset !== undefined;
    for (let i = 0; i < n; i++) {
      const value = stored[i]!;
      if (value === nothing) out[at + i] = NaN;
      else out[at + i] = exact ? Number(value + offset) : Number(value) * scale + zero;
    }
    return;
  }
  const plain = scale === 1 && zero === 0;
  if (blank === undefined && plain) return out.set(stored, at);
  const nothing = blank === undefined ? NaN : Number(blank);
  for (let i = 0; i < n; i++) {
    const value = stored[i]!;
    out[at + i] = value === nothing ? NaN : plain ? value : value * scale + zero;
  }
}

/** Physical integers in a type that holds them all: BSCALE 1, and BZERO 0 or half the range (unsigned integers, signed bytes). */
export type Integers =
  Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array;

/** Stored integers as physical ones, without loss. @throws where they are scaled, or of floating point */
export function toIntegers(stored: Stored, { scale, offset }: Scaling): Integers {
  const refuse = (): never => {
    throw new Error(
      `fits: integers without loss need BSCALE 1 and BZERO 0 or half the range, got ${scale} and ${String(offset)}`,
    );
  };
  if (stored instanceof Float32Array || stored instanceof Float64Array)
    throw new Error("fits: the image holds floating point numbers, not integers");
  if (scale !== 1) return refuse();
  if (offset === 0n) return stored;
  const half = 1n << BigInt(8 * stored.BYTES_PER_ELEMENT - 1);
  if (stored instanceof Uint8Array) {
    if (offset !== -half) return refuse();
    return mapTo(Int8Array, stored, (value) => value - 128);
  }
  if (offset !== half) return refuse();
  if (stored instanceof BigInt64Array) return mapTo(BigUint64Array, stored, (value) => value + half);
  if (stored instanceof Int16Array) return mapTo(Uint16Array, stored, (value) => value + 32768);
  return mapTo(Uint32Array, stored as Int32Array, (value) => value + 2147483648);
}

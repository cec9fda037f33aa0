import { mapTo } from "../../typed-arrays";

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** IEEE binary16 bit patterns as float32; exact. */
export function fromFloat16(bits: Uint16Array): Float32Array {
  return mapTo(Float32Array, bits, (h) => {
    const sign = h & 0x8000 ? -1 : 1;
    const exponent = (h >> 10) & 31;
    const fraction = h & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -24 * fraction;
  });
}

/** The nearest binary16 bit patterns, ties to even; overflow becomes infinity. */
export function toFloat16(values: ArrayLike<number>): Uint16Array {
  return mapTo(Uint16Array, values, (x) => {
    const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
    const magnitude = Math.abs(x);
    if (Number.isNaN(x)) return 0x7e00;
    if (magnitude >= 65520) return sign | 0x7c00;
    // The spacing of halves around x; below 2^-14 they are evenly spaced.
    const exponent = Math.max(Math.floor(Math.log2(magnitude)), -14);
    const steps = roundToEven(magnitude / 2 ** (exponent - 10));
    // A carry out of the fraction moves into the exponent bits, as it should.
    return sign | (steps + ((exponent + 14) << 10));
  });
}

/** bfloat16 bit patterns (the upper half of a float32) as float32; exact. */
export function fromBFloat16(bits: Uint16Array): Float32Array {
  return new Float32Array(mapTo(Uint32Array, bits, (b) => b << 16).buffer);
}

/** The nearest bfloat16 bit patterns, ties to even. */
export function toBFloat16(values: ArrayLike<number>): Uint16Array {
  return mapTo(Uint16Array, values, (x) => {
    scratch[0] = x;
    const b = scratchBits[0]!;
    return Number.isNaN(x) ? 0x7fc0 : (b + 0x7fff + ((b >>> 16) & 1)) >>> 16;
  });
}

function roundToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0);
}

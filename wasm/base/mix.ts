// Numbers by chance that need no state.

/** Well mixed bits of a number (Wellons' lowbias32). */
// @ts-ignore: decorator
@inline
export function mix(value: u32): u32 {
  let x = value;
  x ^= x >> 16;
  x *= 0x7feb352d;
  x ^= x >> 15;
  x *= 0x846ca68b;
  x ^= x >> 16;
  return x;
}

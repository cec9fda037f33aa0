// Where elements of four bytes lie.

/** Address of the i-th. */
// @ts-ignore: decorator
@inline
export function at(base: usize, i: u32): usize {
  return base + (<usize>i << 2);
}

// Bitonic sorting of series, the same exchanges as on a GPU; a thread takes whole series, or a share of the exchanges of one step.

/** The word of a float32 that orders as the number does: NaN last, both zeros one. */
// @ts-ignore: decorator
@inline
function ordered(bits: u32): u32 {
  if ((bits & 0x7fffffff) > 0x7f800000) return 0xffffffff;
  if ((bits & 0x7fffffff) == 0) return 0x80000000;
  return bits >= 0x80000000 ? ~bits : bits | 0x80000000;
}

/** Exchanges a and a + j of a series that begins at the given addresses, where they are out of order. */
// @ts-ignore: decorator
@inline
function exchange(keys: usize, places: usize, a: u32, j: u32, up: bool): void {
  const first = <usize>a << 2;
  const second = <usize>(a + j) << 2;
  const key = load<u32>(keys + first), other = load<u32>(keys + second);
  const place = load<u32>(places + first), from = load<u32>(places + second);
  if ((key > other || (key == other && place > from)) != up) return;
  store<u32>(keys + first, other);
  store<u32>(keys + second, key);
  store<u32>(places + first, from);
  store<u32>(places + second, place);
}

/** Sorted blocks of series with their places; [begin, end) counts series. */
export function sort_blocks(
  x: usize, keys: usize, places: usize, series: u32, n: u32, inner: u32, padded: u32, block: u32, begin: u32, end: u32,
): void {
  for (let s = begin; s < end; s++) {
    const start = x + (<usize>(s / inner * n * inner + s % inner) << 2);
    const key = keys + (<usize>s * padded << 2);
    const place = places + (<usize>s * padded << 2);
    for (let i: u32 = 0; i < padded; i++) {
      const at = <usize>i << 2;
      store<u32>(key + at, i < n ? ordered(load<u32>(start + at * inner)) : 0xffffffff);
      store<u32>(place + at, i);
    }
    for (let k: u32 = 2; k <= block; k *= 2)
      for (let j = k / 2; j > 0; j /= 2)
        for (let run: u32 = 0; run < padded; run += 2 * j) {
          const up = (run & k) == 0;
          for (let a = run; a < run + j; a++) exchange(key, place, a, j, up);
        }
  }
}

/** One step of a merge; [begin, end) counts pairs. */
export function sort_exchange(
  keys: usize, places: usize, series: u32, padded: u32, k: u32, j: u32, begin: u32, end: u32,
): void {
  const half = padded / 2;
  for (let pair = begin; pair < end; pair++) {
    const e = pair % half;
    const a = e / j * 2 * j + e % j;
    const row = <usize>(pair / half * padded) << 2;
    exchange(keys + row, places + row, a, j, (a & k) == 0);
  }
}

/** Series in the order of places, or back from it; [begin, end) counts series. */
export function permute_series(
  x: usize, places: usize, y: usize, series: u32, n: u32, inner: u32, padded: u32, inverse: u32, begin: u32, end: u32,
): void {
  for (let s = begin; s < end; s++) {
    const start = <usize>(s / inner * n * inner + s % inner) << 2;
    const place = places + (<usize>s * padded << 2);
    for (let i: u32 = 0; i < n; i++) {
      const here = start + (<usize>i * inner << 2);
      const there = start + (<usize>load<u32>(place + (<usize>i << 2)) * inner << 2);
      if (inverse) store<u32>(y + there, load<u32>(x + here));
      else store<u32>(y + here, load<u32>(x + there));
    }
  }
}

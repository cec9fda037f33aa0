/**
 * Makes regions of one piece: in row-major order each 4-connected region of equal labels gets the next number, in pieces of at most `most` pixels; one of
 * fewer than `least` takes the number of the last region beside it that was met. Regions are followed breadth-first: right, left, down, up. −1 stays.
 * As scikit-image 0.19 does it, after Achanta et al., TPAMI 2012, section 3.2.
 */
export function connectRegions(
  labels: Int32Array,
  height: number,
  width: number,
  least: number,
  most: number,
): { readonly labels: Int32Array<ArrayBuffer>; readonly count: number } {
  const connected = new Int32Array(labels.length).fill(-1);
  const queue = new Int32Array(Math.max(1, Math.min(most, labels.length)));
  let next = 0;
  for (let start = 0; start < labels.length; start++) {
    const label = labels[start]!;
    if (label === -1 || connected[start] !== -1) continue;
    let adjacent = next;
    let size = 1;
    queue[0] = start;
    connected[start] = next;
    for (let visited = 0; visited < size && size < most; visited++) {
      const at = queue[visited]!;
      const column = at % width;
      const row = (at - column) / width;
      for (let side = 0; side < 4; side++) {
        const inside =
          side === 0 ? column + 1 < width : side === 1 ? column > 0 : side === 2 ? row + 1 < height : row > 0;
        if (!inside) continue;
        const other = side === 0 ? at + 1 : side === 1 ? at - 1 : side === 2 ? at + width : at - width;
        if (connected[other] === -1) {
          if (labels[other] !== label) continue;
          connected[other] = next;
          queue[size++] = other;
          if (size >= most) break;
        } else if (connected[other] !== next) adjacent = connected[other]!;
      }
    }
    // the first of all regions, where it is small, shares its number with the next one
    if (size < least) for (let i = 0; i < size; i++) connected[queue[i]!] = adjacent;
    else next++;
  }
  return { labels: connected, count: connected.reduce((most, label) => Math.max(most, label), -1) + 1 };
}

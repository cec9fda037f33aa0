// One-to-one assignments: optimal (shortest augmenting paths) and the greedy one of the learning-to-cluster experiments.

/**
 * Minimum-cost assignment of every row of cost f64[r, c], r <= c, to a column of its own: columnOfRow u32[r].
 * Hungarian method by shortest augmenting paths: one Dijkstra search per row on the reduced costs (Crouse 2016). O(r^2 c).
 * scratch: 16 r + 32 c bytes, aligned to 8.
 */
export function assign(cost: usize, r: u32, c: u32, columnOfRow: usize, scratch: usize): void {
  const u = scratch; // potential of the rows, f64[r]
  const v = u + (<usize>r << 3); // and of the columns, f64[c]
  const shortest = v + (<usize>c << 3); // length of the shortest path to a column, f64[c]
  const rowOfColumn = shortest + (<usize>c << 3); // one more than the row, u32[c]
  const before = rowOfColumn + (<usize>c << 2); // the row before a column on its path, u32[c]
  const open = before + (<usize>c << 2); // columns whose path is not final, u32[c]
  const closed = open + (<usize>c << 2); // the others, in the order in which they became so, u32[r]
  memory.fill(u, 0, <usize>r << 3);
  memory.fill(v, 0, <usize>c << 3);
  memory.fill(rowOfColumn, 0, <usize>c << 2);
  for (let start: u32 = 0; start < r; start++) {
    for (let j: u32 = 0; j < c; j++) {
      store<u32>(open + (<usize>j << 2), j);
      store<f64>(shortest + (<usize>j << 3), Infinity);
    }
    let remaining = c;
    let done: u32 = 0;
    let reached: f64 = 0;
    let i = start;
    let sink: u32 = 0;
    while (true) {
      const row = cost + ((<usize>i * c) << 3);
      const base = reached - load<f64>(u + (<usize>i << 3));
      let least = Infinity;
      let place: u32 = 0;
      for (let p: u32 = 0; p < remaining; p++) {
        const j = load<u32>(open + (<usize>p << 2));
        const wide = <usize>j << 3;
        const length = base + load<f64>(row + wide) - load<f64>(v + wide);
        if (length < load<f64>(shortest + wide)) {
          store<f64>(shortest + wide, length);
          store<u32>(before + (<usize>j << 2), i);
        }
        const best = load<f64>(shortest + wide);
        // Among equals a free column ends the search at once.
        if (best < least || (best == least && load<u32>(rowOfColumn + (<usize>j << 2)) == 0)) {
          least = best;
          place = p;
        }
      }
      reached = least;
      const j = load<u32>(open + (<usize>place << 2));
      store<u32>(open + (<usize>place << 2), load<u32>(open + (<usize>(--remaining) << 2)));
      const owner = load<u32>(rowOfColumn + (<usize>j << 2));
      if (owner == 0) {
        sink = j;
        break;
      }
      store<u32>(closed + (<usize>done << 2), j);
      done++;
      i = owner - 1;
    }
    store<f64>(u + (<usize>start << 3), load<f64>(u + (<usize>start << 3)) + reached);
    for (let p: u32 = 0; p < done; p++) {
      const j = load<u32>(closed + (<usize>p << 2));
      const slack = reached - load<f64>(shortest + (<usize>j << 3));
      const owner = u + (<usize>(load<u32>(rowOfColumn + (<usize>j << 2)) - 1) << 3);
      store<f64>(owner, load<f64>(owner) + slack);
      store<f64>(v + (<usize>j << 3), load<f64>(v + (<usize>j << 3)) - slack);
    }
    for (let j = sink; ; ) {
      const owner = load<u32>(before + (<usize>j << 2));
      const next = load<u32>(columnOfRow + (<usize>owner << 2));
      store<u32>(rowOfColumn + (<usize>j << 2), owner + 1);
      store<u32>(columnOfRow + (<usize>owner << 2), j);
      if (owner == start) break;
      j = next;
    }
  }
}

/** Entropy in nats of two shares s and t - s of t. */
function binary_entropy(s: f64, t: f64): f64 {
  const p = s / t;
  const q = (t - s) / t;
  return (p > 0 ? -p * JSMath.log(p) : 0) - (q > 0 ? q * JSMath.log(q) : 0);
}

/**
 * Number of items matched by the greedy assignment of true clusters (rows of table f64[r, c]) to predicted ones of sizes u32[c]:
 * rowOrder u32[r] and columnOrder u32[c] are the order in which they are visited, ascending codes break the ties.
 * 1. Each row looks at the free columns more than half of whose members it owns. A candidate larger than the *shared count* of the best
 *    so far replaces it (so practically the last one wins); one equal in both is a tie, and a row with a tie waits.
 * 2. The other rows, by the size-weighted entropy of the columns still free, descending, then by code, descending, take the free column
 *    with the largest share of theirs, the first of equals.
 * taken: u32[c]; waiting: u32[r]; entropies: f64[r].
 */
export function greedy_matches(
  table: usize, r: u32, c: u32, sizes: usize, rowOrder: usize, columnOrder: usize, taken: usize, waiting: usize, entropies: usize,
): f64 {
  memory.fill(taken, 0, <usize>c << 2);
  let matched: f64 = 0;
  let left: u32 = 0;
  for (let p: u32 = 0; p < r; p++) {
    const i = load<u32>(rowOrder + (<usize>p << 2));
    const row = table + ((<usize>i * c) << 3);
    let candidates: u32 = 0;
    let best: u32 = 0;
    let bestShared: f64 = 0;
    let bestSize: f64 = 0;
    for (let q: u32 = 0; q < c; q++) {
      const j = load<u32>(columnOrder + (<usize>q << 2));
      if (load<u32>(taken + (<usize>j << 2))) continue;
      const size = <f64>load<u32>(sizes + (<usize>j << 2));
      const shared = load<f64>(row + (<usize>j << 3));
      if (2 * shared <= size) continue;
      if (candidates == 0 || bestShared < size || (bestShared == shared && bestSize > size)) {
        candidates = 1;
        best = j;
        bestShared = shared;
        bestSize = size;
      } else if (bestShared == shared && bestSize == size) {
        candidates++;
      }
    }
    if (candidates == 1) {
      store<u32>(taken + (<usize>best << 2), 1);
      matched += bestShared;
    } else {
      store<u32>(waiting + (<usize>left << 2), i);
      left++;
    }
  }
  for (let p: u32 = 0; p < left; p++) {
    const i = load<u32>(waiting + (<usize>p << 2));
    let sum: f64 = 0;
    let total: f64 = 0;
    for (let q: u32 = 0; q < c; q++) {
      const j = load<u32>(columnOrder + (<usize>q << 2));
      if (load<u32>(taken + (<usize>j << 2))) continue;
      const size = <f64>load<u32>(sizes + (<usize>j << 2));
      sum += binary_entropy(load<f64>(table + ((<usize>i * c + j) << 3)), size) * size;
      total += size;
    }
    store<f64>(entropies + (<usize>i << 3), sum == 0 ? 0 : sum / total);
  }
  for (let p: u32 = 0; p < left; p++) {
    // Selection of the next row: at most r of them, and each costs a pass over the columns anyway.
    let place = p;
    for (let q = p + 1; q < left; q++) {
      const i = load<u32>(waiting + (<usize>q << 2));
      const top = load<u32>(waiting + (<usize>place << 2));
      const difference = load<f64>(entropies + (<usize>i << 3)) - load<f64>(entropies + (<usize>top << 3));
      if (difference > 0 || (difference == 0 && i > top)) place = q;
    }
    const i = load<u32>(waiting + (<usize>place << 2));
    store<u32>(waiting + (<usize>place << 2), load<u32>(waiting + (<usize>p << 2)));
    let bestShare: f64 = -1;
    let best: u32 = 0;
    for (let j: u32 = 0; j < c; j++) {
      if (load<u32>(taken + (<usize>j << 2))) continue;
      const share = load<f64>(table + ((<usize>i * c + j) << 3)) / <f64>load<u32>(sizes + (<usize>j << 2));
      if (share > bestShare) {
        bestShare = share;
        best = j;
      }
    }
    if (bestShare < 0) break; // no column is free
    store<u32>(taken + (<usize>best << 2), 1);
    matched += load<f64>(table + ((<usize>i * c + best) << 3));
  }
  return matched;
}

// Neighbourhoods for DBSCAN. Points are rows of d float64, sorted by their first column, so that the neighbours of a row lie in a window around it.

// @ts-ignore: decorator
@inline
function within(x: usize, y: usize, d: u32, limit: f64): bool {
  let sum: f64 = 0;
  for (const end = x + (<usize>d << 3); x != end; x += 8, y += 8) {
    const difference = f64.load(x) - f64.load(y);
    sum += difference * difference;
    if (sum > limit) return false;
  }
  return true;
}

/** First row after i that lies beyond eps in the first column. */
// @ts-ignore: decorator
@inline
function windowEnd(x: usize, row: usize, n: u32, i: u32, eps: f64): u32 {
  const reach = f64.load(x + i * row) + eps;
  let low = i + 1, high = n;
  while (low < high) {
    const middle = low + high >> 1;
    if (f64.load(x + middle * row) <= reach) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Adds to counts [n] the neighbours of row i among the rows after it, and i to theirs. */
function count_neighbours(x: usize, n: u32, d: u32, i: u32, eps: f64, limit: f64, counts: usize): void {
  const row = <usize>d << 3, end = windowEnd(x, row, n, i, eps);
  let count: u32 = 0;
  for (let j = i + 1; j < end; j++) {
    if (!within(x + i * row, x + j * row, d, limit)) continue;
    count++;
    i32.store(counts + (<usize>j << 2), i32.load(counts + (<usize>j << 2)) + 1);
  }
  i32.store(counts + (<usize>i << 2), i32.load(counts + (<usize>i << 2)) + count);
}

/** counts [n] = rows within eps of each row, itself included; `limit` is eps². */
export function neighbour_counts(x: usize, n: u32, d: u32, eps: f64, limit: f64, counts: usize): void {
  for (let i: u32 = 0; i < n; i++) i32.store(counts + (<usize>i << 2), 1);
  for (let i: u32 = 0; i < n; i++) count_neighbours(x, n, d, i, eps, limit, counts);
}

/** The representative of a row's set; halves the path on the way. */
function find(parents: usize, i: u32): u32 {
  let parent = <u32>i32.load(parents + (<usize>i << 2));
  while (parent != i) {
    const above = <u32>i32.load(parents + (<usize>parent << 2));
    i32.store(parents + (<usize>i << 2), above);
    i = parent;
    parent = above;
  }
  return i;
}

/** Joins the sets of core row i and the core rows after it within eps. */
function join_neighbours(x: usize, n: u32, d: u32, i: u32, eps: f64, limit: f64, counts: usize, least: u32, parents: usize): void {
  const row = <usize>d << 3, end = windowEnd(x, row, n, i, eps);
  for (let j = i + 1; j < end; j++) {
    if (<u32>i32.load(counts + (<usize>j << 2)) < least) continue;
    const a = find(parents, i), b = find(parents, j);
    if (a != b && within(x + i * row, x + j * row, d, limit)) i32.store(parents + (<usize>max(a, b) << 2), min(a, b));
  }
}

/** parents [n] = for each core row (counts at least `least`) one row that stands for its cluster; others stand for themselves. */
export function core_components(x: usize, n: u32, d: u32, eps: f64, limit: f64, counts: usize, least: u32, parents: usize): void {
  for (let i: u32 = 0; i < n; i++) i32.store(parents + (<usize>i << 2), i);
  for (let i: u32 = 0; i < n; i++)
    if (<u32>i32.load(counts + (<usize>i << 2)) >= least) join_neighbours(x, n, d, i, eps, limit, counts, least, parents);
  for (let i: u32 = 0; i < n; i++) i32.store(parents + (<usize>i << 2), find(parents, i));
}

/** Gives row i, if it is no core, the lowest label of the cores within eps, and the rows after it likewise if it is one. */
function label_border(x: usize, n: u32, d: u32, i: u32, eps: f64, limit: f64, counts: usize, least: u32, labels: usize): void {
  const row = <usize>d << 3, end = windowEnd(x, row, n, i, eps);
  const core = <u32>i32.load(counts + (<usize>i << 2)) >= least;
  for (let j = i + 1; j < end; j++) {
    if ((<u32>i32.load(counts + (<usize>j << 2)) >= least) == core) continue;
    const from = labels + (<usize>(core ? i : j) << 2), to = labels + (<usize>(core ? j : i) << 2);
    const label = <u32>i32.load(from);
    if (label < <u32>i32.load(to) && within(x + i * row, x + j * row, d, limit)) i32.store(to, label);
  }
}

/** labels [n] hold the clusters of the core rows, and 2³² − 1 for the others, of which those within eps of a core get the lowest label among these. */
export function label_borders(x: usize, n: u32, d: u32, eps: f64, limit: f64, counts: usize, least: u32, labels: usize): void {
  for (let i: u32 = 0; i < n; i++) label_border(x, n, d, i, eps, limit, counts, least, labels);
}

// y[o, c, i] = scale · reduction over j of x[o, j, i], j in chunk c of `length` rows; x [outer, n, inner], y [outer, chunks, inner];
// by op the sum, maximum or minimum. A workgroup owns `columns` neighbouring i (a power of two) and reduces in a tree.
struct Params { outer: u32, n: u32, inner: u32, chunks: u32, length: u32, columns: u32, op: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// op: the reduction
const SUM = 0u;
const MAX = 1u;
const MIN = 2u;

override size: u32 = 256u;
var<workgroup> partial: array<f32, size>;

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

fn combine(a: f32, b: f32) -> f32 {
  if (params.op == SUM) { return a + b; }
  return select(select(select(min(a, b), max(a, b), params.op == MAX), b, is_nan(b)), a, is_nan(a));
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let columns = params.columns;
  let tiles = (params.inner + columns - 1u) / columns;
  let tile = group.x + group.y * groups.x;
  let i = (tile % tiles) * columns + lane % columns;
  let chunk = (tile / tiles) % params.chunks;
  let o = tile / (tiles * params.chunks);
  let live = o < params.outer && i < params.inner;
  let first = chunk * params.length;
  let last = min(first + params.length, params.n);
  let rows = size / columns;
  var start = select(select(0x7f800000u, 0xff800000u, params.op == MAX), 0u, params.op == SUM); // an infinity, which WGSL cannot write
  var sum = bitcast<f32>(start);
  if (live) {
    let step = rows * params.inner;
    var j = first + lane / columns;
    var at = (o * params.n + j) * params.inner + i;
    for (; j + 3u * rows < last; j += 4u * rows) { // four loads are under way at a time
      let x0 = x[at];
      let x1 = x[at + step];
      let x2 = x[at + 2u * step];
      let x3 = x[at + 3u * step];
      sum = combine(combine(combine(combine(sum, x0), x1), x2), x3);
      at += 4u * step;
    }
    for (; j < last; j += rows) {
      sum = combine(sum, x[at]);
      at += step;
    }
  }
  partial[lane] = sum;
  workgroupBarrier();
  for (var step = size / 2u; step >= columns; step /= 2u) {
    if (lane < step) { partial[lane] = combine(partial[lane], partial[lane + step]); }
    workgroupBarrier();
  }
  if (live && lane < columns) { y[(o * params.chunks + chunk) * params.inner + i] = partial[lane] * params.scale; }
}

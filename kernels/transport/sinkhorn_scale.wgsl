// s_i = Σ_j plan_ij r_j; partials[c, j] = Σ_i plan_ij / s_i over the rows of chunk c; change[c] = Σ_i |s_i / old s_i - 1|; plan [n, k], r [k]
//
// s [·] holds these rows from `row` on. Chunks are `length` rows long; those of this matrix begin at `chunk`. A workgroup takes a chunk, tiles
// of 256 / lanes rows after each other: `lanes` invocations find the s of a row, then `columns` add the tile up. Ordered: no atomics.
struct Params { n: u32, k: u32, row: u32, chunk: u32, length: u32, lanes: u32, columns: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> plan: array<f32>;
@group(0) @binding(2) var<storage, read> r: array<f32>;
@group(0) @binding(3) var<storage, read_write> s: array<f32>;
@group(0) @binding(4) var<storage, read_write> partials: array<f32>;
@group(0) @binding(5) var<storage, read_write> change: array<f32>;

var<workgroup> partial: array<f32, 256>;
var<workgroup> tile: array<f32, 256>; // 1 / s of the tile's rows

// the sum over the lanes of equal lane % stride, in the lanes below it
fn over_groups(value: f32, lane: u32, stride: u32) -> f32 {
  workgroupBarrier();
  partial[lane] = value;
  workgroupBarrier();
  for (var step = 128u; step >= stride; step /= 2u) {
    if (lane < step) { partial[lane] += partial[lane + step]; }
    workgroupBarrier();
  }
  return partial[lane];
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = group.x + group.y * groups.x;
  let begin = min(c * params.length, params.n);
  let end = min(begin + params.length, params.n);
  let rows = 256u / params.lanes;
  let base = (params.chunk + c) * params.k;
  var moved = 0.0;
  var sum = 0.0; // of the column `lane % columns`; those further right add up in memory
  for (var top = begin; top < end; top += rows) {
    let i = top + lane / params.lanes;
    let live = i < end;
    let count = select(0u, params.k, live);
    var total = 0.0;
    for (var j = lane % params.lanes; j < count; j += params.lanes) { total += plan[i * params.k + j] * r[j]; }
    partial[lane] = total;
    workgroupBarrier();
    if (live && lane % params.lanes == 0u) {
      total = partial[lane];
      for (var other = 1u; other < params.lanes; other++) { total += partial[lane + other]; }
      moved += abs(total / s[params.row + i] - 1.0);
      s[params.row + i] = total;
      tile[lane / params.lanes] = 1.0 / total;
    }
    workgroupBarrier();
    let height = min(rows, end - top);
    for (var j = lane % params.columns; j < params.k; j += params.columns) {
      var part = 0.0;
      for (var t = lane / params.columns; t < height; t += 256u / params.columns) { part += plan[(top + t) * params.k + j] * tile[t]; }
      if (j < params.columns) { sum += part; } else if (top == begin) { partials[base + j] = part; } else { partials[base + j] += part; }
    }
    workgroupBarrier();
  }
  sum = over_groups(sum, lane, params.columns);
  moved = over_groups(moved, lane, 1u);
  if (begin >= end) { return; }
  if (lane < min(params.columns, params.k)) { partials[base + lane] = sum; }
  if (lane == 0u) { change[params.chunk + c] = moved; }
}

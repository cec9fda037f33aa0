// x_ij = power · max(logp_ij, low) + u_j; w_i = ln Σ_j e^x_ij; plan_ij = e^(x_ij - w_i), partials[c, j] = Σ_i plan_ij over chunk c; logp [n, k]
//
// w and s hold these rows from `row` on, as the pass before left them: change[c] = Σ_i |e^(w_i - old w_i) / old s_i - 1|; s_i is 1 again.
// With `first` all w are 0.
// Chunks are `length` rows long; those of this matrix begin at `chunk`. A workgroup takes a chunk, tiles of 256 / lanes rows after each
// other: `lanes` invocations find the w of a row, then `columns` add the tile up; both are powers of two. Ordered: no atomics.
struct Params { n: u32, k: u32, row: u32, chunk: u32, length: u32, lanes: u32, columns: u32, first: u32, power: f32, low: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logp: array<f32>;
@group(0) @binding(2) var<storage, read> u: array<f32>;
@group(0) @binding(3) var<storage, read_write> w: array<f32>;
@group(0) @binding(4) var<storage, read_write> s: array<f32>;
@group(0) @binding(5) var<storage, read_write> plan: array<f32>;
@group(0) @binding(6) var<storage, read_write> partials: array<f32>;
@group(0) @binding(7) var<storage, read_write> change: array<f32>;

var<workgroup> partial: array<f32, 256>;
var<workgroup> tile: array<f32, 256>; // w of the tile's rows

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

// the larger, NaN where either is
fn larger(a: f32, b: f32) -> f32 { return select(select(max(a, b), b, is_nan(b)), a, is_nan(a)); }

fn x_at(i: u32, j: u32) -> f32 {
  let v = logp[i * params.k + j];
  return params.power * select(max(v, params.low), v, is_nan(v)) + u[j];
}

// the sum, or for `largest` the maximum, over the lanes of a row
fn over_row(value: f32, lane: u32, largest: bool) -> f32 {
  workgroupBarrier();
  partial[lane] = value;
  workgroupBarrier();
  for (var step = params.lanes / 2u; step > 0u; step /= 2u) {
    if (lane % params.lanes < step) {
      let own = partial[lane];
      let other = partial[lane + step];
      partial[lane] = select(own + other, larger(own, other), largest);
    }
    workgroupBarrier();
  }
  return partial[lane - lane % params.lanes];
}

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
    var value = 0.0;
    if (params.first == 0u) {
      var largest = -3.4028234e38f;
      for (var j = lane % params.lanes; j < count; j += params.lanes) { largest = larger(largest, x_at(i, j)); }
      largest = over_row(largest, lane, true);
      var total = 0.0;
      for (var j = lane % params.lanes; j < count; j += params.lanes) { total += exp(x_at(i, j) - largest); }
      value = largest + log(over_row(total, lane, false));
    }
    if (live && lane % params.lanes == 0u) {
      if (params.first == 0u) { moved += abs(exp(min(value - w[params.row + i], 80.0)) / s[params.row + i] - 1.0); }
      w[params.row + i] = value;
      s[params.row + i] = 1.0;
      tile[lane / params.lanes] = value;
    }
    workgroupBarrier();
    let height = min(rows, end - top);
    for (var j = lane % params.columns; j < params.k; j += params.columns) {
      var part = 0.0;
      for (var r = lane / params.columns; r < height; r += 256u / params.columns) {
        let exponent = x_at(top + r, j) - tile[r];
        let share = select(exp(exponent), exponent, is_nan(exponent));
        plan[(top + r) * params.k + j] = share;
        part += share;
      }
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

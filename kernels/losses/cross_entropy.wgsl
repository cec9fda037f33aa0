// parts[i] = -scale · mass[i] · ln softmax(x)[i, goal[i]], for a DISTRIBUTION -scale · Σ_j goal[i, j] ln softmax(x)[i, j]; x [n, k], goal labels [n] or,
// for a DISTRIBUTION, the bits of a distribution [n, k]; stats [n, 2] = max x, ln Σ e^(x - max); mass [n] = 1, or by `weighting` weights[i]
// or weights[goal[i]]; 0 for a label of k or more; for a DISTRIBUTION Σ_j goal. A workgroup owns 256 / lanes rows.
struct Params { n: u32, k: u32, lanes: u32, op: u32, weighting: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> goal: array<u32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> parts: array<f32>;
@group(0) @binding(5) var<storage, read_write> stats: array<f32>;
@group(0) @binding(6) var<storage, read_write> mass: array<f32>;

// op: what the goal is
const LABELS = 0u;
const DISTRIBUTION = 1u;

// weighting: what a row counts
const UNWEIGHTED = 0u;
const BY_ROW = 1u;
const BY_CLASS = 2u;

var<workgroup> partial: array<f32, 256>;

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

// the larger, NaN where either is
fn larger(a: f32, b: f32) -> f32 { return select(select(max(a, b), b, is_nan(b)), a, is_nan(a)); }

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

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let first = lane % params.lanes;
  let i = (group.x + group.y * groups.x) * (256u / params.lanes) + lane / params.lanes;
  let live = i < params.n;
  let start = i * params.k;
  let count = select(0u, params.k, live);
  var least = 0xff800000u; // -infinity, which WGSL cannot write
  var largest = bitcast<f32>(least);
  for (var j = first; j < count; j += params.lanes) { largest = larger(largest, x[start + j]); }
  largest = over_row(largest, lane, true);
  // NaN among the numbers, an infinity, or nothing but -infinity: no shares, and a loss that is NaN
  if ((bitcast<u32>(largest) & 0x7f800000u) == 0x7f800000u) { largest = bitcast<f32>(bitcast<u32>(largest) | 0x7fc00000u); }
  var sum = 0.0;
  var share = 0.0; // of the goal
  var below = 0.0; // Σ goal · (max - x)
  for (var j = first; j < count; j += params.lanes) {
    let v = x[start + j];
    sum += exp(v - largest);
    if (params.op == DISTRIBUTION) {
      let part = bitcast<f32>(goal[start + j]);
      share += part;
      if (part != 0.0 || is_nan(part)) { below += part * (largest - v); }
    }
  }
  sum = over_row(sum, lane, false);
  let log_sum = log(sum);
  if (params.op == DISTRIBUTION) {
    share = over_row(share, lane, false);
    below = over_row(below, lane, false);
  }
  if (!live || first != 0u) { return; }
  if (params.op == LABELS) {
    let label = goal[i];
    if (label < params.k) {
      share = 1.0;
      if (params.weighting == BY_ROW) { share = weights[i]; }
      if (params.weighting == BY_CLASS) { share = weights[label]; }
      below = share * (largest - x[start + label]);
    }
  }
  parts[i] = params.scale * (below + share * select(log_sum, largest, is_nan(largest)));
  stats[2u * i] = largest;
  stats[2u * i + 1u] = log_sum;
  mass[i] = share;
}

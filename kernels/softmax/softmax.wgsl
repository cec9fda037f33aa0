// y[o, j, i] = e^(x - max) / Σ_j e^(x - max), or its logarithm by op; x and y [outer, n, inner], series = outer · inner.
// A workgroup owns 256 / lanes series, `lanes` (a power of two) invocations each; neighbours run along the contiguous axis.
struct Params { series: u32, n: u32, inner: u32, lanes: u32, op: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// op: the function
const SOFTMAX = 0u;
const LOG_SOFTMAX = 1u;

var<workgroup> partial: array<f32, 256>;

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

// the larger, NaN where either is
fn larger(a: f32, b: f32) -> f32 { return select(select(max(a, b), b, is_nan(b)), a, is_nan(a)); }

// the sum, or for `largest` the maximum, over the lanes of a series, which begin at `base`
fn over_series(value: f32, base: u32, j: u32, largest: bool) -> f32 {
  workgroupBarrier();
  partial[base + j] = value;
  workgroupBarrier();
  for (var step = params.lanes / 2u; step > 0u; step /= 2u) {
    if (j < step) {
      let own = partial[base + j];
      let other = partial[base + j + step];
      partial[base + j] = select(own + other, larger(own, other), largest);
    }
    workgroupBarrier();
  }
  return partial[base];
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let columns = 256u / params.lanes;
  let rowwise = params.inner == 1u;
  let column = select(lane % columns, lane / params.lanes, rowwise);
  let first = select(lane / columns, lane % params.lanes, rowwise);
  let series = (group.x + group.y * groups.x) * columns + column;
  let live = series < params.series;
  let count = select(0u, params.n, live);
  let start = (series / params.inner) * params.n * params.inner + series % params.inner;
  var least = 0xff800000u; // -infinity, which WGSL cannot write
  var largest = bitcast<f32>(least);
  for (var j = first; j < count; j += params.lanes) { largest = larger(largest, x[start + j * params.inner]); }
  largest = over_series(largest, column * params.lanes, first, true);
  var sum = 0.0;
  for (var j = first; j < count; j += params.lanes) { sum += exp(x[start + j * params.inner] - largest); }
  sum = over_series(sum, column * params.lanes, first, false);
  let log_sum = log(sum);
  // no shares: NaN among the numbers, an infinity, or nothing but -infinity
  let none = (bitcast<u32>(largest) & 0x7f800000u) == 0x7f800000u;
  let not_a_number = bitcast<f32>(bitcast<u32>(largest) | 0x7fc00000u);
  for (var j = first; j < count; j += params.lanes) {
    let at = start + j * params.inner;
    let shifted = x[at] - largest;
    let value = select(exp(shifted) / sum, shifted - log_sum, params.op == LOG_SOFTMAX);
    y[at] = select(value, not_a_number, none);
  }
}

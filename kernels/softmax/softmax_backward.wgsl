// dx[o, j, i] = y (dy - Σ_j y dy) for y = softmax(x), or for y = log softmax(x): dy - e^y Σ_j dy; all [outer, n, inner].
// A workgroup owns 256 / lanes series, `lanes` (a power of two) invocations each; neighbours run along the contiguous axis.
struct Params { series: u32, n: u32, inner: u32, lanes: u32, op: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

// op: the function
const SOFTMAX = 0u;
const LOG_SOFTMAX = 1u;

var<workgroup> partial: array<f32, 256>;

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let columns = 256u / params.lanes;
  let rowwise = params.inner == 1u;
  let column = select(lane % columns, lane / params.lanes, rowwise);
  let first = select(lane / columns, lane % params.lanes, rowwise);
  let series = (group.x + group.y * groups.x) * columns + column;
  let count = select(0u, params.n, series < params.series);
  let start = (series / params.inner) * params.n * params.inner + series % params.inner;
  let logarithm = params.op == LOG_SOFTMAX;
  var sum = 0.0;
  for (var j = first; j < count; j += params.lanes) {
    let at = start + j * params.inner;
    sum += dy[at] * select(y[at], 1.0, logarithm);
  }
  let slot = column * params.lanes + first;
  partial[slot] = sum;
  workgroupBarrier();
  for (var step = params.lanes / 2u; step > 0u; step /= 2u) {
    if (first < step) { partial[slot] += partial[slot + step]; }
    workgroupBarrier();
  }
  let total = partial[column * params.lanes];
  for (var j = first; j < count; j += params.lanes) {
    let at = start + j * params.inner;
    if (logarithm) { dx[at] = dy[at] - select(exp(y[at]), y[at], is_nan(y[at])) * total; } else { dx[at] = y[at] * (dy[at] - total); }
  }
}

// y[i] = x[i] / max(|x[i]|, eps), |x| computed relative to the largest coordinate, so that no square overflows; x and y [n, d], norms [n].
// A workgroup owns 256 / lanes rows, `lanes` (a power of two) invocations each.
struct Params { n: u32, d: u32, lanes: u32, eps: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> norms: array<f32>;

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
  let count = select(0u, params.d, live);
  let start = i * params.d;
  var largest = 0.0;
  for (var t = first; t < count; t += params.lanes) { largest = larger(largest, abs(x[start + t])); }
  let unit = larger(over_row(largest, lane, true), 1.1754944e-38);
  var squares = 0.0;
  for (var t = first; t < count; t += params.lanes) {
    let v = x[start + t] / unit;
    squares += v * v;
  }
  let relative = sqrt(over_row(squares, lane, false));
  let bound = larger(relative, params.eps / unit); // of the norm in units of the largest coordinate
  for (var t = first; t < count; t += params.lanes) { y[start + t] = (x[start + t] / unit) / bound; }
  if (live && first == 0u) { norms[i] = relative * unit; }
}

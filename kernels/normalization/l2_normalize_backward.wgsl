// dx[i] = (dy - y <y, dy>) / |x[i]|, or dy / eps where |x[i]| <= eps; y, dy and dx [n, d], norms [n].
// A workgroup owns 256 / lanes rows, `lanes` (a power of two) invocations each.
struct Params { n: u32, d: u32, lanes: u32, eps: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> norms: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

var<workgroup> partial: array<f32, 256>;

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let first = lane % params.lanes;
  let i = (group.x + group.y * groups.x) * (256u / params.lanes) + lane / params.lanes;
  let count = select(0u, params.d, i < params.n);
  let start = i * params.d;
  var sum = 0.0;
  for (var t = first; t < count; t += params.lanes) { sum += y[start + t] * dy[start + t]; }
  partial[lane] = sum;
  workgroupBarrier();
  for (var step = params.lanes / 2u; step > 0u; step /= 2u) {
    if (first < step) { partial[lane] += partial[lane + step]; }
    workgroupBarrier();
  }
  if (count == 0u) { return; }
  let norm = norms[i];
  let along = select(0.0, partial[lane - first], norm > params.eps);
  let bound = select(max(norm, params.eps), norm, is_nan(norm));
  for (var t = first; t < count; t += params.lanes) { dx[start + t] = (dy[start + t] - y[start + t] * along) / bound; }
}

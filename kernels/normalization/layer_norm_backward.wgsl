// dx[i, t] = rstd_i (g - (Σ_t g + h Σ_t g h) / d), g = dy · gamma[t], h = (x - mean_i) rstd_i; x, dy and dx [n, d], stats [n, 2] = mean, rstd.
// A workgroup owns 256 / lanes rows, `lanes` (a power of two) invocations each.
struct Params { n: u32, d: u32, lanes: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> stats: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

var<workgroup> partial: array<vec2f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let first = lane % params.lanes;
  let i = (group.x + group.y * groups.x) * (256u / params.lanes) + lane / params.lanes;
  var count = 0u;
  var mean = 0.0;
  var rstd = 0.0;
  if (i < params.n) {
    count = params.d;
    mean = stats[2u * i];
    rstd = stats[2u * i + 1u];
  }
  let start = i * params.d;
  var sums = vec2f(0.0);
  for (var t = first; t < count; t += params.lanes) {
    let g = dy[start + t] * gamma[t];
    sums += vec2f(g, g * (x[start + t] - mean) * rstd);
  }
  partial[lane] = sums;
  workgroupBarrier();
  for (var step = params.lanes / 2u; step > 0u; step /= 2u) {
    if (first < step) { partial[lane] += partial[lane + step]; }
    workgroupBarrier();
  }
  let means = partial[lane - first] / f32(params.d);
  for (var t = first; t < count; t += params.lanes) {
    let g = dy[start + t] * gamma[t];
    dx[start + t] = rstd * (g - means.x - (x[start + t] - mean) * rstd * means.y);
  }
}

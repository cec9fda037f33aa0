// y[i, t] = gamma[t] (x - mean_i) · rstd_i + beta[t], rstd = 1 / sqrt(variance + eps), biased; x and y [n, d], stats [n, 2] = mean, rstd.
// A workgroup owns 256 / lanes rows, `lanes` (a power of two) invocations each.
struct Params { n: u32, d: u32, lanes: u32, eps: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> stats: array<f32>;

var<workgroup> partial: array<f32, 256>;

fn sum_of_row(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  partial[lane] = value;
  workgroupBarrier();
  for (var step = params.lanes / 2u; step > 0u; step /= 2u) {
    if (lane % params.lanes < step) { partial[lane] += partial[lane + step]; }
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
  var sum = 0.0;
  for (var t = first; t < count; t += params.lanes) { sum += x[start + t]; }
  let mean = sum_of_row(sum, lane) / f32(params.d);
  var squares = 0.0;
  for (var t = first; t < count; t += params.lanes) {
    let difference = x[start + t] - mean;
    squares += difference * difference;
  }
  let rstd = 1.0 / sqrt(sum_of_row(squares, lane) / f32(params.d) + params.eps);
  for (var t = first; t < count; t += params.lanes) { y[start + t] = gamma[t] * ((x[start + t] - mean) * rstd) + beta[t]; }
  if (live && first == 0u) {
    stats[2u * i] = mean;
    stats[2u * i + 1u] = rstd;
  }
}

// stats = mean and 1 / sqrt(variance + eps) of each channel: over the moments of all chunks (Chan, Golub & LeVeque 1979), which then move the
// running statistics by `momentum`, or with no chunks the running ones; moments [chunks, 2, c], running_mean and running_variance [c], stats [2, c].
struct Params { n: u32, c: u32, s: u32, chunks: u32, length: u32, momentum: f32, correction: f32, eps: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> moments: array<f32>;
@group(0) @binding(2) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(3) var<storage, read_write> running_variance: array<f32>;
@group(0) @binding(4) var<storage, read_write> stats: array<f32>;

override size: u32 = 64u;

// A momentum of 1 leaves nothing of what was there, be it rounding or NaN.
fn moved(old: f32, new_value: f32) -> f32 {
  return select(old + params.momentum * (new_value - old), new_value, params.momentum == 1.0);
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = id.x + id.y * groups.x * size;
  if (t >= params.c) { return; }
  if (params.chunks == 0u) {
    stats[t] = running_mean[t];
    stats[params.c + t] = 1.0 / sqrt(running_variance[t] + params.eps);
    return;
  }
  let origin = moments[t];
  let count = f32(params.n * params.s);
  var shift = 0.0;
  for (var k = 0u; k < params.chunks; k++) {
    let first = k * params.length;
    let weight = f32((min(first + params.length, params.n) - first) * params.s);
    shift += weight * (moments[2u * k * params.c + t] - origin);
  }
  let mean = origin + shift / count;
  var squares = 0.0;
  for (var k = 0u; k < params.chunks; k++) {
    let first = k * params.length;
    let weight = f32((min(first + params.length, params.n) - first) * params.s);
    let difference = moments[2u * k * params.c + t] - mean;
    squares += moments[(2u * k + 1u) * params.c + t] + weight * difference * difference;
  }
  stats[t] = mean;
  stats[params.c + t] = 1.0 / sqrt(squares / count + params.eps);
  running_mean[t] = moved(running_mean[t], mean);
  running_variance[t] = moved(running_variance[t], squares / (count - params.correction));
}

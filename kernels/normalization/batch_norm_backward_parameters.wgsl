// dgamma[k, t] = Σ g (x - mean) rstd, dbeta[k, t] = Σ g, g = dy f'(gamma (x - mean) rstd + beta), over chunk k of `length` images; x and dy
// [n, c, s], stats [2, c] = mean, rstd, dgamma and dbeta [chunks, c]. A workgroup owns channels and positions as in batch_norm_moments.
struct Params { n: u32, c: u32, s: u32, chunks: u32, length: u32, columns: u32, width: u32, slope: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> stats: array<f32>;
@group(0) @binding(3) var<storage, read> gamma: array<f32>;
@group(0) @binding(4) var<storage, read> beta: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(7) var<storage, read_write> dbeta: array<f32>;

override size: u32 = 256u;
var<workgroup> partial: array<vec2f, size>;

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let columns = params.columns;
  let tiles = (params.c + columns - 1u) / columns;
  let tile = group.x + group.y * groups.x;
  let t = (tile % tiles) * columns + lane % columns;
  let chunk = tile / tiles;
  let live = chunk < params.chunks && t < params.c;
  let first = chunk * params.length;
  let last = select(0u, min(first + params.length, params.n), live);
  let position = lane / columns % params.width;
  let start = first + lane / (columns * params.width);
  let stride = size / (columns * params.width);
  let channel = min(t, params.c - 1u);
  let mean = stats[channel];
  let rstd = stats[params.c + channel];
  let scale = rstd * gamma[channel];
  let offset = beta[channel];
  var sums = vec2f(0.0);
  for (var i = start; i < last; i += stride) {
    let plane = (i * params.c + t) * params.s;
    for (var p = position; p < params.s; p += params.width) {
      let difference = x[plane + p] - mean;
      let g = dy[plane + p] * select(params.slope, 1.0, difference * scale + offset > 0.0);
      sums += vec2f(g * difference, g);
    }
  }
  partial[lane] = sums;
  workgroupBarrier();
  for (var step = size / 2u; step >= columns; step /= 2u) {
    if (lane < step) { partial[lane] += partial[lane + step]; }
    workgroupBarrier();
  }
  if (live && lane < columns) {
    dgamma[chunk * params.c + t] = partial[lane].x * rstd;
    dbeta[chunk * params.c + t] = partial[lane].y;
  }
}

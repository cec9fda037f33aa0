// dgamma[c, t] = Σ_i dy (x - mean_i) rstd_i, dbeta[c, t] = Σ_i dy, i in chunk c of `length` rows; x and dy [n, d], stats [n, 2] = mean, rstd,
// dgamma and dbeta [chunks, d]. A workgroup owns `columns` neighbouring t (a power of two) and reduces in a tree.
struct Params { n: u32, d: u32, chunks: u32, length: u32, columns: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> stats: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(5) var<storage, read_write> dbeta: array<f32>;

override size: u32 = 256u;
var<workgroup> partial: array<vec2f, size>;

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let columns = params.columns;
  let tiles = (params.d + columns - 1u) / columns;
  let tile = group.x + group.y * groups.x;
  let t = (tile % tiles) * columns + lane % columns;
  let chunk = tile / tiles;
  let live = chunk < params.chunks && t < params.d;
  let first = chunk * params.length;
  let last = min(first + params.length, params.n);
  var sums = vec2f(0.0);
  if (live) {
    for (var i = first + lane / columns; i < last; i += size / columns) {
      let g = dy[i * params.d + t];
      sums += vec2f(g * (x[i * params.d + t] - stats[2u * i]) * stats[2u * i + 1u], g);
    }
  }
  partial[lane] = sums;
  workgroupBarrier();
  for (var step = size / 2u; step >= columns; step /= 2u) {
    if (lane < step) { partial[lane] += partial[lane + step]; }
    workgroupBarrier();
  }
  if (live && lane < columns) {
    dgamma[chunk * params.d + t] = partial[lane].x;
    dbeta[chunk * params.d + t] = partial[lane].y;
  }
}

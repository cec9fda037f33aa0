// partials[c,j] = Σ w_i x_i over the points i of chunk c with labels[i] = j, followed by the Σ w_i [chunks,k]; x [n,d], chunks of `length` points
//
// w_i = weights[i] where `weighted`, else 1. status[2c], status[2c+1]: Σ w_i distances[i] of the chunk, and how many of its labels differ from `previous`.
// A workgroup takes a slice of `width` = 64 columns of a chunk and adds its points in order: no atomics, the same sums every time.
struct Params { n: u32, d: u32, k: u32, chunks: u32, length: u32, width: u32, weighted: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> previous: array<u32>;
@group(0) @binding(4) var<storage, read> distances: array<f32>;
@group(0) @binding(5) var<storage, read> weights: array<f32>;
@group(0) @binding(6) var<storage, read_write> partials: array<f32>;
@group(0) @binding(7) var<storage, read_write> status: array<f32>;

override size: u32 = 64u;

fn w(i: u32) -> f32 { return select(1.0, weights[i], params.weighted > 0u); }

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let slices = (params.d + params.width - 1u) / params.width;
  let unit = group.x + group.y * groups.x;
  let chunk = unit / slices;
  let slice = unit % slices;
  if (chunk >= params.chunks) { return; }
  let begin = chunk * params.length;
  let end = min(begin + params.length, params.n);
  let base = chunk * params.k;
  let stop = min((slice + 1u) * params.width, params.d);
  for (var column = slice * params.width + lane; column < stop; column += size) {
    for (var j = 0u; j < params.k; j++) { partials[(base + j) * params.d + column] = 0.0; }
    for (var i = begin; i < end; i++) { partials[(base + labels[i]) * params.d + column] += w(i) * x[i * params.d + column]; }
  }
  if (slice > 0u) { return; }
  let counts = params.chunks * params.k * params.d + base;
  for (var j = lane; j < params.k; j += size) { partials[counts + j] = 0.0; }
  for (var i = begin; i < end; i++) {
    if (labels[i] % size == lane) { partials[counts + labels[i]] += w(i); }
  }
  if (lane == 0u) {
    var sum = 0.0;
    var changed = 0.0;
    for (var i = begin; i < end; i++) {
      sum += w(i) * distances[i];
      changed += select(0.0, 1.0, labels[i] != previous[i]);
    }
    status[2u * chunk] = sum;
    status[2u * chunk + 1u] = changed;
  }
}

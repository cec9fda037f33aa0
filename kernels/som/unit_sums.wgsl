// partials[c,j] = (Σ x_i, count, Σ √distances[i]) over the rows i of chunk c with labels[i] = j; x [n,d], chunks of `length` rows, partials [chunks,k,d + 2]
//
// Labels from k on, as 2³² − 1, belong to no unit. A workgroup takes a slice of `width` of the d + 2 columns of a chunk and adds
// rows in order: no atomics, the same sums every time. The WebAssembly twin sums in float64.
struct Params { n: u32, d: u32, k: u32, chunks: u32, length: u32, width: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> distances: array<f32>;
@group(0) @binding(4) var<storage, read_write> partials: array<f32>;

override size: u32 = 32u;

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let columns = params.d + 2u;
  let slices = (columns + params.width - 1u) / params.width;
  let part = group.x + group.y * groups.x;
  let chunk = part / slices;
  if (chunk >= params.chunks) { return; }
  let begin = chunk * params.length;
  let end = min(begin + params.length, params.n);
  let base = chunk * params.k;
  let start = part % slices * params.width;
  let stop = min(start + params.width, columns);
  for (var column = start + lane; column < stop; column += size) {
    for (var j = 0u; j < params.k; j++) { partials[(base + j) * columns + column] = 0.0; }
    for (var i = begin; i < end; i++) {
      let label = labels[i];
      if (label < params.k) {
        let value = select(select(1.0, sqrt(distances[i]), column > params.d), x[i * params.d + min(column, params.d - 1u)], column < params.d);
        partials[(base + label) * columns + column] += value;
      }
    }
  }
}

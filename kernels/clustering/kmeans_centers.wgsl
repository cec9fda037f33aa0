// centers[j] = old[j] + (Σ_c sums[c,j] − n_j old[j]) / (prior[j] + n_j) with n_j = Σ_c counts[c,j]: the mean of the cluster's points where prior is 0; old [k,d]
//
// partials: sums [chunks,k,d], then counts [chunks,k]. A cluster without points keeps its centre; no chunks: all do.
// shifted = centers − origin and offsets as kmeans_assign takes them; status[2 chunks + 2j], + 1: the squared shift of centre j, and n_j.
struct Params { k: u32, d: u32, chunks: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read> old: array<f32>;
@group(0) @binding(3) var<storage, read> origin: array<f32>;
@group(0) @binding(4) var<storage, read> prior: array<f32>;
@group(0) @binding(5) var<storage, read_write> centers: array<f32>;
@group(0) @binding(6) var<storage, read_write> shifted: array<f32>;
@group(0) @binding(7) var<storage, read_write> offsets: array<f32>;
@group(0) @binding(8) var<storage, read_write> status: array<f32>;

override size: u32 = 256u;
var<workgroup> tree: array<vec2f, size>;

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let j = group.x + group.y * groups.x;
  let live = j < params.k;
  var count = 0.0;
  var sums = vec2f(0.0);
  if (live) {
    for (var c = 0u; c < params.chunks; c++) { count += partials[params.chunks * params.k * params.d + c * params.k + j]; }
    let total = prior[j] + count;
    for (var column = lane; column < params.d; column += size) {
      let at = j * params.d + column;
      var sum = 0.0;
      let stride = params.k * params.d;
      var c = 0u;
      for (; c + 4u <= params.chunks; c += 4u) { // four loads are under way at a time
        let part = vec4f(
          partials[c * stride + at],
          partials[(c + 1u) * stride + at],
          partials[(c + 2u) * stride + at],
          partials[(c + 3u) * stride + at],
        );
        sum = sum + part.x + part.y + part.z + part.w;
      }
      for (; c < params.chunks; c++) { sum += partials[c * stride + at]; }
      let before = old[at];
      var value = before;
      if (count > 0.0) {
        if (prior[j] == 0.0) { value = sum / count; } else { value = before + (sum - count * before) / total; }
      }
      let o = origin[column];
      let moved = value - o;
      centers[at] = value;
      shifted[at] = moved;
      sums += vec2f((value - before) * (value - before), moved * (0.5 * moved + o));
    }
  }
  tree[lane] = sums;
  workgroupBarrier();
  for (var step = size / 2u; step > 0u; step /= 2u) {
    if (lane < step) { tree[lane] += tree[lane + step]; }
    workgroupBarrier();
  }
  if (live && lane == 0u) {
    offsets[j] = tree[0].y;
    status[2u * (params.chunks + j)] = tree[0].x;
    status[2u * (params.chunks + j) + 1u] = count;
  }
}

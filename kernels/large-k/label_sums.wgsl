// runs[q + j] = Σ w_i x_i and Σ w_i over the rows i of label j in piece q of order [n], sorted by labels [n]: pieces of 256 positions; x [n,d], runs [pieces + k, d + 1]
//
// Behind the runs: [pieces, 2] of Σ w_i distances[i] and how many labels differ from `previous`. q + j is another one for each run, since neither ever
// falls along the order. w_i = weights[i] where `weighted`, else 1. A workgroup takes a piece and adds its rows in order. Once `halted` is set, nothing is written.
struct Params { n: u32, d: u32, k: u32, pieces: u32, weighted: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> previous: array<u32>;
@group(0) @binding(4) var<storage, read> distances: array<f32>;
@group(0) @binding(5) var<storage, read> weights: array<f32>;
@group(0) @binding(6) var<storage, read> order: array<u32>;
@group(0) @binding(7) var<storage, read> halted: array<u32>;
@group(0) @binding(8) var<storage, read_write> runs: array<f32>;

const PIECE = 256u;
override size: u32 = 64u;
var<workgroup> rows: array<u32, PIECE>;
var<workgroup> own: array<u32, PIECE>;
var<workgroup> weight: array<f32, PIECE>;
var<workgroup> tree: array<vec2f, size>;

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (halted[0] != 0u) { return; }
  let piece = group.x + group.y * groups.x;
  if (piece >= params.pieces) { return; }
  let begin = piece * PIECE;
  let count = min(PIECE, params.n - begin);
  var found = vec2f();
  for (var p = lane; p < count; p += size) {
    let row = order[begin + p];
    var w = 1.0;
    if (params.weighted != 0u) { w = weights[row]; }
    rows[p] = row;
    own[p] = labels[row];
    weight[p] = w;
    found += vec2f(w * distances[row], f32(labels[row] != previous[row]));
  }
  tree[lane] = found;
  workgroupBarrier();
  for (var step = size / 2u; step > 0u; step /= 2u) {
    if (lane < step) { tree[lane] += tree[lane + step]; }
    workgroupBarrier();
  }
  let width = params.d + 1u;
  if (lane == 0u) {
    let at = (params.pieces + params.k) * width + 2u * piece;
    runs[at] = tree[0].x;
    runs[at + 1u] = tree[0].y;
  }
  for (var column = lane; column < width; column += size) {
    var label = own[0];
    var sum = 0.0;
    for (var p = 0u; p < count; p++) {
      if (own[p] != label) {
        runs[(piece + label) * width + column] = sum;
        label = own[p];
        sum = 0.0;
      }
      let value = x[rows[p] * params.d + min(column, params.d - 1u)];
      sum += weight[p] * select(1.0, value, column < params.d);
    }
    runs[(piece + label) * width + column] = sum;
  }
}

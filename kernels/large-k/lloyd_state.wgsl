// facts: why Lloyd's passes end here, Σ of the squared shifts, labels that changed, empty clusters, and 256 parts of Σ w_i ‖x_i − c‖²; halted[0] = that why
//
// RESTS: no label changed, or the shifts are at most `threshold`; EMPTY, where `relocates`: a cluster has no points, and a point is off its centre. Sums of
// label_sums behind runs [pieces + k, d + 1] and of large_centers in facts. One workgroup. Once `halted` is set, nothing is written.
struct Params { k: u32, d: u32, pieces: u32, relocates: u32, threshold: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> runs: array<f32>;
@group(0) @binding(2) var<storage, read_write> facts: array<f32>;
@group(0) @binding(3) var<storage, read_write> halted: array<u32>;

const HEAD = 260u;
const RESTS = 1u;
const EMPTY = 2u;
override size: u32 = 256u;
var<workgroup> tree: array<vec4f, size>;

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32) {
  let live = halted[0] == 0u;
  let found = (params.pieces + params.k) * (params.d + 1u);
  var sums = vec4f();
  for (var q = lane; q < params.pieces; q += size) {
    sums += vec4f(runs[found + 2u * q], runs[found + 2u * q + 1u], 0.0, 0.0);
  }
  for (var j = lane; j < params.k; j += size) {
    sums += vec4f(0.0, 0.0, facts[HEAD + params.k + j], f32(facts[HEAD + j] == 0.0));
  }
  tree[lane] = sums;
  workgroupBarrier();
  for (var step = size / 2u; step > 0u; step /= 2u) {
    if (lane < step) { tree[lane] += tree[lane + step]; }
    workgroupBarrier();
  }
  if (!live) { return; }
  facts[4u + lane] = sums.x;
  if (lane > 0u) { return; }
  let all = tree[0];
  var why = 0u;
  if (all.y == 0.0 || all.z <= params.threshold) { why = RESTS; }
  if (params.relocates != 0u) { why = select(why, EMPTY, min(all.w, all.x) > 0.0); }
  facts[0] = f32(why);
  facts[1] = all.z;
  facts[2] = all.y;
  facts[3] = all.w;
  halted[0] = why;
}

// centers[j] = Σ_q runs[q + j] / n_j over the pieces q that have rows of label j, n_j their Σ w_i; starts [k + 1], runs [pieces + k, d + 1] by label_sums; old [k,d]
//
// A cluster without points keeps its centre; without `moves` all do. facts, behind HEAD numbers of lloyd_state: n_j [k], the squared shifts [k] and the
// offsets [k] of the centres about `origin`, as large_assign takes them. Once `halted` is set, nothing is written.
struct Params { k: u32, d: u32, moves: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> runs: array<f32>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read> old: array<f32>;
@group(0) @binding(4) var<storage, read> origin: array<f32>;
@group(0) @binding(5) var<storage, read> halted: array<u32>;
@group(0) @binding(6) var<storage, read_write> centers: array<f32>;
@group(0) @binding(7) var<storage, read_write> facts: array<f32>;

const HEAD = 260u;
const PIECE = 256u;
override size: u32 = 64u;
var<workgroup> tree: array<vec2f, size>;

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (halted[0] != 0u) { return; }
  let j = group.x + group.y * groups.x;
  if (j >= params.k) { return; }
  let width = params.d + 1u;
  var first = 0u;
  var end = 0u; // behind the last piece
  if (params.moves != 0u) {
    let stop = starts[j + 1u];
    first = starts[j] / PIECE;
    end = select(first, (stop + PIECE - 1u) / PIECE, starts[j] < stop);
  }
  var count = 0.0;
  for (var q = first; q < end; q++) { count += runs[(q + j) * width + params.d]; }
  var sums = vec2f();
  for (var column = lane; column < params.d; column += size) {
    let at = j * params.d + column;
    var sum = 0.0;
    for (var q = first; q < end; q++) { sum += runs[(q + j) * width + column]; }
    let before = old[at];
    var value = before;
    if (count > 0.0) { value = sum / count; }
    let o = origin[column];
    let moved = value - o;
    centers[at] = value;
    sums += vec2f((value - before) * (value - before), moved * (0.5 * moved + o));
  }
  tree[lane] = sums;
  workgroupBarrier();
  for (var step = size / 2u; step > 0u; step /= 2u) {
    if (lane < step) { tree[lane] += tree[lane + step]; }
    workgroupBarrier();
  }
  if (lane == 0u) {
    facts[HEAD + j] = count;
    facts[HEAD + params.k + j] = tree[0].x;
    facts[HEAD + 2u * params.k + j] = tree[0].y;
  }
}

// lists of i: the k smallest ‖x_i − x_j‖² ascending, of those that are there and of the j in its leaf, ties to the lowest j; x [n,d], indices, squared and fresh [n,k]
//
// order [n]: the points leaf by leaf; leaves [n,2]: where the leaf of each position begins and ends. `fresh` is 1 where a neighbour comes in. With `begins`, lists
// begin with the k points behind i, so that they are full. An invocation takes a position, one of those from `first` on: beside it are others of its leaf.
struct Params { n: u32, d: u32, k: u32, first: u32, count: u32, begins: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> leaves: array<u32>;
@group(0) @binding(4) var<storage, read_write> indices: array<u32>;
@group(0) @binding(5) var<storage, read_write> squared: array<f32>;
@group(0) @binding(6) var<storage, read_write> fresh: array<u32>;

override size: u32 = 64u;
const MOST = 3.4028234e38f;

/** Puts j into the list of i, where it is near enough and not there. */
fn offer(i: u32, j: u32) {
  var sum = 0.0;
  for (var c = 0u; c < params.d; c++) {
    let t = x[i * params.d + c] - x[j * params.d + c];
    sum += t * t;
  }
  let value = min(sum, MOST);
  let list = i * params.k;
  var at = list + params.k - 1u;
  if (value > squared[at] || (value == squared[at] && j >= indices[at])) { return; }
  for (var p = list; p < list + params.k; p++) {
    if (indices[p] == j) { return; }
  }
  while (at > list && (value < squared[at - 1u] || (value == squared[at - 1u] && j < indices[at - 1u]))) {
    squared[at] = squared[at - 1u];
    indices[at] = indices[at - 1u];
    fresh[at] = fresh[at - 1u];
    at--;
  }
  squared[at] = value;
  indices[at] = j;
  fresh[at] = 1u;
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = id.x + id.y * groups.x * size;
  if (t >= params.count) { return; }
  let p = params.first + t;
  let i = order[p];
  if (params.begins != 0u) {
    for (var e = i * params.k; e < (i + 1u) * params.k; e++) {
      squared[e] = MOST;
      indices[e] = 0xffffffffu;
      fresh[e] = 0u;
    }
    for (var step = 1u; step <= params.k; step++) { offer(i, (i + step) % params.n); }
  }
  for (var q = leaves[2u * p]; q < leaves[2u * p + 1u]; q++) {
    if (q != p) { offer(i, order[q]); }
  }
}

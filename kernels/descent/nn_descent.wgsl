// lists of i: the k smallest ‖x_i − x_u‖² ascending, of those that are there, of the v sampled of i and of the u sampled of those, ties to the lowest number
//
// x [n,d]; indices, squared and fresh [n,k]; samples [n, 2 candidates], the new ones first, as candidate_samples has them. Where v is old, the u are the new ones: two
// old ones have been compared. `fresh` is 1 where a neighbour comes in, 0 where it was and is sampled; changed[i] = how many came in. A point gathers what is
// near it and writes its own list alone (Dong, Moses and Li 2011, whose points are compared in the lists of others and change both). An invocation takes the point
// of a position of `order` [n], one of those from `first` on: where points near one another stand together there, they read the same rows.
struct Params { n: u32, d: u32, k: u32, candidates: u32, first: u32, count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> samples: array<u32>;
@group(0) @binding(4) var<storage, read_write> indices: array<u32>;
@group(0) @binding(5) var<storage, read_write> squared: array<f32>;
@group(0) @binding(6) var<storage, read_write> fresh: array<u32>;
@group(0) @binding(7) var<storage, read_write> changed: array<u32>;

override size: u32 = 64u;
const MOST = 3.4028234e38f;
const NONE = 0xffffffffu;

/** Puts j into the list of i, where it is near enough and not there; returns whether it was. */
fn offer(i: u32, j: u32) -> u32 {
  if (j == NONE || j == i) { return 0u; }
  var sum = 0.0;
  for (var c = 0u; c < params.d; c++) {
    let t = x[i * params.d + c] - x[j * params.d + c];
    sum += t * t;
  }
  let value = min(sum, MOST);
  let list = i * params.k;
  var at = list + params.k - 1u;
  if (value > squared[at] || (value == squared[at] && j >= indices[at])) { return 0u; }
  for (var p = list; p < list + params.k; p++) {
    if (indices[p] == j) { return 0u; }
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
  return 1u;
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = id.x + id.y * groups.x * size;
  if (t >= params.count) { return; }
  let i = order[params.first + t];
  let own = i * 2u * params.candidates;
  for (var e = i * params.k; e < (i + 1u) * params.k; e++) {
    let j = indices[e];
    for (var s = own; s < own + params.candidates; s++) {
      if (samples[s] == j) { fresh[e] = 0u; }
    }
  }
  var came = 0u;
  for (var s = 0u; s < 2u * params.candidates; s++) {
    let v = samples[own + s];
    if (v == NONE) { continue; }
    came += offer(i, v);
    let others = v * 2u * params.candidates;
    let end = others + select(params.candidates, 2u * params.candidates, s < params.candidates);
    for (var r = others; r < end; r++) { came += offer(i, samples[r]); }
  }
  changed[i] = came;
}

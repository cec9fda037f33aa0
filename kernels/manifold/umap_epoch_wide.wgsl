// Part of an epoch of UMAP's layout in any number of dimensions: moved[i] = y_i and its moves, along its edges to the y_j as they are and away from points drawn at random
//
// y and moved [n,4·quads], each row filled up with zeros; edges in compressed rows: starts [n + 1], columns, and the epochs between two samples of each,
// `periods`. An edge is sampled where the epoch passes a multiple of its period; its point is then moved twice, since the edge stands in both rows and moves
// both its ends, each time by α times the sum of the edge's pull and of half the `negative` pushes, each clipped to ±4. With `both` 1 the second pull finds the
// other end where the first has moved it, as the row of that end does it: without that the ends would change places again and again. Of the edges of an epoch
// those are taken whose hash modulo `parts` is `part`. A row is one invocation's, with its forces and the other end of its edge beside each other in `work`
// [n,8·quads], so that the same seed gives the same places. Columns and draws are rows of `others` [m,4·quads]: y itself, or points that stay where they are
// (`both` 0).
struct Params { n: u32, m: u32, quads: u32, epoch: u32, part: u32, parts: u32, negative: u32, seed: u32, both: u32, a: f32, b: f32, alpha: f32, gamma: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<vec4f>;
@group(0) @binding(2) var<storage, read> others: array<vec4f>;
@group(0) @binding(3) var<storage, read> starts: array<u32>;
@group(0) @binding(4) var<storage, read> columns: array<u32>;
@group(0) @binding(5) var<storage, read> periods: array<f32>;
@group(0) @binding(6) var<storage, read_write> moved: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> work: array<vec4f>;

override size: u32 = 64u;

// Well mixed bits of a number (Wellons' lowbias32)
fn mix(value: u32) -> u32 {
  var x = value;
  x ^= x >> 16u;
  x *= 0x7feb352du;
  x ^= x >> 15u;
  x *= 0x846ca68bu;
  x ^= x >> 16u;
  return x;
}

// The same for both ends of an edge
fn pairOf(i: u32, j: u32) -> u32 { return mix(params.epoch ^ mix(min(i, j) ^ mix(max(i, j)))); }

// ‖own − other‖², of rows that begin at these quads
fn squared(own: u32, other: u32) -> f32 {
  var sum = 0.0;
  for (var c = 0u; c < params.quads; c++) {
    let away = moved[own + c] - others[other + c];
    sum += dot(away, away);
  }
  return sum;
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i >= params.n) { return; }
  let own = i * params.quads;
  let force = 2u * own;
  let end = force + params.quads;
  let most = vec4f(4.0);
  for (var c = 0u; c < params.quads; c++) {
    moved[own + c] = y[own + c];
    work[force + c] = vec4f();
    work[end + c] = vec4f();
  }
  let e0 = f32(params.epoch);
  for (var e = starts[i]; e < starts[i + 1u]; e++) {
    let period = periods[e];
    if (floor((e0 + 1.0) / period) <= floor(e0 / period)) { continue; }
    if (params.parts > 1u && pairOf(i, columns[e]) % params.parts != params.part) { continue; }
    for (var c = 0u; c < params.quads; c++) { work[end + c] = others[columns[e] * params.quads + c]; }
    let key = mix(params.seed ^ mix(params.epoch ^ mix(e)));
    for (var half = 0u; half < 2u; half++) {
      var d = 0.0;
      for (var c = 0u; c < params.quads; c++) {
        let away = moved[own + c] - work[end + c];
        d += dot(away, away);
      }
      var pull = 0.0;
      if (d > 0.0) {
        let power = exp(params.b * log(d));
        pull = -2.0 * params.a * params.b * power / (d * (params.a * power + 1.0));
      }
      for (var c = 0u; c < params.quads; c++) {
        let pulled = clamp(pull * (moved[own + c] - work[end + c]), -most, most);
        work[force + c] = pulled;
        if (params.both == 1u) { work[end + c] -= params.alpha * pulled; }
      }
      for (var s = half; s < params.negative; s += 2u) {
        let drawn = mix(key + s) % params.m * params.quads;
        let r = squared(own, drawn);
        if (r > 0.0) {
          let power = exp(params.b * log(r));
          let push = 2.0 * params.gamma * params.b / ((0.001 + r) * (params.a * power + 1.0));
          for (var c = 0u; c < params.quads; c++) {
            work[force + c] += clamp(push * (moved[own + c] - others[drawn + c]), -most, most);
          }
        }
      }
      for (var c = 0u; c < params.quads; c++) { moved[own + c] += params.alpha * work[force + c]; }
    }
  }
}

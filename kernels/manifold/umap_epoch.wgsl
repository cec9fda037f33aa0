// Part of an epoch of UMAP's layout: moved[i] = y_i and its moves, along its edges to the y_j as they are and away from points drawn at random
//
// y and moved [n,dim], dim up to 4; edges in compressed rows: starts [n + 1], columns, and the epochs between two samples of each, `periods`. An edge is
// sampled where the epoch passes a multiple of its period. Its point is then moved twice, since the edge stands in both rows and moves both its ends: by α times
// its pull, then by α times its pull and all `negative` pushes, each clipped to ±4; pushes before the last pull would let it have the last word, and neighbours
// lie too close. One of each `parts` rows is moved, by one invocation, so that the same seed gives the same places; the rows of the part before are copied, and
// the others stand in `moved` as they are in y already. Columns and draws are rows of `others` [m,dim]: y itself, or points that stay where they are.
struct Params { n: u32, m: u32, dim: u32, epoch: u32, part: u32, parts: u32, negative: u32, seed: u32, a: f32, b: f32, alpha: f32, gamma: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> others: array<f32>;
@group(0) @binding(3) var<storage, read> starts: array<u32>;
@group(0) @binding(4) var<storage, read> columns: array<u32>;
@group(0) @binding(5) var<storage, read> periods: array<f32>;
@group(0) @binding(6) var<storage, read_write> moved: array<f32>;

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

// Which row of the t-th `parts` rows moves in a part of an epoch: each does once, and not always beside the same ones
fn rowOf(epoch: u32, part: u32, t: u32) -> u32 { return t * params.parts + (part + mix(epoch ^ mix(t)) % params.parts) % params.parts; }

// The row that was moved before, in the same place of the part before
fn rowBefore(t: u32) -> u32 {
  if (params.part > 0u) { return rowOf(params.epoch, params.part - 1u, t); }
  return rowOf(params.epoch - 1u, params.parts - 1u, t);
}

fn place(i: u32) -> vec4f {
  var v = vec4f();
  for (var c = 0u; c < params.dim; c++) { v[c] = others[i * params.dim + c]; }
  return v;
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = id.x + id.y * groups.x * size;
  if (t * params.parts >= params.n) { return; }
  let i = rowOf(params.epoch, params.part, t);
  let before = rowBefore(t);
  if (before < params.n && before != i) {
    for (var c = 0u; c < params.dim; c++) { moved[before * params.dim + c] = y[before * params.dim + c]; }
  }
  if (i >= params.n) { return; }
  var own = vec4f();
  for (var c = 0u; c < params.dim; c++) { own[c] = y[i * params.dim + c]; }
  let e0 = f32(params.epoch);
  for (var e = starts[i]; e < starts[i + 1u]; e++) {
    let period = periods[e];
    if (floor((e0 + 1.0) / period) <= floor(e0 / period)) { continue; }
    let other = place(columns[e]);
    let key = mix(params.seed ^ mix(params.epoch ^ mix(e)));
    for (var half = 0u; half < 2u; half++) {
      let away = own - other;
      let d = dot(away, away);
      var force = vec4f();
      if (d > 0.0) {
        let power = exp(params.b * log(d));
        force = clamp((-2.0 * params.a * params.b * power / (d * (params.a * power + 1.0))) * away, vec4f(-4.0), vec4f(4.0));
      }
      for (var s = 0u; s < params.negative * half; s++) {
        let j = mix(key + s) % params.m;
        let apart = own - place(j);
        let r = dot(apart, apart);
        if (r > 0.0) {
          let power = exp(params.b * log(r));
          let push = 2.0 * params.gamma * params.b / ((0.001 + r) * (params.a * power + 1.0));
          force += clamp(push * apart, vec4f(-4.0), vec4f(4.0));
        }
      }
      own += params.alpha * force;
    }
  }
  for (var c = 0u; c < params.dim; c++) { moved[i * params.dim + c] = own[c]; }
}

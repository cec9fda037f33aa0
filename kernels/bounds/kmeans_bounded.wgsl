// labels[i] = argmin_j ‖x_i − c_j‖², ties to the lowest j, and what kmeans_update makes of them; distances that bounds[i,j] ≤ ‖x_i − c_j‖ decides are left out
//
// x [n,d], centers [k,d], k ≤ 32, shifted and offsets as kmeans_assign takes them, bounds [n,stride]; labels come in as those of the pass before (k or more: none).
// bounds[i,k] = ‖x_i − c_labels[i]‖², which is no bound. status as kmeans_update and kmeans_centers have it: in come the squared moves of the centres since the
// bounds were written, unless `fresh`, when bounds are not read; out go, for each chunk, the sum of the squared distances and how many labels changed. A bound
// loses what its centre moved (Elkan 2003); a centre is left out where its bound is above the distance to the old one by more than both scores can be wrong by
// rounding, so that labels are those of all distances. A workgroup takes a chunk of `length` points.
struct Params { n: u32, d: u32, k: u32, stride: u32, chunks: u32, length: u32, fresh: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> centers: array<f32>;
@group(0) @binding(3) var<storage, read> shifted: array<f32>;
@group(0) @binding(4) var<storage, read> offsets: array<f32>;
@group(0) @binding(5) var<storage, read_write> labels: array<u32>;
@group(0) @binding(6) var<storage, read_write> bounds: array<f32>;
@group(0) @binding(7) var<storage, read_write> partials: array<f32>;
@group(0) @binding(8) var<storage, read_write> status: array<f32>;

override size: u32 = 64u;
/** Half a unit of the last digit; what a bound and a limit give way by, each time. */
const UNIT = 5.9604645e-8;
const GIVE = 2.3841858e-7;

// of each centre: how far it moved, its length, its distance from the origin, and its offset
var<workgroup> facts: array<vec4f, 32>;
var<workgroup> moved_labels: array<f32, size>;

fn square(i: u32, j: u32) -> f32 {
  var sum = 0.0;
  for (var column = 0u; column < params.d; column++) {
    let difference = x[i * params.d + column] - centers[j * params.d + column];
    sum += difference * difference;
  }
  return sum;
}

/** ½ ‖x_i − c_j‖², but for a part that centres share. */
fn score(i: u32, j: u32) -> f32 {
  var dot = 0.0;
  for (var column = 0u; column < params.d; column++) { dot += x[i * params.d + column] * shifted[j * params.d + column]; }
  return offsets[j] - dot;
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let chunk = group.x + group.y * groups.x;
  if (chunk >= params.chunks) { return; }
  for (var j = lane; j < params.k; j += size) {
    var fact = vec4f();
    for (var column = 0u; column < params.d; column++) {
      let c = centers[j * params.d + column];
      let from_origin = shifted[j * params.d + column];
      fact.y += c * c;
      fact.z += from_origin * from_origin;
    }
    fact.x = status[2u * (params.chunks + j)];
    fact = sqrt(fact) * (1.0 + GIVE);
    fact.w = abs(offsets[j]);
    facts[j] = fact;
  }
  workgroupBarrier();
  var most = vec4f();
  for (var j = 0u; j < params.k; j++) { most = max(most, facts[j]); }
  let rounding = 4.0 * f32(params.d + 16u) * UNIT;

  let begin = chunk * params.length;
  let end = min(begin + params.length, params.n);
  var changed = 0.0;
  for (var i = begin + lane; i < end; i += size) {
    let previous = labels[i];
    let all = params.fresh > 0u || previous >= params.k;
    let old = select(previous, 0u, all);
    let own = square(i, old);
    let slack = rounding * (most.z * (most.y + sqrt(own)) + most.w + own);
    let limit = sqrt(own + slack) * (1.0 + GIVE);
    let own_score = score(i, old);
    var best = own_score;
    var label = old;
    for (var j = 0u; j < params.k; j++) {
      let at = i * params.stride + j;
      var bound = (bounds[at] - facts[j].x) * (1.0 - GIVE);
      if (j == old) {
        bound = sqrt(max(own - slack, 0.0)) * (1.0 - GIVE);
      } else if (all || bound <= limit) {
        let other = score(i, j);
        bound = sqrt(max(own + 2.0 * (other - own_score) - slack, 0.0)) * (1.0 - GIVE);
        if (other < best || (other == best && j < label)) {
          best = other;
          label = j;
        }
      }
      bounds[at] = bound;
    }
    var distance = own;
    if (label != old) { distance = square(i, label); }
    labels[i] = label;
    bounds[i * params.stride + params.k] = distance;
    changed += select(0.0, 1.0, label != previous);
  }
  moved_labels[lane] = changed;
  storageBarrier();
  workgroupBarrier();

  let base = chunk * params.k;
  for (var column = lane; column < params.d; column += size) {
    for (var j = 0u; j < params.k; j++) { partials[(base + j) * params.d + column] = 0.0; }
    for (var i = begin; i < end; i++) { partials[(base + labels[i]) * params.d + column] += x[i * params.d + column]; }
  }
  let counts = params.chunks * params.k * params.d + base;
  for (var j = lane; j < params.k; j += size) {
    var count = 0.0;
    for (var i = begin; i < end; i++) { count += select(0.0, 1.0, labels[i] == j); }
    partials[counts + j] = count;
  }
  if (lane == 0u) {
    var sum = 0.0;
    for (var i = begin; i < end; i++) { sum += bounds[i * params.stride + params.k]; }
    changed = 0.0;
    for (var l = 0u; l < size; l++) { changed += moved_labels[l]; }
    status[2u * chunk] = sum;
    status[2u * chunk + 1u] = changed;
  }
}
